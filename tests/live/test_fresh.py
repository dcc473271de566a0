"""Who wants the whole ward at once gets it fresh, and the loop goes on hearing its lines meanwhile."""

from __future__ import annotations

import asyncio
import json

import pytest

from pumpd.safety.alarms import Phase
from pumpd.safety.view import BedView
from tests.live.fakes import Ward, alarm, pump


class Looks:
    """How often the hub looked at a bed, all together and within one turn of the loop at most."""

    def __init__(self, ward: Ward) -> None:
        self.count = self.most = self._before = 0
        for bed in ward.views:
            ward.hub.register(bed, lambda bed=bed: self._look(ward.views[bed]))  # type: ignore[misc]

    def _look(self, view: BedView) -> BedView:
        self.count += 1
        return view

    async def watch(self) -> None:
        while True:
            self.most = max(self.most, self.count - self._before)
            self._before = self.count
            await asyncio.sleep(0)


@pytest.mark.req("INT-02")
async def test_whoever_wants_the_whole_ward_costs_the_loop_no_more_than_one_bed_in_a_turn() -> None:
    ward = Ward(beds=7)
    ward.clock.ms += 900
    looks = Looks(ward)
    watching = asyncio.create_task(looks.watch())
    await asyncio.gather(*(ward.hub.fresh() for _ in range(5)))
    snapshot = json.loads(ward.hub.snapshot())
    watching.cancel()
    assert [bed["values"]["rr"]["age_ms"] for bed in snapshot["beds"]] == [900] * 7
    assert (looks.count, looks.most) == (7, 1)


async def test_who_asks_for_the_ward_sees_what_was_marked_until_then() -> None:
    ward = Ward()
    await ward.hub.fresh()
    ward.breathe("b2", 9)
    await ward.hub.fresh()
    assert json.loads(ward.hub.ward_json())["beds"][1]["values"]["rr"]["v"] == 9


async def test_who_goes_while_the_ward_is_looked_at_costs_nobody_else_what_was_marked() -> None:
    ward = Ward()
    looks = Looks(ward)
    ward.breathe("b1", 9)
    gone, staying = (asyncio.create_task(ward.hub.fresh()) for _ in range(2))
    for _ in range(40):
        if not looks.count:
            await asyncio.sleep(0)
    assert looks.count == 1
    gone.cancel()
    await staying
    assert json.loads(ward.hub.ward_json())["beds"][0]["values"]["rr"]["v"] == 9


async def test_one_bed_that_is_asked_for_is_the_only_one_that_is_looked_at() -> None:
    ward = Ward()
    looks = Looks(ward)
    ward.breathe("b2", 9)
    assert json.loads(ward.hub.bed_json("b2") or b"")["values"]["rr"]["v"] == 9
    assert looks.count == 1


async def test_who_is_given_the_ward_reads_no_alarm_beside_a_figure_that_it_has_overtaken() -> None:
    """The alarm comes after its bed was looked at, and before the answer is made."""
    ward, lost = Ward(), alarm("b1", condition="pump_lost")
    await ward.hub.fresh()
    ward.change("b1", pumps=(pump("b1", rate_ul_h=None),), alarms=(lost,))
    ward.hub.alarm(lost, Phase.START)
    for given in (json.loads(ward.hub.ward_json()), json.loads(ward.hub.snapshot())):
        assert [told["condition"] for told in given["alarms"]] == ["pump_lost"]
        assert given["beds"][0]["pumps"][0]["rate_ml_h"]["v"] is None
