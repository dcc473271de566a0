"""Driver of GE monitors with the Datex-Ohmeda Record Interface (S/5, Cardiocap 5, CARESCAPE B). No I/O, no clock.

The host asks once for displayed values every INTERVAL_S seconds, 5 at least by the vendor's word, and for the alarms
that the monitor shows, at once, on every change, and again every ALARMS_MS in case a change was lost. Both are asked
for anew while nothing comes, and ended on a clean exit.
"""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

from pumpd.device import (
    AlarmCode,
    DeviceSettings,
    DriverInfo,
    Integrity,
    Kind,
    Line,
    Origin,
    Out,
    Parity,
    Quality,
    Reading,
    Send,
    SetLine,
    Vitals,
)
from pumpd.device.framers import Flagged
from pumpd.device.framing import garbled
from pumpd.device.options import DriverOption
from pumpd.device.rate_source import BY_IMPEDANCE, RATE, by_impedance, is_by_impedance
from pumpd.device.talker import Talker
from pumpd.units import Ms
from pumpd_drivers import ge_dri_wire as wire

INTERVAL_S = 5
GREET_MS = 5000  # ours: between requests while nothing comes
GREETS_PER_BAUD = 3  # ours: unanswered requests until the next speed is tried
ALARMS_MS = 10_000  # ours
INTERVAL = DriverOption("interval", "[5-9]|[1-5][0-9]|60", str(INTERVAL_S), "seconds between reports, 5 to 60", 1000)
CHECKSUM = DriverOption("checksum", "plain|escaped", "plain", "what the sum is of: the record, or the bytes as sent")


def _quiet_ms(interval_s: int) -> int:
    """Two missed reports, and a second for them to be on the line."""
    return 2000 * interval_s + 1000


