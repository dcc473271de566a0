"""The writer's statements, compiled once per dialect and run as executemany over tuples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import Insert, Table, bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

from pumpd.journal import tables

T = TypeVar("T")
TOGETHER = 25
"""Samples in one statement. More would cost SQLite more than they save."""


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text in the driver's own style and, per parameter, its place in the row tuple."""

    text: str
    places: tuple[int, ...]
    wider: tuple[tuple[int, str], ...] = ()
    """The same for several rows at once, widest first: number of rows and text. The driver gives up the interpreter and
    has to get it back for every single statement."""

    def runs(self, rows: list[tuple[Any, ...]]) -> list[tuple[str, list[tuple[Any, ...]]]]:
        """Texts with their rows, in order."""
        found, at, rows = [], 0, self.arrange(rows)
        for width, text in self.wider:
            ends = range(at + width, len(rows) + 1, width)
            together = [tuple(chain.from_iterable(rows[end - width : end])) for end in ends]
            at += width * len(together)
            found.append((text, together))
        return [run for run in (*found, (self.text, rows[at:])) if run[1]]

    def arrange(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Rows in the order of the statement's parameters."""
        if self.places == tuple(range(len(self.places))):
            return rows
        return [tuple(row[place] for place in self.places) for row in rows]


@dataclass(frozen=True, slots=True)
class Statements:
    meta: Statement
    boots: Statement
    beds: Statement
    shapes: Statement
    samples: Statement
    events: Statement
    decisions: Statement
    policies: Statement
    checkpoints: Statement
    prunes: Statement
    alarms: Statement
    commands: Statement
    outcomes: Statement


def once_each(make: Callable[[Dialect], T]) -> Callable[[Dialect], T]:
    """Compiling takes a quarter of the time of opening a journal; a database's texts are the same every time."""
    made: dict[str, T] = {}

    @wraps(make)
    def of(dialect: Dialect) -> T:
        if dialect.name not in made:
            made[dialect.name] = make(dialect)
        return made[dialect.name]

    return of


@once_each
def statements(dialect: Dialect) -> Statements:
    """All of them; each row's column order is the table's, but for prunes and outcomes (see there)."""
    issued = ("order_id", "bed", "pump", "kind", "wall_us", "n", "body")
    return Statements(
        meta=_upsert(dialect, tables.meta, ("key", "value"), "key", ("value",)),
        boots=_insert(dialect, tables.boots),
        beds=_insert(dialect, tables.beds),
        shapes=_insert(dialect, tables.shapes),
        samples=_samples(dialect),
        events=_insert(dialect, tables.events),
        decisions=_insert(dialect, tables.decisions),
        policies=_insert(dialect, tables.policies),
        checkpoints=_insert(dialect, tables.checkpoints),
        prunes=_prunes(dialect),
        alarms=_upsert(dialect, tables.alarms, _columns(tables.alarms), "id", ("wall_us", "n", "body")),
        commands=_upsert(dialect, tables.commands, issued, "order_id", ("n", "body")),
        outcomes=_outcomes(dialect),
    )


def copied(made: Statements) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Inserts that may be many rows: their texts, each with its table and columns in the order of a row's values."""
    many = ((made.samples, tables.samples), (made.events, tables.events), (made.decisions, tables.decisions))
    return {
        statement.text: (table.name, tuple(_columns(table)[place] for place in statement.places))
        for statement, table in many
    }


def _columns(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


def compiled(clause: ClauseElement, dialect: Dialect, names: tuple[str, ...]) -> Statement:
    """The clause's text; names: its parameters in the order of a row's values."""
    inserting = isinstance(clause, Insert) and clause.select is None
    done = clause.compile(dialect=dialect, column_keys=list(names) if inserting else None)
    positions = getattr(done, "positiontup", None) or ()
    return Statement(str(done), tuple(names.index(name) for name in positions))


def _insert(dialect: Dialect, table: Table) -> Statement:
    names = _columns(table)
    return compiled(table.insert(), dialect, names)


def _samples(dialect: Dialect) -> Statement:
    """A commit has one for each bed: on SQLite many rows are one statement (a server takes them all by COPY)."""
    one = _insert(dialect, tables.samples)
    if dialect.name != "sqlite":
        return one
    head, values, row = one.text.rpartition("(?")
    return replace(one, wider=((TOGETHER, head + ", ".join([values + row] * TOGETHER)),))


def _upsert(dialect: Dialect, table: Table, names: tuple[str, ...], key: str, changed: tuple[str, ...]) -> Statement:
    make = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    statement = make(table)
    excluded = {name: statement.excluded[name] for name in changed}
    return compiled(statement.on_conflict_do_update(index_elements=[key], set_=excluded), dialect, names)


def _prunes(dialect: Dialect) -> Statement:
    """Rows (bed, seq, 0): checkpoints of the bed before that step go, but for those that follow a gap."""
    columns = tables.checkpoints.c
    wanted = (columns.bed == bindparam("b"), columns.seq < bindparam("s"), columns.keep == bindparam("k"))
    return compiled(delete(tables.checkpoints).where(*wanted), dialect, ("b", "s", "k"))


def _outcomes(dialect: Dialect) -> Statement:
    """Rows (outcome, detail, n, order id)."""
    table = tables.commands
    clause = (
        update(table)
        .where(table.c.order_id == bindparam("key"))
        .values(outcome=bindparam("o"), detail=bindparam("d"), outcome_n=bindparam("m"))
    )
    return compiled(clause, dialect, ("o", "d", "m", "key"))
