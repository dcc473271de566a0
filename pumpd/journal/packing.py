"""Readings packed into one blob per bed and second: small, lossless, in order. Pure.

A row holds the entries of one bed whose times span at most one second. Each entry is a tag, the
steps since the entry before, the milliseconds since the entry before, and a payload. What does
not fit the short forms takes a longer one, at the end the event's own JSON, so nothing is refused.

    entry    tag:u8  dseq:u8  dms:u16      (tag | WIDE: seq:i64 now_ms:i64, absolute)
    TICK     nothing
    VITALS   shape:u16 flags:u8 values [qualities] [device time]
    PUMP     shape:u16 flags:u16 [rate:i32] [volume:i32] [requested, ms before now:u16] [time left:i32] [pressure]
    JSON     length:u32 text
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from pumpd.device.facts import PumpStatus, Quality, Vitals
from pumpd.journal.shapes import Layout, NoRoom, Shapes
from pumpd.safety.events import Event, Tick
from pumpd.safety.wire import event_to_wire

SPAN_MS = 1000
WIDE = 0x80
TICK, VITALS, PUMP, JSON = range(4)

HAS_SECONDS, HAS_TIME_TEXT, HAS_QUALITIES, MILLI_I32, MILLI_I64 = 1, 2, 4, 8, 16
INFUSING_KNOWN, INFUSING, ALARMING, HAS_RATE, HAS_VOLUME, HAS_REQUESTED, HAS_LEFT, HAS_PRESSURE = (
    1 << bit for bit in range(8)
)

NARROW = struct.Struct("<BBH")
ABSOLUTE = struct.Struct("<Bqq")
HEAD_VITALS = struct.Struct("<HB")
HEAD_PUMP = struct.Struct("<HH")
U16, U32, I32 = struct.Struct("<H"), struct.Struct("<I"), struct.Struct("<i")

QUALITIES = (Quality.OK, Quality.QUESTIONABLE, Quality.STALE, Quality.INVALID, Quality.OFF)
_OK = Quality.OK
_QUALITY_CODE = {quality: code for code, quality in enumerate(QUALITIES)}
# values are tenths of a unit in 16 bits, or thousandths in 32 or 64; the lowest number means "no value"
WIDTHS = {0: ("h", 100, -(1 << 15)), MILLI_I32: ("i", 1, -(1 << 31)), MILLI_I64: ("q", 1, -(1 << 63))}


NUMBER_FORMS = ((HAS_RATE, I32), (HAS_VOLUME, I32), (HAS_REQUESTED, U16), (HAS_LEFT, I32))
_NUMBERS = HAS_RATE | HAS_VOLUME | HAS_REQUESTED | HAS_LEFT


def _pump_layouts() -> Iterable[tuple[int, struct.Struct]]:
    for flags in range(_NUMBERS + 1):
        codes = (form.format[-1] for flag, form in NUMBER_FORMS if flags & flag)
        yield flags, struct.Struct(f"{NARROW.format}{HEAD_PUMP.format[1:]}{''.join(codes)}")


_PUMPS = dict(_pump_layouts())  # by which numbers are there; with the entry's head, as all that is packed at once
_MODES = {None: 0, False: INFUSING_KNOWN, True: INFUSING_KNOWN | INFUSING}


Encode = Callable[[Any, int, int, int, Shapes], bytes]  # as those below


class DoesNotFit(ValueError):
    """The short form cannot hold this event; the JSON form can."""


class Packer(msgspec.Struct, gc=False):
    """One row being filled: what came first, which belongs into the row's own columns; what came last; the entries."""

    first_seq: int
    first_ms: int
    first_wall_us: int
    seq: int
    ms: int
    parts: list[bytes]

    def add(self, seq: int, now_ms: int, event: Event, encode: Encode, shapes: Shapes) -> None:
        """Append one event; encode: from FORMS. Raises only for an event that has no JSON form either."""
        try:
            self.parts.append(encode(event, seq - self.seq, now_ms - self.ms, now_ms, shapes))
        except (DoesNotFit, NoRoom, struct.error):
            self.parts.append(self._long(seq, now_ms, event, encode, shapes))
        self.seq, self.ms = seq, now_ms

    def _long(self, seq: int, now_ms: int, event: Event, encode: Encode, shapes: Shapes) -> bytes:
        """The entry with a head that holds any number, or with the event as JSON, or with both."""
        dseq, dms = seq - self.seq, now_ms - self.ms
        narrow = 0 <= dseq <= 0xFF and 0 <= dms <= 0xFFFF
        try:
            entry = encode(event, 0, 0, now_ms, shapes)
        except (DoesNotFit, NoRoom, struct.error):
            text = msgspec.json.encode(event_to_wire(event))
            entry = NARROW.pack(JSON, 0, 0) + U32.pack(len(text)) + text
        head = NARROW.pack(entry[0], dseq, dms) if narrow else ABSOLUTE.pack(entry[0] | WIDE, seq, now_ms)
        return head + entry[NARROW.size :]

    def body(self) -> bytes:
        return b"".join(self.parts)


# Each makes a whole entry in one go: this is done for every frame of every device. dseq, dms: for the entry's head.
# They raise struct.error when a number is beyond its field, DoesNotFit and NoRoom when the event is.


def _encode_tick(event: Any, dseq: int, dms: int, now_ms: int, shapes: Shapes) -> bytes:
    return NARROW.pack(TICK, dseq, dms)


