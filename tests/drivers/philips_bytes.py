"""Messages of a Philips IntelliVue for tests, built from the simulator's bricks."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from pumpd.sim.devices.philips_frames import attribute, counted, frame, operation, single, string

NOW = bytes.fromhex("2026112210000000")
NO_TIME = b"\xff" * 8
TICKS = 8_000_000
NAN = 0x007FFFFF
HR, SPO2, RR, RR_IMP, ETCO2, SYS, DIA, MEAN = 0x4182, 0x4BB8, 0x5012, 0x500A, 0x50B0, 0x4A05, 0x4A06, 0x4A07
PERCENT, BEATS, BREATHS, MMHG, KPA, CELSIUS, FAHRENHEIT = 0x0220, 0x0AA0, 0x0AE0, 0x0F20, 0x0F03, 0x17A0, 0x1140
NUMERICS, ALERTS, MDS = 0x0006, 0x0036, 0x0021
ALERT_INFO_TEXT, ALERT_INFO = 516, 513


def observed(physio: int, unit: int, number: int, state: int = 0) -> bytes:
    return struct.pack(">HHHI", physio, state, unit, number & 0xFFFFFFFF)


def value(physio: int, unit: int, number: int, state: int = 0, handle: int = 1) -> bytes:
    """One object with one value; number is a FLOAT."""
    return single(handle, attribute(0x0950, observed(physio, unit, number, state)))


def cuff(sys: int, dia: int, mean: int, stamp: bytes = b"", state: int = 0) -> bytes:
    pressures = [observed(physio, MMHG, number, state) for physio, number in ((SYS, sys), (DIA, dia), (MEAN, mean))]
    compound = attribute(0x094B, counted(pressures))
    return single(9, compound, *([attribute(0x0990, stamp)] if stamp else []))


def result(
    objects: Sequence[bytes],
    *,
    polled: tuple[int, int] = (NUMERICS, 0x0803),
    ticks: int = TICKS,
    link: bytes = b"",
    invoke: int = 4,
    clock: bytes = NO_TIME,
) -> bytes:
    """An extended poll result, or a part of one: link is its state and count."""
    contexts = [struct.pack(">H", 0) + counted(objects)] if objects else []
    head = struct.pack(">HHI", 4, 1, ticks & 0xFFFFFFFF) + clock + struct.pack(">HHH", 1, *polled)
    reply = head + counted(contexts)
    body = struct.pack(">HHHHH", MDS, 0, 0, 0xF13B, len(reply)) + reply
    return frame(operation(5 if link else 2, invoke, 7, body, link))


def created(ticks: int = TICKS, clock: bytes = NOW, invoke: int = 1) -> bytes:
    what = [attribute(0x0987, clock), attribute(0x098F, struct.pack(">I", ticks))]
    info = struct.pack(">HHH", MDS, 0, 0) + counted(what)
    return frame(operation(1, invoke, 1, struct.pack(">HHHIHH", MDS, 0, 0, ticks, 0x0D06, len(info)) + info))


def alert(code: int, text: bytes | None, *, source: int = HR, kind: int = 0x0200, state: int = 0) -> bytes:
    """One entry of an alert list; text as a string on the wire, or none."""
    info = struct.pack(">HIHH", 1, 2, 0, 0) + (text or b"")
    which = ALERT_INFO if text is None else ALERT_INFO_TEXT
    return struct.pack(">HHHHHHHHH", source, code, kind, state, NUMERICS, 0, 1, which, len(info)) + info


def alerts(*patient: bytes, technical: Sequence[bytes] = (), link: bytes = b"") -> bytes:
    lists = attribute(0x0902, counted(patient)), attribute(0x0904, counted(technical))
    return result([single(1, *lists)], polled=(ALERTS, 0x0801), link=link, invoke=2)


def text(words: str) -> bytes:
    return string(words)
