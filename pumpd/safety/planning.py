"""Plans of people: opening a course, the next infusion of it, its end. Pure.

Every refusal lists ALL its reasons, each with its number and whose it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from pumpd.clinical.entries import CourseEnd, CoursePlan, InfusionPlan, OpioidGiven
from pumpd.safety import ceiling, course
from pumpd.safety.caps import COURSE, WINDOW, caps_of, running, spans, weight_g
from pumpd.safety.course_state import Infusion, Plan
from pumpd.safety.decisions import CourseChanged, InfusionPhase
from pumpd.safety.events import Charted
from pumpd.safety.infusions import open_course
from pumpd.safety.limits import Limit
from pumpd.safety.policy import DrugPolicy
from pumpd.safety.protocol_policy import ProtocolPolicy, ProtocolRule
from pumpd.safety.protocol_words import dose_words, limit_words, mass_words, rate_words
from pumpd.safety.set_aside import NO_PROTOCOL, binding, ongoing
from pumpd.safety.start_checks import (
    above_band,
    below_band,
    care_failings,
    count_failing,
    counted_ms,
    is_benzodiazepine_given,
    start_rate_failing,
    window_failing,
)
from pumpd.safety.state import Draft

COUNT, WINDOW_RULE = ProtocolRule.INFUSION_COUNT.value, ProtocolRule.COURSE_WINDOW.value
START_RATE, SUB = ProtocolRule.START_RATE.value, ProtocolRule.SUB_ANAESTHETIC.value
NO_COURSE = "no course is open"


# --- a course


def course_reasons(d: Draft, protocol: ProtocolPolicy | None) -> list[str]:
    """Why no course can be opened now. One that began by itself may be planned afterwards."""
    if protocol is None:
        return [NO_PROTOCOL]
    current, left = ongoing(d), protocol.max_infusions - len(d.given.infusions)
    if d.course.id is None or not d.course.planned:
        return []
    if current is not None:
        return [f"course {d.course.id} is open, and its infusion {current.number} is not over"]
    if left <= 0 or window_failing(d, protocol) is not None:
        return []
    return [f"course {d.course.id} is open, {left} of {protocol.max_infusions} infusions are left ({protocol.set_by})"]


def take_course(d: Draft, event: Charted, entry: CoursePlan) -> str:
    """Open it; one whose infusions are used up is over with that. What counts against the protocol goes on."""
    if event.corrects is not None:
        return ""
    if d.course.id is not None and not d.course.planned:
        adopt(d, event.by)
    else:
        if d.course.id is not None:
            course.close(d, event.by, "another course is opened")
        open_course(d, event.by, True)
    return f"course {d.course.id}"


def adopt(d: Draft, by: str) -> None:
    """The course that began by itself is planned from now on."""
    mrn = "" if d.patient is None else d.patient.mrn
    d.course = replace(d.course, planned=True, by=by)
    d.out.append(CourseChanged(d.course.id or "", True, mrn, by, "planned after it had begun"))


# --- an infusion


def plan_reasons(d: Draft, protocol: ProtocolPolicy | None, plan: InfusionPlan) -> list[str]:
    """ALL reasons why this infusion may not be planned now."""
    if protocol is None:
        return [NO_PROTOCOL]
    current = ongoing(d)
    found = [NO_COURSE] if d.course.id is None else []
    if current is not None and not is_unplanned(current):
        found.append(f"infusion {current.number} is not over: {current.phase.value.replace('_', ' ')}")
    found += binding(d, rule_failings(d, protocol, plan, current)).values()
    found += cap_reasons(d, plan)
    found += hard_reasons(d, plan)
    weight = ceiling.weight_reason(d)
    return found if weight is None or d.patient is None else [*found, weight]


def is_unplanned(current: Infusion) -> bool:
    """Did it begin without a plan? (What a cap is stopping has to be over before the next one is planned.)"""
    return current.plan is None and current.capped is None


def rule_failings(d: Draft, protocol: ProtocolPolicy, plan: InfusionPlan, current: Infusion | None) -> dict[str, str]:
    """What the protocol says against it, by rule."""
    starts = counted_ms(d, protocol)
    if current is not None and is_unplanned(current):  # it is counted already
        starts = starts[:-1]
    found = {
        COUNT: count_failing(d, protocol, starts),
        WINDOW_RULE: window_failing(d, protocol),
        START_RATE: start_rate_failing(plan.start_ug_kg_h, protocol.start),
        SUB: sub_failing(plan, protocol),
    }
    return {rule: words for rule, words in found.items() if words is not None} | care_failings(d, protocol)


def sub_failing(plan: InfusionPlan, protocol: ProtocolPolicy) -> str | None:
    """The dose, and what the start rate gives in an hour."""
    words = (
        above_band(plan.dose_ug_kg, "the dose", protocol),
        above_band(plan.start_ug_kg_h, "an hour of the start rate,", protocol),
    )
    return "; ".join(one for one in words if one is not None) or None


def cap_reasons(d: Draft, plan: InfusionPlan) -> list[str]:
    """Caps that the dose is above, or that leave too little for it. Nobody can set a cap aside."""
    found, caps = [], caps_of(d.policy)
    per_infusion = None if caps is None else caps[1].per_infusion
    if per_infusion is not None and plan.dose_ug_kg > per_infusion.ug_kg:
        cap = f"{dose_words(per_infusion.ug_kg)} per infusion set by {per_infusion.set_by}"
        found.append(f"the dose {dose_words(plan.dose_ug_kg)} is above the cap {cap}")
    weight = weight_g(d)
    for span in spans(d):
        left_ng = max(0, span.cap_ng - span.given[1])
        if span.name in (COURSE, WINDOW) and weight is not None and plan.dose_ug_kg * weight > left_ng:
            cap = f"{dose_words(span.cap.ug_kg)} ({mass_words(span.cap_ng)}) {span.words} set by {span.cap.set_by}"
            needed = mass_words(plan.dose_ug_kg * weight)
            found.append(f"the dose needs {needed}, and {mass_words(left_ng)} are left of the cap {cap}")
    return found


def hard_reasons(d: Draft, plan: InfusionPlan) -> list[str]:
    """A start rate above a hard ceiling of the bed's governed pumps, whatever is set aside."""
    drugs = (pump.drug for pump in d.policy.pumps)
    limit = lowest(drug.hard for drug in drugs if governed(drug) and drug is not None)
    if limit is None or plan.start_ug_kg_h <= limit.ug_kg_h:
        return []
    return [f"start rate {rate_words(plan.start_ug_kg_h)} is above the hard ceiling {limit_words(limit)}"]


