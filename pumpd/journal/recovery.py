"""What a killed run left in shared memory (pumpd.journal.tail), made part of the journal before anybody asks for it.

Taken is what goes on from a bed's last committed step without a hole; the rest is ignored and said in the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec
import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.journal.inbox import Entry
from pumpd.journal.moment import ahead_ms
from pumpd.journal.query import bed_number, by_time, coarsely, read_shapes
from pumpd.journal.records import GapRecord, JournalOpenError, LastSeen, Marked, PolicyRecord, Restored, StepRecord
from pumpd.journal.rows import decision_text
from pumpd.journal.store import FAILURES, Store
from pumpd.journal.sweep import Head, sweep
from pumpd.journal.tables import checkpoints, events, samples
from pumpd.journal.tail import VERSION, Tail, file_for
from pumpd.journal.tail_lines import Unreadable, entry_of, marked
from pumpd.journal.unpacking import unpack
from pumpd.safety.events import PolicyReplaced
from pumpd.safety.policy import BedPolicy

log = structlog.get_logger(__name__)


class Left(NamedTuple):
    """What a killed run left: entries that the database did not take now either, and marked reports by bed."""

    entries: list[Entry]
    marks: dict[str, Marked]


async def open_tail(store: Store, boot_id: str) -> tuple[Tail | None, Left]:
    """The tail of this run, after what the last one left has been committed; and what could not be.

    No tail, said in the log, where there is no shared memory. Raises JournalOpenError when the journal cannot be read.
    """
    try:
        if store.identity is None:
            raise OSError("the journal has no identity and cannot be given one")
        sweep()
        tail = Tail.open(file_for(store.identity, store.place), store.identity, boot_id, store.place, tries=25)
    except OSError as error:
        log.warning("no shared memory: what is not yet committed would not outlive a kill", why=str(error))
        return None, Left([], {})
    try:
        marks = marked_in(tail.marks(), store.identity or "")
        entries = await _recover(store, tail)
        for one in marks.values():  # until the bed has decided on it again, and that is recorded
            tail.note(one.bed, one.seq, one.now_ms, one.event)
        return tail, Left(entries, marks)
    except SQLAlchemyError as error:
        tail.end()
        raise JournalOpenError(f"journal {store.place}: {getattr(error, 'orig', None) or error}") from error
    except BaseException:
        tail.end()
        raise


async def _recover(store: Store, tail: Tail) -> list[Entry]:
    found = found_in(tail.contents(), store.identity or "")
    async with store.reader.connect() as connection:
        entries = await uncommitted(connection, found)
    if entries:
        boot_id = found[-1].boot_id
        beds = sorted({entry.record.bed for entry in entries})
        try:
            await store.commit(entries, boot_id)
        except FAILURES as error:
            if store.unsettled and await store.settle():
                tail.clear()
                return []
            log.error("steps of a killed run cannot be committed yet", beds=beds, records=len(entries), why=str(error))
            store.last_seen = seen_with_unwritten(store.last_seen, boot_id, entries)
            return entries
        store.note_last_seen()
        log.warning("steps of a killed run were in shared memory: committed", beds=beds, records=len(entries))
    tail.clear()
    return []


@dataclass(frozen=True, slots=True)
class Found:
    """What one slot holds of one bed, and the machine's boot in which it was written."""

    boot_id: str
    bed: str
    entries: tuple[Entry, ...]


def parse(content: bytes, identity: str) -> Found:
    """Raises Unreadable with the reason: garbage, another journal's, another version's."""
    first, *lines = content.split(b"\n")
    try:
        version, owner, boot_id, bed, _ = msgspec.json.decode(first, type=Head)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Unreadable(str(error)) from error
    if version != VERSION:
        raise Unreadable(f"written as {version!r}")
    if owner != identity:
        raise Unreadable("it belongs to another journal")
    return Found(boot_id, bed, tuple(entry_of(bed, line) for line in lines))


def found_in(contents: Iterable[bytes | None], identity: str) -> list[Found]:
    """All slots that can be read; the others are said."""
    found = []
    for number, content in enumerate(contents):
        try:
            if content is not None:
                found.append(parse(content, identity))
        except Unreadable as error:
            log.warning("shared memory of an earlier run is ignored", slot=number, why=str(error))
    return found


def marked_in(marks: Iterable[bytes], identity: str) -> dict[str, Marked]:
    """The newest marked report of each bed; those that cannot be read are said."""
    newest: dict[str, Marked] = {}
    for mark in marks:
        try:
            head, _, line = mark.partition(b"\n")
            found = marked(parse(head, identity).bed, line)
            if found.bed not in newest or newest[found.bed].seq < found.seq:
                newest[found.bed] = found
        except Unreadable as error:
            log.warning("a marked report of an earlier run is ignored", why=str(error))
    return newest


