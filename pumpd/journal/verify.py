"""Does the journal still say what was written? The hash chain, and the tables that repeat it.

Found: a changed, removed, inserted or moved row of `decisions`; rows cut off at the end (the head
stands in `meta` and in every checkpoint); rows of `alarms` and `commands` that differ from the chain; messages whose
state is not what was noted of them as dead letters; a broken chain of the audit; a database that would no longer refuse
such changes. Where old record was let go, the chain is checked from the last link on that an anchor speaks of.
Not found: a chain that somebody with write access recomputed as a whole, together with its head.
Against that, note `head` elsewhere from time to time and compare.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import Row, and_, inspect, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pumpd.journal import audit_sql, verify_anchors
from pumpd.journal.anchors import Anchor
from pumpd.journal.broken import MOST_PROBLEMS, Broken
from pumpd.journal.chain import Head, Link, extend
from pumpd.journal.guards import missing_guards
from pumpd.journal.heart import read_heartbeat
from pumpd.journal.records import Origins
from pumpd.journal.tables import audit, beds, boots, checkpoints, decisions
from pumpd.journal.verify_messages import verify_messages
from pumpd.journal.verify_repeats import verify_repeats

PAGE = 2000


@dataclass(frozen=True, slots=True)
class ByWhom:
    """Links of the chain that one software decided. kernel: fingerprint of its code, "" where it was not yet noted."""

    software: str
    kernel: str
    first_link: int
    last_link: int


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """links: rows of the chain that were checked; head: "number:hash" of the last one, to be noted elsewhere.
    anchors: what was let go of the record, oldest first; the chain is checked from the newest one's link on.

    problems: the first broken link of the chain, then what differs from it; empty when all is well. An update of the
    software is none: judged says which one has decided what, oldest first, as the runs themselves have noted it.
    """

    links: int
    head: str
    problems: tuple[Broken, ...]
    judged: tuple[ByWhom, ...] = ()
    anchors: tuple[Anchor, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems


async def verify_engine(engine: AsyncEngine) -> VerifyReport:
    """Check one consistent picture of the database, which may be in use."""
    async with engine.connect() as connection:
        await snapshot(connection)
        stored = await verify_anchors.read(connection)
        begin = Head(stored[-1].link, stored[-1].hash) if stored else Head()
        head, broken = await _verify_chain(connection, begin)
        problems = [] if broken is None else [broken]
        if broken is None:
            problems += await _verify_heads(connection, begin, head)
        problems += [Broken(*found) for found in await verify_anchors.verify_anchors(connection, stored)]
        problems += await verify_repeats(connection, begin.n)
        problems += [Broken(*found) for found in await verify_messages(connection)]
        problems += [Broken(audit.name, *found) for found in await _verify_audit(connection)]
        unguarded = "would accept that the record is changed: the trigger is missing"
        problems += [Broken(table, name, unguarded) for name, table in (await missing_guards(connection)).items()]
        judged = await by_whom(connection, head.n, begin.n)
    anchors = tuple(one.anchor for one in stored if one.anchor is not None)
    text = f"{head.n}:{head.hash.hex()}"
    return VerifyReport(head.n - begin.n, text, tuple(problems[:MOST_PROBLEMS]), judged, anchors)


async def _verify_audit(connection: AsyncConnection) -> list[tuple[str, str]]:
    """The first break of its chain; nothing for a journal of a schema without it."""
    if audit.name not in await connection.run_sync(lambda plain: inspect(plain).get_table_names()):
        return []
    problem = (await audit_sql.verify(connection)).problem
    if problem is None:
        return []
    row, _, message = problem.removeprefix("row ").partition(": ")
    return [(row, message)]


async def by_whom(connection: AsyncConnection, links: int, gone: int = 0) -> tuple[ByWhom, ...]:
    """Which software decided which links; runs of the same one are one. gone: links that were let go."""
    there = await connection.run_sync(lambda plain: {column["name"] for column in inspect(plain).get_columns("boots")})
    if boots.c.config.name not in there:  # the copy of a first schema, made before it was upgraded
        return ()
    columns = boots.c
    query = select(columns.software, columns.config).order_by(columns.id)
    found: list[ByWhom] = []
    for software, config in await connection.execute(query):
        origins = Origins() if config is None else msgspec.json.decode(config, type=Origins)
        first = origins.first_link or 1
        if found and (found[-1].software, found[-1].kernel) == (software, origins.kernel):
            continue
        if found:
            found[-1] = replace(found[-1], last_link=first - 1)
        found.append(ByWhom(software, origins.kernel, first, links))
    there_still = [replace(one, first_link=max(one.first_link, gone + 1)) for one in found]
    return tuple(one for one in there_still if one.first_link <= one.last_link)


async def snapshot(connection: AsyncConnection) -> None:
    """See one state of the database until the connection is given back."""
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql("BEGIN")
    else:
        await connection.execution_options(isolation_level="REPEATABLE READ")


async def _verify_chain(connection: AsyncConnection, begin: Head) -> tuple[Head, Broken | None]:
    """begin: the last link that was let go. Links up to it may still be there, but none is missing among them."""
    names = dict((await connection.execute(select(beds.c.id, beds.c.name))).all())
    head, last_n = begin, None
    while True:
        query = select(decisions).order_by(decisions.c.n).limit(PAGE)
        if last_n is not None:
            query = query.where(decisions.c.n > last_n)
        rows = (await connection.execute(query)).all()
        for row in rows:
            if last_n is None and 0 < row.n <= begin.n:  # what it follows is gone: it is taken as it is
                broken, head = None, Head(row.n, bytes(row.hash))
            else:
                broken, head = _check_link(head, row, names)
            if broken is None and head.n == begin.n and head != begin:
                broken = Broken("decisions", str(row.n), "is not the link that was let go, as its anchor knows it")
            if broken is not None:
                return head, broken
            last_n = row.n
        if len(rows) < PAGE:
            return head, None


def _check_link(head: Head, row: Row[Any], names: dict[int, str]) -> tuple[Broken | None, Head]:
    if row.n != head.n + 1:
        missing = head.n + 1
        message = f"link {missing} is missing" if row.n > missing else "a link stands before the first"
        return Broken("decisions", str(min(row.n, missing)), message), head
    bed = names.get(row.bed, "")
    link = Link(bed, row.seq, row.idx, row.now_ms, row.wall_us, row.kind, row.subject, row.body)
    following = extend(head, link)
    if following.hash != row.hash:
        return Broken("decisions", str(row.n), f"was changed or moved ({row.kind} {row.subject} of bed {bed})"), head
    return None, following


async def _verify_heads(connection: AsyncConnection, begin: Head, head: Head) -> list[Broken]:
    """The end of the chain against what the last commit and the checkpoints remember of it."""
    problems = []
    heartbeat = await read_heartbeat(connection)
    if heartbeat is None:
        if head.n:
            problems.append(Broken("meta", "heartbeat", "is missing: the end of the chain cannot be checked"))
    elif heartbeat.chain_n > head.n:
        message = f"links {head.n + 1} to {heartbeat.chain_n} are missing at the end"
        problems.append(Broken("decisions", str(head.n + 1), message))
    elif (heartbeat.chain_n, heartbeat.chain_hash) != (head.n, head.hash.hex()):
        message = f"the last commit ended with link {heartbeat.chain_n}, or with another one of that number"
        problems.append(Broken("decisions", str(heartbeat.chain_n + 1), message))
    return problems + await _verify_checkpoints(connection, begin)


async def _verify_checkpoints(connection: AsyncConnection, begin: Head) -> list[Broken]:
    """Those of links that were let go can no longer be held against them, but that of the very last one."""
    mine, theirs = checkpoints.c, decisions.c
    query = (
        select(mine.id, mine.chain_n)
        .outerjoin(decisions, and_(theirs.n == mine.chain_n, theirs.hash == mine.chain_hash))
        .where(mine.chain_n >= max(1, begin.n), theirs.n.is_(None))
        .where(or_(mine.chain_n != begin.n, mine.chain_hash != begin.hash))
        .limit(MOST_PROBLEMS)
    )
    message = "remembers link {} with another hash"
    return [Broken("checkpoints", str(i), message.format(n)) for i, n in await connection.execute(query)]


__all__ = ["Broken", "ByWhom", "VerifyReport", "by_whom", "snapshot", "verify_engine"]
