"""When sessions end by themselves. Pure: `now` is an argument.

A time that lies in the future (the record was written in the last second before a crash) counts as now.
"""

from __future__ import annotations

from enum import StrEnum


class Expired(StrEnum):
    """Why a session ended by itself."""

    IDLE = "idle"
    ABSOLUTE = "absolute"


def expired(made_ms: int, seen_ms: int, now_ms: int, idle_ms: int | None, absolute_ms: int | None) -> Expired | None:
    """Has a session that was made and last used then ended by now? Its last moment is part of it."""
    if absolute_ms is not None and now_ms - made_ms > absolute_ms:
        return Expired.ABSOLUTE
    if idle_ms is not None and now_ms - seen_ms > idle_ms:
        return Expired.IDLE
    return None
