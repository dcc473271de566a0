"""One number of a report, with where it comes from, and one at a moment. Pure."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct


class Figure(Struct, frozen=True):
    """One number. text: as people read it, with its unit. origin: where it comes from, in words.

    refs: the same for programs: "entry ID", "event ROW", "decision N", "policy SHA", "readings DEVICE". value None: not
    known, text says why.
    """

    value: Decimal | None
    unit: str
    text: str
    origin: str
    refs: tuple[str, ...] = ()


class Point(Struct, frozen=True):
    """A value at a moment."""

    at: datetime
    figure: Figure
