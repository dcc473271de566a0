"""Carries out the acts of a plan, and tells the ghost what is wrong with which line from when until when."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pumpd.sim.bed import SimBed
from pumpd.sim.endpoint_tcp import TcpEndpoint
from tests.chaos.storm.ghost import Ghost, boot_ms
from tests.chaos.storm.outside import Outside
from tests.chaos.storm.plan import Act
from tests.chaos.storm.spans import Spans
from tests.chaos.storm.ward import StormWard, Tap

AFTER_MS = 6_000  # a line that is whole again: so long until it is open, and its device heard
NOISE_AFTER_MS = 3_000
LATE_ACK_MS = 2_500
NEEDS_TO_BE_HEARD = ("clear-volume", "power-cycle")
"""What flowed before a counter falls is known to pumpd only if it has been heard: with it unheard nobody could know."""
RAISES = ("overspeed", "rate", "bolus")
LATE_MS = {"power-cycle": 12_000}


class Weather:
    """done: acts that took place, with their times; passed: those that could not."""

    def __init__(self, ward: StormWard, ghost: Ghost, outside: Outside) -> None:
        self._ward, self._ghost, self._outside = ward, ghost, outside
        self.done: list[tuple[float, Act]] = []
        self.passed: list[Act] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._count = 0

    async def play(self, acts: tuple[Act, ...]) -> None:
        """Everything at its time; ends with the last one healed."""
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        for act in acts:
            await asyncio.sleep(max(0.0, begun_s + act.at_s - loop.time()))
            task = asyncio.create_task(self._do(act), name=act.what)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await asyncio.gather(*self._tasks)

    async def _do(self, act: Act) -> None:
        outside = self._outside.doing(act)
        if outside is None and (act.bed is None or act.what.startswith("adt-") or not self._may(act)):
            self.passed.append(act)
            return
        self.done.append((boot_ms(), act))
        if outside is not None:
            await outside
        elif act.bed is not None:
            await self._bed(act, act.bed)

    def _may(self, act: Act) -> bool:
        assert act.bed is not None
        truth = self._ghost.pumps[act.bed]
        if act.what in NEEDS_TO_BE_HEARD + RAISES and self._ghost.disk.are_open():
            return False  # what is heard now may be lost with the next kill
        if act.what in NEEDS_TO_BE_HEARD:
            return self._ghost.is_heard_since(act.bed, truth.moved_ms)
        if act.what in RAISES and truth.reset_ms:
            return self._ghost.is_heard_since(act.bed, truth.reset_ms) or boot_ms() - truth.reset_ms > 120_000
        if act.what.startswith("half-open"):
            return isinstance(self._line(act).endpoint, TcpEndpoint)
        if act.what == "flip-pump":
            return truth.driver in ("alaris_asena", "gemini_c2", "baxter_as50", "hospira_plum_a")
        return True

    def _line(self, act: Act) -> Any:
        assert act.bed is not None
        bed = self._ward.beds[act.bed]
        return bed.pump_line if act.what.endswith("pump") else bed.monitor_line

    async def _bed(self, act: Act, number: int) -> None:
        bed = self._ward.beds[number]
        if act.what.endswith(("-pump", "-monitor")):
            await self._spoil(act, number)
        elif act.what in KEYS:
            self._key(act, number, bed)
        elif act.what in SWITCHES:
            await self._switch(act, number, bed)
        else:
            await self._patient(act, number, bed)

    # lines

    async def _spoil(self, act: Act, number: int) -> None:
        """A cable or a noisy line, for a while."""
        kind, _, what = act.what.rpartition("-")
        pump = what == "pump"
        spans = self._ghost.pumps[number].line if pump else self._ghost.monitors[number].line
        line = self._line(act)
        tap = self._ward.pumps[number] if pump else self._ward.monitors[number]
        if kind in ("flip", "garbage"):
            await self._noise(kind, tap, spans, act.values["for_s"])
            return
        if not line.endpoint.plugged:
            return
        name = self._name(act.what)
        spans.begin(name, boot_ms())
        line.endpoint.unplug() if kind == "unplug" else line.endpoint.half_open()
        await asyncio.sleep(act.values["for_s"])
        line.endpoint.replug()
        spans.end(name, boot_ms() + AFTER_MS)

    async def _noise(self, kind: str, tap: Tap, spans: Spans, for_s: float) -> None:
        if tap.noise is not None:
            return
        name, tap.noise = self._name(kind), kind
        spans.begin(name, boot_ms())
        await asyncio.sleep(for_s)
        tap.noise = None
        spans.end(name, boot_ms() + NOISE_AFTER_MS)

    def _name(self, what: str) -> str:
        self._count += 1
        return f"{what} {self._count}"

    # pumps and patients

    def _key(self, act: Act, number: int, bed: SimBed) -> None:
        self._ghost.look(number, "itself")
        KEYS[act.what](bed, act)
        truth, now = self._ghost.pumps[number], boot_ms()
        if act.what in NEEDS_TO_BE_HEARD:
            truth.reset_ms = now
        truth.moved_ms = now
        self._ghost.look(number, "panel")
        self._ghost.happened(number, act.what, "panel")
        if act.what == "power-cycle":
            truth.line.add(now, now + LATE_MS[act.what], "dark")
        bed.pump_line.poke()

    async def _switch(self, act: Act, number: int, bed: SimBed) -> None:
        """A fault switch, for a while. Some of them are faults of the pump, others take the line's word away."""
        attribute, on = SWITCHES[act.what]
        spans = self._ghost.pumps[number].line
        name = self._name(act.what)
        if act.what in ("refuse-control", "occlude"):
            spans.begin(name, boot_ms()) if act.what == "refuse-control" else None
        setattr(bed.pump.faults, attribute, on)
        self._ghost.happened(number, act.what, "storm")
        await asyncio.sleep(act.values["for_s"])
        setattr(bed.pump.faults, attribute, type(on)())
        self._ghost.happened(number, f"{act.what} over", "storm")
        spans.end(name, boot_ms() + AFTER_MS)

    async def _patient(self, act: Act, number: int, bed: SimBed) -> None:
        if act.what == "apnoea":
            bed.patient.give_opioid(6.0, onset_s=5.0)
            await asyncio.sleep(act.values["for_s"])
            bed.patient.give_opioid(0.1, onset_s=5.0)
            return
        spans, name = self._ghost.monitors[number].line, self._name(act.what)
        spans.begin(name, boot_ms())
        bed.patient.finger_off = True
        await asyncio.sleep(act.values["for_s"])
        bed.patient.finger_off = False
        spans.end(name, boot_ms() + AFTER_MS)


