"""RAS^O17 at the beds: what somebody gave by hand is charted once at the bed of the patient; corrections correct it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import structlog

from pumpd.clinical.entries import TakenBack
from pumpd.gateways import GatewayPort, PeerSettings, Received
from pumpd.safety.events import Charted
from pumpd_hl7.acks import Problem
from pumpd_hl7.admissions import submit
from pumpd_hl7.beside import beside
from pumpd_hl7.message import Message
from pumpd_hl7.profiles.pcd01 import wrong_patient
from pumpd_hl7.profiles.people import WRONG_TYPE, Refused
from pumpd_hl7.profiles.ras import Action, Administration, read_ras

log = structlog.get_logger(__name__)
UNSUPPORTED_EVENT = 201
US_PER_MS = 1000
AHEAD_US = 60_000_000  # how far the sender's clock may be ahead of ours: it is then now
OLDEST_US = 7 * 24 * 3600 * 1_000_000  # as the kernel takes entries of a chart
TAKEN_BACK = TakenBack("by the EHR")
CORRECTED = "corrected by the EHR"


class Administrations:
    """Receiver of RAS^O17. A patient who is at no bed of ours concerns nobody here."""

    def __init__(self, port: GatewayPort, offsets_min: Mapping[str, int]) -> None:
        """offsets_min: by peer what a time means that does not say its zone."""
        self._port, self._offsets_min = port, offsets_min

    async def judge(self, message: Message, peer: PeerSettings) -> Sequence[Problem]:
        if message.kind[1] != "O17":
            return [Problem(UNSUPPORTED_EVENT, f"RAS^{message.kind[1]} is not taken by this version", "MSH", 1, 9)]
        found = await beside(message, read_ras, message, self._port.opioids, peer.utc_offset_min)
        if isinstance(found, Refused):
            return found.problems
        for one, bed in self._beds(found):
            problem = wrong_patient(one.person, self._port.patient(bed)) or self._untimely(one)
            if problem is not None:
                return [problem]
        return []

    async def apply(self, received: Received, message: Message, late: bool) -> None:
        """Again is harmless: what is charted already is not charted again. Raises NotDone where the bed refuses."""
        offset_min = self._offsets_min.get(received.peer, 0)
        found = await beside(message, read_ras, message, self._port.opioids, offset_min)
        if isinstance(found, Refused):
            return
        for number, (one, bed) in enumerate(self._beds(found), 1):
            event = self._event(bed, one, received, number)
            if event is None:
                continue
            await submit(self._port, bed, event, "RAS", received)
            log.info("hl7_charted", bed=bed, entry=event.id, corrects=event.corrects)

    def _beds(self, found: Sequence[Administration]) -> Iterator[tuple[Administration, str]]:
        for one in found:
            for bed in self._port.beds:
                patient = self._port.patient(bed)
                if patient is not None and patient.mrn == one.person.mrn:
                    yield one, bed

    def _event(self, bed: str, one: Administration, received: Received, number: int) -> Charted | None:
        """What is to be charted; None: nothing, or it is charted already."""
        base = f"hl7:{received.peer}:{one.key or f'{received.key[1]}#{number}'}"
        this = base if one.action is Action.ADD else f"{base}:{received.key[1]}"
        standing = [name for name in self._port.charted(bed) if name == base or name.startswith(f"{base}:")]
        if this in standing or (one.action is Action.ADD and (standing or one.entry is None)):
            return None
        by, at_ms = one.by or received.peer, self._kernel_ms(one.at_us)
        if standing:
            return Charted(this, one.entry or TAKEN_BACK, by, at_ms if one.entry else None, standing[-1], CORRECTED)
        return None if one.entry is None else Charted(this, one.entry, by, at_ms)

    def _untimely(self, one: Administration) -> Problem | None:
        """What no chart takes: a time of the future, or of longer ago than a week."""
        ago_us = self._port.wall_us() - one.at_us
        if one.entry is None or -AHEAD_US <= ago_us <= OLDEST_US:
            return None
        return Problem(WRONG_TYPE, "RXA-3 is in the future, or more than 7 days ago", "RXA", field=3)

    def _kernel_ms(self, at_us: int) -> int:
        """The kernel's time of a wall time; never in the future."""
        now_ms = self._port.now_ms()
        return min(now_ms, now_ms - (self._port.wall_us() - at_us) // US_PER_MS)