def contiguous(entries: Iterable[Entry], last_seq: int) -> tuple[list[Entry], int]:
    """What follows step last_seq without a hole, in order, and how many later entries had to be left out."""
    taken: list[Entry] = []
    expected = last_seq + 1
    later = [entry for entry in sorted(entries, key=lambda entry: entry.record.seq) if entry.record.seq > last_seq]
    for done, entry in enumerate(later):
        record = entry.record
        first = record.first_seq if isinstance(record, GapRecord) else record.seq
        if first > expected:
            return taken, len(later) - done
        if record.seq >= expected:
            taken.append(entry)
            expected = record.seq if isinstance(record, PolicyRecord) else record.seq + 1
    return taken, 0


async def last_committed(connection: AsyncConnection, bed: str) -> int:
    """The bed's last step in the database, recorded or told as a gap; 0 before the first."""
    number = await bed_number(connection, bed)
    if number is None:
        return 0
    query = select(events.c.seq).where(events.c.bed == number).order_by(events.c.now_ms.desc(), events.c.id.desc())
    single = (await connection.execute(query.limit(1))).scalar() or 0
    saved = select(func.max(checkpoints.c.seq)).where(checkpoints.c.bed == number)  # what is before it may be gone
    single = max(single, (await connection.execute(saved)).scalar() or 0)
    columns = samples.c
    packed = select(columns.seq, columns.now_ms, columns.body).where(columns.bed == number)
    ordered = (*(coarse.desc() for coarse in by_time(coarsely(connection))), columns.now_ms.desc(), columns.id.desc())
    row = (await connection.execute(packed.order_by(*ordered).limit(1))).first()
    if row is None:
        return single
    return max(single, unpack(row.seq, row.now_ms, row.body, await read_shapes(connection))[-1][0])


async def uncommitted(connection: AsyncConnection, found: list[Found]) -> list[Entry]:
    """The entries to be committed, those of all beds in the order in which they happened."""
    beds: dict[str, list[Entry]] = {}
    for one in found:
        beds.setdefault(one.bed, []).extend(one.entries)
    wanted: list[Entry] = []
    for bed, entries in beds.items():
        last_seq = await last_committed(connection, bed)
        taken, left = contiguous(entries, last_seq)
        wanted += taken
        if left:
            log.warning("steps in shared memory do not follow: ignored", bed=bed, after=last_seq, steps=left)
    return sorted(wanted, key=lambda entry: entry.boot_ms)


# ---- when the database does not take them either: the bed goes on from them all the same


def with_unwritten(restored: Restored | None, bed: str, entries: Iterable[Entry]) -> Restored | None:
    """The bed as it would be restored if these entries were in the database."""
    seq = 0 if restored is None else restored.seq
    records = [entry.record for entry in entries if entry.record.bed == bed and entry.record.seq > seq]
    steps = tuple((record.seq, record.now_ms, record.event) for record in records if isinstance(record, StepRecord))
    if not steps:
        return restored
    rules: list[tuple[int, BedPolicy]] = [] if restored is None else list(restored.policies)
    for record in records:
        if isinstance(record, PolicyRecord):
            rules.append((record.seq, record.policy))
        elif isinstance(record, StepRecord) and isinstance(record.event, PolicyReplaced):
            rules.append((record.seq + 1, record.event.policy))
    old = restored or Restored(bed, None, 0, steps[0][1], (), ())
    last, now_ms, _ = steps[-1]
    said = {
        record.seq: tuple(map(decision_text, record.decisions)) for record in records if isinstance(record, StepRecord)
    }
    decided = {**old.decisions, **{seq: texts for seq, texts in said.items() if texts}}
    events = (*old.events, *steps)
    return replace(old, seq=last, now_ms=now_ms, events=events, policies=tuple(rules), decisions=decided)


def said(record: StepRecord) -> tuple[str, ...]:
    """What was decided, as it would be stored."""
    return tuple(map(decision_text, record.decisions))


def seen_with_unwritten(seen: LastSeen | None, boot_id: str, entries: list[Entry]) -> LastSeen | None:
    """The last moment of the earlier run, counting these entries too."""
    latest = max(entries, key=lambda entry: entry.record.now_ms, default=None)
    if latest is None or (seen is not None and seen.boot_id == boot_id and seen.now_ms > latest.record.now_ms):
        return seen
    known_ms = seen.boot_ms - seen.now_ms if seen is not None and seen.boot_id == boot_id else None
    boot_ms = latest.record.now_ms + ahead_ms(entries, known_ms)
    return LastSeen(latest.record.now_ms, boot_id, boot_ms, latest.record.wall)
