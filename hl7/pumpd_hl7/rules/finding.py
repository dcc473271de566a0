"""One finding of the checker, and what the rules share. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from pumpd.gateways import Finding
from pumpd_hl7.message import Message, Segment
from pumpd_hl7.times import parse_time

Findings = Iterator[Finding]
NULL = '""'


class Place:
    """A segment and its number among those of its name; makes findings about its fields."""

    __slots__ = ("segment", "sequence")

    def __init__(self, segment: Segment, sequence: int) -> None:
        self.segment, self.sequence = segment, sequence

    def error(self, field: int, rule: str, text: str) -> Finding:
        """Against the standard or the profile: a receiver may refuse it."""
        return Finding(self.segment.name, self.sequence, field, rule, text, "error")

    def warning(self, field: int, rule: str, text: str) -> Finding:
        """Allowed or common, and something that receivers stumble over."""
        return Finding(self.segment.name, self.sequence, field, rule, text, "warning")

    def has(self, field: int) -> bool:
        """Neither empty nor HL7's explicit null."""
        return self.segment.raw(field) not in ("", NULL)


def places(message: Message, name: str) -> list[Place]:
    return [Place(segment, number) for number, segment in zip(count(1), message.all(name), strict=False)]


def missing(message: Message, name: str, why: str) -> Findings:
    """A segment that must be there."""
    if message.first(name) is None:
        yield Finding(name, 1, 0, "required", f"there is no {name}: {why}", "error")


def required(place: Place, fields: dict[int, str]) -> Findings:
    """Fields by number with what they are."""
    for field, what in fields.items():
        if not place.has(field):
            yield place.error(field, "required", f"{what} is missing")


def one_of(place: Place, field: int, allowed: frozenset[str], what: str) -> Findings:
    """Every repetition of a coded field, where it has any."""
    for number in range(1, len(place.segment.repetitions(field)) + 1):
        value = place.segment.get(field, 1, number)
        if value not in allowed:
            yield place.error(field, "table", f"{value[:40]!r} is no {what}: {' '.join(sorted(allowed))}")


def time_of(place: Place, field: int, *, exact: bool = True) -> Findings:
    """A time with its offset from UTC and, where exact, to the second; nothing is said of an empty field."""
    text = place.segment.get(field)
    if not place.has(field):
        return
    moment = parse_time(text)
    if moment is None:
        yield place.error(field, "time", f"{text[:40]!r} is no time (YYYYMMDDHHMMSS+ZZZZ)")
    elif exact and len(text.split("+")[0].split("-")[0]) < 14:
        yield place.error(field, "time.precision", f"{text!r} is not given to the second")
    elif exact and not moment.zoned:
        yield place.error(field, "time.zone", f"{text!r} does not say its offset from UTC")
