"""Records into table rows. Pure but for the growing tables of names; a failed commit simply builds again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from pumpd.clock import EPOCH
from pumpd.device.facts import CommandOutcome
from pumpd.journal.batch import Batch, Marks
from pumpd.journal.chain import Link, extend
from pumpd.journal.heart import US_PER_DAY
from pumpd.journal.packing import FORMS, SPAN_MS, Encode, Packer
from pumpd.journal.records import (
    AnchorRecord,
    CheckpointRecord,
    GapRecord,
    MessageRecord,
    PolicyRecord,
    Record,
    StepRecord,
)
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

MICROSECOND = timedelta(microseconds=1)
GAP = "Gap"
OUTCOME = "CommandOutcome"
ANCHOR = "Anchor"
NO_BED = 0
"""The number in place of a bed's, of an anchor."""
_ORDERS = (StopPump, SetRate, ReadStatus)


def utc_now() -> datetime:
    return datetime.now(UTC)


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
        work.take(records)
        return work.finish()


class _Work:
    """One batch being built."""

    def __init__(self, beds: Names, shapes: Shapes, kernel: str, marks: Marks) -> None:
        self._beds, self._shapes, self._kernel = beds, shapes, kernel
        self._batch = Batch()
        self._packers: dict[str, Packer] = {}
        self._marks, self._head = marks, marks.head
        self._sample, self._event = marks.sample, marks.event
        self._checkpoint, self._policy = marks.checkpoint, marks.policy
        self._gapped = marks.gapped
        self._seq_of, self._day_of = marks.checkpoint_seq, marks.checkpoint_day

    def take(self, records: Iterable[Record]) -> None:
        """All of them; nearly all are readings, which is why this loop packs them itself."""
        packer_of, form_of, shapes = self._packers.get, FORMS.get, self._shapes
        for record in records:
            try:
                if type(record) is not StepRecord:
                    self._other(record)
                    continue
                event, bed, now_ms = record.event, record.bed, record.now_ms
                encode = form_of(type(event.fact if type(event) is Heard else event))
                if encode is None or record.decisions:
                    self._step(record, encode)
                    continue
                packer = packer_of(bed)
                if packer is None or not 0 <= now_ms - packer.first_ms < SPAN_MS:
                    packer = self._open(record)
                packer.add(record.seq, now_ms, event, encode, shapes)
            except Exception as error:  # noqa: BLE001 one bad record must not block all later ones for ever
                self._gap(GapRecord(record.bed, record.seq, record.now_ms, record.wall, 1, record.seq, repr(error)))

    def _step(self, record: StepRecord, encode: Encode | None) -> None:
        """A step that decided something or is a row of its own."""
        texts = [decision_text(decision) for decision in record.decisions]  # what may fail comes first
        wall_us, packer = record.wall_us, self._packers.get(record.bed)
        if encode is None:
            self._single(record, wall_us)
        else:
            if packer is None or not 0 <= record.now_ms - packer.first_ms < SPAN_MS:
                packer = self._open(record)
            packer.add(record.seq, record.now_ms, record.event, encode, self._shapes)
        for idx, (decision, text) in enumerate(zip(record.decisions, texts, strict=True)):
            self._decision(record, wall_us, idx, decision, text)

    def _other(self, record: Record) -> None:
        if isinstance(record, CheckpointRecord):
            self._checkpoint_row(record)
        elif isinstance(record, PolicyRecord):
            self._policy_row(record.bed, record.seq, record.now_ms, micros(record.wall), record.policy)
        elif isinstance(record, GapRecord):
            self._gap(record)
        elif isinstance(record, MessageRecord):
            if isinstance(record, AnchorRecord):
                self._link(Link("", 0, -2, 0, record.at_us, ANCHOR, str(record.number), record.body), NO_BED)
            self._messages(record)

    def _gap(self, record: GapRecord) -> None:
        body = {"steps": record.steps, "first_seq": record.first_seq, "detail": record.detail}
        self._event_row(record.bed, record.seq, record.now_ms, micros(record.wall), GAP, to_text(body))
        self._gapped |= {record.bed}

    def _messages(self, record: MessageRecord) -> None:
        """The order is kept; rows of one statement that come one after the other go together."""
        todo = self._batch.messages
        for name, rows in record.work:
            if not todo or todo[-1][0] != name:
                todo.append((name, []))
            todo[-1][1].extend(rows)

    def finish(self) -> Batch:
        self._close(self._packers.items())
        self._packers.clear()
        numbers = (self._sample, self._event, self._checkpoint, self._policy)
        self._batch.marks = Marks(self._head, *numbers, self._gapped, self._seq_of, self._day_of)
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
            self._close([(bed, self._packers[bed])])
        seq, now_ms = record.seq, record.now_ms
        packer = self._packers[bed] = Packer(seq, now_ms, record.wall_us, seq, now_ms, [])
        return packer

    def _close(self, done: Iterable[tuple[str, Packer]]) -> None:
        number_of, rows, n = self._beds.id_of, self._batch.samples, self._sample
        for bed, packer in done:
            if packer.parts:
                head = (n, number_of(bed), packer.first_seq, packer.first_ms, packer.first_wall_us)
                rows.append((*head, packer.body()))
                n += 1
        self._sample = n

    def _event_row(self, bed: str, seq: int, now_ms: int, wall_us: int, kind: str, text: str) -> None:
        self._batch.events.append((self._event, self._beds.id_of(bed), seq, now_ms, wall_us, kind, text))
        self._event += 1

    def _chained(self, record: StepRecord, wall_us: int, idx: int, kind: str, subject: str, text: str) -> int:
        link = Link(record.bed, record.seq, idx, record.now_ms, wall_us, kind, subject, text)
        return self._link(link, self._beds.id_of(record.bed))

    def _link(self, link: Link, bed: int) -> int:
        self._head = head = extend(self._head, link)
        times = (link.seq, link.idx, link.now_ms, link.wall_us)
        self._batch.decisions.append((head.n, bed, *times, link.kind, link.subject, link.body, head.hash))
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
        if self._seq_of is self._marks.checkpoint_seq:  # the batch's first: the marks stay as they are
            self._seq_of, self._day_of = dict(self._seq_of), dict(self._day_of)
        bed, wall_us = self._beds.id_of(record.bed), micros(record.wall)
        keep = int(record.bed in self._gapped or self._begins_day(record.bed, wall_us))
        if record.bed in self._gapped:
            self._gapped -= {record.bed}
        head = self._head
        times = (record.seq, record.now_ms, wall_us)
        row = (self._checkpoint, bed, *times, self._kernel, keep, head.n, head.hash, record.state)
        self._batch.checkpoints.append(row)
        self._checkpoint += 1
        previous = self._seq_of.get(record.bed)
        if previous is not None:
            self._batch.prunes.append((bed, previous, 0))
        self._seq_of[record.bed] = record.seq

    def _begins_day(self, bed: str, wall_us: int) -> bool:
        """Its last checkpoint was on another day (UTC): this one is where a replay begins when what is before it is
        gone.
        """
        day = wall_us // US_PER_DAY
        before = self._day_of.get(bed, day)
        self._day_of[bed] = day
        return before != day
