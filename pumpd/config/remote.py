"""Devices without a line of their own (`link = "hl7:DEVICE-ID"`): what stands in for a driver's description."""

from __future__ import annotations

from collections.abc import Mapping

from pumpd.config.ward_file import DeviceTable, PumpTable
from pumpd.device import SIGNALS, DriverInfo, Integrity, Kind
from pumpd.device.info import Line
from pumpd.device.options import DriverOption
from pumpd.registry import drivers

REMOTE = "hl7"
"""The name that such a device has instead of a driver's."""

_VALUES = tuple(name for name, signal in SIGNALS.items() if signal.code and not signal.wave)
_NAME = "|".join(_VALUES)
INTERVAL = DriverOption("interval_s", r"[1-9]\d{0,3}", "60", "seconds between its messages, 1 to 9999")
MEASURES = DriverOption(
    "signals", rf"({_NAME})( ({_NAME}))*", "rr spo2 etco2 pulse", f"what it measures, of {' '.join(_VALUES)}"
)
QUIET_INTERVALS, QUIET_LEAST_MS = 3, 10_000
_LATE = "its values are as late as its gateway sends them"
_CAUTIONS = {
    Kind.PUMP: f"a pump behind HL7 is only heard: pumpd can never stop it, and {_LATE}",
    Kind.MONITOR: f"a monitor behind HL7: {_LATE}",
}


def is_remote(device: DeviceTable) -> bool:
    """Whether its values come by messages."""
    return device.link.partition(":")[0] == REMOTE


def why_not_commanded(device: DeviceTable) -> str | None:
    """Why a pump behind HL7 is never commanded; None for any other."""
    return "a pump behind HL7 cannot be stopped or set by pumpd, only heard" if is_remote(device) else None


def info_of(device: DeviceTable) -> DriverInfo | None:
    """The description of the device's driver; None where there is no such driver."""
    if is_remote(device):
        return remote_info(Kind.PUMP if isinstance(device, PumpTable) else Kind.MONITOR, device.options)
    driver = drivers().get(device.driver)
    return None if driver is None else driver.info.with_options(device.options)


def remote_info(kind: Kind, options: Mapping[str, str]) -> DriverInfo:
    """A remote pump or monitor. Nothing can be asked of it, and it is not told apart by a serial number."""
    interval_ms = 1000 * int(INTERVAL.of(options))
    monitor = kind is Kind.MONITOR
    return DriverInfo(
        name=REMOTE,
        vendor="any",
        model="behind an HL7 gateway",
        kind=kind,
        line=Line((0,)),
        integrity=Integrity.CRC16,  # TCP's own checks and the message's structure: as good as a framed serial line
        poll_ms=interval_ms,
        quiet_ms=max(QUIET_LEAST_MS, QUIET_INTERVALS * interval_ms),
        signals=tuple(MEASURES.of(options).split(" ")) if monitor else (),
        quality="simulated",
        tells_serial=False,
        options=(INTERVAL, MEASURES) if monitor else (INTERVAL,),
        cautions=(_CAUTIONS[kind],),
    )