def _encode_vitals(event: Any, dseq: int, dms: int, now_ms: int, shapes: Shapes) -> bytes:
    """A monitor sends frame after frame of the same signals: its layout is kept, so that a value costs little."""
    fact: Vitals = event.fact
    readings = fact.readings
    layout = shapes.layouts.get(event.device)
    if layout is None or layout.integrity is not fact.integrity or layout.names != [one.signal for one in readings]:
        layout = _layout(event.device, fact, shapes)
    if fact.device_time is not None and layout.all_ok == [one.quality for one in readings]:
        seconds = _iso_seconds(fact.device_time)
        try:
            if seconds is not None:
                tenths = [_TENTHS[one.value_milli] for one in readings]
                return layout.pack(VITALS, dseq, dms, layout.shape, HAS_SECONDS, *tenths, seconds)
        except KeyError:
            pass  # a value for the first time, or one that does not fit
    return NARROW.pack(VITALS, dseq, dms) + _any_vitals(layout, fact)


def _any_vitals(layout: Layout, fact: Vitals) -> bytes:
    """The payload of any frame; its values are remembered for the next ones."""
    readings, text = fact.readings, fact.device_time
    values = [reading.value_milli for reading in readings]
    try:
        flags, packed = 0, layout.tenths(*map(_tenths, values))
    except DoesNotFit:
        flags, packed = _encode_milli(values)
    codes = b""
    if any(reading.quality is not _OK for reading in readings):
        flags, codes = flags | HAS_QUALITIES, bytes([_QUALITY_CODE[reading.quality] for reading in readings])
    time_flag, time = _encode_time(text, None if text is None else _iso_seconds(text))
    return HEAD_VITALS.pack(layout.shape, flags | time_flag) + packed + codes + time


def _layout(device: str, fact: Vitals, shapes: Shapes) -> Layout:
    names = [reading.signal for reading in fact.readings]
    number = shapes.id_of(("vitals", device, fact.integrity.value, *names))
    code, count = WIDTHS[0][0], len(names)
    short = struct.Struct(f"{NARROW.format}{HEAD_VITALS.format[1:]}{count}{code}I")
    layout = Layout(names, fact.integrity, number, [_OK] * count, short.pack, struct.Struct(f"<{count}{code}").pack)
    shapes.layouts[device] = layout
    return layout


_TENTHS: dict[int | None, int] = {None: WIDTHS[0][2]}  # thousandths into what 16 bits hold: at most 65,535 of them


def _tenths(value: int | None) -> int:
    known = _TENTHS.get(value)
    if known is not None or value is None:
        return _TENTHS[value]
    _, unit, nothing = WIDTHS[0]
    tenths, rest = divmod(value, unit)
    if rest or not nothing < tenths < -nothing:
        raise DoesNotFit
    _TENTHS[value] = tenths
    return tenths


def _encode_milli(values: list[int | None]) -> tuple[int, bytes]:
    for flag in (MILLI_I32, MILLI_I64):
        code, _, nothing = WIDTHS[flag]
        if all(value is None or nothing < value < -nothing for value in values):
            numbers = [nothing if value is None else value for value in values]
            return flag, struct.pack(f"<{len(numbers)}{code}", *numbers)
    raise DoesNotFit


def _encode_time(text: str | None, seconds: int | None) -> tuple[int, bytes]:
    """A device's ISO time to the second takes four bytes, any other text its length and itself."""
    if seconds is not None:
        return HAS_SECONDS, U32.pack(seconds)
    if text is None:
        return 0, b""
    raw = text.encode()
    return HAS_TIME_TEXT, U16.pack(len(raw)) + raw


@lru_cache(maxsize=1024)  # the monitors of a ward say nearly the same time
def _iso_seconds(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
    seconds = int(moment.timestamp())
    return seconds if 0 <= seconds < 1 << 32 and iso_text(seconds) == text else None


def iso_text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()


def _encode_pump(event: Any, dseq: int, dms: int, now_ms: int, shapes: Shapes) -> bytes:
    fact: PumpStatus = event.fact
    flags, numbers = _MODES[fact.infusing], []
    if fact.alarming:
        flags |= ALARMING
    if fact.rate_ul_h is not None:
        flags |= HAS_RATE
        numbers.append(fact.rate_ul_h)
    if fact.volume_ul is not None:
        flags |= HAS_VOLUME
        numbers.append(fact.volume_ul)
    if fact.requested_ms is not None:
        flags |= HAS_REQUESTED
        numbers.append(now_ms - fact.requested_ms)
    if fact.time_left_s is not None:
        flags |= HAS_LEFT
        numbers.append(fact.time_left_s)
    shape = shapes.id_of(("pump", event.device, fact.integrity, fact.serial, fact.drug, fact.mode))
    if fact.pressure_mmhg is None:
        return _PUMPS[flags & _NUMBERS].pack(PUMP, dseq, dms, shape, flags, *numbers)
    raw = fact.pressure_mmhg.encode()
    head = _PUMPS[flags & _NUMBERS].pack(PUMP, dseq, dms, shape, flags | HAS_PRESSURE, *numbers)
    return head + struct.pack("<B", len(raw)) + raw


FORMS: dict[type, Encode] = {Tick: _encode_tick, Vitals: _encode_vitals, PumpStatus: _encode_pump}
PACKED = frozenset(FORMS)  # events, and facts that were heard, which are stored here; all others one row each
