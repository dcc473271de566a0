"""Packed readings read for their numbers alone: lowest and highest of each signal, and a line of what it did.

Days of a monitor are millions of numbers: no event is made of a frame here (pumpd.journal.unpacking does that).
"""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import lru_cache

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.device.facts import Quality
from pumpd.journal.packing import (
    ABSOLUTE,
    HAS_PRESSURE,
    HAS_QUALITIES,
    HAS_SECONDS,
    HAS_TIME_TEXT,
    HEAD_PUMP,
    HEAD_VITALS,
    JSON,
    MILLI_I32,
    MILLI_I64,
    NARROW,
    NUMBER_FORMS,
    PUMP,
    QUALITIES,
    SPAN_MS,
    U16,
    U32,
    VITALS,
    WIDE,
    WIDTHS,
)
from pumpd.journal.query import read_shapes
from pumpd.journal.shapes import Shapes
from pumpd.journal.tables import samples

PAGE = 5_000
_OK = QUALITIES.index(Quality.OK)


class Peak(Struct, frozen=True):
    """A value in thousandths of its signal's unit, when, and of which monitor."""

    value_milli: int
    now_ms: int
    device: str


class Scanned(Struct, frozen=True):
    """One signal over a span: count of readings that were ok, its lowest and highest (the first of equals).

    lows, highs: per part of the span, None where there was no reading.
    """

    signal: str
    count: int
    lowest: Peak
    highest: Peak
    lows: tuple[int | None, ...]
    highs: tuple[int | None, ...]


class _Line:
    """One signal of one monitor while it is scanned."""

    __slots__ = ("at_high", "at_low", "count", "high", "highs", "low", "lows")

    def __init__(self, parts: int) -> None:
        self.count, self.low, self.high, self.at_low, self.at_high = 0, 1 << 62, -1 << 62, 0, 0
        self.lows: list[int | None] = [None] * parts
        self.highs: list[int | None] = [None] * parts


async def scan(
    connection: AsyncConnection, bed: int, signals: Sequence[str], from_ms: int, until_ms: int, parts: int
) -> list[Scanned]:
    """The signals that had a reading with from_ms <= now_ms < until_ms, in this order, all monitors together."""
    shapes = await read_shapes(connection)
    scanner = _Scanner(shapes, frozenset(signals), from_ms, until_ms, parts)
    async for seq_ms, body in _bodies(connection, bed, from_ms, until_ms):
        scanner.take(seq_ms, body)
    return [one for signal in signals if (one := scanner.result(signal)) is not None]


async def _bodies(
    connection: AsyncConnection, bed: int, from_ms: int, until_ms: int
) -> AsyncIterator[tuple[int, bytes]]:
    mine, seen_ms, seen_id = samples.c, from_ms - SPAN_MS, 0
    query = select(mine.now_ms, mine.id, mine.body).where(mine.bed == bed, mine.now_ms < until_ms)
    query = query.order_by(mine.now_ms, mine.id).limit(PAGE)
    while True:
        later = (mine.now_ms > seen_ms) | (mine.id > seen_id)
        rows = (await connection.execute(query.where(mine.now_ms >= seen_ms, later))).all()
        for now_ms, _, body in rows:
            yield now_ms, body
        if len(rows) < PAGE:
            return
        seen_ms, seen_id = rows[-1].now_ms, rows[-1].id


@lru_cache(maxsize=64)
def _layout(code: str, count: int) -> struct.Struct:
    return struct.Struct(f"<{count}{code}")


class _Scanner:
    def __init__(self, shapes: Shapes, signals: frozenset[str], from_ms: int, until_ms: int, parts: int) -> None:
        self._shapes, self._signals = shapes, signals
        self._from_ms, self._until_ms, self._parts = from_ms, until_ms, parts
        self._lines: dict[tuple[str, str], _Line] = {}
        self._wanted: dict[int, tuple[int, list[tuple[int, _Line]]]] = {}

    def take(self, now_ms: int, body: bytes) -> None:
        """One packed row that begins at now_ms."""
        at, end = 0, len(body)
        while at < end:
            tag = body[at]
            if tag & WIDE:
                _, _, now_ms = ABSOLUTE.unpack_from(body, at)
                at += ABSOLUTE.size
            else:
                _, _, later = NARROW.unpack_from(body, at)
                now_ms += later
                at += NARROW.size
            kind = tag & ~WIDE
            if kind == VITALS:
                at = self._vitals(body, at, now_ms)
            elif kind == PUMP:
                at = _after_pump(body, at)
            elif kind == JSON:
                at += 4 + U32.unpack_from(body, at)[0]

    def _vitals(self, body: bytes, at: int, now_ms: int) -> int:
        shape, flags = HEAD_VITALS.unpack_from(body, at)
        at += HEAD_VITALS.size
        count, wanted = self._wanted.get(shape) or self._look_up(shape)
        code, unit, nothing = WIDTHS[flags & (MILLI_I32 | MILLI_I64)]
        layout = _layout(code, count)
        numbers = layout.unpack_from(body, at)
        at += layout.size
        codes = body[at : at + count] if flags & HAS_QUALITIES else b""
        at += len(codes)
        if self._from_ms <= now_ms < self._until_ms:
            part = (now_ms - self._from_ms) * self._parts // (self._until_ms - self._from_ms)
            for place, line in wanted:
                number = numbers[place]
                if number != nothing and (not codes or codes[place] == _OK):
                    _note(line, number * unit, now_ms, part)
        if flags & HAS_SECONDS:
            return at + 4
        return at + 2 + U16.unpack_from(body, at)[0] if flags & HAS_TIME_TEXT else at

    def _look_up(self, shape: int) -> tuple[int, list[tuple[int, _Line]]]:
        _, device, _, *names = self._shapes.texts(shape)
        wanted = [
            (place, self._lines.setdefault((str(device), str(name)), _Line(self._parts)))
            for place, name in enumerate(names)
            if name in self._signals
        ]
        found = self._wanted[shape] = (len(names), wanted)
        return found

    def result(self, signal: str) -> Scanned | None:
        """All monitors' lines of the signal as one."""
        lines = [(device, line) for (device, name), line in self._lines.items() if name == signal and line.count]
        if not lines:
            return None
        low_of, low = min(lines, key=lambda one: (one[1].low, one[1].at_low))
        high_of, high = max(lines, key=lambda one: (one[1].high, -one[1].at_high))
        return Scanned(
            signal,
            sum(line.count for _, line in lines),
            Peak(low.low, low.at_low, low_of),
            Peak(high.high, high.at_high, high_of),
            tuple(_least(values) for values in zip(*(line.lows for _, line in lines), strict=True)),
            tuple(_most(values) for values in zip(*(line.highs for _, line in lines), strict=True)),
        )


def _note(line: _Line, value: int, now_ms: int, part: int) -> None:
    line.count += 1
    if value < line.low:
        line.low, line.at_low = value, now_ms
    if value > line.high:
        line.high, line.at_high = value, now_ms
    low, high = line.lows[part], line.highs[part]
    if low is None or value < low:
        line.lows[part] = value
    if high is None or value > high:
        line.highs[part] = value


def _after_pump(body: bytes, at: int) -> int:
    """Where a pump's status ends."""
    _, flags = HEAD_PUMP.unpack_from(body, at)
    at += HEAD_PUMP.size + sum(form.size for flag, form in NUMBER_FORMS if flags & flag)
    return at + 1 + body[at] if flags & HAS_PRESSURE else at


def _least(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _most(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)
