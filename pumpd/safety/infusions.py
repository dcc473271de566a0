"""Infusions and courses as the pumps' reports tell them; nobody types a phase in. Pure.

An infusion begins when a governed pump goes to infusing while none runs, is paused while every governed pump is known
to stand still, and is over when that has lasted (or the planned dose is given, or a cap has stopped it). A pump that
was lost while it infused may still infuse, so it pauses nothing. Another pump that takes over continues the same one.
An infusion that a cap stopped goes on as the same one until another one is planned; the end of its course does not
change that.
"""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.safety.breathing import last_heard_running
from pumpd.safety.ceiling import is_governed
from pumpd.safety.course_state import Given, Infusion, Mark
from pumpd.safety.decisions import CourseChanged, InfusionChanged, InfusionPhase, InterlockState
from pumpd.safety.dose import to_ng
from pumpd.safety.given import infusion_given, remembered, since, take_mark
from pumpd.safety.interlock import STOPPING
from pumpd.safety.policy import PumpPolicy
from pumpd.safety.state import Draft, PumpState, Report
from pumpd.units import MS_PER_MIN

COMPLETE_PERCENT = 98  # of a planned dose: what roundings may leave of it
STOPPED = STOPPING | {InterlockState.STOP_VERIFIED}
INFUSION = "infusion"  # the cap that holds until another infusion is planned
AUTOMATIC = "an infusion began without a course"
P = InfusionPhase


def running_infusion(d: Draft) -> Infusion | None:
    """The infusion that is not over: running, paused, or being stopped by a cap."""
    last = d.given.infusions[-1] if d.given.infusions else None
    return last if last is not None and last.ended_ms is None else None


def open_course(d: Draft, by: str, planned: bool, mark: Mark | None = None) -> None:
    """Open a course now; none may be open. mark: the totals it begins with (None: the present ones)."""
    number = d.course.number + 1
    name = f"{d.bed}-c{number}"
    mark = take_mark(d) if mark is None else mark
    d.course = replace(d.course, id=name, opened_ms=d.now, by=by, planned=planned, number=number)
    d.given = replace(d.given, infusions=(), course=mark)
    mrn = "" if d.patient is None else d.patient.mrn
    d.out.append(CourseChanged(name, True, mrn, by, "" if planned else AUTOMATIC))


def close_course(d: Draft, by: str, why: str) -> None:
    """The open course is over, and with it an infusion that is not; nothing if none is open."""
    if d.course.id is None:
        return
    current = running_infusion(d)
    if current is not None:
        end(d, current, P.STOPPED_BY_CAP if current.capped else P.ABORTED, why)
    mrn = "" if d.patient is None else d.patient.mrn
    d.out.append(CourseChanged(d.course.id, False, mrn, by, why))
    d.course = replace(d.course, id=None, opened_ms=None, by="", planned=False, plan=None)
    d.given = replace(d.given, infusions=(), course=None, held=held(d))


def patient_leaves(d: Draft, why: str) -> None:
    """Course, infusions, marks and doses by hand were this patient's. Before the pumps' doses are set to nothing."""
    close_course(d, "pumpd", why)
    d.given = Given(flows=d.given.flows, earlier=remembered(d))


def first_patient(d: Draft, by: str) -> None:
    """What was given before anybody was bound may have gone into this patient: at most stays, at least is 0."""
    given = d.given
    d.given = replace(
        given,
        infusions=tuple(replace(i, mark=unproven(i.mark), low_ng=i.low_ng and 0) for i in given.infusions),
        course=None if given.course is None else unproven(given.course),
        marks=tuple(map(unproven, given.marks)),
        gone_low_ng=0,
    )
    if d.course.id is not None and d.patient is not None:
        d.out.append(CourseChanged(d.course.id, True, d.patient.mrn, by, "bound to a patient"))


def unproven(mark: Mark) -> Mark:
    return Mark(mark.at_ms, 0, mark.high_ng)


# --- from the pumps' reports


def before_report(d: Draft, pump: PumpPolicy, p: PumpState, new: Report) -> None:
    """Before a report is counted: what it counts already belongs to the infusion that begins with it."""
    stood = p.report is not None and p.report.infusing is False
    if stood and new.infusing is not False and is_governed(pump) and running_infusion(d) is None:
        d.given = replace(d.given, opening=take_mark(d, exact=pump.device))


