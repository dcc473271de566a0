"""Does the journal still say what was written? The hash chain, and the tables that repeat it.

Found: a changed, removed, inserted or moved row of `decisions`; rows cut off at the end (the head
stands in `meta` and in every checkpoint); rows of `alarms` and `commands` that differ from the chain; messages whose
state is not what was noted of them as dead letters; a database that would no longer refuse such changes.
Not found: a chain that somebody with write access recomputed as a whole, together with its head.
Against that, note `head` elsewhere from time to time and compare.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import Row, and_, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pumpd.journal.chain import Head, Link, extend
from pumpd.journal.guards import missing_guards
from pumpd.journal.records import Origins
from pumpd.journal.rows import OUTCOME, alarm_of
from pumpd.journal.store import read_heartbeat
from pumpd.journal.tables import alarms, beds, boots, checkpoints, commands, decisions
from pumpd.journal.verify_messages import verify_messages

PAGE = 2000
MOST_PROBLEMS = 20
_ORDER_KINDS = ("StopPump", "SetRate", "ReadStatus")


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that is not what it was: its table, its key, and what is wrong."""

    table: str
    row: str
    message: str


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

    problems: the first broken link of the chain, then what differs from it; empty when all is well. An update of the
    software is none: judged says which one has decided what, oldest first, as the runs themselves have noted it.
    """

    links: int
    head: str
    problems: tuple[Broken, ...]
    judged: tuple[ByWhom, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems


async def verify_engine(engine: AsyncEngine) -> VerifyReport:
    """Check one consistent picture of the database, which may be in use."""
    async with engine.connect() as connection:
        await snapshot(connection)
        head, broken = await _verify_chain(connection)
        problems = [] if broken is None else [broken]
        if broken is None:
            problems += await _verify_heads(connection, head)
        problems += await _verify_alarms(connection)
        problems += await _verify_commands(connection)
        problems += await _verify_outcomes(connection)
        problems += [Broken(*found) for found in await verify_messages(connection)]
        unguarded = "would accept that the record is changed: the trigger is missing"
        problems += [Broken(table, name, unguarded) for name, table in (await missing_guards(connection)).items()]
        judged = await by_whom(connection, head.n)
    return VerifyReport(head.n, f"{head.n}:{head.hash.hex()}", tuple(problems[:MOST_PROBLEMS]), judged)


async def by_whom(connection: AsyncConnection, links: int) -> tuple[ByWhom, ...]:
    """Which software decided which links; runs of the same one are one."""
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
    return tuple(one for one in found if one.first_link <= one.last_link)


async def snapshot(connection: AsyncConnection) -> None:
    """See one state of the database until the connection is given back."""
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql("BEGIN")
    else:
        await connection.execution_options(isolation_level="REPEATABLE READ")


async def _verify_chain(connection: AsyncConnection) -> tuple[Head, Broken | None]:
    names = dict((await connection.execute(select(beds.c.id, beds.c.name))).all())
    head, last_n = Head(), None
    while True:
        query = select(decisions).order_by(decisions.c.n).limit(PAGE)
        if last_n is not None:
            query = query.where(decisions.c.n > last_n)
        rows = (await connection.execute(query)).all()
        for row in rows:
            broken, head = _check_link(head, row, names)
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


async def _verify_heads(connection: AsyncConnection, head: Head) -> list[Broken]:
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
    return problems + await _verify_checkpoints(connection)


async def _verify_checkpoints(connection: AsyncConnection) -> list[Broken]:
    mine, theirs = checkpoints.c, decisions.c
    query = (
        select(mine.id, mine.chain_n)
        .outerjoin(decisions, and_(theirs.n == mine.chain_n, theirs.hash == mine.chain_hash))
        .where(mine.chain_n > 0, theirs.n.is_(None))
        .limit(MOST_PROBLEMS)
    )
    message = "remembers link {} with another hash"
    return [Broken("checkpoints", str(i), message.format(n)) for i, n in await connection.execute(query)]


async def _verify_alarms(connection: AsyncConnection) -> list[Broken]:
    latest = _latest(("AlarmChanged",))
    query = select(
        latest.c.subject,
        alarms.c.id,
        and_(
            alarms.c.n == latest.c.last_n,
            alarms.c.bed == decisions.c.bed,
            alarms.c.wall_us == decisions.c.wall_us,
            alarms.c.body == decisions.c.body,
        ).label("same"),
        alarms.c.onset_ms,
        decisions.c.body,
    )
    joined = latest.join(decisions, decisions.c.n == latest.c.last_n).outerjoin(alarms, alarms.c.id == latest.c.subject)
    problems = []
    for row in await connection.execute(query.select_from(joined)):
        if row.id is None:
            problems.append(Broken("alarms", row.subject, "is missing"))
        elif not row.same or alarm_of(row.body).onset_ms != row.onset_ms:
            problems.append(Broken("alarms", row.id, "differs from the alarm's last link in the chain"))
    return problems + await _strangers(connection, alarms.c.id, "alarms", ("AlarmChanged",))


async def _verify_commands(connection: AsyncConnection) -> list[Broken]:
    latest = _latest(_ORDER_KINDS)
    first = decisions.alias("first")
    same = and_(
        commands.c.n == latest.c.last_n,
        commands.c.bed == decisions.c.bed,
        commands.c.kind == decisions.c.kind,
        commands.c.wall_us == first.c.wall_us,
        commands.c.body == decisions.c.body,
    )
    query = select(latest.c.subject, commands.c.order_id, same.label("same"), commands.c.pump, decisions.c.body)
    joined = (
        latest.join(decisions, decisions.c.n == latest.c.last_n)
        .join(first, first.c.n == latest.c.first_n)
        .outerjoin(commands, commands.c.order_id == latest.c.subject)
    )
    problems = []
    for row in await connection.execute(query.select_from(joined)):
        if row.order_id is None:
            problems.append(Broken("commands", row.subject, "is missing"))
        elif not row.same or msgspec.json.decode(row.body)["pump"] != row.pump:
            problems.append(Broken("commands", row.order_id, "differs from the order's links in the chain"))
    return problems + await _strangers(connection, commands.c.order_id, "commands", _ORDER_KINDS)


async def _verify_outcomes(connection: AsyncConnection) -> list[Broken]:
    latest = _latest((OUTCOME,))
    mine, theirs = commands.c, decisions.c
    query = select(mine.order_id, mine.outcome, mine.detail, mine.outcome_n, theirs.n, theirs.body)
    joined = commands.outerjoin(latest, latest.c.subject == mine.order_id)
    query = query.select_from(joined.outerjoin(decisions, theirs.n == latest.c.last_n))
    problems = []
    for row in await connection.execute(query):
        expected = [None, None] if row.body is None else msgspec.json.decode(row.body)
        if [row.outcome, row.detail] != expected or row.outcome_n != row.n:
            problems.append(Broken("commands", row.order_id, "its outcome differs from the chain"))
    return problems


def _latest(kinds: tuple[str, ...]) -> Any:
    """Per subject the first and the last link of these kinds."""
    columns = decisions.c
    query = select(columns.subject, func.min(columns.n).label("first_n"), func.max(columns.n).label("last_n"))
    return query.where(columns.kind.in_(kinds)).group_by(columns.subject).subquery()


async def _strangers(connection: AsyncConnection, key: Any, table: str, kinds: tuple[str, ...]) -> list[Broken]:
    """Rows that no link of the chain speaks of."""
    known = select(decisions.c.subject).where(decisions.c.kind.in_(kinds))
    query = select(key).where(key.not_in(known)).limit(MOST_PROBLEMS)
    return [Broken(table, row, "is not in the chain") for row in (await connection.execute(query)).scalars()]
