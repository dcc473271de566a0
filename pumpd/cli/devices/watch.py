"""What one device has said, as rows with ages: nothing stale is ever shown as fresh. Pure: time is an argument."""

from __future__ import annotations

from dataclasses import dataclass, field

from pumpd.device import (
    SIGNALS,
    AlarmCode,
    DeviceAlarms,
    DriverInfo,
    Garbled,
    Identity,
    PumpStatus,
    Quality,
    Vitals,
    Waveform,
)
from pumpd.safety.events import Heard, LinkChanged, LinkState
from pumpd.units import exact, format_milli, plain

STALE = "STALE"
INFUSING = {True: "infusing", False: "not infusing", None: "mode not understood"}


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. stale: older than the driver's quiet time, or its line is down; origin: what it is measured by."""

    name: str
    value: str
    unit: str
    quality: str
    age_ms: int
    origin: str
    stale: bool


@dataclass(slots=True)
class _Figure:
    value: str
    unit: str
    quality: str
    at_ms: int
    origin: str = ""


@dataclass(slots=True)
class Watch:
    """Everything heard of one device, bounded: one figure for each signal."""

    info: DriverInfo
    link: str = "not open yet"
    up: bool = False
    frames: int = 0
    garbled: int = 0
    last_garbled: str = ""
    waves: int = 0
    identity: Identity = field(default_factory=Identity)
    alarms: tuple[AlarmCode, ...] = ()
    alarms_ms: int | None = None
    heard_ms: int | None = None
    _figures: dict[str, _Figure] = field(default_factory=dict)

    def hear(self, thing: object, now_ms: int) -> None:
        """A session's event, or a fact."""
        if isinstance(thing, Heard):
            thing = thing.fact
        if isinstance(thing, LinkChanged):
            self.up = thing.state is LinkState.UP
            self.link = " ".join(filter(None, (thing.state.value, thing.detail)))
        elif isinstance(thing, Garbled):
            self.garbled += 1
            self.last_garbled = thing.reason
        elif isinstance(thing, Vitals | PumpStatus | DeviceAlarms | Identity | Waveform):
            self.heard_ms = now_ms
            self._fact(thing, now_ms)

    def _fact(self, fact: Vitals | PumpStatus | DeviceAlarms | Identity | Waveform, now_ms: int) -> None:
        if isinstance(fact, Waveform):
            self.waves += 1
        elif isinstance(fact, DeviceAlarms):
            self.alarms, self.alarms_ms = fact.alarms, now_ms
        elif isinstance(fact, Identity):
            old = self.identity
            self.identity = Identity(fact.model or old.model, fact.serial or old.serial, fact.software or old.software)
        else:
            self.frames += 1
            self._figures |= _vitals(fact, self.info, now_ms) if isinstance(fact, Vitals) else _pump(fact, now_ms)

    def rows(self, now_ms: int) -> list[Row]:
        """In the order of the driver's own table of signals, then as they came."""
        order = {name: place for place, name in enumerate(self.info.signals)}
        names = sorted(self._figures, key=lambda name: order.get(name, len(order)))
        return [self._row(name, self._figures[name], now_ms) for name in names]

    def _row(self, name: str, figure: _Figure, now_ms: int) -> Row:
        stale = self.is_stale(figure.at_ms, now_ms)
        label = SIGNALS[name].label if name in SIGNALS else name
        quality = STALE if stale else figure.quality
        return Row(label, figure.value, figure.unit, quality, now_ms - figure.at_ms, figure.origin, stale)

    def is_stale(self, at_ms: int, now_ms: int) -> bool:
        """Nothing counts that is older than the driver's quiet time, or that came over a line that is down now."""
        return not self.up or now_ms - at_ms > self.info.quiet_ms

    def alarm_words(self, now_ms: int) -> str:
        """The device's own alarms; never "none" while nobody has said so lately."""
        if self.alarms_ms is None:
            return "not told"
        words = ", ".join(f"{a.code} {a.text}".strip() + ("" if a.known else " (unknown code)") for a in self.alarms)
        # alarm sets are said on change and every 5 s: the same silence as for values counts only from the last frame
        heard_ms = self.alarms_ms if self.heard_ms is None else self.heard_ms
        return f"{words or 'none'}{f' ({STALE})' if self.is_stale(heard_ms, now_ms) else ''}"

    def who(self) -> str:
        """ "Asena, serial 8002-51740"; empty while unknown."""
        known = (("", self.identity.model), ("serial ", self.identity.serial), ("software ", self.identity.software))
        return ", ".join(f"{word}{value}" for word, value in known if value)


def _vitals(fact: Vitals, info: DriverInfo, now_ms: int) -> dict[str, _Figure]:
    origins = dict(info.origins)
    found = {}
    for reading in fact.readings:
        signal = SIGNALS.get(reading.signal)
        value = "--" if reading.value_milli is None else format_milli(reading.value_milli)
        origin = origins.get(reading.signal)
        words = "" if origin is None else origin.value
        unit = signal.unit if signal else ""
        found[reading.signal] = _Figure(value, unit, reading.quality.value, now_ms, words)
    return found


def _pump(status: PumpStatus, now_ms: int) -> dict[str, _Figure]:
    def ml(value_ul: int | None) -> str | None:
        return None if value_ul is None else plain(exact(value_ul, 1000))

    told = (
        ("infusion", INFUSING[status.infusing], ""),
        ("rate", ml(status.rate_ul_h), "mL/h"),
        ("delivered", ml(status.volume_ul), "mL"),
        ("pressure", status.pressure_mmhg, "mmHg"),
        ("time left", None if status.time_left_s is None else str(status.time_left_s), "s"),
        ("drug", status.drug, ""),
        ("mode", status.mode, ""),
        ("serial", status.serial, ""),
        ("alarming", "yes" if status.alarming else "no", ""),
    )
    always = ("infusion", "rate", "delivered", "alarming")
    return {
        name: _Figure(value or "--", unit, (Quality.OK if value else Quality.INVALID).value, now_ms)
        for name, value, unit in told
        if value or name in always
    }
