"""The tables that repeat the chain: the latest state of each alarm and of each order."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.journal.broken import MOST_PROBLEMS, Broken
from pumpd.journal.rows import OUTCOME, alarm_of
from pumpd.journal.tables import alarms, commands, decisions

_ORDER_KINDS = ("StopPump", "SetRate", "ReadStatus")


async def verify_repeats(connection: AsyncConnection, gone: int) -> list[Broken]:
    """Rows of `alarms` and `commands` against the chain. gone: links that were let go, with all that repeats them."""
    return [
        *await _verify_alarms(connection, gone),
        *await _verify_commands(connection, gone),
        *await _verify_outcomes(connection, gone),
    ]


async def _verify_alarms(connection: AsyncConnection, gone: int) -> list[Broken]:
    latest = _latest(("AlarmChanged",), gone)
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
    return problems + await _strangers(connection, alarms.c.id, alarms.c.n > gone, ("AlarmChanged",))


async def _verify_commands(connection: AsyncConnection, gone: int) -> list[Broken]:
    latest = _latest(_ORDER_KINDS, gone)
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
    return problems + await _strangers(connection, commands.c.order_id, commands.c.n > gone, _ORDER_KINDS)


async def _verify_outcomes(connection: AsyncConnection, gone: int) -> list[Broken]:
    latest = _latest((OUTCOME,), gone)
    mine, theirs = commands.c, decisions.c
    query = select(mine.order_id, mine.outcome, mine.detail, mine.outcome_n, theirs.n, theirs.body)
    joined = commands.outerjoin(latest, latest.c.subject == mine.order_id)
    query = query.select_from(joined.outerjoin(decisions, theirs.n == latest.c.last_n))
    query = query.where(or_(mine.n > gone, mine.outcome_n > gone))
    problems = []
    for row in await connection.execute(query):
        expected = [None, None] if row.body is None else msgspec.json.decode(row.body)
        if [row.outcome, row.detail] != expected or row.outcome_n != row.n:
            problems.append(Broken("commands", row.order_id, "its outcome differs from the chain"))
    return problems


def _latest(kinds: tuple[str, ...], gone: int) -> Any:
    """Per subject the first and the last link of these kinds that is there."""
    columns = decisions.c
    query = select(columns.subject, func.min(columns.n).label("first_n"), func.max(columns.n).label("last_n"))
    return query.where(columns.kind.in_(kinds), columns.n > gone).group_by(columns.subject).subquery()


async def _strangers(
    connection: AsyncConnection, key: Column[Any], there: ColumnElement[bool], kinds: tuple[str, ...]
) -> list[Broken]:
    """Rows that no link of the chain speaks of."""
    known = select(decisions.c.subject).where(decisions.c.kind.in_(kinds))
    query = select(key).where(there, key.not_in(known)).limit(MOST_PROBLEMS)
    return [Broken(key.table.name, row, "is not in the chain") for row in (await connection.execute(query)).scalars()]
