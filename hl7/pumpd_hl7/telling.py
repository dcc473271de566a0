"""From the steps of the beds to the outboxes: what has to be told is written down, in order, for every destination.

A step tells on the daemon's loop; what follows from it is queued by one task, so that nothing waits for the disk. What
could not be queued because the daemon was killed is made again from the journal at the next start.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from pumpd.gateways import GatewayPort, Hl7Settings, Outgoing, SendSettings
from pumpd.journal import JournalUnavailable
from pumpd.safety.alarms import AlarmState
from pumpd.safety.decisions import AlarmChanged, CourseChanged, Decision, FlowChanged, InfusionChanged
from pumpd.safety.events import Event, Patient
from pumpd_hl7.profiles.consequences import Consequences, Draft, Step, observations_of, standing_draft
from pumpd_hl7.profiles.outgoing import Sender
from pumpd_hl7.reporting import Reports
from pumpd_hl7.retelling import Past, pumps_of

_TOLD = (AlarmChanged, FlowChanged, InfusionChanged, CourseChanged)
RETRY_S = 1.0
STALE_INTERVALS = 10
"""Observations older than so many of a destination's intervals are of no use to it."""
MOST_WAITING = 20_000
"""Steps kept in memory while the journal fails; beyond it the journal tells them again afterwards."""


class Teller:
    """listen() once; run() until cancelled. wake: the outbox of that destination has something new."""

    def __init__(self, settings: Hl7Settings, port: GatewayPort, wake: Callable[[str], None]) -> None:
        self._settings, self._port, self._wake = settings, port, wake
        self._locations = {bed: place for place, bed in settings.locations.items()}
        self._senders = {send.id: self._sender(send) for send in settings.send}
        self._consequences = Consequences()
        self._patients: dict[str, Patient | None] = {}
        self._waiting: deque[Step] = deque()
        self._first: dict[str, int] = {}
        self._some = asyncio.Event()
        self._overflow = False
        documents = [send for send in settings.send if "MDM" in send.messages]
        self._reports = Reports(port, documents, self._location, self._queue)

    def _sender(self, send: SendSettings) -> Sender:
        ours = self._settings
        return Sender(ours.application, ours.facility, send.application, send.facility, self._port.generation)

    def _location(self, bed: str) -> str:
        return self._locations.get(bed, f"^^{bed}")

    def listen(self) -> None:
        """From now on every step is told."""
        self._patients = {bed: self._port.patient(bed) for bed in self._port.beds}
        self._port.listen(self.told)

    def told(self, bed: str, seq: int, now_ms: int, event: Event, decisions: tuple[Decision, ...]) -> None:
        """A step that decided something: it is kept with the view of this moment.

        Called after the step's stops have left, and nothing is made of a step that nobody is told of.
        """
        before, self._patients[bed] = self._patients.get(bed), self._port.patient(bed)
        if any(isinstance(decision, _TOLD) for decision in decisions):
            self._take(self._step(bed, seq, now_ms, decisions, before))

    def _step(self, bed: str, seq: int, now_ms: int, decisions: tuple[Decision, ...], patient: Patient | None) -> Step:
        port = self._port
        counted = ((pump, port.volume_ul(bed, pump)) for pump in pumps_of(decisions))
        volumes = {pump: volume for pump, volume in counted if volume is not None}
        return Step(bed, seq, now_ms, decisions, patient, port.view(bed), self._location(bed), port.wall_us, volumes)

    def _take(self, step: Step) -> None:
        self._reports.take(step)
        if self._overflow or len(self._waiting) >= MOST_WAITING:
            self._overflow = True  # and nothing later is queued before the journal has told again what was left out
        else:
            self._waiting.append(step)
            self._first.setdefault(step.bed, step.seq)
        self._some.set()

    # --- the task -------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Queue what is told; once a destination's interval also what every device reports."""
        await self._catch_up()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._queue_all())
            tasks.create_task(self._reports.run())
            for send in self._settings.send:
                if "PCD-01" in send.messages:
                    tasks.create_task(self._observe(send))

    async def _queue_all(self) -> None:
        while True:
            while self._waiting:
                step = self._waiting[0]
                await self._queue(step, self._consequences.of(step), self._settings.send)
                self._waiting.popleft()
            if self._overflow:
                self._overflow = False
                await self._catch_up()
                continue
            self._some.clear()
            await self._some.wait()

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
        seq = 0 if draft.kind == "MDM" else step.seq  # a report comes late: it does not say that all before it is told
        return Outgoing(send.id, draft.id, draft.kind, raw, now_us, draft.urgent, stale_us, step.bed, seq)

    # --- what is told without a step ------------------------------------------------------------------------

    async def _observe(self, send: SendSettings) -> None:
        while True:
            await asyncio.sleep(send.interval_ms / 1000)
            for bed in self._port.beds:
                now_ms = self._port.now_ms()
                step = self._step(bed, 0, now_ms, (), self._port.patient(bed))
                await self._queue(step, observations_of(step, f"o{now_ms}"), (send,))

    # --- after a restart ------------------------------------------------------------------------------------

    async def _catch_up(self) -> None:
        """What was decided after the last step that a destination was told of, and alarms that stand."""
        self._first = {step.bed: step.seq for step in reversed(self._waiting)}
        for send in self._settings.send:
            told = await self._port.store.told_until(send.id)
            for bed in self._port.beds:
                if bed in told:
                    last = await self._again(bed, told[bed], send)
                else:  # a new destination is not told of what was before it
                    last = min(await self._port.store.last_step(bed), self._first.get(bed, 1 << 62) - 1)
                await self._port.store.told(send.id, bed, last)
            for alarm in self._port.alarms():
                if alarm.state is not AlarmState.ENDED:
                    step = self._step(alarm.bed, 0, self._port.now_ms(), (), self._port.patient(alarm.bed))
                    await self._queue(step, [standing_draft(step, alarm)], (send,))

    async def _again(self, bed: str, after: int, send: SendSettings) -> int:
        """The steps that are missing, up to those that are told live; the last of them. Values of then are stale."""
        past, consequences = Past(self._port, bed, self._location(bed)), Consequences()
        await past.open(after, consequences)
        async for step in past.steps(after, lambda: self._first.get(bed)):
            drafts = [draft for draft in consequences.of(step) if draft.kind != "PCD-01"]
            await self._queue(step, drafts, (send,))
            after = step.seq
        self._consequences.take_over(consequences.known())
        return after
