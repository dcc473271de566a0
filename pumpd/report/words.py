"""Numbers and times of a report as people read them. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pumpd.units import MS_PER_H, MS_PER_MIN, MS_PER_S, exact, plain

NG_PER_MG = 1_000_000
UG_PER_MG = 1000


def zone_of(name: str) -> tzinfo:
    """The ward's time zone; UTC where it is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return timezone(timedelta(0), "UTC")


def when(at: datetime, zone: tzinfo) -> str:
    """ "2026-01-12 10:05"."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def when_exactly(at: datetime, zone: tzinfo) -> str:
    """ "2026-01-12 10:05:30"."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def mg_of_ng(ng: int) -> Decimal:
    """Milligrams to four decimals: 0.0001 mg is far below what a pump can deliver."""
    return (Decimal(ng) / NG_PER_MG).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def mg(value: Decimal) -> str:
    """ "35 mg", "0.25 mg": at most two decimals, of small amounts four."""
    places = Decimal("0.01") if abs(value) >= 1 else Decimal("0.0001")
    return f"{plain(value.quantize(places, ROUND_HALF_UP))} mg"


def mg_kg_h(ug_kg_h: int) -> Decimal:
    """A limit of a policy in mg/kg/h."""
    return exact(ug_kg_h, UG_PER_MG)


def mg_kg(ug_kg: int) -> Decimal:
    return exact(ug_kg, UG_PER_MG)


def share(part: Decimal, whole: Decimal) -> Decimal:
    """Per cent, to one decimal, rounded down: 100 is never said of less."""
    return (part * 100 / whole).quantize(Decimal("0.1"), ROUND_DOWN) if whole else Decimal(0)


def lasted(ms: int) -> str:
    """ "under 1 s", "45 s", "5 min 10 s", "2 h 5 min", "3 d 4 h": the two largest units."""
    days, rest = divmod(max(0, ms), 24 * MS_PER_H)
    hours, rest = divmod(rest, MS_PER_H)
    minutes, rest = divmod(rest, MS_PER_MIN)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (rest // MS_PER_S, "s"))
    first = next((place for place, (count, _) in enumerate(units) if count), len(units) - 1)
    return " ".join(f"{count} {name}" for count, name in units[first : first + 2] if count) or "under 1 s"


def spaced(word: str) -> str:
    """ "stopped by cap" of "stopped_by_cap"."""
    return word.replace("_", " ")
