"""Somebody with write access to the file who first takes the guards away, and puts them back when done."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"


@contextmanager
def unguarded(path: Path | str) -> Iterator[sqlite3.Connection]:
    """A connection to a SQLite journal that refuses nothing meanwhile; what was done is committed."""
    connection = sqlite3.connect(path)
    found = connection.execute(TRIGGERS).fetchall()
    for name, _ in found:
        connection.execute(f"DROP TRIGGER {name}")
    try:
        yield connection
        for _, statement in found:
            connection.execute(statement)
        connection.commit()
    finally:
        connection.close()
