"""What is heard on a receive-only tap: facts that answer nobody of ours."""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.device.facts import PumpStatus


def overheard(status: PumpStatus) -> PumpStatus:
    """Whatever a driver thinks it has asked, no status on a tap answers it, and none verifies a stop."""
    return replace(status, requested_ms=None)
