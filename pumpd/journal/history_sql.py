"""The writer's statements on roll-ups and cuts, by the names that a MessageRecord's work uses."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, bindparam, delete, literal_column, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from pumpd.journal.sql import Statement, compiled
from pumpd.journal.tables import (
    alarms,
    anchored,
    anchors,
    checkpoints,
    commands,
    cuts,
    decisions,
    events,
    rolled,
    rollups,
    samples,
)

ROLLED_UP, ROLLED, CUT, LET_GO = "rolled up", "rolled", "cut", "let go"
ANCHOR, ANCHORED, KEEP_SAVED, LET_SAVED_GO = "anchor", "anchored", "keep saved", "let saved go"
ANCHORED_TABLES: tuple[Table, ...] = (alarms, commands, decisions, events, rollups)
"""What an anchor lets go, in this order: each row by its key."""


def history_statements(dialect: Dialect) -> dict[str, Statement]:
    """Rows of those that make rows: the table's columns; of LET_GO: first and last number of samples below a cut.

    KEEP_SAVED: the number of a checkpoint; LET_SAVED_GO: bed and the step before which its checkpoints go; by the names
    of ANCHORED_TABLES: the keys of what goes.
    """
    columns, saved = samples.c, checkpoints.c
    wanted = (columns.id >= bindparam("a"), columns.id <= bindparam("b"))
    older = (saved.bed == bindparam("b"), saved.seq < bindparam("s"))
    kept = update(checkpoints).where(saved.id == bindparam("i")).values(keep=literal_column("1"))
    return {
        **{table.name: _of_key(dialect, table) for table in ANCHORED_TABLES},
        ANCHOR: compiled(anchors.insert(), dialect, tuple(column.name for column in anchors.columns)),
        ANCHORED: compiled(anchored.insert(), dialect, tuple(column.name for column in anchored.columns)),
        KEEP_SAVED: compiled(kept, dialect, ("i",)),
        LET_SAVED_GO: compiled(delete(checkpoints).where(*older), dialect, ("b", "s")),
        ROLLED_UP: _newest(dialect, rollups, ("low_milli", "high_milli", "sum_milli", "count")),
        ROLLED: _newest(dialect, rolled, ("until_ms",)),
        CUT: compiled(cuts.insert(), dialect, tuple(column.name for column in cuts.columns)),
        LET_GO: compiled(delete(samples).where(*wanted), dialect, ("a", "b")),
    }


def _of_key(dialect: Dialect, table: Table) -> Statement:
    """Removes the row of a key."""
    keys = tuple(f"k{place}" for place, _ in enumerate(table.primary_key))
    wanted: list[ColumnElement[bool]] = [
        column == bindparam(key) for column, key in zip(table.primary_key, keys, strict=True)
    ]
    return compiled(delete(table).where(*wanted), dialect, keys)


def _newest(dialect: Dialect, table: Table, changed: tuple[str, ...]) -> Statement:
    """Made, or brought up to date: doing it twice is harmless."""
    make = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    statement = make(table)
    excluded = {name: statement.excluded[name] for name in changed}
    keys = [column.name for column in table.primary_key]
    clause = statement.on_conflict_do_update(index_elements=keys, set_=excluded)
    return compiled(clause, dialect, tuple(column.name for column in table.columns))
