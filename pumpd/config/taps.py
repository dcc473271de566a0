"""Receive-only taps in the ward file, and devices behind HL7: what cannot be asked where nothing is ever sent."""

from __future__ import annotations

from dataclasses import replace

from pumpd.config.link_url import is_tap
from pumpd.config.remote import why_not_commanded
from pumpd.config.ward_file import DeviceTable
from pumpd.device import DriverInfo, PumpCapabilities


def why_no_command(device: DeviceTable) -> str | None:
    """Why this pump is never commanded; None where its line may be sent on."""
    if not is_tap(device.link):
        return why_not_commanded(device)
    return "pumpd never sends a byte on a receive-only tap"


def tap_warning(device: DeviceTable, info: DriverInfo) -> str | None:
    """What a person should know who taps this device's line."""
    if not is_tap(device.link):
        return None
    if info.needs_asking:
        return (
            f"a receive-only tap: {info.name} reports only what it is asked for, so pumpd hears it while another host "
            "asks on this line, and loses it when that host stops"
        )
    return "a receive-only tap: pumpd listens beside another host and never sends a byte"


def capabilities(device: DeviceTable, info: DriverInfo) -> PumpCapabilities:
    """What pumpd can do with the pump on this line: on a tap nothing, whatever its driver can."""
    if not is_tap(device.link):
        return info.pump
    return replace(info.pump, can_stop=False, can_set_rate=False, can_read_back=False, lease=False)