def flowing(d: Draft) -> list[PumpPolicy]:
    """Governed pumps that infuse by a live report, or whose report was not understood."""
    return [pump for pump in d.policy.pumps if is_governed(pump) and flows(d.pumps[pump.device])]


def flows(p: PumpState) -> bool:
    return p.live and p.report is not None and p.report.infusing is not False


def all_stand(d: Draft) -> bool:
    return not any(is_governed(pump) and last_heard_running(d.pumps[pump.device]) for pump in d.policy.pumps)


def settle(d: Draft) -> None:
    """Derive what the bed's infusion is doing now."""
    pumps = flowing(d)
    current = running_infusion(d)
    if current is None and pumps:
        begin(d, pumps)
    elif current is not None:
        go_on(d, current, pumps)
    if d.given.opening is not None:
        d.given = replace(d.given, opening=None)


def take_over(d: Draft, mark: Mark) -> None:
    """Accounting begins while pumps run: their infusion began unseen, and all that was given may be of it."""
    pumps = [pump for pump in d.policy.pumps if is_governed(pump) and last_heard_running(d.pumps[pump.device])]
    if pumps:
        begin(d, pumps, mark)


def begin(d: Draft, pumps: list[PumpPolicy], mark: Mark | None = None) -> None:
    """The next infusion, or again the one that a cap has stopped. mark: the totals it begins with."""
    last = d.given.infusions[-1] if d.given.infusions else None
    if last is not None and last.capped is not None and not may_follow(d):
        put(d, reopened(last, pumps))
        tell(d, pumps[0].device, last.why)
        return
    mark = mark or d.given.opening or take_mark(d)
    if d.course.id is None:
        open_course(d, "pumpd", False, mark)
    number = len(d.given.infusions) + 1
    infusion = Infusion(number, P.RUNNING, tuple(pump.device for pump in pumps), d.now, mark)
    why = "" if may_follow(d) else d.given.held
    new = replace(infusion, phase=P.STOPPED_BY_CAP, capped=INFUSION, why=why) if why else with_plan(d, infusion)
    d.given = replace(d.given, infusions=(*d.given.infusions, new), held="")
    tell(d, pumps[0].device, why)


def reopened(last: Infusion, pumps: list[PumpPolicy]) -> Infusion:
    """The cap of one infusion holds until another is planned; that of a course or a window is judged anew."""
    last = replace(last, ended_ms=None, low_ng=None, high_ng=None, paused_ms=None, pumps=joined(last, pumps))
    return last if last.capped == INFUSION else replace(last, capped=None, phase=P.RUNNING, why="")


def go_on(d: Draft, current: Infusion, pumps: list[PumpPolicy]) -> None:
    """Paused, running again, over; other pumps, a plan."""
    new = with_plan(d, current)
    if pumps:
        new = replace(new, pumps=joined(new, pumps)) if joined(new, pumps) != new.pumps else new
        again = new.paused_ms is not None
        if again:
            new = replace(new, paused_ms=None, phase=P.RUNNING, why="")
        put_if(d, current, new)
        if again:
            tell(d, pumps[0].device)
    elif all_stand(d):
        stand_still(d, new)
    else:
        put_if(d, current, new)


def stand_still(d: Draft, current: Infusion) -> None:
    """Every pump stands still: the infusion is paused, or over."""
    if current.capped is not None:
        end(d, replace(current, paused_ms=d.now), P.STOPPED_BY_CAP, current.why)
    elif is_complete(d, current):
        end(d, current, P.COMPLETED, "the planned dose is given")
    elif current.paused_ms is None:
        why = why_stopped(d, current)
        put(d, replace(current, paused_ms=d.now, phase=P.PAUSED, why=why))
        tell(d, current.pumps[-1], why)
    elif d.now - current.paused_ms >= ends_ms(d):
        end_after_pause(d, current)
    else:
        put_if(d, None, current)


