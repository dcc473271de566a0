"""Records as lines of JSON for the tail (pumpd.journal.tail), and back. Pure.

    line     [kind, seq, now_ms, wall_us, boot_ms, body, decisions]
    step     body: [type, fields] or, when it was heard, [fact's type, fields, device]; decisions: [[type, fields], …]
    policy   body: the policy     gap    body: [steps, first_seq, detail]
    mark     [seq, now_ms, [fact's type, fields, device]]: a report whose stop leaves before its step is decided

The fields are those of pumpd.safety.wire, which reads them again; they are encoded from the values themselves,
because a stop waits while its record is written here.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pumpd.journal.inbox import Entry
from pumpd.journal.records import GapRecord, Marked, PolicyRecord, Record, StepRecord
from pumpd.journal.rows import from_micros, micros
from pumpd.safety.events import Event, Heard, PolicyReplaced
from pumpd.safety.wire import decision_from_wire, event_from_wire
from pumpd.units import Ms

_encode = msgspec.json.Encoder().encode
Head = tuple[str, int, Ms, int]
UNKNOWN = 0  # the token of a record of an earlier run


class Unreadable(ValueError):
    """A line that this version cannot read."""


def line_of(record: Record, boot_ms: int) -> bytes:
    """The record's line, without its end. A step that cannot be written down becomes a gap, as in the database."""
    times = (record.seq, record.now_ms, micros(record.wall), boot_ms)
    if isinstance(record, StepRecord):
        try:
            decisions = [(type(decision).__name__, decision) for decision in record.decisions]
            return _encode(("step", *times, _event(record.event), decisions))
        except (ValueError, OverflowError, TypeError) as error:  # a broken surrogate, a number beyond 64 bits
            return _encode(("gap", *times, (1, record.seq, ascii(error)), ()))
    if isinstance(record, PolicyRecord):
        return _encode(("policy", *times, record.policy, ()))
    if isinstance(record, GapRecord):
        return _encode(("gap", *times, (record.steps, record.first_seq, record.detail), ()))
    raise TypeError(f"{type(record).__name__} has no place in the tail")


def mark_of(seq: int, now_ms: Ms, event: Event) -> bytes:
    """A mark. Raises what msgspec raises for text or numbers that JSON cannot hold."""
    return _encode((seq, now_ms, _event(event)))


def marked(bed: str, mark: bytes) -> Marked:
    """What `mark_of` wrote down. Raises Unreadable."""
    try:
        seq, now_ms, body = msgspec.json.decode(mark, type=list[Any])
        return Marked(bed, int(seq), Ms(int(now_ms)), _event_of(body))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise Unreadable(str(error)) from error


def _event(event: Event) -> tuple[Any, ...]:
    if type(event) is Heard:
        return (type(event.fact).__name__, event.fact, event.device)
    return (type(event).__name__, event)


def entry_of(bed: str, line: bytes) -> Entry:
    """The entry whose record `line_of` wrote down. Raises Unreadable."""
    try:
        kind, seq, now_ms, wall_us, boot_ms, body, decisions = msgspec.json.decode(line, type=list[Any])
        head: Head = (bed, int(seq), Ms(int(now_ms)), int(wall_us))
        return Entry(UNKNOWN, int(boot_ms), True, _READERS[kind](head, body, decisions))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise Unreadable(str(error)) from error


def _event_of(body: Any) -> Event:
    if len(body) == 3:
        kind, fields, device = body
        return event_from_wire({"type": "Heard", "device": device, "fact": {"type": kind, **fields}})
    kind, fields = body
    return event_from_wire({"type": kind, **fields})


def _step(head: Head, body: Any, decisions: Any) -> Record:
    decided = tuple(decision_from_wire({"type": kind, **fields}) for kind, fields in decisions)
    bed, seq, now_ms, wall_us = head
    return StepRecord(bed, seq, now_ms, wall_us * 1000, _event_of(body), decided)


def _policy(head: Head, body: Any, decisions: Any) -> Record:
    event = event_from_wire({"type": PolicyReplaced.__name__, "policy": body, "by": "journal"})
    assert isinstance(event, PolicyReplaced)
    bed, seq, now_ms, wall_us = head
    return PolicyRecord(bed, seq, now_ms, from_micros(wall_us), event.policy)


def _gap(head: Head, body: Any, decisions: Any) -> Record:
    steps, first_seq, detail = body
    bed, seq, now_ms, wall_us = head
    return GapRecord(bed, seq, now_ms, from_micros(wall_us), int(steps), int(first_seq), str(detail))


_READERS = {"step": _step, "policy": _policy, "gap": _gap}
