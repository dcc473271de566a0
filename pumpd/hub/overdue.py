"""Which wards are still to be asked to tell once more what a hub may not have heard. Pure."""

from __future__ import annotations

from datetime import datetime

from pumpd.bus.payload import State

AGAIN_MS = 600_000
"""A ward that comes back within so long may have been cut off while it told: it is asked once more."""


class Overdue:
    """begin() when something may have been missed; of() says what to ask of a ward, once for each of its sessions."""

    def __init__(self) -> None:
        self._since: str | None = None
        self._began_ms = 0
        self._asked: dict[tuple[str, str], str] = {}

    def begin(self, since: datetime, now_ms: int) -> None:
        """since: everything before was heard of every ward."""
        self._since, self._began_ms = since.isoformat(), now_ms
        self._asked.clear()

    def of(self, ward: tuple[str, str], state: State | None, now_ms: int) -> str | None:
        """Since when; None: nothing is to be asked, or nobody is there to be asked."""
        if self._since is None or state is None or not state.online:
            return None
        last = self._asked.get(ward)
        if last == state.session or (last is not None and now_ms - self._began_ms > AGAIN_MS):
            return None
        self._asked[ward] = state.session
        return self._since
