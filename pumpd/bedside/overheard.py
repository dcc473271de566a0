"""What is heard on a receive-only tap: facts that answer nobody of ours."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from pumpd.device.facts import PumpStatus
from pumpd.safety.events import Event, Heard


def overhearing(post: Callable[[Event], object]) -> Callable[[Event], object]:
    """Posts as `post` does. Whatever a driver thinks it has asked, no status answers it, and none verifies a stop."""

    def overheard(event: Event) -> object:
        if type(event) is Heard and type(event.fact) is PumpStatus and event.fact.requested_ms is not None:
            event = Heard(event.device, replace(event.fact, requested_ms=None))
        return post(event)

    return overheard
