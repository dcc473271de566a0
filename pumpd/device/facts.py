"""Facts: what a driver says it heard. Values, never exceptions. Pure.

A fact carries quality explicitly; it is never inferred from the number. Bytes that cannot be
believed are a `Garbled` fact, so that they are counted and shown but never become a reading.

Vitals and PumpStatus, of which every frame makes one on the way to a stop, are msgspec Structs: a frozen
dataclass takes six times as long to make. They hold nothing that could be part of a cycle, hence gc=False.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct

from pumpd.units import Ms


class Quality(StrEnum):
    """How far a value may be trusted (after IEEE 11073 MeasurementValidity)."""

    OK = "ok"
    QUESTIONABLE = "questionable"
    STALE = "stale"
    INVALID = "invalid"
    OFF = "off"


class Integrity(StrEnum):
    """What protects a frame on the wire; a ceiling breach on less than crc16 is re-read once (CEI-06)."""

    CRC16 = "crc16"
    SUM8 = "sum8"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes for the line. `urgent` bytes (a stop) leave before anything that still waits in the link."""

    data: bytes
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class SetLine:
    """Ask the link for another speed before what is sent next; a link without a speed (TCP) ignores it."""

    baud: int


class Reading(Struct, frozen=True, gc=False):
    """One signal's value in thousandths of the signal's unit; None unless quality is ok or questionable."""

    signal: str
    value_milli: int | None
    quality: Quality = Quality.OK

    def __post_init__(self) -> None:
        believed = self.quality in (Quality.OK, Quality.QUESTIONABLE)
        if believed != (self.value_milli is not None):
            raise ValueError(f"{self.signal}: a {self.quality} reading and value {self.value_milli} exclude each other")


class Vitals(Struct, frozen=True, gc=False):
    """All readings of one monitor frame, one sample time. device_time is the device's claim, never trusted."""

    readings: tuple[Reading, ...]
    device_time: str | None = None
    integrity: Integrity = Integrity.NONE


class PumpStatus(Struct, frozen=True, gc=False):
    """One status report of a pump.

    infusing None means that the pump's mode was not understood. rate_ul_h is the reported rate.
    volume_ul is the pump's own delivered counter. requested_ms is when the request that this
    answers left us (None: unsolicited); a stop is verified only by a status requested after its ack.
    """

    infusing: bool | None
    rate_ul_h: int | None
    volume_ul: int | None
    requested_ms: Ms | None
    integrity: Integrity
    serial: str | None = None
    alarming: bool = False
    drug: str | None = None
    pressure_mmhg: str | None = None
    time_left_s: int | None = None
    mode: str = ""


@dataclass(frozen=True, slots=True)
class AlarmCode:
    """One alarm as the device names it; `known` False for codes the driver's table does not hold."""

    code: str
    text: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class DeviceAlarms:
    """The device's whole present set of alarms (an empty tuple says it has none)."""

    alarms: tuple[AlarmCode, ...]


class Outcome(StrEnum):
    """How a command ended; UNKNOWN stays visible until a status read resolves it (INT-04)."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """The end of the exchange for one order."""

    order_id: str
    outcome: Outcome
    detail: str = ""


class ControlState(StrEnum):
    """Whether pumpd holds the pump's remote control (lease)."""

    GRANTED = "granted"
    REFUSED = "refused"
    RELEASED = "released"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Control:
    """A change of remote control."""

    state: ControlState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the device says it is."""

    model: str | None = None
    serial: str | None = None
    software: str | None = None


@dataclass(frozen=True, slots=True)
class Waveform:
    """Consecutive samples of one wave; a sample is None where the device marks it invalid."""

    signal: str
    period_ms: int
    samples_milli: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Garbled:
    """Bytes that failed the frame's rules; `data` is cut to 64 bytes, `length` is the true count."""

    reason: str
    data: bytes = b""
    length: int = 0


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing believable came although something was due."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A tag of a believed frame that the driver's table has no row for, with one of its values as text.

    Said once per tag and connection, so that a biomedical engineer sees what a driver leaves out; never judged.
    """

    tag: str
    value: str = ""


Fact = Vitals | PumpStatus | DeviceAlarms | CommandOutcome | Control | Identity | Waveform | Garbled | Silent | Unmapped
Out = Send | SetLine | Fact
