"""What of the record may be let go: decided from the database, nothing is changed here.

A bed's record goes up to a checkpoint that stays, which is older than the days that were asked for by the wall's clock
and by the kernel's, and which divides nothing that belongs together (pumpd.journal.spans). The chain goes up to the
first link that some bed still needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import Struct
from sqlalchemy import ColumnElement, Table, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pumpd.journal.anchors import Anchor, BedCut, gone_until, newest
from pumpd.journal.chain import GENESIS
from pumpd.journal.heart import US_PER_DAY, read_heartbeat
from pumpd.journal.history_sql import ANCHORED_TABLES
from pumpd.journal.query import bed_names
from pumpd.journal.recovery import last_committed
from pumpd.journal.rollup import SLICE_MS
from pumpd.journal.rows import OUTCOME
from pumpd.journal.spans import FOR_EVER, Span, spans
from pumpd.journal.tables import alarms, checkpoints, commands, decisions, events, rollups
from pumpd.journal.verify import snapshot
from pumpd.safety.wire import WireError, state_from_bytes

MS_PER_DAY = 86_400_000
WITNESSES = 30
"""Days of record that must be younger than what goes: a clock that was set to a wrong year has not seen them."""
BUS = "mqtt"
"""What the marks of the ward's broker begin with (pumpd.bus.past)."""
TOGETHER = ("AlarmChanged", "StopPump", "SetRate", "ReadStatus", OUTCOME, "CourseChanged", "InfusionChanged")
"""Kinds of links whose subject's links go together: a row of `alarms` or `commands` repeats the first and the last."""


@dataclass(frozen=True, slots=True)
class RecordRule:
    """days: 0 for good. owed_to: ids of the destinations that the ward tells of what happens (BUS: the broker)."""

    days: int = 0
    owed_to: frozenset[str] = frozenset()


class Saved(Struct, frozen=True):
    """A checkpoint: its number, of which step, and the last link of the chain then."""

    id: int
    seq: int
    now_ms: int
    chain_n: int


@dataclass(frozen=True, slots=True)
class Plan:
    """beds: what goes of each, by number. held: by name, why a bed's record that is old enough stays."""

    link: int
    hash: bytes
    until_us: int
    beds: Mapping[int, BedCut]
    rows: Mapping[str, int]
    held: Mapping[str, str] = field(default_factory=dict)


async def witnessed(connection: AsyncConnection, before_us: int, days: int) -> bool:
    """The record has checkpoints of that many days since this moment."""
    day = checkpoints.c.wall_us // US_PER_DAY
    query = select(func.count(day.distinct())).where(checkpoints.c.wall_us >= before_us)
    return (await connection.execute(query)).scalar_one() >= days


async def plan(engine: AsyncEngine, rule: RecordRule, now_us: int) -> Plan | None:
    """What may go now; None where nothing may. Raises WireError for a record that this software does not understand."""
    before_us = now_us - rule.days * US_PER_DAY
    async with engine.connect() as connection:
        await snapshot(connection)
        heartbeat = await read_heartbeat(connection)
        if heartbeat is None or not await witnessed(connection, before_us, WITNESSES):
            return None
        before = (before_us, heartbeat.now_ms - rule.days * MS_PER_DAY)
        known, gone = await bed_names(connection), await gone_until(connection)
        saved, held = dict[int, Saved](), dict[str, str]()
        for name, bed in known.items():
            one, why = await _saved_for(connection, bed, name, before, rule)
            if one is not None:
                saved[bed] = one
            if why:
                held[name] = why
        last = (await newest(connection))[0]
        link = await _last_link(connection, list(known.values()), saved, last)
        further = {bed: one for bed, one in saved.items() if one.seq > gone.get(bed, (0, 0))[0]}
        if not further and link == last.link:
            return None
        cuts = {bed: BedCut(one.seq, one.now_ms, one.id) for bed, one in further.items()}
        digest, until_us = await _of_link(connection, link, last)
        return Plan(link, digest, until_us, cuts, await counts(connection, link, cuts), held)


