"""The Capnostream's 1 Hz numerics message as a value and its 27 data bytes. Pure.

Byte positions, alarm bits and units: Capnostream Data Transfer Protocols, PN D006045C.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

NO_VALUE = 0xFF
FIRST_VALUE = 4  # EtCO2, after the four bytes of time


class Unit(IntEnum):
    """How CO2 is written: kPa and vol% in tenths."""

    MMHG = 1
    KPA = 2
    VOL_PERCENT = 3


KPA_TENTHS_PER_MMHG = 1.33322
VOL_PERCENT_TENTHS_PER_MMHG = 1000 / 713  # of dry gas at 760 mmHg, as a calibration table would have it


def co2_byte(mmhg: float | None, unit: Unit) -> int:
    """A CO2 pressure in the current unit, FF for none."""
    if mmhg is None:
        return NO_VALUE
    factor = {Unit.MMHG: 1.0, Unit.KPA: KPA_TENTHS_PER_MMHG, Unit.VOL_PERCENT: VOL_PERCENT_TENTHS_PER_MMHG}[unit]
    return min(0xFE, max(0, round(mmhg * factor)))


def number_byte(value: float | None) -> int:
    return NO_VALUE if value is None else min(0xFE, max(0, round(value)))


@dataclass(frozen=True)
class Limits:
    """Alarm limits of the monitor (mmHg, /min, %); defaults as in the printed example message."""

    etco2_high: int = 60
    etco2_low: int = 15
    rr_high: int = 30
    rr_low: int = 5
    fico2_high: int = 8
    spo2_high: int = 100
    spo2_low: int = 88
    pulse_high: int = 140
    pulse_low: int = 50


@dataclass(frozen=True)
class Numerics:
    """What the screen of the monitor shows; None is a blank."""

    time_s: int
    etco2: float | None
    fico2: float | None
    rr: int | None
    spo2: int | None
    pulse: int | None
    no_breath_s: int = 0
    no_breath: bool = False
    sensor_off: bool = False
    sensor_disconnected: bool = False
    limits: Limits = Limits()
    unit: Unit = Unit.MMHG
    events: bytes = b"\x00\x00\x00"


def data_bytes(shown: Numerics) -> bytes:
    """The message's data, code 1 not included."""
    limits = shown.limits
    return b"".join(
        (
            shown.time_s.to_bytes(4, "big"),
            bytes((co2_byte(shown.etco2, shown.unit), co2_byte(shown.fico2, shown.unit))),
            bytes(map(number_byte, (shown.rr, shown.spo2, shown.pulse))),
            bytes((0x08 if _sounding(shown) else 0x00,)),
            shown.events,
            bytes((_co2_alarms(shown), _spo2_alarms(shown), min(0xFE, shown.no_breath_s))),
            bytes((co2_byte(limits.etco2_high, shown.unit), co2_byte(limits.etco2_low, shown.unit))),
            bytes((limits.rr_high, limits.rr_low, co2_byte(limits.fico2_high, shown.unit))),
            bytes((limits.spo2_high, limits.spo2_low, limits.pulse_high, limits.pulse_low)),
            bytes((shown.unit, 0x00)),
        )
    )


def shifted(data: bytes) -> bytes:
    """The fault seen once in the field: everything after the time stands one field too far left."""
    return data[:FIRST_VALUE] + data[FIRST_VALUE + 1 :] + b"\x00"


def _sounding(shown: Numerics) -> bool:
    return bool(_co2_alarms(shown) or _spo2_alarms(replace(shown, sensor_off=False, sensor_disconnected=False)))


def _bits(conditions: tuple[bool, ...]) -> int:
    return sum(1 << place for place, met in enumerate(conditions) if met)


def _above(value: float | None, limit: int) -> bool:
    return value is not None and value > limit


def _below(value: float | None, limit: int) -> bool:
    """`value < limit`, without delay, as recordings show."""
    return value is not None and value < limit


def _co2_alarms(shown: Numerics) -> int:
    """RR low and EtCO2 low are silent while RR is 0: no breath is told instead."""
    limits, breathing = shown.limits, bool(shown.rr)
    return _bits(
        (
            shown.no_breath,
            _above(shown.etco2, limits.etco2_high),
            breathing and _below(shown.etco2, limits.etco2_low),
            _above(shown.rr, limits.rr_high),
            breathing and _below(shown.rr, limits.rr_low),
            _above(shown.fico2, limits.fico2_high),
        )
    )


def _spo2_alarms(shown: Numerics) -> int:
    limits = shown.limits
    return _bits(
        (
            False,  # pulse not found: the simulated heart never loses its pulse wave
            _above(shown.spo2, limits.spo2_high),
            _below(shown.spo2, limits.spo2_low),
            _above(shown.pulse, limits.pulse_high),
            _below(shown.pulse, limits.pulse_low),
            shown.sensor_off,
            shown.sensor_disconnected,
        )
    )
