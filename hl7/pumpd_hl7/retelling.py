"""Steps of which a daemon that was killed had queued nothing, put together again from the journal.

Each with the patient of that time and with the pumps as they were, so that what is made of it is what would have been
made at the time, under the same ids.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from pumpd.gateways import GatewayPort
from pumpd.safety.decisions import Decision, FlowChanged, InfusionChanged
from pumpd.safety.events import Patient
from pumpd_hl7.profiles.consequences import Consequences, Step
from pumpd_hl7.profiles.past import PastPumps

US_PER_MS = 1000
Present = Sequence[tuple[int, Patient | None]]


class Past:
    """The steps of one bed after a step of which everything was queued."""

    def __init__(self, port: GatewayPort, bed: str, location: str) -> None:
        self._port, self._bed, self._location = port, bed, location
        self._pumps = PastPumps()

    async def open(self, after: int, consequences: Consequences) -> None:
        """Learn what was known at step `after`; consequences: learns what the pumps did then."""
        for now_ms, decision in await self._port.store.pumps_before(self._bed, after):
            self._pumps.note(now_ms, decision)
            if isinstance(decision, FlowChanged):
                consequences.know(decision)

    async def steps(self, after: int, first_live: Callable[[], int | None]) -> AsyncIterator[Step]:
        """In order, up to the first step that is told live, or to the last one there is."""
        store, patients = self._port.store, await self._port.store.patients(self._bed)
        while found := await store.decisions_after(self._bed, after):
            for seq, now_ms, wall_us, decisions in found:
                live = first_live()
                if live is not None and seq >= live:
                    return
                yield await self._step(seq, now_ms, wall_us, decisions, patients)
                after = seq

    async def _step(
        self, seq: int, now_ms: int, wall_us: int, decisions: tuple[Decision, ...], patients: Present
    ) -> Step:
        for decision in decisions:
            self._pumps.note(now_ms, decision)
        view = self._pumps.view(self._port.view(self._bed))

        def wall_of(at_ms: int) -> int:
            return wall_us + (at_ms - now_ms) * US_PER_MS

        volumes = await self._volumes_ul(seq, now_ms, decisions)
        before = self._before(seq, patients)
        return Step(self._bed, seq, now_ms, decisions, before, view, self._location, wall_of, volumes)

    def _before(self, seq: int, patients: Present) -> Patient | None:
        """Who was in the bed before the step; who is there now where nobody ever came or went."""
        if not patients:
            return self._port.patient(self._bed)
        return next((patient for at, patient in reversed(patients) if at < seq), None)

    async def _volumes_ul(self, seq: int, now_ms: int, decisions: tuple[Decision, ...]) -> dict[str, int]:
        found: dict[str, int] = {}
        for pump in pumps_of(decisions):
            report = await self._port.store.pump_report(self._bed, pump, seq, now_ms)
            if report is not None and report.volume_ul is not None and report.volume_ul >= 0:
                found[pump] = report.volume_ul
        return found


def pumps_of(decisions: tuple[Decision, ...]) -> set[str]:
    """The pumps whose delivery these decisions are about."""
    return {one.pump for one in decisions if isinstance(one, FlowChanged | InfusionChanged)}
