"""From the steps of the beds to the outboxes: what has to be told is written down, in order, for every destination.

A step tells on the daemon's loop; what follows from it is queued by one task, so that nothing waits for the disk. What
could not be queued because the daemon was killed is made again from the journal at the next start.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence

import structlog

from pumpd.gateways import GatewayPort, Hl7Settings, Outgoing, SendSettings
from pumpd.journal import JournalUnavailable
from pumpd.safety.alarms import AlarmState
from pumpd.safety.decisions import (
    AlarmChanged,
    CourseChanged,
    Decision,
    FlowChanged,
    InfusionChanged,
    PatientClosed,
)
from pumpd.safety.events import Event, Patient
from pumpd_hl7.profiles.consequences import Consequences, Draft, Step, observations_of, standing_draft
from pumpd_hl7.profiles.mdm_out import Document, document_message
from pumpd_hl7.profiles.outgoing import Sender

log = structlog.get_logger(__name__)
_TOLD = (AlarmChanged, FlowChanged, InfusionChanged, CourseChanged)
RETRY_S = 1.0
STALE_INTERVALS = 10
"""Observations older than so many of a destination's intervals are of no use to it."""
MOST_WAITING = 20_000
"""Drafts kept in memory while the journal fails; beyond it the journal tells them again afterwards."""


