"""What a check of the journal finds. Values only."""

from __future__ import annotations

from dataclasses import dataclass

MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that is not what it was: its table, its key, and what is wrong."""

    table: str
    row: str
    message: str
