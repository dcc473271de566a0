"""Observations of a monitor as readings: signal, unit by table, exact thousandths, quality. Pure.

What is no value is a reading that says so; what is stale, of an unknown code or in a unit that the table does not hold
is no reading at all, and is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from pumpd.device.facts import Quality, Reading
from pumpd.device.signals import SIGNALS
from pumpd_hl7.observations import Observation
from pumpd_hl7.profiles.amounts import BELIEVED, in_units
from pumpd_hl7.profiles.devices import Fresh, Row

KPA_MMHG = Fraction(10**9, 133_322_387)
"""1 mmHg is 133.322387 Pa (conventional millimetre of mercury)."""
_SCALES: dict[str, dict[str, Fraction]] = {
    "/min": {"/min": Fraction(1)},
    "%": {"%": Fraction(1)},
    "mmHg": {"mm[Hg]": Fraction(1), "kPa": KPA_MMHG},
    "°C": {"Cel": Fraction(1)},
}
_OFF = frozenset(("OFF", "MSK"))


@dataclass(frozen=True, slots=True)
class Dropped:
    """A row that became no value. what: its code as named; why: stale, future, time, unit, digits, twice, or a flag."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One reading with the time of its measurement."""

    reading: Reading
    at_us: int
    exact: bool


def reading_of(row: Row, fresh: Fresh) -> Seen | Dropped | None:
    """The reading of a row; None where its code is of no signal that a bed judges."""
    seen = row.seen
    signal = SIGNALS.get(seen.code.signal)
    if signal is None:
        return None
    why = fresh.why_not(row.at_us, signal.episodic)
    if why or row.at_us is None:
        return Dropped(seen.code.ref, why)
    exact = seen.code.number == signal.code
    if (quality := _quality(seen, fresh.real)) is not None:
        return Seen(Reading(signal.name, None, quality), row.at_us, exact)
    milli = _milli(seen, _SCALES.get(signal.unit, {}))
    if isinstance(milli, str):
        return Dropped(seen.code.ref, milli)
    believed = Quality.QUESTIONABLE if seen.questionable else Quality.OK
    return Seen(Reading(signal.name, milli, believed), row.at_us, exact)


def readings(rows: list[Row], fresh: Fresh) -> tuple[dict[str, Seen], list[Dropped]]:
    """By signal: the latest, the more exact code before a general one; two that contradict each other are no value."""
    found: dict[str, Seen] = {}
    dropped: list[Dropped] = []
    for row in rows:
        one = reading_of(row, fresh)
        if isinstance(one, Dropped):
            dropped.append(one)
        elif one is not None:
            name = one.reading.signal
            found[name] = one if name not in found else _better(found[name], one, dropped)
    return found, dropped


def _better(first: Seen, second: Seen, dropped: list[Dropped]) -> Seen:
    if (first.at_us, first.exact) != (second.at_us, second.exact):
        return max(first, second, key=lambda one: (one.at_us, one.exact))
    if first.reading.value_milli == second.reading.value_milli:
        return first
    dropped.append(Dropped(first.reading.signal, "twice"))
    return Seen(Reading(first.reading.signal, None, Quality.INVALID), first.at_us, first.exact)


def _quality(seen: Observation, real: bool) -> Quality | None:
    """Why there is no value; None where there is one."""
    if seen.missing:
        return Quality.OFF if seen.missing in _OFF else Quality.INVALID
    if seen.number is None or seen.status not in BELIEVED or (real and not seen.is_real):
        return Quality.INVALID
    return None


def _milli(seen: Observation, scales: dict[str, Fraction]) -> int | str:
    """Thousandths of the signal's unit; a converted number is rounded to them. Else what is wrong."""
    assert seen.number is not None
    value = in_units(seen.number * 1000, seen.unit, scales)
    if value is None or seen.unit is None:
        return "unit"
    if value.denominator == 1:
        return int(value)
    return (2 * value + 1).__floor__() // 2 if scales[seen.unit.ucum] != 1 else "digits"
