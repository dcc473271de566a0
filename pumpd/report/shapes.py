"""What callers of the report hand in and get back. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct


class Format(StrEnum):
    """How a report is written."""

    HTML = "html"
    CSV = "csv"
    JSON = "json"


MEDIA_TYPES: Mapping[Format, str] = MappingProxyType(
    {
        Format.HTML: "text/html; charset=utf-8",
        Format.CSV: "text/csv; charset=utf-8",
        Format.JSON: "application/json",
    }
)


class CourseLine(Struct, frozen=True):
    """One course of a journal. mrn, name: of its patient. opened, closed: wall time (closed None: it still runs).

    planned: a person opened it; else pumpd did, when a governed pump infused without a course. infusions: begun so far.
    """

    id: str
    bed: str
    mrn: str
    name: str
    opened: datetime
    closed: datetime | None
    by: str
    why: str
    infusions: int
    planned: bool


class ReportError(RuntimeError):
    """The report cannot be made; the message is for the person who asked for it."""


class UnknownCourse(ReportError):
    """The journal has no such course. known: the ids it has, newest first; the message names the nearest."""

    def __init__(self, course: str, known: tuple[str, ...], nearest: str | None) -> None:
        hint = f"; did you mean {nearest}?" if nearest is not None else ""
        super().__init__(f"the journal has no course {course}{hint}")
        self.course, self.known, self.nearest = course, known, nearest