class GeDri(Talker):
    """One monitor."""

    greet_ms = GREET_MS
    info: ClassVar[DriverInfo] = DriverInfo(
        name="ge_dri",
        vendor="GE (Datex-Ohmeda)",
        model="S/5, Cardiocap 5, CARESCAPE B450/B650/B850, B20 to B125",
        kind=Kind.MONITOR,
        line=Line(bauds=(19_200, 115_200), parity=Parity.EVEN, rtscts=True),
        integrity=Integrity.SUM8,
        poll_ms=1000 * INTERVAL_S,
        quiet_ms=_quiet_ms(INTERVAL_S),
        signals=(*(row.signal for row in wire.ROWS), *(name for name, _ in wire.GASES), "no_breath"),
        origins=(("rr", Origin.CO2), ("rr_imp", Origin.IMPEDANCE), ("etco2", Origin.CO2), ("hr", Origin.ECG)),
        sources=("GE M1017617 and 8005313 (facts)", "icu_devices ge_monitor (MIT)", "LNhealth s5parser (BSD-3)"),
        tells_serial=False,
        needs_asking=True,
        probe_bytes=(wire.data_request(wire.ONCE),),
        options=(INTERVAL, CHECKSUM, RATE),
        instead=(BY_IMPEDANCE,),
    )

    def __init__(self, settings: DeviceSettings) -> None:
        super().__init__(settings)
        self._interval_s = int(INTERVAL.of(settings.options))
        self.quiet_ms = _quiet_ms(self._interval_s)
        baud = settings.options.get("baud", "auto")
        self._bauds = (int(baud),) if baud.isdecimal() and baud.isascii() else self.info.line.bauds
        self._unanswered = self._baud_at = 0
        self._by_impedance = is_by_impedance(settings.options)
        self._readings_came = False
        self._alarms_ms: Ms | None = None  # when alarms are asked for next; None before the monitor has spoken
        self._shown: tuple[AlarmCode, ...] = ()
        self._breathing: tuple[AlarmCode, ...] = ()
        self._known: set[int] = set()  # groups that this monitor has

    def framer(self) -> Flagged:
        escaped = CHECKSUM.of(self.settings.options) == "escaped"
        return wire.framer(wire.whole_escaped if escaped else wire.whole)

    def start(self, now: Ms) -> list[Out]:
        """The first requests, at the configured speed where there is one."""
        fixed = self._bauds != self.info.line.bauds
        return [*([SetLine(self._bauds[0])] if fixed else []), *super().start(now)]

    def greet(self, now: Ms) -> list[Out]:
        """Both requests, at the next speed where several were unanswered at this one."""
        out: list[Out] = []
        if self._unanswered == GREETS_PER_BAUD and len(self._bauds) > 1:
            self._unanswered, self._baud_at = 0, (self._baud_at + 1) % len(self._bauds)
            out.append(SetLine(self._bauds[self._baud_at]))
        self._unanswered += 1
        self._alarms_ms = None
        requests = (wire.data_request(self._interval_s), *map(wire.alarm_request, (wire.TELL_ALARMS, wire.ON_CHANGE)))
        return [*out, *map(Send, requests)]

    def farewell(self, now: Ms) -> list[Out]:
        """No more data and no more alarms."""
        return [Send(wire.STOP_DATA), Send(wire.alarm_request(wire.NOT_ON_CHANGE))]

    def tick(self, now: Ms) -> list[Out]:
        out = super().tick(now)
        if self._alarms_ms is not None and now >= self._alarms_ms:
            self._alarms_ms = Ms(now + ALARMS_MS)
            out.append(Send(wire.alarm_request(wire.TELL_ALARMS)))
        return out

    def next_deadline(self) -> Ms | None:
        due = super().next_deadline()
        return due if self._alarms_ms is None else Ms(min(self._alarms_ms, self._alarms_ms if due is None else due))

    def heard(self, now: Ms) -> None:
        """Only readings show that the request for them is still obeyed."""
        if self._readings_came:
            super().heard(now)

    def hear(self, frame: bytes, now: Ms) -> list[Out]:
        """What a record says."""
        self._unanswered = 0
        if self._alarms_ms is None:
            self._alarms_ms = Ms(now + ALARMS_MS)
        main_type = int.from_bytes(frame[14:16], "little")
        self._readings_came = main_type == wire.PHYSIOLOGICAL
        if self._readings_came:
            return self._data(frame, now)
        return self._alarms(frame, now) if main_type == wire.ALARM else []

    def _data(self, frame: bytes, now: Ms) -> list[Out]:
        out: list[Out] = []
        for kind, at in wire.parts(frame):
            if kind not in wire.DATA_KINDS:
                out += self.said.unmapped(f"sub-record type {kind}") if kind != wire.REQUEST else []
                continue
            if at + wire.DATA_SIZE > len(frame) - 1:
                return [garbled("sub-record beyond the record", frame)]
            number = frame[at + wire.CLASS_AT + 1] & 0x0F
            if kind == wire.DISPLAYED and number == wire.BASIC_CLASS:
                out += self._basic(wire.BASIC.unpack_from(frame, at), now)
            else:
                out += self.said.unmapped(_tag(kind, number))
        return out

    def _basic(self, values: tuple[int, ...], now: Ms) -> list[Out]:
        """Readings of the basic class; a group that this monitor never had says nothing."""
        readings = [reading for row in wire.ROWS for reading in self._row(values, row)]
        status = values[wire.CO2]
        breathing = status & wire.LIVE == wire.LIVE
        self._breathing = _breath_alarms(status) if breathing else ()
        if self._has(values, wire.CO2):
            ambient = wire.NO_DATA if status & wire.OCCLUDED else values[wire.AMBIENT]
            gases = [_gas(name, values[place], ambient) for name, place in wire.GASES]
            found = [*gases, _no_breath(status, values[wire.BREATHS])]
            readings += found if breathing else [_off(reading.signal) for reading in found]
        out: list[Out] = []
        if self._by_impedance:
            kept, by_co2 = by_impedance(readings)
            readings = [*kept]
            out += self.said.unmapped("rate by CO2", "") if by_co2 is not None else []
        vitals = Vitals(tuple(readings), str(values[0]), Integrity.SUM8)
        return [vitals, *out, *self.said.alarms(self._breathing + self._shown, now)]

    def _row(self, values: tuple[int, ...], row: wire.Row) -> tuple[Reading, ...]:
        """The reading of one row, if there is anything to say."""
        status = values[row.group]
        if status & wire.LIVE != wire.LIVE:
            return (_off(row.signal),) if self._has(values, row.group) else ()
        self._known.add(row.group)
        raw = values[row.place]
        if row.group in _SPECIAL:
            return _SPECIAL[row.group](row, raw, status, values[row.group + 1])
        return (_reading(row.signal, raw, row.step),)

    def _has(self, values: tuple[int, ...], group: int) -> bool:
        """Does the monitor have this group, or has it had it?"""
        if values[group] & wire.EXISTS:
            self._known.add(group)
        return group in self._known

    def _alarms(self, frame: bytes, now: Ms) -> list[Out]:
        for kind, at in wire.parts(frame):
            if kind != wire.ALARM_STATUS:
                continue
            shown = wire.alarms_of(frame, at)
            if shown is None:
                return [garbled("alarm status beyond the record", frame)]
            self._shown = shown
            return [*self.said.alarms(self._breathing + shown, now)]
        return []


