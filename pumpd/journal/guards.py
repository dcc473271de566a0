"""Does the database still refuse to change or remove the record? (The migration 0002 made its triggers.)"""

from __future__ import annotations

from itertools import product

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

WRITTEN_ONCE = ("boots", "beds", "shapes", "samples", "events", "decisions", "policies")
KEPT_UP_TO_DATE = ("meta", "alarms", "commands")
_REVISION = text("SELECT version_num FROM alembic_version")
_SQLITE = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
_POSTGRESQL = text("SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')")


def guards(dialect: str) -> dict[str, str]:
    """The triggers that must be there, each with its table."""
    once = ("insert", "update", "delete") if dialect == "sqlite" else ("truncate", "update", "delete")
    newest = ("delete",) if dialect == "sqlite" else ("truncate", "delete")
    wanted = [*product(WRITTEN_ONCE, once), *product(KEPT_UP_TO_DATE, newest)]
    return {f"kept_{table}_{act}": table for table, act in wanted}


async def missing_guards(connection: AsyncConnection) -> dict[str, str]:
    """Triggers that are gone or switched off, each with its table; a journal of the first schema has none to miss."""
    if (await connection.execute(_REVISION)).scalar() == "0001":
        return {}
    dialect = connection.dialect.name
    found = set((await connection.execute(_SQLITE if dialect == "sqlite" else _POSTGRESQL)).scalars())
    return {name: table for name, table in guards(dialect).items() if name not in found}