def end_after_pause(d: Draft, current: Infusion) -> None:
    stood = f"stood still for {ends_ms(d) // MS_PER_MIN} min"
    if current.why:
        end(d, current, P.ABORTED, current.why)
    elif current.dose_ug_kg is not None:
        end(d, current, P.ABORTED, f"{stood} before the planned dose was given")
    else:
        end(d, current, P.COMPLETED, stood)


def end(d: Draft, current: Infusion, phase: InfusionPhase, why: str) -> None:
    low, high = since(d, current.mark)
    ended_ms = d.now if current.paused_ms is None else current.paused_ms
    put(d, replace(current, phase=phase, ended_ms=ended_ms, low_ng=low, high_ng=high, why=why))
    tell(d, current.pumps[-1], why)


def ends_ms(d: Draft) -> int:
    """How long an infusion may stand still."""
    protocol = d.policy.protocol
    return d.policy.times.infusion_ends_ms if protocol is None else protocol.pause_ends_ms


def why_stopped(d: Draft, current: Infusion) -> str:
    """The interlock's cause, where it stopped a pump of the infusion; else "": somebody pressed stop at the pump."""
    locks = (d.pumps[name].lock for name in current.pumps if name in d.pumps)
    return next((lock.cause or "" for lock in locks if lock.state in STOPPED), "")


def is_complete(d: Draft, infusion: Infusion) -> bool:
    """Is the planned dose given, as far as that can be known?"""
    weight_g = None if d.patient is None else d.patient.weight_g
    if infusion.dose_ug_kg is None or weight_g is None:
        return False
    low, high = infusion_given(d, infusion)
    planned = infusion.dose_ug_kg * weight_g * COMPLETE_PERCENT
    return (low + unseen_ng(d, infusion)) * 100 >= planned and high * 100 >= planned


def unseen_ng(d: Draft, infusion: Infusion) -> int:
    """What `at least` cannot hold of a dose that is given: of each pump a counter step at every mark, and the last."""
    marks = 1 + sum(mark.at_ms >= infusion.started_ms for mark in d.given.marks)
    doses = [d.pumps[name].dose for name in infusion.pumps if name in d.pumps]
    return marks * sum(to_ng(dose.step_nl, dose.conc_ug_ml or 0, up=False) for dose in doses)


# --- the tuple of infusions


def newly_planned(d: Draft) -> bool:
    """Is an infusion planned that none of the course's infusions was begun or given under?"""
    plan = d.course.plan
    return plan is not None and all(plan.entry != earlier.plan for earlier in d.given.infusions)


def may_follow(d: Draft) -> bool:
    """May another infusion follow one that a cap has stopped? Where nobody can plan one, a resume has to do for it."""
    return d.policy.protocol is None or newly_planned(d)


def held(d: Draft) -> str:
    """What a cap has said to the last infusion of the course that is closed now, where people plan infusions."""
    last = d.given.infusions[-1] if d.given.infusions else None
    if d.policy.protocol is None:
        return ""
    if last is None:
        return d.given.held
    return last.why if last.capped == INFUSION else ""


def with_plan(d: Draft, infusion: Infusion) -> Infusion:
    """The plan that stands when it begins is its plan, or one that is made later for one that began without."""
    plan = d.course.plan
    if plan is None or infusion.plan is not None or infusion.capped is not None or not newly_planned(d):
        return infusion
    return replace(infusion, plan=plan.entry, dose_ug_kg=plan.dose_ug_kg)


def joined(infusion: Infusion, pumps: list[PumpPolicy]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*infusion.pumps, *(pump.device for pump in pumps))))


def put(d: Draft, infusion: Infusion) -> None:
    """The infusion instead of the newest one."""
    d.given = replace(d.given, infusions=(*d.given.infusions[:-1], infusion))


def put_if(d: Draft, before: Infusion | None, infusion: Infusion) -> None:
    if infusion is not (before or d.given.infusions[-1]):
        put(d, infusion)


def tell(d: Draft, pump: str, why: str = "") -> None:
    """Say what the newest infusion is now."""
    infusion = d.given.infusions[-1]
    low, high = infusion_given(d, infusion)
    d.out.append(InfusionChanged(d.course.id or "", infusion.number, infusion.phase, pump, low, high, why))
