"""What is heard on a receive-only tap: facts that answer nobody of ours."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from pumpd.device.facts import PumpStatus
from pumpd.safety.events import Event, Heard


def overhearing(post: Callable[[Event], object]) -> Callable[[Event], object]:
    """Posts as `post` does. Whatever a driver thinks it has asked, no status answers it, and none verifies a stop."""
    return lambda event: post(_unasked(event))


def _unasked(event: Event) -> Event:
    if isinstance(event, Heard) and isinstance(event.fact, PumpStatus):
        return Heard(event.device, replace(event.fact, requested_ms=None))
    return event