def governed(drug: DrugPolicy | None) -> bool:
    return drug is not None and drug.governed


def lowest(limits: Iterable[Limit | None]) -> Limit | None:
    return min((one for one in limits if one is not None), key=lambda one: one.ug_kg_h, default=None)


def take_plan(d: Draft, event: Charted, plan: InfusionPlan) -> str:
    """It is the plan of the next infusion, or of the one that began without."""
    protocol = d.policy.protocol
    new = Plan(event.id, plan.dose_ug_kg, plan.start_ug_kg_h, event.by, d.now)
    d.course = replace(d.course, plan=new)
    notes = [course.BENZODIAZEPINE] if is_benzodiazepine_given(d) else []
    below = "" if protocol is None else below_band(plan.dose_ug_kg, "the dose", protocol)
    aside = [f"set aside by {said.by}: {said.rule} ({said.reason})" for said in d.course.set_aside]
    return "; ".join(words for words in (*notes, below, *aside) if words)


def opioid_reasons(d: Draft, entry: OpioidGiven) -> list[str]:
    """A drug whose dose is judged here must be charted where it is counted."""
    drugs = [pump.drug for pump in d.policy.pumps if pump.drug is not None and pump.drug.governed]
    if entry.drug.casefold().strip() not in {name.casefold() for drug in drugs for name in (drug.code, drug.label)}:
        return []
    return [f"{entry.drug} is no opioid: chart it as a dose of {entry.drug}, which counts"]


# --- the end of a course


def end_reasons(d: Draft, entry: CourseEnd) -> list[str]:
    """Why the course cannot be ended now."""
    found = [] if entry.reason.strip() else ["a reason is required"]
    if d.course.id is None:
        return [*found, NO_COURSE]
    current = ongoing(d)
    if current is not None and (current.phase is InfusionPhase.RUNNING or running(d)):  # a cap may be stopping it
        found.append(f"infusion {current.number} is running: stop the pump first")
    return found


def take_end(d: Draft, event: Charted, entry: CourseEnd) -> str:
    course.close(d, event.by, entry.reason)
    return ""
