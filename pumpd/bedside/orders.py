"""What a bed is told of an order that a line did not take, and what a driver may know of its device."""

from __future__ import annotations

from pumpd.config.model import DeviceConfig
from pumpd.device import DeviceSettings, PumpOrder, ReadStatus, ReleaseControl
from pumpd.device.facts import CommandOutcome, Outcome
from pumpd.safety.events import Event, Heard


def not_given(device: str, order: PumpOrder, why: str, outcome: Outcome = Outcome.REFUSED) -> list[Event]:
    """Nobody waits for the outcome of a question, nor of handing control back."""
    if isinstance(order, ReadStatus | ReleaseControl):
        return []
    return [Heard(device, CommandOutcome(order.order_id, outcome, why))]


def settings_of(device: DeviceConfig, tap: bool) -> DeviceSettings:
    """tap: nothing is ever sent to it."""
    control = device.control and not tap
    return DeviceSettings(device.id, device.serial, control, device.poll_ms, device.options, tap)
