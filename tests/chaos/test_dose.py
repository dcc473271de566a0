"""The delivered dose as a script reads it, beside what truly reached the patient: the pair always encloses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.daemon import Json, Pumpd, device_of, pump_of, ready
from tests.acceptance.ward import ChaosWard, chaos_ward, clean

pytestmark = pytest.mark.chaos

ML_H = 30  # at every bed below its soft ceiling


class Truth:
    """What each pump had delivered before pumpd heard it first; `check` holds every later answer to the rest."""

    def __init__(self, ward: ChaosWard) -> None:
        self.ward = ward
        self.unheard = self.now()
        self.checked = 0

    def now(self) -> list[float]:
        return [self.ward.delivered_mg(bed) for bed in range(len(self.ward.sim.beds))]

    async def check(self, daemon: Pumpd, all_heard: bool = True) -> Json:
        """One look; the truth before and after the answer brackets the truth of the answer.

        all_heard False: beds 3 and 4 run faster than was last heard; their counters tell as soon as they are heard.
        """
        before = self.now()
        seen = await daemon.get("ward")
        after = self.now()
        for bed, shown in enumerate(seen["beds"]):
            given = shown["pumps"][0]["delivered_mg"]
            if bed >= 2 and not all_heard:
                continue
            assert given["at_most"] >= before[bed] - self.unheard[bed], f"bed {bed + 1} understates"
            assert given["at_least"] <= after[bed], f"bed {bed + 1} overstates"
        self.checked += 1
        return seen


@pytest.mark.req("DOS-01", "DOS-02")
async def test_the_pair_encloses_the_truth_over_power_cycles_cleared_counters_pulled_cables_and_a_kill(
    tmp_path: Path,
) -> None:
    async with chaos_ward(tmp_path, beds=4) as ward:
        for number in range(4):
            ward.rate(number, ML_H)
        daemon = await Pumpd.run(ward.file)
        await daemon.until(ready)
        truth = Truth(ward)
        one, two, three, four = ward.sim.beds

        one.act("power-cycle-pump")  # dark for 3 s, then on hold, rate and counter zero
        two.pump.panel.clear_volume(two.now_ms())
        three.act("unplug-pump")
        ward.rate(2, ML_H + 5)  # while nobody hears it
        four.pump.panel.stop(four.now_ms())
        await daemon.until(lambda w: device_of(w, "demo-01-p1")["link"] == "silent")
        await truth.check(daemon, all_heard=False)
        await daemon.kill()
        three.act("replug-pump")
        two.pump.panel.clear_volume(two.now_ms())
        four.pump.panel.start(four.now_ms())
        async with await Pumpd.run(ward.file) as again:
            await truth.check(again, all_heard=False)
            await again.until(lambda w: ready(w) and not pump_of(w, "demo-01")["infusing"])
            ward.rate(0, ML_H)
            for bed in ward.sim.beds:  # also a pump whose lease has run out while nobody was there
                bed.pump.panel.start(bed.now_ms())
            await again.until(lambda w: all(bed["pumps"][0]["infusing"] for bed in w["beds"]))
            looks = truth.checked + 20
            while truth.checked < looks:
                seen = await truth.check(again)
            # not only enclosed but still useful: a counter step per run and what ran unheard, not a syringe
            for name in ("demo-01", "demo-02", "demo-04"):
                given = pump_of(seen, name)["delivered_mg"]
                assert given["at_most"] - given["at_least"] < 0.5
        await clean(ward)
