"""Do the outboxes agree with what was noted about dead letters?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, case, func, inspect, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.journal.message_sql import DISCARDED, REFUSED, REPLAYED
from pumpd.journal.tables import dead_letters, messages_out

Found = tuple[str, str, str]
_STATES = {
    None: ("waiting", "sent", "thinned"),
    REFUSED: ("dead",),
    DISCARDED: ("discarded",),
    REPLAYED: ("waiting", "sent"),
}
"""By the last note the states that a message may be in."""


async def verify_messages(connection: AsyncConnection) -> list[Found]:
    """(table, row, what is wrong); nothing for a journal of a schema without messages."""
    if dead_letters.name not in await connection.run_sync(lambda plain: inspect(plain).get_table_names()):
        return []
    return list(_differences((await connection.execute(_query())).all()))


def _query() -> Any:
    """Messages with what was noted of them, where there is or should be something."""
    note, out = dead_letters.c, messages_out.c
    refused = func.sum(case((note.act == REFUSED, 1), else_=0)).label("refused")
    noted = select(note.number, func.max(note.id).label("last"), refused).group_by(note.number).subquery()
    last = dead_letters.alias("last_note")
    joined = noted.join(last, last.c.id == noted.c.last).outerjoin(messages_out, out.number == noted.c.number)
    columns = (noted.c.number, out.state, out.refusals, last.c.act, noted.c.refused)
    unnoted = select(out.number, out.state, out.refusals, dead_letters.c.act, note.id).outerjoin(
        dead_letters, note.number == out.number
    )
    wrong = (note.number.is_(None), or_(out.refusals > 0, out.state.in_(("dead", "discarded"))))
    return select(*columns).select_from(joined).union_all(unnoted.where(*wrong))


def _differences(rows: Any) -> Iterator[Found]:
    for row in rows:
        problem = _problem(row)
        if problem:
            yield messages_out.name, str(row.number), problem


def _problem(row: Row[Any]) -> str:
    if row.state is None:  # a message that somebody has settled may be removed when it is old
        return "a dead letter is missing" if row.act == REFUSED else ""
    if row.state not in _STATES.get(row.act, ()):
        return f"is {row.state}, and the last note of it is {row.act or 'missing'}"
    return "" if row.refusals == (row.refused or 0) else "was refused more or less often than was noted"
