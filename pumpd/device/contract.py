"""The contract that every driver keeps: bytes in, facts out, time as an argument. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, runtime_checkable

from pumpd.device.facts import Out
from pumpd.device.info import DriverInfo
from pumpd.device.orders import PumpOrder
from pumpd.units import Ms


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """What the ward file says about one device.

    control: take the pump's remote control (enforcement stop or reduce). poll_ms None: the driver's own.
    options: driver-specific keys of the ward file. receive_only: the line is a tap beside another host. The link drops
    every byte that is sent, so a driver may ask as ever or, better, not at all; what it overhears answers nobody that
    it knows (requested_ms None: the shell sees to it).
    """

    device_id: str
    serial: str | None = None
    control: bool = False
    poll_ms: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    receive_only: bool = False


@runtime_checkable
class Driver(Protocol):
    """One device on one line. Made with a DeviceSettings; made anew for each connection of the line.

    No method raises on any bytes; every method returns what is to be sent and what was heard, in order.
    Without `settings.control` a driver only looks: nothing that it sends sets, starts or stops anything at the device,
    takes control or answers for a person (DriverInfo.probe_bytes: the part of it that is harmless to every device).
    """

    info: ClassVar[DriverInfo]

    def __init__(self, settings: DeviceSettings) -> None: ...

    def start(self, now: Ms) -> list[Out]:
        """The line has just come up: the first bytes to send."""
        ...

    def receive(self, data: bytes, now: Ms) -> list[Out]:
        """Any chunk of received bytes, cut anywhere."""
        ...

    def tick(self, now: Ms) -> list[Out]:
        """Called at or after next_deadline: time-outs, polls, lease refresh."""
        ...

    def next_deadline(self) -> Ms | None:
        """When tick wants to be called; moves on at every tick (no Zeno)."""
        ...

    def finish(self, now: Ms) -> list[Out]:
        """Clean exit: bytes that hand control back or end the session."""
        ...


@runtime_checkable
class PumpDriver(Driver, Protocol):
    """A pump that can be commanded."""

    def command(self, order: PumpOrder, now: Ms) -> list[Out]:
        """The order's bytes; a stop's bytes are in the answer at once whatever exchange is pending."""
        ...
