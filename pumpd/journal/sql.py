"""The writer's statements, compiled once per dialect and run as executemany over tuples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Insert, Table, bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

from pumpd.journal import tables


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text in the driver's own style and, per parameter, its place in the row tuple."""

    text: str
    places: tuple[int, ...]

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


def statements(dialect: Dialect) -> Statements:
    """All of them; each row's column order is the table's, but for prunes and outcomes (see there)."""
    issued = ("order_id", "bed", "pump", "kind", "wall_us", "n", "body")
    return Statements(
        meta=_upsert(dialect, tables.meta, ("key", "value"), "key", ("value",)),
        boots=_insert(dialect, tables.boots),
        beds=_insert(dialect, tables.beds),
        shapes=_insert(dialect, tables.shapes),
        samples=_insert(dialect, tables.samples),
        events=_insert(dialect, tables.events),
        decisions=_insert(dialect, tables.decisions),
        policies=_insert(dialect, tables.policies),
        checkpoints=_insert(dialect, tables.checkpoints),
        prunes=_prunes(dialect),
        alarms=_upsert(dialect, tables.alarms, _columns(tables.alarms), "id", ("wall_us", "n", "body")),
        commands=_upsert(dialect, tables.commands, issued, "order_id", ("n", "body")),
        outcomes=_outcomes(dialect),
    )


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
