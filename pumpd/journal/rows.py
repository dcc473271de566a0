"""Records into table rows. Pure but for the growing tables of names; a failed commit simply builds again.

`Marks` is everything that one commit hands to the next (row numbers, head of the chain); it changes
only when the commit has succeeded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from pumpd.device.facts import CommandOutcome
from pumpd.journal.chain import Head, Link, extend
from pumpd.journal.packing import FORMS, SPAN_MS, Packer
from pumpd.journal.records import CheckpointRecord, GapRecord, MessageRecord, PolicyRecord, Record, StepRecord
from pumpd.journal.shapes import Shapes
from pumpd.journal.subjects import subject_of
from pumpd.safety.alarms import Alarm
from pumpd.safety.decisions import (
    AlarmChanged,
    Decision,
    ReadStatus,
    SetRate,
    StopPump,
)
from pumpd.safety.events import Event, Heard, PolicyReplaced
from pumpd.safety.policy import BedPolicy
from pumpd.safety.wire import WireError, decision_from_wire, decision_to_wire, event_from_wire, event_to_wire

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
GAP = "Gap"
OUTCOME = "CommandOutcome"
_ORDERS = (StopPump, SetRate, ReadStatus)


def micros(wall: datetime) -> int:
    """Microseconds since 1970, exact."""
    return (wall - EPOCH) // MICROSECOND


def from_micros(wall_us: int) -> datetime:
    return EPOCH + timedelta(microseconds=wall_us)


def to_text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def event_text(event: Event) -> str:
    return to_text(event_to_wire(event))


def event_of(text: str) -> Event:
    return event_from_wire(msgspec.json.decode(text))


def decision_text(decision: Decision) -> str:
    """The canonical text of a decision: what is stored, chained and compared."""
    return to_text(decision_to_wire(decision))


def decision_of(text: str) -> Decision:
    """The decision of `decision_text`; raises WireError."""
    try:
        return decision_from_wire(msgspec.json.decode(text))
    except msgspec.DecodeError as error:
        raise WireError(str(error)) from error


def alarm_of(text: str) -> Alarm:
    """The alarm inside the stored text of an AlarmChanged."""
    decision = decision_from_wire(msgspec.json.decode(text))
    assert isinstance(decision, AlarmChanged)
    return decision.alarm


def policy_text(policy: BedPolicy) -> str:
    return event_text(PolicyReplaced(policy, "journal"))


def policy_of(text: str) -> BedPolicy:
    event = event_of(text)
    assert isinstance(event, PolicyReplaced)
    return event.policy


@dataclass(frozen=True, slots=True)
class Marks:
    """Where the next commit goes on."""

    head: Head = field(default_factory=Head)
    sample: int = 1
    event: int = 1
    checkpoint: int = 1
    policy: int = 1
    gapped: frozenset[str] = frozenset()
    checkpoint_seq: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class Batch:
    """Rows by table, in order, and the marks after them. Upserts are by key: the last one wins.

    messages: names of statements with their rows, to be run in this order.
    """

    samples: list[tuple[Any, ...]] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    decisions: list[tuple[Any, ...]] = field(default_factory=list)
    policies: list[tuple[Any, ...]] = field(default_factory=list)
    checkpoints: list[tuple[Any, ...]] = field(default_factory=list)
    prunes: list[tuple[Any, ...]] = field(default_factory=list)
    alarms: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    commands: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    outcomes: list[tuple[Any, ...]] = field(default_factory=list)
    messages: list[tuple[str, list[tuple[Any, ...]]]] = field(default_factory=list)
    marks: Marks = field(default_factory=Marks)


class Names:
    """Bed numbers, as in the table `beds`."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        self.stored = 0

    def id_of(self, bed: str) -> int:
        number = self.ids.get(bed)
        if number is None:
            number = self.ids[bed] = len(self.ids) + 1
        return number

    def fresh(self) -> list[tuple[int, str]]:
        return [(number, name) for name, number in self.ids.items() if number > self.stored]


class Builder:
    """Builds one batch after another."""

    def __init__(self, beds: Names, shapes: Shapes, kernel: str) -> None:
        self._beds, self._shapes, self._kernel = beds, shapes, kernel

    def build(self, records: Iterable[Record], marks: Marks) -> Batch:
        """All rows of these records. A record that cannot be written down becomes a gap row, never an error."""
        work = _Work(self._beds, self._shapes, self._kernel, marks)
        step, other = work.step, work.other
        for record in records:
            try:
                if type(record) is StepRecord:
                    step(record)
                else:
                    other(record)
            except Exception as error:  # noqa: BLE001 one bad record must not block all later ones for ever
                work.gap(GapRecord(record.bed, record.seq, record.now_ms, record.wall, 1, record.seq, repr(error)))
        return work.finish()


