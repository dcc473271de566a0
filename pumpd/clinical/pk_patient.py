"""The models' states of one patient, kept up to the newest flow, and what they say of now and of the hours ahead. Pure.

What takes long comes in slices (pk_curve.Sliced); the result is what the generator returns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pumpd.clinical.chart import Chart
from pumpd.clinical.pk import advance, ahead, plasma_ng_ml
from pumpd.clinical.pk_chart import Absorptions, by_hand, inputs, more_rates
from pumpd.clinical.pk_curve import (
    AT_ONCE,
    MS_PER_H,
    Band,
    Course,
    Rate,
    Sliced,
    at,
    band,
    bands,
    begun,
    sampling,
    take,
    taken,
)
from pumpd.clinical.pk_models import Pharmacokinetics

POINTS_MOST = 288
"""Of one curve, in either direction of time: a curve of more hours has longer steps."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The band over the models (ng/mL) at at_ms; soon: later, with the present rates going on, and with all stopped."""

    at_ms: int
    now: Band
    soon: Band
    soon_stopped: Band


@dataclass(frozen=True, slots=True)
class Ahead:
    """Bands at times (ms): past, what led to now; on and stopped start with now and have the times of `future`."""

    past_ms: tuple[int, ...]
    past: tuple[Band, ...]
    future_ms: tuple[int, ...]
    on: tuple[Band, ...]
    stopped: tuple[Band, ...]


class Prediction:
    """For one patient of one weight; a new one for another. The chart it is asked about may only have grown."""

    def __init__(self, pk: Pharmacokinetics, weight_g: int) -> None:
        self.weight_g = weight_g
        self._pk = pk
        self._courses = [begun(model, weight_g / 1000, 0) for model in pk.models]
        self._last: dict[str, float] = {}
        self._flows = 0

    def follow(self, chart: Chart) -> Sliced[None]:
        """Take what has flowed since the last time."""
        flows = chart.flows[self._flows :]
        self._flows = len(chart.flows)
        rates = more_rates(flows, self._pk.drugs, self._last, chart.since_ms)
        for start in range(0, len(rates), AT_ONCE):
            part = rates[start : start + AT_ONCE]
            for number, course in enumerate(self._courses):
                self._courses[number] = _followed(course, part)
                yield

    def outlook(self, chart: Chart, absorptions: Absorptions, now_ms: int) -> Sliced[Outlook]:
        """Now and soon; after `follow`."""
        soon_h = self._pk.soon_ms / MS_PER_H
        now, soon, stopped = [], [], []
        for course in self._present(chart, absorptions, now_ms):
            solved, state, rate = course.disposition, course.state, course.rate_mg_h
            now.append(plasma_ng_ml(state))
            soon.append(plasma_ng_ml(advance(solved, state, rate, soon_h)))
            stopped.append(plasma_ng_ml(advance(solved, state, 0.0, soon_h)))
            yield
        return Outlook(now_ms, band(now), band(soon), band(stopped))

    def ahead(self, chart: Chart, absorptions: Absorptions, now_ms: int, span_ms: int) -> Sliced[Ahead]:
        """The curve for span_ms from now, and as far back where something was given; after `follow`."""
        step_ms = max(self._pk.step_ms, -(-span_ms // POINTS_MOST))
        given = inputs(chart, absorptions, self._pk.drugs)
        yield
        past_ms = _before(now_ms, step_ms, span_ms, min((one.at_ms for one in given), default=now_ms))
        count = span_ms // step_ms + 1
        past, on, stopped = [], [], []
        for model, course in zip(self._pk.models, self._present(chart, absorptions, now_ms), strict=True):
            first_ms = min([now_ms, *past_ms[:1], *(one.at_ms for one in given)])
            past.append((yield from sampling(begun(model, self.weight_g / 1000, first_ms), given, past_ms)))
            yield
            on.append(ahead(course.disposition, course.state, course.rate_mg_h, step_ms / MS_PER_H, count))
            yield
            stopped.append(ahead(course.disposition, course.state, 0.0, step_ms / MS_PER_H, count))
            yield
        future_ms = tuple(now_ms + number * step_ms for number in range(count))
        found = []
        for curves in (past, on, stopped):
            found.append(tuple(bands(curves)))
            yield
        return Ahead(past_ms, found[0], future_ms, found[1], found[2])

    def _present(self, chart: Chart, absorptions: Absorptions, now_ms: int) -> Iterator[Course]:
        """Each model's course at now_ms, with the doses by hand."""
        doses = [dose for dose in by_hand(chart, absorptions) if dose.at_ms <= now_ms]
        for course in self._courses:
            yield taken(at(course, now_ms), doses)


def _followed(course: Course, rates: Sequence[Rate]) -> Course:
    for rate in rates:
        course = take(course, rate)
    return course


def _before(now_ms: int, step_ms: int, span_ms: int, first_ms: int) -> tuple[int, ...]:
    """Times before now, ascending: whole steps back, no further than span_ms and the first that was given."""
    count = min(span_ms, max(0, now_ms - first_ms)) // step_ms
    return tuple(now_ms - number * step_ms for number in range(count, 0, -1))
