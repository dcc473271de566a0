"""The writer's statements on the message tables, by the names that a MessageRecord's work uses.

Each says itself which rows it may touch: what comes late or twice (an answer to a message that was thinned out, a
second person's decision about a dead letter) touches nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    literal_column,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

from pumpd.journal.sql import Statement, compiled, once_each
from pumpd.journal.tables import TAKEN, UNAPPLIED, WAITING, dead_letters, messages_in, messages_out, messages_told

RECEIVED, APPLIED, WITHDRAWN = "received", "applied", "withdrawn"
QUEUED, TOLD, SENT, FAILED, THINNED = "queued", "told", "sent", "failed", "thinned"
EXPIRED_IN, EXPIRED_OUT = "expired in", "expired out"
REFUSED, REPLAYED, DISCARDED = "refused", "replayed", "discarded"
WIDTHS = 16, 4
"""Rows that one statement takes where there are as many."""
ONE: Any = literal_column("1")
ACTS = {REFUSED: "waiting", REPLAYED: "dead", DISCARDED: "dead"}
"""What is noted among the dead letters, each with the state that the message must be in."""


@once_each
def message_statements(dialect: Dialect) -> dict[str, Statement]:
    """All of them. A row's values: the table's columns where a row is made, else as the function says."""
    out = messages_out.c
    tried = {"tries": out.tries + ONE}
    found = {
        RECEIVED: _once(dialect, messages_in, ("control_id", "app", "sent"), TAKEN, distinct=True),
        APPLIED: _of_key(dialect, "applied"),
        WITHDRAWN: _of_key(dialect, "withdrawn"),
        QUEUED: _once(dialect, messages_out, ("destination", "id")),
        TOLD: _told(dialect),
        SENT: _moved(dialect, "waiting", state="sent", **tried),
        FAILED: _moved(dialect, "waiting", **tried),
        THINNED: _thinned(dialect),
        REFUSED: _moved(dialect, "waiting", state="dead", refusals=out.refusals + ONE, **tried),
        REPLAYED: _moved(dialect, "dead", state="waiting", tries=0),
        DISCARDED: _moved(dialect, "dead", state="discarded"),
        EXPIRED_IN: _expired(dialect, messages_in, messages_in.c.id, "applied", "withdrawn"),
        EXPIRED_OUT: _expired(dialect, messages_out, out.number, "sent", "thinned", "discarded"),
    }
    return found | {noted(act): _noted(dialect, act, state) for act, state in ACTS.items()}


def noted(act: str) -> str:
    """The statement that notes the act among the dead letters; it comes before the act's own."""
    return f"{act} noted"


def _bind(table: Table, name: str, key: str = "") -> Any:
    return bindparam(key or name, type_=table.c[name].type)


def _once(dialect: Dialect, table: Table, key: tuple[str, ...], *where: Any, distinct: bool = False) -> Statement:
    """A new row, unless its key is there. (ON CONFLICT is what the guard against INSERT OR REPLACE refuses.)

    distinct: no two rows that are given one after the other have the same key.
    """
    names = tuple(column.name for column in table.columns)

    def fresh(place: str) -> Select[Any]:
        there = exists().where(*(table.c[name] == _bind(table, name, name + place) for name in key), *where)
        return select(*(_bind(table, name, name + place) for name in names)).where(~there)

    def clause(rows: int) -> ClauseElement:
        return insert(table).from_select(list(names), union_all(*map(fresh, _places(rows))) if rows > 1 else fresh(""))

    return _wide(dialect, clause, names) if distinct else compiled(clause(1), dialect, names)


