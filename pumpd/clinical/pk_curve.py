"""What was given to one patient over time, and the band of concentrations that the models make of it. Pure; floats.

Times are kernel times in milliseconds; rates are milligrams per hour of all pumps together.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import TypeVar

from pumpd.clinical.pk import PkState, absorbing, added, advance, bolus, empty, plasma_ng_ml
from pumpd.clinical.pk_models import Disposition, PkModel, disposition

T = TypeVar("T")
Sliced = Generator[None, None, T]
"""Work that takes longer than a stop may wait: whoever runs it may do something else at each yield."""
MS_PER_H = 3_600_000
AT_ONCE = 50
"""Inputs or samples that are taken between two yields; less than 1 ms."""
Band = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rate:
    """From at_ms on, this much flows into the vein."""

    at_ms: int
    mg_h: float


@dataclass(frozen=True, slots=True)
class Dose:
    """mg: what of the dose reaches the blood. ka_per_h None: at once (into the vein)."""

    at_ms: int
    mg: float
    ka_per_h: float | None = None


Input = Rate | Dose


@dataclass(frozen=True, slots=True)
class Course:
    """One model's state at at_ms, with rate_mg_h flowing from then on."""

    disposition: Disposition
    state: PkState
    at_ms: int
    rate_mg_h: float = 0.0


def begun(model: PkModel, weight_kg: float, at_ms: int) -> Course:
    """Nothing was given before at_ms."""
    solved = disposition(model, weight_kg)
    return Course(solved, empty(solved), at_ms)


def at(course: Course, now_ms: int) -> Course:
    """The course at now_ms (a time that has passed already leaves it as it is)."""
    if now_ms <= course.at_ms:
        return course
    state = advance(course.disposition, course.state, course.rate_mg_h, (now_ms - course.at_ms) / MS_PER_H)
    return Course(course.disposition, state, now_ms, course.rate_mg_h)


def take(course: Course, given: Input) -> Course:
    """The course with a flow or a dose; one that comes late counts as if it came in time only if it is a Dose."""
    course = at(course, given.at_ms)
    if isinstance(given, Rate):
        return Course(course.disposition, course.state, course.at_ms, given.mg_h)
    mine = Course(course.disposition, _dosed(course.disposition, given), given.at_ms)
    return Course(course.disposition, added(course.state, at(mine, course.at_ms).state), course.at_ms, course.rate_mg_h)


def _dosed(solved: Disposition, dose: Dose) -> PkState:
    if dose.ka_per_h is None:
        return bolus(solved, empty(solved), dose.mg)
    return absorbing(empty(solved), dose.mg, dose.ka_per_h)


def taken(course: Course, inputs: Iterable[Input]) -> Course:
    """All of them, in the order of their times."""
    for given in sorted(inputs, key=lambda one: one.at_ms):
        course = take(course, given)
    return course


def sampled(course: Course, inputs: Sequence[Input], times_ms: Sequence[int]) -> list[float]:
    """ng/mL at each of times_ms (ascending, none before the course's own time), with these inputs on the way."""
    return at_once(sampling(course, inputs, times_ms))


def sampling(course: Course, inputs: Sequence[Input], times_ms: Sequence[int]) -> Sliced[list[float]]:
    """As `sampled`, in slices."""
    asked = ((time_ms, None) for time_ms in times_ms)
    given = ((one.at_ms, one) for one in sorted(inputs, key=lambda one: one.at_ms))
    found: list[float] = []
    for number, (time_ms, one) in enumerate(merge(given, asked, key=lambda pair: pair[0]), 1):
        if number % AT_ONCE == 0:
            yield
        course = at(course, time_ms) if one is None else take(course, one)
        if one is None:
            found.append(plasma_ng_ml(course.state))
    return found


def band(values: Iterable[float]) -> Band:
    """(lowest, highest) over the models; at least one."""
    all_of_them = tuple(values)
    return min(all_of_them), max(all_of_them)


def bands(curves: Sequence[Sequence[float]]) -> list[Band]:
    """The band at each point of curves that have the same times, one curve a model."""
    return [band(values) for values in zip(*curves, strict=True)]


def predicted(
    models: Sequence[PkModel], weight_kg: float, inputs: Sequence[Input], times_ms: Sequence[int]
) -> list[Band]:
    """The band at each of times_ms (ascending) over all models: for a report of what is over. ng/mL."""
    first_ms = min([*times_ms[:1], *(one.at_ms for one in inputs)], default=0)
    return bands([sampled(begun(model, weight_kg, first_ms), inputs, times_ms) for model in models])


def at_once(work: Sliced[T]) -> T:
    """The result, where nothing waits."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: T = done.value
            return result
