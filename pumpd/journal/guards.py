"""Does the database still refuse to change or remove the record? (The migrations 0002 and 0003 made its triggers.)"""

from __future__ import annotations

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
REPLACEABLE = ("messages_told",)  # its rows are only brought up to date, by their key
_REVISION = text("SELECT version_num FROM alembic_version")
_SQLITE = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
_POSTGRESQL = text("SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')")


def guards(dialect: str, revision: str = "0003") -> dict[str, str]:
    """The triggers that must be there in a journal of that schema, each with its table."""
    if revision == "0001":  # it had none to miss
        return {}
    once = ("insert", "update", "delete") if dialect == "sqlite" else ("truncate", "update", "delete")
    newest = ("delete",) if dialect == "sqlite" else ("truncate", "delete")
    wanted = [*product(WRITTEN_ONCE, once), *product(KEPT_UP_TO_DATE, newest)]
    if revision != "0002":
        wanted += _of_messages(dialect)
    return {f"kept_{table}_{act}": table for table, act in wanted}


def _of_messages(dialect: str) -> list[tuple[str, str]]:
    wanted = [(table, act) for table, acts in MESSAGES.items() for act in acts]
    if dialect == "sqlite":
        return wanted + [(table, "insert") for table in MESSAGES if table not in REPLACEABLE]
    return wanted + [(table, "truncate") for table in MESSAGES]


async def missing_guards(connection: AsyncConnection) -> dict[str, str]:
    """Triggers that are gone or switched off, each with its table."""
    revision = str((await connection.execute(_REVISION)).scalar())
    dialect = connection.dialect.name
    found = set((await connection.execute(_SQLITE if dialect == "sqlite" else _POSTGRESQL)).scalars())
    return {name: table for name, table in guards(dialect, revision).items() if name not in found}
