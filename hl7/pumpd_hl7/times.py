"""HL7 date-times as microseconds since 1970, by arithmetic: the pure half of the gateway knows no clock. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_FORM = re.compile(
    r"(\d{4})(?:(0[1-9]|1[0-2])(?:(0[1-9]|[12]\d|3[01])(?:([01]\d|2[0-3])(?:([0-5]\d)(?:([0-5]\d)(?:\.(\d{1,6}))?)?)?)?)?)?"
    r"([+-])?((?:0\d|1[0-4])[0-5]\d)?"
)
_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time as a message says it.

    us: microseconds since 1970 UTC; the earliest that the text allows where it is less precise than a second.
    zoned: it said its offset; otherwise us takes `assume_offset_min`. local_unknown: `-0000`, UTC with no local time.
    """

    us: int
    zoned: bool = True
    local_unknown: bool = False
    text: str = ""


@lru_cache(maxsize=512)  # messages of a minute say the same few times again and again
def parse_time(text: str, assume_offset_min: int = 0) -> Moment | None:
    """`YYYY[MM[DD[HH[MM[SS[.S[S..]]]]]]][+/-ZZZZ]`; None for anything else."""
    found = _FORM.fullmatch(text)
    if found is None or (found[8] is None) != (found[9] is None):
        return None
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    if day > days_in(year, month):
        return None
    seconds = days_from_civil(year, month, day) * 86400
    seconds += int(found[4] or 0) * 3600 + int(found[5] or 0) * 60 + int(found[6] or 0)
    us = seconds * _SECOND_US + int((found[7] or "0").ljust(6, "0"))
    offset_min = assume_offset_min
    if found[9] is not None:
        offset_min = (int(found[9][:2]) * 60 + int(found[9][2:])) * (-1 if found[8] == "-" else 1)
    return Moment(us - offset_min * 60 * _SECOND_US, found[9] is not None, text.endswith("-0000"), text)


def time_text(us: int) -> str:
    """`YYYYMMDDHHMMSS[.ffffff]+0000`; fractions only where there are any."""
    seconds, micros = divmod(us, _SECOND_US)
    fraction = f".{micros:06}".rstrip("0") if micros else ""
    return f"{_second_text(seconds)}{fraction}+0000"


@lru_cache(maxsize=64)
def _second_text(seconds: int) -> str:
    days, second = divmod(seconds, 86400)
    year, month, day = civil_from_days(days)
    return f"{year:04}{month:02}{day:02}{second // 3600:02}{second // 60 % 60:02}{second % 60:02}"


def days_in(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 of the proleptic Gregorian calendar."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Year, month and day; the inverse of days_from_civil."""
    era, of_era = divmod(days + 719468, 146097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + (3 if shifted < 10 else -9)
    return year_of_era + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1
