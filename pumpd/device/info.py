"""What a driver declares about itself: line settings, capabilities, sources. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce

from pumpd.device.facts import Integrity
from pumpd.device.options import DriverOption

UNVERIFIED = "unverified"
"""The quality of a driver that was loaded from a file (`--driver-file`), whatever it says of itself."""


class Kind(StrEnum):
    """What a device is to the bed."""

    PUMP = "pump"
    MONITOR = "monitor"


class Origin(StrEnum):
    """What a signal is measured by: two sources of one signal are not the same thing (RSP-07)."""

    CO2 = "co2"
    IMPEDANCE = "impedance"
    ECG = "ecg"
    FINGER = "finger"
    EAR = "ear"
    GENERIC = "generic"


class Parity(StrEnum):
    """Parity of a serial line, as pyserial writes it."""

    NONE = "N"
    EVEN = "E"
    ODD = "O"


@dataclass(frozen=True, slots=True)
class Line:
    """Serial line settings. bauds: the first is the default, further ones are tried where baud is automatic.

    dtr, rts: raised while the line is open, as a computer's port does by itself; many devices answer only then, and an
    adapter may draw its power from them. rtscts: RTS and CTS are handshake lines instead, and `rts` says nothing.
    A pty and a plain TCP port have none of these; a receive-only tap raises neither.
    """

    bauds: tuple[int, ...]
    data_bits: int = 8
    parity: Parity = Parity.NONE
    stop_bits: int = 1
    rtscts: bool = False
    dtr: bool = True
    rts: bool = True

    def text(self, baud: int | None = None) -> str:
        """ "9600 8N1", as a device's manual writes it; of the default speed, or of another one."""
        handshake = " RTS/CTS" if self.rtscts else ""
        return f"{baud or self.bauds[0]} {self.data_bits}{self.parity}{self.stop_bits}{handshake}"


@dataclass(frozen=True, slots=True)
class PumpCapabilities:
    """What the pump lets us do, and how finely it tells.

    rate_step_ul_h: the finest step that its wire format can express. counter_step_nl: the step in which its delivered
    counter (PumpStatus.volume_ul) moves, in nanolitres: 1_000 for 1 uL, 100_000 for 0.1 mL; a pump without a counter
    needs none. shown_rate_step_ul_h: what a reported rate is rounded or cut to where that is coarser than what can be
    set at the pump, so that the true one lies less than a step away; 0: it is told exactly.
    Of both, a step too large only widens a dose's bounds; one too small makes them untrue.
    """

    can_stop: bool = False
    can_set_rate: bool = False
    can_read_back: bool = False
    lease: bool = False
    rate_step_ul_h: int = 100
    rate_min_ul_h: int = 0
    rate_max_ul_h: int = 0
    counter_step_nl: int = 1000
    shown_rate_step_ul_h: int = 0


@dataclass(frozen=True, slots=True)
class Instead:
    """With this word of an option `signal` is what the driver otherwise tells as `told_as`, measured by `origin`.

    caution: what a person must know who has chosen it.
    """

    option: str
    word: str
    signal: str
    told_as: str
    origin: Origin
    caution: str


@dataclass(frozen=True, slots=True)
class DriverInfo:
    """A driver's own description, shown by `pumpd devices drivers`.

    quiet_ms: silence after which the device is lost. poll_ms: default interval between status reads
    (pumps) or the device's own reporting interval (monitors). quality: see drivers/QUALITY.md.
    origins: what its signals are measured by, where the device cannot measure them otherwise. tells_serial: the
    protocol carries a serial number, so that another device on the line is noticed.
    needs_asking: the device reports nothing until it is asked, enabled or connected to; on a receive-only tap such a
    driver hears only what another host asks for.
    probe_bytes: whole frames, in order, that ask a device who and how it is and change nothing in any device that hears
    them: nothing is set, started, stopped or silenced, no control taken; a session that one opens, a later one ends.
    Among them are all questions of one status, so that it can be told. `pumpd devices probe` sends these and nothing
    else; empty: the device is only listened to.
    options: keys of the ward file for this driver alone; "baud" is every driver's. cautions: what a person must know
    before such a device is used at a bed, one sentence each; `pumpd check` and `pumpd devices drivers` say them.
    instead: what a word of an option changes in what a signal is; see `with_options`.
    """

    name: str
    vendor: str
    model: str
    kind: Kind
    line: Line
    integrity: Integrity
    poll_ms: int
    quiet_ms: int
    signals: tuple[str, ...] = ()
    pump: PumpCapabilities = PumpCapabilities()
    sources: tuple[str, ...] = ()
    quality: str = "simulated"
    origins: tuple[tuple[str, Origin], ...] = ()
    tells_serial: bool = True
    needs_asking: bool = False
    probe_bytes: tuple[bytes, ...] = ()
    options: tuple[DriverOption, ...] = ()
    cautions: tuple[str, ...] = ()
    instead: tuple[Instead, ...] = ()

    def with_options(self, options: Mapping[str, str]) -> DriverInfo:
        """This description as these options of the ward file make it."""
        chosen = {one.name: one.of(options) for one in self.options}
        return reduce(_with, (one for one in self.instead if chosen.get(one.option) == one.word), self)

    def period_ms(self, options: Mapping[str, str]) -> int:
        """How often the device reports, with these options of the ward file."""
        found = (int(one.of(options)) * one.period_unit_ms for one in self.options if one.period_unit_ms is not None)
        return next(found, self.poll_ms)

    @property
    def unverified(self) -> bool:
        """A driver under development: every screen that shows a value or a device of it says so."""
        return self.quality == UNVERIFIED


def _with(info: DriverInfo, one: Instead) -> DriverInfo:
    signals = dict.fromkeys(one.signal if name == one.told_as else name for name in info.signals)
    origins = {name: origin for name, origin in info.origins if name != one.told_as} | {one.signal: one.origin}
    cautions = (*info.cautions, one.caution)
    return replace(info, signals=tuple(signals), origins=tuple(origins.items()), cautions=cautions)
