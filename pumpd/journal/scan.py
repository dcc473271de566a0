"""Packed readings read for their numbers alone: lowest and highest of each signal, and a line of what it did.

Days of a monitor are millions of numbers: no event is made of a frame here (pumpd.journal.unpacking does that).
"""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from msgspec import Struct
from sqlalchemy import Row, select
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
from pumpd.journal.query import COARSE_MS, by_time, coarsely, from_time, read_shapes
from pumpd.journal.shapes import Shapes
from pumpd.journal.tables import samples

PAGE = 5_000
_OK = QUALITIES.index(Quality.OK)
_WIDTH = MILLI_I32 | MILLI_I64


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
    await read_frames(connection, bed, scanner)
    return [one for signal in signals if (one := scanner.result(signal)) is not None]


async def read_frames(connection: AsyncConnection, bed: int, reader: FrameReader) -> None:
    """Give the reader all packed rows of its span."""
    async for rows in read_pages(connection, bed, reader.from_ms, reader.until_ms):
        for began_ms, _, body in rows:
            reader.take(began_ms, body)
    reader.flush()


async def read_pages(
    connection: AsyncConnection, bed: int, from_ms: int, until_ms: int
) -> AsyncIterator[Sequence[Row[int, int, bytes]]]:
    """The packed rows that may hold a frame of the span: when each begins, its number, and its body."""
    mine, seen_ms, seen_id, coarse = samples.c, max(0, from_ms - SPAN_MS), 0, coarsely(connection)
    query = select(mine.now_ms, mine.id, mine.body).where(mine.bed == bed, mine.now_ms < until_ms)
    if coarse is not None:
        query = query.where(coarse <= until_ms // COARSE_MS)
    query = query.order_by(*by_time(coarse), mine.now_ms, mine.id).limit(PAGE)
    while True:
        later = (mine.now_ms > seen_ms) | (mine.id > seen_id)
        rows = (await connection.execute(query.where(*from_time(coarse, seen_ms), mine.now_ms >= seen_ms, later))).all()
        yield rows
        if len(rows) < PAGE:
            return
        seen_ms, seen_id = rows[-1].now_ms, rows[-1].id


@dataclass(slots=True)
class Form:
    """How frames of one shape of a device are packed, and those that were gathered: their numbers and times.

    places: where the wanted signals stand among the numbers. nothing: the number that stands for no value.
    """

    device: str
    places: dict[str, int]
    layout: struct.Struct
    count: int
    unit: int
    nothing: int
    rows: list[tuple[int, ...]]
    times: list[int]


class FrameReader:
    """Frames of one shape in one part of the span are gathered and looked at together: columns, not single numbers.

    Subclasses say what is done with them (`looked`), and may look at every frame (`heard`).
    """

    qualities: frozenset[int] = frozenset({_OK})
    """Codes of the qualities whose values count."""

    def __init__(self, shapes: Shapes, signals: frozenset[str], from_ms: int, until_ms: int, parts: int) -> None:
        self.from_ms, self.until_ms, self.parts = from_ms, until_ms, parts
        self.begin_ms = from_ms  # a later one leaves out what came before it
        self.end_ms = until_ms  # an earlier one what comes from then on
        self._shapes, self._signals = shapes, signals
        self._forms: dict[tuple[int, int], Form] = {}
        self._part, self._part_ends_ms = -1, from_ms

    def looked(self, form: Form, columns: tuple[tuple[int, ...], ...], part: int) -> None:
        """The gathered frames of one form in one part: a column for each number, times in form.times."""

    def heard(self, form: Form, numbers: tuple[int, ...], now_ms: int) -> None:
        """One frame within the span."""

    def take(self, now_ms: int, body: bytes) -> None:
        """One packed row that begins at now_ms."""
        at, end = 0, len(body)
        while at < end:
            tag = body[at]
            if tag & WIDE:
                _, _, now_ms = ABSOLUTE.unpack_from(body, at)
                at += ABSOLUTE.size
            else:
                now_ms += body[at + 2] | body[at + 3] << 8  # NARROW: tag, steps later, milliseconds later
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
        form = self._forms.get((shape, flags & _WIDTH)) or self._look_up(shape, flags & _WIDTH)
        at += HEAD_VITALS.size
        if self.begin_ms <= now_ms < self.end_ms:
            if now_ms >= self._part_ends_ms:
                self._next_part(now_ms)
            numbers = form.layout.unpack_from(body, at)
            if flags & HAS_QUALITIES:
                codes = body[at + form.layout.size : at + form.layout.size + len(numbers)]
                numbers = self._believed(numbers, codes, form.nothing)
            self.heard(form, numbers, now_ms)
            form.rows.append(numbers)
            form.times.append(now_ms)
        at += form.layout.size + (form.count if flags & HAS_QUALITIES else 0)
        if flags & HAS_SECONDS:
            return at + 4
        return at + 2 + U16.unpack_from(body, at)[0] if flags & HAS_TIME_TEXT else at

    def _believed(self, numbers: tuple[int, ...], codes: bytes, nothing: int) -> tuple[int, ...]:
        good = self.qualities
        return tuple([n if code in good else nothing for n, code in zip(numbers, codes, strict=True)])

    def _next_part(self, now_ms: int) -> None:
        self.flush()
        span_ms = self.until_ms - self.from_ms
        self._part = (now_ms - self.from_ms) * self.parts // span_ms
        self._part_ends_ms = self.from_ms - (-(self._part + 1) * span_ms // self.parts)

    def _look_up(self, shape: int, width: int) -> Form:
        _, device, _, *names = self._shapes.texts(shape)
        code, unit, nothing = WIDTHS[width]
        places = {str(name): place for place, name in enumerate(names) if name in self._signals}
        form = Form(str(device), places, struct.Struct(f"<{len(names)}{code}"), len(names), unit, nothing, [], [])
        self._forms[shape, width] = form
        return form

    def flush(self) -> None:
        """Look at what was gathered of the present part."""
        for form in self._forms.values():
            if form.rows:
                self.looked(form, tuple(zip(*form.rows, strict=True)), self._part)
                form.rows.clear()
                form.times.clear()


class _Scanner(FrameReader):
    """Lowest and highest of each signal."""

    def __init__(self, shapes: Shapes, signals: frozenset[str], from_ms: int, until_ms: int, parts: int) -> None:
        super().__init__(shapes, signals, from_ms, until_ms, parts)
        self._lines: dict[tuple[str, str], _Line] = {}

    def looked(self, form: Form, columns: tuple[tuple[int, ...], ...], part: int) -> None:
        for name, place in form.places.items():
            line = self._lines.get((form.device, name))
            if line is None:
                line = self._lines[form.device, name] = _Line(self.parts)
            _note(line, columns[place], form, part)

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


def _note(line: _Line, column: tuple[int, ...], form: Form, part: int) -> None:
    """One signal's numbers of one part."""
    known = [number for number in column if number != form.nothing] if form.nothing in column else column
    if not known:
        return
    low, high = min(known), max(known)
    line.count += len(known)
    if low * form.unit < line.low:
        line.low, line.at_low = low * form.unit, form.times[column.index(low)]
    if high * form.unit > line.high:
        line.high, line.at_high = high * form.unit, form.times[column.index(high)]
    line.lows[part] = _least((line.lows[part], low * form.unit))
    line.highs[part] = _most((line.highs[part], high * form.unit))


@cache
def _pump_size(flags: int) -> int:
    """Of a status with these numbers in it, without its texts."""
    return HEAD_PUMP.size + sum(form.size for flag, form in NUMBER_FORMS if flags & flag)


def _after_pump(body: bytes, at: int) -> int:
    """Where a pump's status ends."""
    flags: int = HEAD_PUMP.unpack_from(body, at)[1]
    at += _pump_size(flags)
    return at + 1 + body[at] if flags & HAS_PRESSURE else at


def _least(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _most(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)
