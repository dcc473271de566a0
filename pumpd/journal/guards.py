"""Does the database still refuse to change or remove the record? (The migrations from 0002 on made its triggers.)"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

WRITTEN_ONCE = ("boots", "beds", "shapes", "samples", "events", "decisions", "policies")
KEPT_UP_TO_DATE = ("meta", "alarms", "commands")
MESSAGES = {
    "messages_in": ("update", "state", "delete"),
    "messages_out": ("update", "raw", "state", "delete"),
    "messages_told": ("delete",),
    "dead_letters": ("update", "delete"),
}
ACCESS = {"accounts": ("delete",), "tokens": ("delete",), "audit": ("update", "delete")}
HISTORY = {"cuts": ("update", "delete"), "rollups": ("delete",)}
ANCHORS = {"anchors": ("update", "delete"), "anchored": ("update", "delete")}
REPLACEABLE = ("messages_told",)  # its rows are only brought up to date, by their key
_REVISION = text("SELECT version_num FROM alembic_version")
_SQLITE = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
_POSTGRESQL = text("SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')")


def guards(dialect: str, revision: str = "0007") -> dict[str, str]:
    """The triggers that must be there in a journal of that schema, each with its table."""
    if revision == "0001":  # it had none to miss
        return {}
    once = ("insert", "update", "delete") if dialect == "sqlite" else ("truncate", "update", "delete")
    newest = ("delete",) if dialect == "sqlite" else ("truncate", "delete")
    wanted = [*product(WRITTEN_ONCE, once), *product(KEPT_UP_TO_DATE, newest)]
    if revision >= "0003":
        wanted += _of_messages(dialect)
    if revision >= "0004":
        wanted += _whole(dialect, ACCESS)
    if revision >= "0006":
        wanted += _of_history(dialect)
    if revision >= "0007":
        wanted += _whole(dialect, ANCHORS)
    return {f"kept_{table}_{act}": table for table, act in wanted}


def _of_messages(dialect: str) -> list[tuple[str, str]]:
    wanted = [(table, act) for table, acts in MESSAGES.items() for act in acts]
    if dialect == "sqlite":
        return wanted + [(table, "insert") for table in MESSAGES if table not in REPLACEABLE]
    return wanted + [(table, "truncate") for table in MESSAGES]


def _whole(dialect: str, tables: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """As given, and against a replacement of rows or of them all."""
    replaced = "insert" if dialect == "sqlite" else "truncate"
    return [(table, act) for table, acts in tables.items() for act in (*acts, replaced)]


def _of_history(dialect: str) -> list[tuple[str, str]]:
    wanted = [(table, act) for table, acts in HISTORY.items() for act in acts]
    return wanted + ([("cuts", "insert")] if dialect == "sqlite" else [(table, "truncate") for table in HISTORY])


async def missing_guards(connection: AsyncConnection) -> dict[str, str]:
    """Triggers that are gone or switched off, each with its table."""
    revision = str((await connection.execute(_REVISION)).scalar())
    dialect = connection.dialect.name
    found = set((await connection.execute(_SQLITE if dialect == "sqlite" else _POSTGRESQL)).scalars())
    return {name: table for name, table in guards(dialect, revision).items() if name not in found}
