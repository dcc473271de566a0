"""A course as screens read it: from the kernel's view to the public JSON shapes. Pure.

What flows changes at every poll. `calm` keeps what can be seen of it, so that a screen is sent a course only when
something that it shows has changed.
"""

from __future__ import annotations

from dataclasses import replace

from pumpd.live.amounts import NG_PER_CMG, mass, mass_text, outward, percent
from pumpd.live.fields_course import (
    CapShape,
    CourseShape,
    InfusionShape,
    LimitShape,
    PumpCapShape,
    SetAsideShape,
    TimeToCapShape,
)
from pumpd.live.stamp import Stamp
from pumpd.safety.view import BedView, CapView, CourseView, InfusionView, PumpView

REACHED_STEP_MS = 10_000
NRS_OVERDUE, OBSERVATION_OVERDUE = "nrs_overdue", "observation_overdue"  # conditions of the kernel's advisories
OVERDUE = frozenset({NRS_OVERDUE, OBSERVATION_OVERDUE})


def calm(view: CourseView | None) -> CourseView | None:
    """The course with doses in hundredths of a milligram, outward, and times to a cap in steps, the sooner one."""
    if view is None:
        return None
    caps = tuple(_calm_cap(cap) for cap in view.caps)
    return replace(view, caps=caps, infusions=tuple(_calm_infusion(one) for one in view.infusions))


def calm_caps(view: BedView) -> tuple[CapView, ...]:
    """The caps that bind at the bed, calmed."""
    return () if view.course is None else tuple(_calm_cap(cap) for cap in view.course.caps)


def _calm_cap(cap: CapView) -> CapView:
    low, high = _hundredths(cap.low_ng, cap.high_ng)
    reached = None if cap.reached_ms is None else cap.reached_ms - cap.reached_ms % REACHED_STEP_MS
    return replace(cap, low_ng=low, high_ng=high, reached_ms=reached)


def _calm_infusion(one: InfusionView) -> InfusionView:
    if one.low_ng is None or one.high_ng is None:
        return one
    low, high = _hundredths(one.low_ng, one.high_ng)
    return replace(one, low_ng=low, high_ng=high)


def _hundredths(low_ng: int, high_ng: int) -> tuple[int, int]:
    low, high = outward(low_ng, high_ng, NG_PER_CMG)
    return low * NG_PER_CMG, high * NG_PER_CMG


def overdue(view: BedView) -> frozenset[str]:
    """What is past its grace: the kernel's own alarms say so."""
    return frozenset(alarm.condition for alarm in view.alarms if alarm.condition in OVERDUE and alarm.present)


def course_part(view: BedView) -> tuple[CourseView | None, frozenset[str]]:
    """What of the view a screen sees of the course."""
    return calm(view.course), overdue(view)


def course_shape(view: BedView, stamp: Stamp) -> CourseShape | None:
    """None where no courses are kept at this bed."""
    seen, late = course_part(view)
    if seen is None:
        return None
    return CourseShape(
        id=seen.id,
        opened=stamp.maybe(seen.opened_ms),
        day=seen.day,
        max_infusions=seen.max_infusions,
        infusions=[_infusion(one, stamp) for one in seen.infusions],
        caps=[cap_shape(cap, stamp) for cap in seen.caps],
        nrs_due=stamp.maybe(seen.nrs_due_ms),
        nrs_overdue=NRS_OVERDUE in late,
        observe_due=stamp.maybe(seen.observe_due_ms),
        observe_overdue=OBSERVATION_OVERDUE in late,
        missing=seen.missing,
        set_aside=[SetAsideShape(rule, by) for rule, by in seen.set_aside],
        next_rise=stamp.maybe(seen.next_rise_ms),
    )


def _infusion(one: InfusionView, stamp: Stamp) -> InfusionShape:
    known = one.low_ng is not None and one.high_ng is not None
    pair = (one.low_ng or 0, one.high_ng or 0)
    return InfusionShape(
        number=one.number,
        phase=one.phase.value,
        pumps=one.pumps,
        started=stamp.maybe(one.started_ms),
        ended=stamp.maybe(one.ended_ms),
        delivered_mg=mass(*pair) if known else None,
        delivered_text=mass_text(*pair) if known else None,
        why=one.why,
    )


def cap_shape(cap: CapView, stamp: Stamp) -> CapShape:
    """One cap as it stands."""
    return CapShape(
        span=cap.span,
        limit_mg=mass(cap.limit_ng, cap.limit_ng).at_least,
        limit_text=mass_text(*(cap.limit_ng // NG_PER_CMG * NG_PER_CMG,) * 2),
        set_by=cap.set_by,
        delivered_mg=mass(cap.low_ng, cap.high_ng),
        delivered_text=mass_text(cap.low_ng, cap.high_ng),
        percent=percent(cap.low_ng, cap.high_ng, cap.limit_ng),
        reached=stamp.maybe(cap.reached_ms),
    )


def binding(view: BedView, pump: PumpView) -> tuple[CapView, ...]:
    """The patient's caps, where this pump gives what they cap."""
    return calm_caps(view) if pump.governed else ()


def _limit(cap: CapView) -> LimitShape:
    return LimitShape(mass(cap.limit_ng, cap.limit_ng).at_least, cap.set_by, mass(cap.low_ng, cap.high_ng).at_most)


def pump_cap(caps: tuple[CapView, ...]) -> PumpCapShape | None:
    """None where no cap binds."""
    by_span = {cap.span: _limit(cap) for cap in caps}
    return PumpCapShape(*(by_span.get(span) for span in ("infusion", "course", "window"))) if by_span else None


def time_to_cap(caps: tuple[CapView, ...], stamp: Stamp) -> TimeToCapShape | None:
    """The first of them to be reached at the present rates; None where none is."""
    found = [(cap.reached_ms, cap.span) for cap in caps if cap.reached_ms is not None]
    if not found:
        return None
    at_ms, span = min(found)
    return TimeToCapShape(span, stamp.text(at_ms), max(0, at_ms - stamp.now_ms) // 1000)
