"""Kernel times as wall text. Pure: the relation of the two is an argument."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

WallOf = Callable[[int], datetime]


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def wall_text(us: int) -> str:
    """Microseconds since 1970 as "2026-01-15T10:15:30.120Z"."""
    wall = EPOCH + timedelta(microseconds=us)
    return wall.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wall_us(text: str) -> int | None:
    """The other way round; None for what is no time, or says nothing of its zone."""
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if wall.tzinfo is None else (wall - EPOCH) // timedelta(microseconds=1)


class Stamp:
    """Turns kernel times into wall text, anchored once so that one rendering is consistent in itself."""

    def __init__(self, now_ms: int, wall_of: WallOf) -> None:
        self.now_ms = now_ms
        self._wall = wall_of(now_ms)

    def text(self, at_ms: int) -> str:
        """ "2026-01-15T10:15:30.120Z"."""
        wall = self._wall + timedelta(milliseconds=at_ms - self.now_ms)
        return wall.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def maybe(self, at_ms: int | None) -> str | None:
        return None if at_ms is None else self.text(at_ms)

    def age(self, at_ms: int | None) -> int | None:
        return None if at_ms is None else max(0, self.now_ms - at_ms)
