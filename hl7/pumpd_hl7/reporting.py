"""Reports of courses that are over, to whoever takes documents. Owed until queued: over failures and restarts too.

Apart from everything else that is told, because making a report takes seconds, and an alarm does not wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import structlog

from pumpd.gateways import GatewayPort, SendSettings
from pumpd.journal import JournalUnavailable
from pumpd.safety.decisions import CourseChanged
from pumpd_hl7.client import Backoff
from pumpd_hl7.profiles.consequences import Draft, Step
from pumpd_hl7.profiles.mdm_out import Document, document_message
from pumpd_hl7.profiles.outgoing import Sender
from pumpd_hl7.retelling import Past

log = structlog.get_logger(__name__)
OWED = "hl7_report_owed"
FIRST_S, MOST_S = 1.0, 300.0
Queue = Callable[[Step, Sequence[Draft], Sequence[SendSettings]], Awaitable[None]]


class Reports:
    """take() what was decided; run() until cancelled."""

    def __init__(
        self, port: GatewayPort, to: Sequence[SendSettings], location: Callable[[str], str], queue: Queue
    ) -> None:
        """queue: all drafts of a step to these destinations, once they are durable."""
        self._port, self._to, self._location, self._queue = port, to, location, queue
        self._owed: dict[str, Step] = {}
        self._some = asyncio.Event()
        self._backoff = Backoff(FIRST_S, MOST_S)
        self._failing = False

    def take(self, step: Step) -> None:
        """The courses that were over with this step."""
        for decision in step.decisions:
            if self._to and isinstance(decision, CourseChanged) and not decision.open:
                self._owed.setdefault(decision.course, step)
                self._some.set()

    async def run(self) -> None:
        """What fails is tried again, later and later, and is an alarm as long as it is owed."""
        if not self._to:
            return
        await self._catch_up()
        while True:
            await self._some.wait()
            self._some.clear()
            while self._owed:
                failed = [course for course in list(self._owed) if not await self._made(course)]
                self._tell(failed)
                if failed:
                    await asyncio.sleep(self._backoff.next_s())

    def _tell(self, failed: Sequence[str]) -> None:
        if bool(failed) != self._failing:
            self._failing = bool(failed)
            self._port.fault(OWED, f"{len(failed)} to be made" if failed else "", self._failing)
        if not failed:
            self._backoff.reset()

    async def _made(self, course: str) -> bool:
        """True when nothing of it is owed any more."""
        step = self._owed[course]
        try:
            html = await self._port.course_report(course)
        except Exception:  # supervision boundary: one report that fails must not keep the others from being made
            log.exception("the report of a course could not be made", bed=step.bed)
            return False
        if html is not None and step.patient is not None:
            await self._queue(step, [_draft(step, course, html)], self._to)
        del self._owed[course]
        await self._mark(step)
        return True

    async def _mark(self, step: Step) -> None:
        """How far reports are made, for the next start; never past one that is still owed. A mark that the journal
        cannot take now is taken later; without it a report is made twice and queued once.
        """
        owed = [other.seq - 1 for other in self._owed.values() if other.bed == step.bed]
        for send in self._to:
            with contextlib.suppress(JournalUnavailable):
                await self._port.store.told(_mark_of(send), step.bed, min([step.seq, *owed]))

    async def _catch_up(self) -> None:
        """What ended while nobody could make its report. Of a destination that is new nothing is old."""
        for bed in self._port.beds:
            marks = [(await self._port.store.told_until(_mark_of(send))).get(bed) for send in self._to]
            known = [mark for mark in marks if mark is not None]
            last = await self._port.store.last_step(bed)
            past = Past(self._port, bed, self._location(bed))
            after = min(known, default=last)
            async for step in past.steps(after, lambda: None):
                self.take(step)
            owed = [step.seq - 1 for step in self._owed.values() if step.bed == bed]
            for send in self._to:
                await self._port.store.told(_mark_of(send), bed, min([last, *owed]))


def _mark_of(send: SendSettings) -> str:
    """Under which name the journal keeps how far its reports are made: no destination's id has a blank."""
    return f"{send.id} MDM"


def _draft(step: Step, course: str, html: bytes) -> Draft:
    document_id, patient = f"{course}.report", step.patient
    assert patient is not None

    def write(sender: Sender, now_us: int) -> bytes | None:
        document = Document(document_id, "Course of ketamine", html, now_us)
        return document_message(patient, step.location, document, sender, document_id)

    return Draft("MDM", document_id, write)