@lru_cache(maxsize=256)
def _reading(signal: str, raw: int, step: int) -> Reading:
    if raw <= wire.NO_DATA:
        return Reading(signal, None, Quality.INVALID)
    return Reading(signal, raw * step)


@lru_cache(maxsize=128)
def _gas(signal: str, raw: int, ambient: int) -> Reading:
    """A share of the ambient pressure, to the nearest mmHg as the monitor shows it; no water vapour is taken off.

    Finer digits would come from the conversion, not from the sensor.
    """
    if raw <= wire.NO_DATA or ambient <= 0:
        return Reading(signal, None, Quality.INVALID)
    return Reading(signal, (raw * ambient + 50_000) // 100_000 * 1000)


@lru_cache(maxsize=64)
def _off(signal: str) -> Reading:
    return Reading(signal, None, Quality.OFF)


def _no_breath(status: int, rate: int) -> Reading:
    """The monitor's own sign, which it does not give while its alarm is off: that somebody breathes is believed only
    beside a rate; a rate of 0 without the sign is left to the bed's own rule."""
    if status & wire.APNOEA:
        return Reading("no_breath", 1000)
    measured = rate > 0 and not status & wire.OCCLUDED
    return Reading("no_breath", 0) if measured else Reading("no_breath", None, Quality.INVALID)


def _by_ecg(row: wire.Row, raw: int, status: int, label: int) -> tuple[Reading, ...]:
    """A heart rate that a pressure or the pleth makes is none of the ECG; the impedance rate is its own."""
    other = row.signal == "hr" and status >> 3 & 0x0F in wire.NOT_BY_ECG
    return (_off(row.signal) if other else _reading(row.signal, raw, row.step),)


def _of_now(row: wire.Row, raw: int, status: int, label: int) -> tuple[Reading, ...]:
    """A cuff's value, unless it is old or a new measurement is under way."""
    passed = raw > wire.NO_DATA and label & (wire.CUFF_MEASURES | wire.CUFF_OLD)
    return () if passed else (_reading(row.signal, raw, row.step),)


def _of_blood(row: wire.Row, raw: int, status: int, label: int) -> tuple[Reading, ...]:
    return () if label in wire.NOT_BLOOD else (_reading(row.signal, raw, row.step),)


def _of_body(row: wire.Row, raw: int, status: int, label: int) -> tuple[Reading, ...]:
    return () if label in wire.NOT_BODY else (_reading(row.signal, raw, row.step),)


def _of_breath(row: wire.Row, raw: int, status: int, label: int) -> tuple[Reading, ...]:
    """An occluded line has no breath to measure."""
    return (_reading(row.signal, wire.NO_DATA if status & wire.OCCLUDED else raw, row.step),)


_SPECIAL = {
    wire.ECG: _by_ecg,
    wire.NIBP: _of_now,
    wire.P1: _of_blood,
    wire.P2: _of_blood,
    wire.T1: _of_body,
    wire.T2: _of_body,
    wire.CO2: _of_breath,
}


def _breath_alarms(status: int) -> tuple[AlarmCode, ...]:
    """What the CO2 group's status says beside its values."""
    return tuple(alarm for bit, alarm in _BREATH_ALARMS if status & bit)


_BREATH_ALARMS = (
    (wire.APNOEA, AlarmCode("CO2_APNOEA", "no breath (CO2)")),
    (wire.OCCLUDED, AlarmCode("CO2_OCCLUSION", "CO2 sampling line occluded")),
    (wire.APNOEA_OFF, AlarmCode("CO2_APNOEA_ALARM_OFF", "the monitor's own apnoea alarm is off")),
)


def _tag(kind: int, number: int) -> str:
    """What else a record may hold: another class of displayed values, or trends."""
    return f"{wire.DATA_KINDS[kind]} {wire.CLASSES_OF_DATA.get(number, f'class {number}')}"
