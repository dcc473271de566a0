"""Packed readings back into events: the other half of pumpd.journal.packing, which says how a row looks. Pure."""

from __future__ import annotations

import struct

import msgspec

from pumpd.device.facts import Integrity, PumpStatus, Quality, Reading, Vitals
from pumpd.journal.packing import (
    ABSOLUTE,
    ALARMING,
    HAS_PRESSURE,
    HAS_QUALITIES,
    HAS_SECONDS,
    HAS_TIME_TEXT,
    HEAD_PUMP,
    HEAD_VITALS,
    INFUSING,
    INFUSING_KNOWN,
    MILLI_I32,
    MILLI_I64,
    NARROW,
    NUMBER_FORMS,
    QUALITIES,
    U16,
    U32,
    WIDE,
    WIDTHS,
    iso_text,
)
from pumpd.journal.shapes import Shapes
from pumpd.safety.events import Event, Heard, Tick
from pumpd.safety.wire import event_from_wire
from pumpd.units import Ms


def unpack(seq: int, now_ms: int, body: bytes, shapes: Shapes) -> list[tuple[int, Ms, Event]]:
    """The row's steps as (seq, now_ms, event), identical to what was packed."""
    steps: list[tuple[int, Ms, Event]] = []
    at = 0
    while at < len(body):
        if body[at] & WIDE:
            tag, seq, now_ms = ABSOLUTE.unpack_from(body, at)
            at += ABSOLUTE.size
        else:
            tag, dseq, dms = NARROW.unpack_from(body, at)
            at += NARROW.size
            seq, now_ms = seq + dseq, now_ms + dms
        event, at = _DECODERS[tag & ~WIDE](body, at, now_ms, shapes)
        steps.append((seq, Ms(now_ms), event))
    return steps


def _decode_tick(body: bytes, at: int, now_ms: int, shapes: Shapes) -> tuple[Event, int]:
    return Tick(), at


def _decode_vitals(body: bytes, at: int, now_ms: int, shapes: Shapes) -> tuple[Event, int]:
    shape, flags = HEAD_VITALS.unpack_from(body, at)
    at += HEAD_VITALS.size
    _, device, integrity, *names = shapes.texts(shape)
    code, unit, nothing = WIDTHS[flags & (MILLI_I32 | MILLI_I64)]
    layout = struct.Struct(f"<{len(names)}{code}")
    numbers = layout.unpack_from(body, at)
    at += layout.size
    values = [None if number == nothing else number * unit for number in numbers]
    qualities = [Quality.OK] * len(names)
    if flags & HAS_QUALITIES:
        qualities = [QUALITIES[code] for code in body[at : at + len(names)]]
        at += len(names)
    readings = tuple(map(Reading, map(str, names), values, qualities))
    time, at = _decode_time(body, at, flags)
    return Heard(str(device), Vitals(readings, time, Integrity(str(integrity)))), at


def _decode_time(body: bytes, at: int, flags: int) -> tuple[str | None, int]:
    if flags & HAS_SECONDS:
        return iso_text(U32.unpack_from(body, at)[0]), at + 4
    if flags & HAS_TIME_TEXT:
        end = at + 2 + U16.unpack_from(body, at)[0]
        return body[at + 2 : end].decode(), end
    return None, at


def _decode_pump(body: bytes, at: int, now_ms: int, shapes: Shapes) -> tuple[Event, int]:
    shape, flags = HEAD_PUMP.unpack_from(body, at)
    at += HEAD_PUMP.size
    numbers: list[int | None] = []
    for flag, layout in NUMBER_FORMS:
        present = bool(flags & flag)
        numbers.append(layout.unpack_from(body, at)[0] if present else None)
        at += layout.size if present else 0
    pressure = None
    if flags & HAS_PRESSURE:
        end = at + 1 + body[at]
        pressure, at = body[at + 1 : end].decode(), end
    rate, volume, ago, left = numbers
    _, device, integrity, serial, drug, mode = shapes.texts(shape)
    status = PumpStatus(
        infusing=bool(flags & INFUSING) if flags & INFUSING_KNOWN else None,
        rate_ul_h=rate,
        volume_ul=volume,
        requested_ms=None if ago is None else Ms(now_ms - ago),
        integrity=Integrity(str(integrity)),
        serial=serial,
        alarming=bool(flags & ALARMING),
        drug=drug,
        pressure_mmhg=pressure,
        time_left_s=left,
        mode=str(mode),
    )
    return Heard(str(device), status), at


def _decode_json(body: bytes, at: int, now_ms: int, shapes: Shapes) -> tuple[Event, int]:
    end = at + 4 + U32.unpack_from(body, at)[0]
    return event_from_wire(msgspec.json.decode(body[at + 4 : end])), end


_DECODERS = (_decode_tick, _decode_vitals, _decode_pump, _decode_json)
