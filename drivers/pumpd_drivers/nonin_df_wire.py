"""Nonin's data formats 2, 7, 8 and ASCII lines: framing, bits and what they leave of the values. Pure.

Sources: Nonin 9560 OEM specification (formats 2, 7, 8); Pufferfish's tests (layout of the packet, sensor disconnected);
operator's manuals (ASCII lines). Reserved bits and bytes are undefined by the vendor and not looked at.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pumpd.device import AlarmCode, Garbled, Quality, Reading
from pumpd.device.framers import Scanner

FRAMES, FRAME_SIZE = 25, 5
PACKET_SIZE = FRAMES * FRAME_SIZE
DF8_SIZE = 4
PLETH_MS = 13  # 75 a second: 13 1/3
START = 0x01  # of a frame of format 2
STATUS, SYNC = 0x80, 0x01  # always set in a status byte; set in that of a packet's first frame

# status bits, the same in every frame of formats 2 and 7
DISCONNECTED, ARTIFACT, OUT_OF_TRACK, SENSOR_ALARM, RED, GREEN = 0x40, 0x20, 0x10, 0x08, 0x04, 0x02
# status bits of format 8; its sensor alarm is in the second status byte
DF8_OUT_OF_TRACK, DF8_LOW_PERFUSION, DF8_ARTIFACT = 0x20, 0x10, 0x04
LOW_BATTERY_BIT = 0x01  # second status byte, where bit 20h (SmartPoint) and others are states

# which float byte is what, from 0: the values for the host, not those for a display, which are held for 10 s
HR_HIGH, HR_LOW, SPO2, REVISION, STAT2 = 0, 1, 2, 3, 7

NO_HR, NO_SPO2 = 511, 127
LEAST_HR, MOST_HR = 18, 321  # what it displays (9560 specification): less is no value, with more it is no frame
NOT_A_VALUE = -1

PACKET_ALARMS = (
    (DISCONNECTED, "SENSOR_DISCONNECTED", "sensor disconnected"),
    (SENSOR_ALARM, "SENSOR_ALARM", "sensor alarm: off the patient or without usable data"),
    (OUT_OF_TRACK, "OUT_OF_TRACK", "no good pulse signals"),
)
DF8_ALARMS = (PACKET_ALARMS[1], (DF8_OUT_OF_TRACK, *PACKET_ALARMS[2][1:]))
LOW_BATTERY = AlarmCode("LOW_BATTERY", "battery low")

_LOW7 = int.from_bytes(b"\x7f" * FRAMES, "little")
_TOP = int.from_bytes(b"\x80" * FRAMES, "little")
_LINE = re.compile(rb"(?:\d\d:\d\d:\d\d )?SPO2=(\d{3}|---) HR=(\d{3}|---)(?: F)?(\*?)")
_LONGEST_LINE = 40
_NO_TEXT = re.compile(rb"[^ -~]")
_LINE_STARTS = b"S0123456789"
_STATUSES = bytes(range(0x80, 0x100))
_FIRST_STATUSES = bytes(value for value in _STATUSES if value & SYNC)
_OTHER_STATUSES = bytes(value for value in _STATUSES if not value & SYNC)
_STARTS = {"df2": bytes([START]), "df7": _FIRST_STATUSES, "df8": _STATUSES, "ascii": _LINE_STARTS}
_AUTO = _STARTS["df2"] + _STARTS["df7"] + _STARTS["ascii"]  # no two of these formats begin with the same byte


class Frames(Scanner):
    """Whole packets of format 2 and 7, frames of format 8, lines of text (without their end)."""

    def __init__(self, form: str) -> None:
        """form: df2, df7, df8 or ascii; all but df8 for any other word."""
        super().__init__(_STARTS.get(form, _AUTO), 512)
        self._df8 = form == "df8"
        self._in_step = False  # the last bytes were a frame of format 8
        self._before = b""  # the last byte that was in no frame since the last frame

    def _pass(self, noise: bytes, out: list[bytes | Garbled]) -> None:
        if noise:
            self._before, self._in_step = noise[-1:], False
        super()._pass(noise, out)

    def look(self, data: bytes, at: int) -> int:
        size = self._look(data, at)
        if size > 0:
            self._before = b""
        return size

    def _look(self, data: bytes, at: int) -> int:
        start = data[at]
        if self._df8:
            return self._look_df8(data, at)
        if start == START:
            return _look_packet(data, at, status_at=1)
        return _look_packet(data, at, status_at=0) if start & STATUS else self._look_line(data, at)

    def _look_line(self, data: bytes, at: int) -> int:
        """A line counts from its beginning only: what stands before it on the same line makes it doubtful."""
        if self._before not in (b"", b"\r", b"\n"):
            return -1
        bad = _NO_TEXT.search(data, at)
        end = bad.start() if bad else len(data)
        if end - at > _LONGEST_LINE:
            return -1
        if bad is None:
            return 0
        good = data[end : end + 1] in (b"\r", b"\n") and _LINE.fullmatch(data, at, end)
        return end - at if good else -1

    def _look_df8(self, data: bytes, at: int) -> int:
        """There is no checksum: after anything else two frames in a row are needed, and come as one piece."""
        size = DF8_SIZE if self._in_step else 2 * DF8_SIZE
        piece = data[at : at + size]
        if not all(_may_be_df8(piece[n : n + DF8_SIZE]) for n in range(0, len(piece), DF8_SIZE)):
            return -1
        if len(piece) < size:
            return 0
        self._in_step = True
        return size


def _may_be_df8(frame: bytes) -> bool:
    """Is this the beginning of a frame: a status with bit 7, three bytes without it, values that there can be?"""
    if not frame[0] & STATUS or any(value & STATUS for value in frame[1:]):
        return False
    if len(frame) > 1 and pulse_of(frame[0], frame[1]) == NOT_A_VALUE:
        return False
    return len(frame) < 3 or spo2_of(frame[2]) != NOT_A_VALUE


def _look_packet(data: bytes, at: int, status_at: int) -> int:
    """Frames one after the other, each with its checksum, the first one alone marked as first."""
    piece = data[at : at + PACKET_SIZE]
    size = len(piece)
    piece = piece[: size - size % FRAME_SIZE]
    if piece and not (_are_marked(piece[status_at::FRAME_SIZE]) and _are_frames(piece)):
        return -1
    if status_at and piece[0::FRAME_SIZE].strip(_STARTS["df2"]):
        return -1
    return PACKET_SIZE if size == PACKET_SIZE else 0


def _are_marked(statuses: bytes) -> bool:
    """Bit 7 in all, the sync bit in the first one and in no other."""
    return statuses[0] in _FIRST_STATUSES and not statuses[1:].strip(_OTHER_STATUSES)


def _are_frames(piece: bytes) -> bool:
    """Is the fifth byte of each frame the sum of the four before it?"""
    a, b, c, d, check = (int.from_bytes(piece[n::FRAME_SIZE], "little") for n in range(FRAME_SIZE))
    return _added(_added(a, b), _added(c, d)) == check


def _added(a: int, b: int) -> int:
    """The sum of each byte of one column with its neighbour in the other, modulo 256, all at once."""
    return ((a & _LOW7) + (b & _LOW7)) ^ ((a ^ b) & _TOP)


class Packet(NamedTuple):
    """One packet: its distinct status bytes, the raw values, and the pleth in thousandths (none while off)."""

    status: int
    low_perfusion: bool
    hr_high: int
    hr_low: int
    spo2: int
    revision: int
    stat2: int
    pleth: tuple[int | None, ...]


def packet_of(piece: bytes) -> Packet:
    """A whole packet of format 2 or 7."""
    wide = piece[0] != START
    statuses = set(piece[0 if wide else 1 :: FRAME_SIZE])
    status = 0
    for one in statuses:
        status |= one
    low = any(one & (RED | GREEN) == RED for one in statuses)
    values = piece[3::FRAME_SIZE]
    high = piece[1::FRAME_SIZE] if wide else bytes(FRAMES)
    pleth: tuple[int | None, ...] = tuple(
        [(h << 8 | p) * 1000 for h, p in zip(high, piece[2::FRAME_SIZE], strict=True)]
    )
    if status & (SENSOR_ALARM | DISCONNECTED):
        pleth = (None,) * FRAMES
    return Packet(status, low, values[HR_HIGH], values[HR_LOW], values[SPO2], values[REVISION], values[STAT2], pleth)


def line_of(text: bytes) -> tuple[int | None, int | None, bool]:
    """SpO2 and pulse rate as in the readings, and whether a person has marked an event."""
    match = _LINE.fullmatch(text)
    if match is None:
        return NOT_A_VALUE, NOT_A_VALUE, False
    spo2, pulse, marked = match.groups()
    return _spo2(_digits(spo2)), _pulse(_digits(pulse)), marked != b""


def _digits(text: bytes) -> int | None:
    return None if text == b"---" else int(text)


def spo2_of(value: int) -> int | None:
    """%; None for no value, as which 0 counts too, NOT_A_VALUE for what it cannot measure."""
    return _spo2(None if value == NO_SPO2 else value)


def pulse_of(high: int, low: int) -> int | None:
    """/min from the two low bits of a byte and the seven of another one; None also for less than it can measure."""
    if low & 0x80:
        return NOT_A_VALUE
    value = (high & 3) << 7 | low
    return _pulse(None if value == NO_HR else value)


def _spo2(value: int | None) -> int | None:
    return NOT_A_VALUE if value is not None and value > 100 else value or None


def _pulse(value: int | None) -> int | None:
    if value is not None and value > MOST_HR:
        return NOT_A_VALUE
    return value if value is not None and value >= LEAST_HR else None


def packet_quality(packet: Packet) -> Quality:
    """What the status bits of any of the packet's frames leave of its values."""
    if packet.status & (SENSOR_ALARM | DISCONNECTED):
        return Quality.OFF
    if packet.status & OUT_OF_TRACK:
        return Quality.INVALID
    return Quality.QUESTIONABLE if packet.status & ARTIFACT or packet.low_perfusion else Quality.OK


def df8_quality(status: int, stat2: int) -> Quality:
    """What the status bits of one frame leave of the values."""
    if stat2 & SENSOR_ALARM:
        return Quality.OFF
    if status & DF8_OUT_OF_TRACK:
        return Quality.INVALID
    return Quality.QUESTIONABLE if status & (DF8_ARTIFACT | DF8_LOW_PERFUSION) else Quality.OK


def readings_of(spo2: int | None, pulse: int | None, quality: Quality) -> tuple[Reading, ...]:
    """Both values, as far as the quality lets them count; a saturation without a pulse is none, nor the reverse.

    (So one flipped bit cannot make a reading of a frame that has none.)
    """
    if (spo2 is None or pulse is None) and quality is not Quality.OFF:
        quality = Quality.INVALID
    return _reading("spo2", spo2, quality), _reading("pulse", pulse, quality)


@lru_cache(maxsize=4096)
def _reading(signal: str, value: int | None, quality: Quality) -> Reading:
    if quality in (Quality.OFF, Quality.INVALID):
        return Reading(signal, None, quality)
    return Reading(signal, None, Quality.INVALID) if value is None else Reading(signal, value * 1000, quality)
