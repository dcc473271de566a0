"""Minimum, maximum, sum and count of every signal's values in the parts of a span, from the packed frames."""

from __future__ import annotations

import time
from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.journal.packing import QUALITIES
from pumpd.journal.query import read_shapes
from pumpd.journal.scan import Form, FrameReader, read_pages
from pumpd.journal.shapes import Shapes

YIELD_EVERY = 32
"""Rows between two moments in which the event loop's thread may have the interpreter."""


class Sum(Struct):
    """Values in thousandths of the signal's unit, of all monitors of the bed."""

    low_milli: int
    high_milli: int
    sum_milli: int
    count: int

    def add(self, low: int, high: int, total: int, count: int) -> None:
        self.low_milli, self.high_milli = min(self.low_milli, low), max(self.high_milli, high)
        self.sum_milli += total
        self.count += count


Found = dict[tuple[str, int], Sum]
"""By signal and part; nothing where there was no value."""


def merge(found: Found, key: tuple[str, int], low: int, high: int, total: int, count: int) -> None:
    """Add these values to what is there."""
    there = found.get(key)
    if there is None:
        found[key] = Sum(low, high, total, count)
    else:
        there.add(low, high, total, count)


class SumReader(FrameReader):
    """Every value counts that a frame has, whatever its quality: what had to be left out has none."""

    qualities = frozenset(range(len(QUALITIES)))

    def __init__(
        self, shapes: Shapes, signals: Iterable[str], from_ms: int, until_ms: int, parts: int, found: Found
    ) -> None:
        super().__init__(shapes, frozenset(signals), from_ms, until_ms, parts)
        self._found = found

    def looked(self, form: Form, columns: tuple[tuple[int, ...], ...], part: int) -> None:
        unit, nothing = form.unit, form.nothing
        for name, place in form.places.items():
            column = columns[place]
            known = [number for number in column if number != nothing] if nothing in column else column
            if known:
                low, high, total = min(known) * unit, max(known) * unit, sum(known) * unit
                merge(self._found, (name, part), low, high, total, len(known))


async def sums(
    connection: AsyncConnection,
    bed: int,
    signals: Iterable[str],
    span: tuple[int, int, int],
    piece: tuple[int, int],
    found: Found,
) -> None:
    """Add what the frames of the piece (from, until) say to the parts of the span (from, until, parts)."""
    reader = SumReader(await read_shapes(connection), signals, *span, found)
    reader.begin_ms, reader.end_ms = piece
    async for rows in read_pages(connection, bed, *piece):
        for number, (began_ms, _, body) in enumerate(rows, 1):
            reader.take(began_ms, body)
            if number % YIELD_EVERY == 0:
                time.sleep(0)  # noqa: ASYNC251 gives the interpreter to the other thread; there is nothing to wait for
    reader.flush()