class _Work:
    """One batch being built."""

    def __init__(self, beds: Names, shapes: Shapes, kernel: str, marks: Marks) -> None:
        self._beds, self._shapes, self._kernel = beds, shapes, kernel
        self._batch = Batch()
        self._packers: dict[str, Packer] = {}
        self._head = marks.head
        self._sample, self._event = marks.sample, marks.event
        self._checkpoint, self._policy = marks.checkpoint, marks.policy
        self._gapped = set(marks.gapped)
        self._checkpoint_seq = dict(marks.checkpoint_seq)

    def step(self, record: StepRecord) -> None:
        event, decisions = record.event, record.decisions
        texts = [decision_text(decision) for decision in decisions] if decisions else ()  # what may fail comes first
        encode = FORMS.get(type(event.fact if type(event) is Heard else event))
        if encode is None:
            self._single(record, micros(record.wall))
        else:
            now_ms, packer = record.now_ms, self._packers.get(record.bed)
            if packer is None or not 0 <= now_ms - packer.first_ms < SPAN_MS:
                packer = self._open(record)
            packer.add(record.seq, now_ms, event, encode, self._shapes)
        if texts:
            wall_us = micros(record.wall)
            for idx, (decision, text) in enumerate(zip(decisions, texts, strict=True)):
                self._decision(record, wall_us, idx, decision, text)

    def other(self, record: Record) -> None:
        if isinstance(record, CheckpointRecord):
            self._checkpoint_row(record)
        elif isinstance(record, PolicyRecord):
            self._policy_row(record.bed, record.seq, record.now_ms, micros(record.wall), record.policy)
        elif isinstance(record, GapRecord):
            self.gap(record)
        elif isinstance(record, MessageRecord):
            self._messages(record)

    def gap(self, record: GapRecord) -> None:
        body = {"steps": record.steps, "first_seq": record.first_seq, "detail": record.detail}
        self._event_row(record.bed, record.seq, record.now_ms, micros(record.wall), GAP, to_text(body))
        self._gapped.add(record.bed)

    def _messages(self, record: MessageRecord) -> None:
        """The order is kept; rows of one statement that come one after the other go together."""
        todo = self._batch.messages
        for name, rows in record.work:
            if not todo or todo[-1][0] != name:
                todo.append((name, []))
            todo[-1][1].extend(rows)

    def finish(self) -> Batch:
        for bed, packer in self._packers.items():
            self._close(bed, packer)
        self._packers.clear()
        numbers = (self._sample, self._event, self._checkpoint, self._policy)
        gapped, seqs = frozenset(self._gapped), tuple(self._checkpoint_seq.items())
        self._batch.marks = Marks(self._head, *numbers, gapped, seqs)
        return self._batch

    def _single(self, record: StepRecord, wall_us: int) -> None:
        event = record.event
        kind = type(event.fact if isinstance(event, Heard) else event).__name__
        self._event_row(record.bed, record.seq, record.now_ms, wall_us, kind, event_text(event))
        if isinstance(event, PolicyReplaced):
            self._policy_row(record.bed, record.seq + 1, record.now_ms, wall_us, event.policy)
        if isinstance(event, Heard) and isinstance(event.fact, CommandOutcome):
            self._outcome(record, wall_us, event.fact)

    def _open(self, record: StepRecord) -> Packer:
        """A new row for the bed; what it had open before is finished."""
        bed = record.bed
        if bed in self._packers:
            self._close(bed, self._packers[bed])
        seq, now_ms = record.seq, record.now_ms
        packer = self._packers[bed] = Packer(seq, now_ms, record.wall, seq, now_ms, [])
        return packer

    def _close(self, bed: str, packer: Packer) -> None:
        body = packer.body()
        if body:
            times = packer.first_seq, packer.first_ms, micros(packer.first_wall)
            self._batch.samples.append((self._sample, self._beds.id_of(bed), *times, body))
            self._sample += 1

    def _event_row(self, bed: str, seq: int, now_ms: int, wall_us: int, kind: str, text: str) -> None:
        self._batch.events.append((self._event, self._beds.id_of(bed), seq, now_ms, wall_us, kind, text))
        self._event += 1

    def _chained(self, record: StepRecord, wall_us: int, idx: int, kind: str, subject: str, text: str) -> int:
        link = Link(record.bed, record.seq, idx, record.now_ms, wall_us, kind, subject, text)
        self._head = head = extend(self._head, link)
        bed = self._beds.id_of(record.bed)
        row = (head.n, bed, record.seq, idx, record.now_ms, wall_us, kind, subject, text, head.hash)
        self._batch.decisions.append(row)
        return head.n

    def _decision(self, record: StepRecord, wall_us: int, idx: int, decision: Decision, text: str) -> None:
        subject = subject_of(decision)
        n = self._chained(record, wall_us, idx, type(decision).__name__, subject, text)
        bed = self._beds.id_of(record.bed)
        if isinstance(decision, AlarmChanged):
            self._batch.alarms[subject] = (subject, bed, decision.alarm.onset_ms, wall_us, n, text)
        elif isinstance(decision, _ORDERS):
            row = (subject, bed, decision.pump, type(decision).__name__, wall_us, n, text)
            self._batch.commands[subject] = row

    def _outcome(self, record: StepRecord, wall_us: int, fact: CommandOutcome) -> None:
        text = to_text([fact.outcome.value, fact.detail])
        n = self._chained(record, wall_us, -1, OUTCOME, fact.order_id, text)
        self._batch.outcomes.append((fact.outcome.value, fact.detail, n, fact.order_id))

    def _policy_row(self, bed: str, seq: int, now_ms: int, wall_us: int, policy: BedPolicy) -> None:
        text = policy_text(policy)
        sha = hashlib.sha256(text.encode()).hexdigest()
        self._batch.policies.append((self._policy, self._beds.id_of(bed), seq, now_ms, wall_us, sha, text))
        self._policy += 1

    def _checkpoint_row(self, record: CheckpointRecord) -> None:
        bed, keep = self._beds.id_of(record.bed), int(record.bed in self._gapped)
        self._gapped.discard(record.bed)
        head = self._head
        times = (record.seq, record.now_ms, micros(record.wall))
        row = (self._checkpoint, bed, *times, self._kernel, keep, head.n, head.hash, record.state)
        self._batch.checkpoints.append(row)
        self._checkpoint += 1
        previous = self._checkpoint_seq.get(record.bed)
        if previous is not None:
            self._batch.prunes.append((bed, previous, 0))
        self._checkpoint_seq[record.bed] = record.seq
