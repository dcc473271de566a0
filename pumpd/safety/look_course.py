"""What a screen may show of a patient's course (CourseView). Pure."""

from __future__ import annotations

from pumpd.safety import schedule, titration
from pumpd.safety.caps import caps_view
from pumpd.safety.course_state import Infusion
from pumpd.safety.decisions import InfusionPhase
from pumpd.safety.given import infusion_given, is_tracked, untold
from pumpd.safety.infusions import newly_planned
from pumpd.safety.state import Draft
from pumpd.safety.view import CourseView, InfusionView
from pumpd.units import MS_PER_H

MS_PER_DAY = 24 * MS_PER_H


def course_view(d: Draft) -> CourseView | None:
    """The course, its infusions and caps; None at a bed whose doses are not accounted for."""
    if not is_tracked(d.policy):
        return None
    course, protocol = d.course, d.policy.protocol
    opened_ms = course.opened_ms
    return CourseView(
        id=course.id,
        opened_ms=opened_ms,
        day=None if opened_ms is None else (d.now - opened_ms) // MS_PER_DAY + 1,
        max_infusions=0 if protocol is None else protocol.max_infusions,
        infusions=infusion_views(d),
        caps=caps_view(d),
        nrs_due_ms=None if protocol is None else schedule.nrs_due_ms(d, protocol),
        observe_due_ms=None if protocol is None else schedule.observe_due_ms(d, protocol),
        missing=tuple(course.missing.values()),
        set_aside=tuple((one.rule, one.by) for one in course.set_aside),
        next_rise_ms=None if protocol is None else titration.next_rise_ms(d, protocol),
    )


def infusion_views(d: Draft) -> tuple[InfusionView, ...]:
    """Oldest first; the planned one last, as number 0."""
    begun = tuple(infusion_view(d, infusion) for infusion in d.given.infusions)
    if not newly_planned(d):
        return begun
    return (*begun, InfusionView(0, InfusionPhase.PLANNED, (), None, None, None, None, ""))


def infusion_view(d: Draft, infusion: Infusion) -> InfusionView:
    """low_ng, high_ng None: what flows has no known mass."""
    known = infusion.ended_ms is not None or not untold(d)
    low, high = infusion_given(d, infusion) if known else (None, None)
    return InfusionView(
        infusion.number,
        infusion.phase,
        infusion.pumps,
        infusion.started_ms,
        infusion.ended_ms,
        low,
        high,
        infusion.why,
    )