def _of_key(dialect: Dialect, state: str) -> Statement:
    """Rows (application, control id, sent) of messages that are not applied yet. TAKEN: it is the index's condition."""
    columns = messages_in.c
    names = {"k_app": columns.app, "k_id": columns.control_id, "k_sent": columns.sent}

    def one(place: str) -> ColumnElement[bool]:
        return and_(*(column == bindparam(name + place, type_=column.type) for name, column in names.items()), TAKEN)

    def clause(rows: int) -> ClauseElement:
        which = or_(*map(one, _places(rows))) if rows > 1 else one("")
        return update(messages_in).where(which, UNAPPLIED).values(state=literal_column(f"'{state}'"))

    return _wide(dialect, clause, tuple(names))


def _wide(dialect: Dialect, clause: Callable[[int], ClauseElement], names: tuple[str, ...]) -> Statement:
    """clause: for so many rows; the names of their parameters end with the row's place. Only SQLite gains by it."""
    one = compiled(clause(1), dialect, names)
    if dialect.name != "sqlite":
        return one
    wider = []
    for rows in WIDTHS:
        many = compiled(clause(rows), dialect, tuple(name + place for place in _places(rows) for name in names))
        in_turn = tuple(row * len(names) + place for row in range(rows) for place in one.places)
        assert many.places == in_turn, "what is told of one row stands together"
        wider.append((rows, many.text))
    return replace(one, wider=tuple(wider))


def _places(rows: int) -> list[str]:
    return [f"_{row}" for row in range(rows)]


def _told(dialect: Dialect) -> Statement:
    """Rows (destination, bed, seq); the highest seq stays."""
    make = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    statement = make(messages_told)
    later = statement.excluded.seq > messages_told.c.seq
    clause = statement.on_conflict_do_update(
        index_elements=["destination", "bed"], set_={"seq": statement.excluded.seq}, where=later
    )
    return compiled(clause, dialect, ("destination", "bed", "seq"))


def _moved(dialect: Dialect, origin: str, **values: Any) -> Statement:
    """Rows (why, at_us, number) of messages in that state."""
    clause = (
        update(messages_out)
        .where(messages_out.c.number == _bind(messages_out, "number", "n"), text(f"state = '{origin}'"))
        .values(why=_bind(messages_out, "why", "w"), at_us=_bind(messages_out, "at_us", "a"), **_literal(values))
    )
    return compiled(clause, dialect, ("w", "a", "n"))


def _literal(values: dict[str, Any]) -> dict[str, Any]:
    """Constants as part of the text, so that a row carries only what differs."""
    return {k: literal_column(repr(value)) if isinstance(value, str | int) else value for k, value in values.items()}


def _thinned(dialect: Dialect) -> Statement:
    """Rows (at_us, number). Neither an alarm nor what a person sends again is ever thinned out."""
    columns = messages_out.c
    where = (columns.number == _bind(messages_out, "number", "n"), WAITING, text("rank > 0"), text("refusals = 0"))
    empty: Any = literal_column("x''" if dialect.name == "sqlite" else "''::bytea")
    values = {"state": literal_column("'thinned'"), "raw": empty, "at_us": _bind(messages_out, "at_us", "a")}
    return compiled(update(messages_out).where(*where).values(**values), dialect, ("a", "n"))


def _expired(dialect: Dialect, table: Table, key: ColumnElement[int], *states: str) -> Statement:
    """Rows (number) of messages that are done with."""
    done = text(f"state IN ({', '.join(repr(state) for state in states)})")
    return compiled(delete(table).where(key == bindparam("n", type_=key.type), done), dialect, ("n",))


def _noted(dialect: Dialect, act: str, state: str) -> Statement:
    """Rows (id, person, why, wall_us, number): a dead letter's next line, if the message is in that state."""
    table, out = dead_letters, messages_out.c
    known = {name: _bind(table, name) for name in ("id", "person", "why", "wall_us")}
    chosen = {**known, "number": out.number, "act": literal_column(f"'{act}'")}
    which = (out.number == _bind(table, "number", "n"), text(f"state = '{state}'"))
    clause = insert(table).from_select(list(chosen), select(*chosen.values()).select_from(messages_out).where(*which))
    return compiled(clause, dialect, ("id", "person", "why", "wall_us", "n"))