async def _saved_for(
    connection: AsyncConnection, bed: int, name: str, before: tuple[int, int], rule: RecordRule
) -> tuple[Saved | None, str]:
    """The newest checkpoint up to which the bed's record may go; and what keeps it from a newer one, that does not end
    by itself.
    """
    mine, (before_us, before_ms) = checkpoints.c, before
    query = select(mine.id, mine.seq, mine.now_ms, mine.chain_n, mine.state).where(mine.bed == bed)
    safe = await _safe(connection, bed, name)
    query = query.where(mine.wall_us < before_us, mine.now_ms <= before_ms, mine.seq <= safe)
    whole: list[Span] | None = None
    why = ""
    for row in await connection.execute(query.order_by(mine.seq.desc(), mine.id.desc())):
        whole = await spans(connection, bed, name, rule.owed_to) if whole is None else whole
        divided = [span for span in whole if span.divided_by(row.seq)]
        unreadable = _unreadable(row.state)
        if not divided and not unreadable:
            return Saved(row.id, row.seq, row.now_ms, row.chain_n), why
        why = why or next((span.why for span in divided if span.last == FOR_EVER), unreadable)
    return None, why


def _unreadable(state: bytes) -> str:
    try:
        state_from_bytes(state)
    except WireError as error:
        return f"its checkpoint cannot be read: {error}"
    return ""


async def _safe(connection: AsyncConnection, bed: int, name: str) -> int:
    """The step up to which the bed is restored from another checkpoint: its last one, or the one before it."""
    query = select(checkpoints.c.seq).where(checkpoints.c.bed == bed).order_by(checkpoints.c.seq.desc()).limit(2)
    seqs = (await connection.execute(query)).scalars().all()
    if seqs and seqs[0] == await last_committed(connection, name):
        return int(seqs[0])  # nothing came after it: it is all that the bed is restored from
    return int(seqs[1]) if len(seqs) == 2 else 0


async def _last_link(connection: AsyncConnection, beds: list[int], saved: Mapping[int, Saved], last: Anchor) -> int:
    """Up to where no bed needs the chain any more, and no subject's links are divided."""
    mine = decisions.c
    end = (await connection.execute(select(func.max(mine.n)))).scalar() or 0
    for bed in beds:
        after = max(last.link, saved[bed].chain_n) if bed in saved else last.link
        needed = select(func.min(mine.n)).where(mine.bed == bed, mine.n > after)
        end = min(end, ((await connection.execute(needed)).scalar() or end + 1) - 1)
    while end > last.link:
        whole = select(func.min(mine.n).label("first")).where(mine.kind.in_(TOGETHER)).group_by(mine.subject)
        divided = whole.having(and_(func.min(mine.n) <= end, func.max(mine.n) > end)).subquery()
        first = (await connection.execute(select(func.min(divided.c.first)))).scalar()
        if first is None:
            return int(end)
        end = first - 1
    return last.link


async def _of_link(connection: AsyncConnection, link: int, last: Anchor) -> tuple[bytes, int]:
    """Hash and wall time of the link; where the chain does not go any further, of the anchor before."""
    if link == last.link:
        return bytes.fromhex(last.hash) if link else GENESIS, last.until_us
    row = (await connection.execute(select(decisions.c.hash, decisions.c.wall_us).where(decisions.c.n == link))).one()
    return bytes(row.hash), row.wall_us


async def counts(connection: AsyncConnection, link: int, cuts: Mapping[int, BedCut]) -> dict[str, int]:
    """How many rows go, by table."""
    found = dict.fromkeys((table.name for table in ANCHORED_TABLES), 0)
    for table in (alarms, commands, decisions):
        found[table.name] += await _count(connection, table, below(table, link))
    for bed, cut in cuts.items():
        for table in (events, rollups):
            found[table.name] += await _count(connection, table, of_bed(table, bed, cut.seq, cut.now_ms))
    return {name: count for name, count in found.items() if count}


async def _count(connection: AsyncConnection, table: Table, wanted: ColumnElement[bool]) -> int:
    return int((await connection.execute(select(func.count()).select_from(table).where(wanted))).scalar_one())


def below(table: Table, link: int) -> ColumnElement[bool]:
    """The rows of decisions, alarms or commands that go with the chain up to this link."""
    mine = table.c.n <= link
    return and_(mine, func.coalesce(table.c.outcome_n, 0) <= link) if table is commands else mine


def of_bed(table: Table, bed: int, seq: int, now_ms: int) -> ColumnElement[bool]:
    """The rows of events or roll-ups that go with a bed's record up to this step. The newest event stays whatever its
    age: numbers are given from the highest on.
    """
    if table is rollups:
        return and_(rollups.c.bed == bed, rollups.c.from_ms < now_ms - SLICE_MS)
    mine = events.c
    newest_number = select(func.max(mine.id)).scalar_subquery()
    return and_(mine.bed == bed, mine.now_ms <= now_ms, mine.seq <= seq, mine.id < newest_number)
