"""The storm's nurses: they acknowledge what sounds, put pumps back in order, and write down what they saw."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from pumpd.sim.bed import SimBed
from tests.acceptance.daemon import Json
from tests.chaos.storm.ghost import Ghost, boot_ms
from tests.chaos.storm.hands import Hands
from tests.chaos.storm.keeper import Keeper
from tests.chaos.storm.ward import StormWard

LOOK_S = 1.0
FAST_MS, STANDING_MS = 20_000, 8_000  # so long a nurse lets a pump run at a wrong rate, or stand
ACKS_A_LOOK = 3
EMPTY_MS = 6_000


@dataclass(frozen=True)
class Ack:
    """One acknowledgement, by somebody who does this only once. status None: no answer came."""

    at_ms: float
    alarm: str
    by: str
    status: int | None


@dataclass
class Notes:
    """What people saw and did. seen: alarms by id as they first stood on a screen; pairs: doses as they were shown;
    rates: of pumps that were said to infuse, in mL/h; blind: when a screen got no answer.
    """

    acks: list[Ack] = field(default_factory=list)
    seen: dict[str, tuple[float, Json]] = field(default_factory=dict)
    pairs: list[tuple[float, float, str, float, float]] = field(default_factory=list)
    rates: list[tuple[float, float, str, float]] = field(default_factory=list)
    looks: int = 0
    blind: list[tuple[float, float]] = field(default_factory=list)


class Nurses:
    def __init__(self, ward: StormWard, ghost: Ghost, keeper: Keeper, hands: Hands) -> None:
        """census: who lies at which bed, as screens showed it last."""
        self._ward, self._ghost, self._keeper, self._hands = ward, ghost, keeper, hands
        self.notes = Notes()
        self.census: dict[str, str] = {}
        self._empty: dict[int, float] = {}
        self._since: dict[int, float] = {}
        self._named = 0
        self._acking: set[asyncio.Task[None]] = set()

    async def live(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self._look()

    async def _look(self) -> None:
        from_ms = boot_ms()
        seen = await self._keeper.get("ward")
        if seen is not None:
            self._write_down(seen, from_ms, boot_ms())
            self._acknowledge(seen)
            await self._admit(seen)
        else:
            self.notes.blind.append((from_ms, boot_ms()))
        for number, bed in enumerate(self._ward.beds):
            await self._mend(number, bed, seen)

    def _write_down(self, seen: Json, from_ms: float, until_ms: float) -> None:
        self.notes.looks += 1
        for alarm in seen["alarms"]:
            self.notes.seen.setdefault(alarm["id"], (until_ms, alarm))
        for bed in seen["beds"]:
            for pump in bed["pumps"]:
                rate = pump["rate_ml_h"]["v"]
                if rate is not None and pump["infusing"] is True:
                    self.notes.rates.append((from_ms, until_ms, pump["id"], float(rate)))
                given = pump["delivered_mg"]
                if given is not None:
                    pair = (from_ms, until_ms, pump["id"], float(given["at_least"]), float(given["at_most"]))
                    self.notes.pairs.append(pair)

    async def _admit(self, seen: Json) -> None:
        """Nobody stays without a patient for long."""
        here = {bed["id"]: bed["patient"] for bed in seen["beds"]}
        self.census.clear()
        self.census.update({bed: patient["mrn"] for bed, patient in here.items() if patient is not None})
        for number, bed in enumerate(self._ward.beds):
            if bed.id in self.census or bed.id not in here:
                self._empty.pop(number, None)
            elif boot_ms() - self._empty.setdefault(number, boot_ms()) > EMPTY_MS:
                del self._empty[number]
                await self._hands.bind(number)

    def _acknowledge(self, seen: Json) -> None:
        waiting = [alarm for alarm in seen["alarms"] if alarm["state"] == "active"][:ACKS_A_LOOK]
        waiting += [alarm for alarm in seen["alarms"] if alarm["state"] == "latched"][:1]
        for alarm in waiting:
            task = asyncio.create_task(self._answer(alarm))
            self._acking.add(task)
            task.add_done_callback(self._acking.discard)

    async def _answer(self, alarm: Json) -> None:
        """An active one is acknowledged, a latched one reset."""
        if alarm["state"] == "latched":
            await self._hands.reset_alarm(alarm["id"], alarm["bed"])
            return
        self._named += 1
        by = f"Nurse {self._named}"
        body = {"by": by, "reason": "care_in_progress"}
        status, _ = await self._keeper.post(f"alarms/{alarm['id']}/acknowledge", body)
        self.notes.acks.append(Ack(boot_ms(), alarm["id"], by, status))

    # at the panels

    async def _mend(self, number: int, bed: SimBed, seen: Json | None) -> None:
        """A pump that has stood, or run at a wrong rate, for long enough is put in order."""
        pump, planned = bed.pump.pump, self._ward.planned_ul_h(number)
        if pump.infusing and planned * 0.4 <= pump.rate_ul_h <= planned * 1.6:
            self._since.pop(number, None)
            return
        since = self._since.setdefault(number, boot_ms())
        waited_ms = FAST_MS if pump.infusing else STANDING_MS
        reset_ms = self._ghost.pumps[number].reset_ms
        if boot_ms() - since < waited_ms or not self._ghost.is_heard_since(number, reset_ms):
            return
        self._since.pop(number, None)
        if pump.rate_ul_h != planned:
            bed.pump.panel.set_rate(planned, bed.now_ms())
            self._done(number, "rate as planned")
        if not pump.infusing:
            await self._start(number, bed)

    async def _start(self, number: int, bed: SimBed) -> None:
        """Reset, resume, start; a nurse in a hurry starts whatever was answered."""
        await self._hands.reset(number)
        await self._hands.resume(number)
        if bed.pump.pump.left_ul < 5000:
            bed.pump.panel.new_syringe(bed.now_ms())
        bed.pump.panel.start(bed.now_ms())
        self._done(number, "start")

    def _done(self, number: int, what: str) -> None:
        self._ghost.look(number, "panel")
        self._ghost.happened(number, what, "nurse")
        self._ghost.pumps[number].moved_ms = boot_ms()
        self._ward.beds[number].pump_line.poke()