class Teller:
    """listen() once; run() until cancelled. wake: the outbox of that destination has something new."""

    def __init__(self, settings: Hl7Settings, port: GatewayPort, wake: Callable[[str], None]) -> None:
        self._settings, self._port, self._wake = settings, port, wake
        self._locations = {bed: place for place, bed in settings.locations.items()}
        self._senders = {send.id: self._sender(send) for send in settings.send}
        self._consequences = Consequences()
        self._patients: dict[str, Patient | None] = {}
        self._waiting: deque[tuple[Step, list[Draft]]] = deque()
        self._reports: deque[tuple[Step, str]] = deque()
        self._some, self._ended = asyncio.Event(), asyncio.Event()
        self._overflow = False

    def _sender(self, send: SendSettings) -> Sender:
        ours = self._settings
        return Sender(ours.application, ours.facility, send.application, send.facility, self._port.generation)

    def listen(self) -> None:
        """From now on every step is told."""
        self._patients = {bed: self._port.patient(bed) for bed in self._port.beds}
        self._port.listen(self.told)

    def told(self, bed: str, seq: int, now_ms: int, event: Event, decisions: tuple[Decision, ...]) -> None:
        """A step that decided something: what follows is made at once, because the view is of this moment.

        Called after the step's stops have left, and nothing is made of a step that nobody is told of.
        """
        before, self._patients[bed] = self._patients.get(bed), self._port.patient(bed)
        if any(isinstance(decision, _TOLD) for decision in decisions):
            self._take(self._step(bed, seq, now_ms, decisions, before))

    def _step(self, bed: str, seq: int, now_ms: int, decisions: tuple[Decision, ...], patient: Patient | None) -> Step:
        view, location = self._port.view(bed), self._locations.get(bed, f"^^{bed}")
        return Step(bed, seq, now_ms, decisions, patient, view, location, self._port.wall_us)

    def _take(self, step: Step) -> None:
        drafts = self._consequences.of(step)
        for decision in step.decisions:
            if isinstance(decision, CourseChanged) and not decision.open:
                self._reports.append((step, decision.course))
                self._ended.set()
        if self._overflow or len(self._waiting) >= MOST_WAITING:
            self._overflow = True  # and nothing later is queued before the journal has told again what was left out
        elif drafts:
            self._waiting.append((step, drafts))
        if drafts:
            self._some.set()

    # --- the task -------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Queue what is told; once a destination's interval also what every device reports."""
        await self._catch_up()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._queue_all())
            tasks.create_task(self._report_all())
            for send in self._settings.send:
                if "PCD-01" in send.messages:
                    tasks.create_task(self._observe(send))

    async def _queue_all(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            while self._waiting:
                step, drafts = self._waiting[0]
                await self._queue(step, drafts, self._settings.send)
                self._waiting.popleft()
            if self._overflow:
                self._overflow = False
                await self._catch_up()

    async def _queue(self, step: Step, drafts: Sequence[Draft], to: Sequence[SendSettings]) -> None:
        """All of a step in one commit; again and again while the journal fails."""
        messages = [found for send in to for draft in drafts if (found := self._outgoing(step, draft, send))]
        while messages:
            try:
                await self._port.store.queue(messages)
                break
            except JournalUnavailable:
                await asyncio.sleep(RETRY_S)
        for destination in {message.destination for message in messages}:
            self._wake(destination)

    def _outgoing(self, step: Step, draft: Draft, send: SendSettings) -> Outgoing | None:
        if draft.kind not in send.messages:
            return None
        now_us = self._port.wall_us()
        raw = draft.write(self._senders[send.id], now_us)
        if raw is None:
            return None
        stale_us = now_us + STALE_INTERVALS * send.interval_ms * 1000 if draft.kind == "PCD-01" else None
        return Outgoing(send.id, draft.id, draft.kind, raw, now_us, draft.urgent, stale_us, step.bed, step.seq)

    # --- what is told without a step ------------------------------------------------------------------------

    async def _observe(self, send: SendSettings) -> None:
        while True:
            await asyncio.sleep(send.interval_ms / 1000)
            for bed in self._port.beds:
                now_ms = self._port.now_ms()
                step = self._step(bed, 0, now_ms, (), self._port.patient(bed))
                await self._queue(step, observations_of(step, f"o{now_ms}"), (send,))

    async def _report_all(self) -> None:
        """Apart from everything else: making a report takes seconds, and an alarm does not wait for it."""
        while True:
            await self._ended.wait()
            self._ended.clear()
            while self._reports:
                await self._report(*self._reports.popleft())

    async def _report(self, step: Step, course: str) -> None:
        """The report of a course that is over, to whoever takes documents."""
        to = [send for send in self._settings.send if "MDM" in send.messages]
        if not to or step.patient is None:
            return
        try:
            html = await self._port.course_report(step.bed)
        except Exception:  # supervision boundary: a report that fails must not keep alarms from being told
            log.exception("the report of a course could not be made", bed=step.bed)
            return
        if html is None:
            return
        patient, document_id = step.patient, f"{course}.report"

        def write(sender: Sender, now_us: int) -> bytes | None:
            document = Document(document_id, "Course of ketamine", html, now_us)
            return document_message(patient, step.location, document, sender, document_id)

        await self._queue(step, [Draft("MDM", document_id, write)], to)

    # --- after a restart ------------------------------------------------------------------------------------

    async def _catch_up(self) -> None:
        """What was decided after the last step that a destination was told of, and alarms that stand."""
        for send in self._settings.send:
            told = await self._port.store.told_until(send.id)
            for bed in self._port.beds:
                if bed in told:
                    await self._again(bed, told, send)
            for alarm in self._port.alarms():
                if alarm.state is not AlarmState.ENDED:
                    step = self._step(alarm.bed, 0, self._port.now_ms(), (), self._port.patient(alarm.bed))
                    await self._queue(step, [standing_draft(step, alarm)], (send,))

    async def _again(self, bed: str, told: Mapping[str, int], send: SendSettings) -> None:
        """The steps that are missing, told with the patient of that time where that is known: who is there still."""
        seq = told[bed]
        while steps := await self._port.store.decisions_after(bed, seq):
            gone = [number for number, _, _, decisions in steps if any(isinstance(d, PatientClosed) for d in decisions)]
            last_closing = max(gone, default=0)
            for number, now_ms, _, decisions in steps:
                patient = self._port.patient(bed) if number > last_closing else None
                step = self._step(bed, number, now_ms, decisions, patient)
                alarms = [draft for draft in Consequences().of(step) if draft.urgent]
                await self._queue(step, alarms, (send,))
            seq = steps[-1][0]
