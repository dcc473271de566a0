"""Is what an ADT message says older than what is known by now of its beds and its patient? Pure.

After an outage messages are sent again. One that was recorded before the present patient was bound, moved or released
must neither displace nor release anybody. What one system says is compared by that system's own clock, exactly; what
another system or a person at the bed said, by two clocks that may differ. Equal times are not older.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pumpd.safety.told_events import Word
from pumpd.safety.told_state import Placed
from pumpd_hl7.message import Message
from pumpd_hl7.times import parse_time, time_text

MINUTE_US = 60_000_000
_TO_SECONDS, _TO_MINUTES = 14, 12  # digits of a time to the second, and to the minute


@dataclass(frozen=True, slots=True)
class Recorded:
    """When the other system recorded it, as (earliest, latest): a time to the minute may be any second of it."""

    first_us: int
    last_us: int


def recorded(message: Message, offset_min: int = 0) -> Recorded | None:
    """EVN-2, else MSH-7; None where neither is a time to the minute."""
    evn = message.first("EVN")
    for text in ("" if evn is None else evn.get(2), message.get("MSH", 7)):
        digits = len(text.partition("+")[0].partition("-")[0].partition(".")[0])
        moment = parse_time(text, offset_min) if digits >= _TO_MINUTES else None
        if moment is not None:
            return Recorded(moment.us, moment.us + (0 if digits >= _TO_SECONDS else MINUTE_US - 1))
    return None


def ahead_us(said: Recorded | None, now_us: int, clock_us: int) -> int:
    """By how much it lies in the future, where clocks do not explain it; else 0."""
    ahead = 0 if said is None else said.first_us - now_us
    return ahead if ahead > clock_us else 0


@dataclass(frozen=True, slots=True)
class History:
    """What each bed knows of who was where, and how kernel times are told as microseconds since 1970."""

    placed: Mapping[str, Sequence[Placed]]
    wall_us: Callable[[int], int]
    clock_us: int

    def left_by(self, message: str) -> dict[str, Placed]:
        """By bed who left by this very message, which may not have been carried out to its end."""
        found = {}
        for bed, placed in self.placed.items():
            for one in placed:
                if one.left is not None and one.message == message:
                    found[bed] = one
        return found

    def is_older(self, word: Word, said: Recorded, mrn: str, beds: Iterable[str]) -> bool:
        """Than the last word on this patient anywhere, or on one of these beds."""
        asked = set(beds)
        known = (one for bed, placed in self.placed.items() for one in placed if bed in asked or one.mrn == mrn)
        return any(self._before(said, word, one) for one in known if one.message != word.id)

    def _before(self, said: Recorded, word: Word, known: Placed) -> bool:
        if known.source == word.source and known.said_us is not None:
            return said.last_us < known.said_us
        then_us = self.wall_us(known.at_ms) if known.said_us is None else known.said_us
        return said.last_us < then_us - self.clock_us


def time_words(us: int) -> str:
    """ "2026-01-15 10:15 UTC"."""
    text = time_text(us)
    return f"{text[:4]}-{text[4:6]}-{text[6:8]} {text[8:10]}:{text[10:12]} UTC"