KEYS: dict[str, Callable[[SimBed, Act], object]] = {
    "overspeed": lambda bed, _: bed.pump.panel.tenfold(bed.now_ms()) if bed.pump.pump.rate_ul_h < 40_000 else None,
    "rate": lambda bed, act: bed.pump.panel.set_rate(
        int(bed.pump.pump.rate_ul_h * act.values["factor"]) // 1000 * 1000, bed.now_ms()
    ),
    "bolus": lambda bed, act: bed.pump.pump.bolus(int(act.values["ul"])) if bed.pump.pump.infusing else None,
    "stop": lambda bed, _: bed.pump.panel.stop(bed.now_ms()),
    "clear-volume": lambda bed, _: bed.pump.panel.clear_volume(bed.now_ms()),
    "power-cycle": lambda bed, _: bed.pump.panel.power_cycle(bed.now_ms()),
    "new-syringe": lambda bed, _: bed.pump.panel.new_syringe(bed.now_ms()),
}
SWITCHES: dict[str, tuple[str, bool | int]] = {
    "stop-ignored": ("stop_ignored", True),
    "stop-silent": ("stop_silent", True),
    "lost-ack": ("lost_ack", True),
    "late-ack": ("late_ack_ms", LATE_ACK_MS),
    "refuse-control": ("refuse_control", True),
    "occlude": ("occlusion", True),
}
Deed = Callable[[Act], Awaitable[None]]
