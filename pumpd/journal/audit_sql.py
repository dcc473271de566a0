"""The audit's rows: added to the chain, searched, checked. Coroutines on an open connection."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.access.audit import AuditEntry, AuditQuery, AuditRow, AuditVerdict
from pumpd.journal.audit_chain import GENESIS, columns, entry_of, link
from pumpd.journal.tables import audit, meta

HEAD = "audit_head"
"""The row of `meta` with the number and hash of the last row."""
MOST_FOUND = 1000
PAGE = 1000
_LIKE = re.compile(r"([\\%_])")


class Head(msgspec.Struct, frozen=True):
    """seq 0: there is none yet."""

    seq: int = 0
    hash: str = GENESIS.hex()


async def append(connection: AsyncConnection, entries: Sequence[tuple[int, AuditEntry]]) -> None:
    """Add them, each with its time, within a transaction in which nobody else writes."""
    last, rows = await _last(connection), []
    seq, before = last
    for at_us, entry in entries:
        seq += 1
        row = columns(seq, at_us, entry)
        before = link(before, row)
        rows.append(dict(zip(audit.c.keys(), (*row, before), strict=True)))
    if rows:
        await connection.execute(insert(audit), rows)
        await _keep_head(connection, Head(seq, before.hex()))


async def _last(connection: AsyncConnection) -> tuple[int, bytes]:
    """The end of the chain: as noted, where rows are missing at its end, so that this does not heal."""
    row = (await connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1))).first()
    noted = await read_head(connection)
    if row is not None and row.seq >= noted.seq:
        return int(row.seq), bytes(row.hash)
    return noted.seq, bytes.fromhex(noted.hash)


async def read_head(connection: AsyncConnection) -> Head:
    found = (await connection.execute(select(meta.c.value).where(meta.c.key == HEAD))).scalar()
    return Head() if found is None else msgspec.json.decode(found, type=Head)


async def _keep_head(connection: AsyncConnection, head: Head) -> None:
    value = msgspec.json.encode(head).decode()
    done = await connection.execute(update(meta).where(meta.c.key == HEAD).values(value=value))
    if not done.rowcount:
        await connection.execute(insert(meta).values(key=HEAD, value=value))


async def search(connection: AsyncConnection, query: AuditQuery) -> tuple[AuditRow, ...]:
    """Newest first."""
    limit = max(0, min(query.limit, MOST_FOUND))
    found = await connection.execute(_narrowed(query).order_by(audit.c.seq.desc()).limit(limit))
    return tuple(map(entry_of, found))


async def export(connection: AsyncConnection, query: AuditQuery) -> AsyncIterator[AuditRow]:
    """All of it, oldest first, whatever query.limit says; a page in memory at a time."""
    after = 0
    while True:
        wanted = _narrowed(query).where(audit.c.seq > after).order_by(audit.c.seq).limit(PAGE)
        rows = (await connection.execute(wanted)).all()
        for row in rows:
            yield entry_of(row)
        if len(rows) < PAGE:
            return
        after = rows[-1].seq


def _narrowed(query: AuditQuery) -> Select[Any]:
    mine, wanted = audit.c, list[ColumnElement[bool]]()
    if query.first_us is not None:
        wanted.append(mine.at_us >= query.first_us)
    if query.last_us is not None:
        wanted.append(mine.at_us <= query.last_us)
    if query.before_seq is not None:
        wanted.append(mine.seq < query.before_seq)
    if query.what is not None:
        wanted.append(mine.what == query.what.value)
    wanted += [column == value for column, value in ((mine.who, query.who), (mine.bed, query.bed)) if value]
    if query.text:
        wanted.append(or_(*(_holds(column, query.text) for column in (mine.who, mine.subject, mine.detail))))
    return select(audit).where(*wanted)


def _holds(column: Any, words: str) -> ColumnElement[bool]:
    """In any case; a percent sign is a percent sign."""
    pattern = _LIKE.sub(r"\\\1", words.lower())
    return func.lower(column).like(f"%{pattern}%", escape="\\")


async def verify(connection: AsyncConnection) -> AuditVerdict:
    """The whole chain, and its end against what the last commit has noted of it."""
    seq, before = 0, GENESIS
    while True:
        wanted = select(audit).where(audit.c.seq > seq) if seq else select(audit)
        rows = (await connection.execute(wanted.order_by(audit.c.seq).limit(PAGE))).all()
        for row in rows:
            problem = _problem(seq, before, row)
            if problem:
                return AuditVerdict(seq, problem)
            seq, before = row.seq, bytes(row.hash)
        if len(rows) < PAGE:
            return AuditVerdict(seq, _end_problem(await read_head(connection), seq, before))


def _problem(seq: int, before: bytes, row: Any) -> str | None:
    if row.seq < seq + 1:
        return f"row {row.seq}: stands before the first"
    if row.seq > seq + 1:
        return f"row {seq + 1}: is missing"
    return None if link(before, tuple(row)[:-1]) == bytes(row.hash) else f"row {row.seq}: was changed or moved"


def _end_problem(head: Head, seq: int, before: bytes) -> str | None:
    if head.seq > seq:
        return f"row {seq + 1}: is missing, and all that follow it up to {head.seq}"
    if head.seq < seq:
        return f"row {head.seq + 1}: was added by somebody else than pumpd"
    return None if head.hash == before.hex() else f"row {seq}: was changed together with its hash"
