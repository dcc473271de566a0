"""The chart of one patient: what people noted and what flowed, folded from what was accepted. Values only. Pure.

How to feed it. Nothing is typed in here and nothing is decided: `pumpd.safety.chart_feed.feed` turns one kernel step
(event, now, decisions) into the next chart, from the journal as well as at the live bed, in the order of the steps.
Who has other sources calls `noted`, `flowed`, `infused` and `opened` directly, oldest first. The readings are in
`pumpd.clinical.chart_views` (pain, side effects, co-medication), `chart_opioids` (MME) and `outcomes`.

Nothing is lost: a correction keeps the entry that it replaces, marked with `corrected_by`; `valid` leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from pumpd.clinical.entries import AnyEntry, Entry


class Noted(Struct, frozen=True):
    """An accepted entry. at_ms: when it happened; noted_ms: when it was written; seq: its row in the journal.

    corrects, reason: the entry that this one replaces, and why. corrected_by: the entry that replaced this one.
    """

    id: str
    entry: AnyEntry
    by: str
    at_ms: int
    noted_ms: int
    corrects: str | None = None
    corrected_by: str | None = None
    reason: str = ""
    seq: int = 0


class Flow(Struct, frozen=True):
    """What a pump does from at_ms on, and what it has given to this patient until then (at least, at most), from 0.

    infusing, rate_ul_h: None where unknown. low_ng, high_ng: None where mass cannot be told. infusion: of the course.
    """

    at_ms: int
    pump: str
    drug: str | None
    infusing: bool | None
    rate_ul_h: int | None
    conc_ug_ml: int | None
    low_ng: int | None
    high_ng: int | None
    infusion: int = 0


class InfusionRow(Struct, frozen=True):
    """An infusion of the course came into this phase; low_ng, high_ng: given in it so far."""

    at_ms: int
    course: str
    number: int
    phase: str
    pump: str
    low_ng: int
    high_ng: int
    why: str = ""


class CourseRow(Struct, frozen=True):
    """A course was opened, or is over."""

    at_ms: int
    course: str
    open: bool
    by: str
    why: str = ""


class SedationRow(Struct, frozen=True):
    """Sedation and oxygen as a named person found them; None: not looked at then. asleep: POSS S."""

    at_ms: int
    by: str
    poss: int | None = None
    asleep: bool = False
    rass: int | None = None
    oxygen: bool | None = None


class Weight(Struct, frozen=True):
    """The weight that doses are judged by from at_ms on; None: not known."""

    at_ms: int
    weight_g: int | None


class Chart(Struct, frozen=True):
    """One patient in one bed. since_ms: from when on everything that was noted is in here (None: nobody is bound).

    notes: in the order in which they were written; the other rows in the order of time.
    """

    mrn: str = ""
    since_ms: int | None = None
    notes: tuple[Noted, ...] = ()
    flows: tuple[Flow, ...] = ()
    infusions: tuple[InfusionRow, ...] = ()
    courses: tuple[CourseRow, ...] = ()
    sedation: tuple[SedationRow, ...] = ()
    weights: tuple[Weight, ...] = ()


E = TypeVar("E", bound=Entry)


def noted(chart: Chart, new: Noted) -> Chart:
    """With one more entry; what it corrects (its last correction, where there is one) is marked and stays.

    Raises ValueError for an id that is in the chart already.
    """
    if any(old.id == new.id for old in chart.notes):
        raise ValueError(f"the chart has an entry {new.id} already")
    target = None if new.corrects is None else newest_id(chart, new.corrects)
    marked = (replace(old, corrected_by=new.id) if old.id == target else old for old in chart.notes)
    return replace(chart, notes=(*marked, new))


def flowed(chart: Chart, row: Flow) -> Chart:
    """With one more row of what flows."""
    return replace(chart, flows=(*chart.flows, row))


def infused(chart: Chart, row: InfusionRow) -> Chart:
    """With one more phase of an infusion."""
    return replace(chart, infusions=(*chart.infusions, row))


def opened(chart: Chart, row: CourseRow) -> Chart:
    """With a course that was opened, or that is over."""
    return replace(chart, courses=(*chart.courses, row))


def valid(chart: Chart, kind: type[E]) -> Iterator[tuple[Noted, E]]:
    """Entries of this kind that no correction replaced, by the time at which they happened, then as written."""
    for note in sorted(chart.notes, key=lambda note: note.at_ms):
        if note.corrected_by is None and isinstance(note.entry, kind):
            yield note, note.entry


def newest_id(chart: Chart, entry_id: str) -> str:
    """The id under which an entry stands now: its last correction's, or its own."""
    replaced = {note.id: note.corrected_by for note in chart.notes}
    here = entry_id
    while (later := replaced.get(here)) is not None:
        here = later
    return here


def weight_at(chart: Chart, at_ms: int) -> int | None:
    """The weight in grams that doses were judged by at that time; None: not known."""
    return _last([row.weight_g for row in chart.weights if row.at_ms <= at_ms])


def _last(values: Iterable[int | None]) -> int | None:
    found = list(values)
    return found[-1] if found else None
