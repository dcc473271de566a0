"""Starting low and going slowly: the flow of mass that the pumps report, and every rise of it. Pure, exact integers.

All governed pumps of the bed count together. Lowering is always allowed, and the next step starts from the lower rate.
The start of an infusion is where the first interval begins.
"""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.device.facts import Outcome
from pumpd.safety import ceiling
from pumpd.safety.alarm_table import Condition
from pumpd.safety.caps import weight_g
from pumpd.safety.policy import AlarmKind, Priority, PumpPolicy
from pumpd.safety.protocol_policy import ProtocolPolicy, ProtocolRule
from pumpd.safety.protocol_words import limit_words, rate_words, time_words
from pumpd.safety.set_aside import binding, is_set_aside, ongoing
from pumpd.safety.start_checks import above_band
from pumpd.safety.state import Draft, PumpState
from pumpd.units import dose_rate_ng_h, limit_ng_h

STEP, INTERVAL = ProtocolRule.STEP_SIZE.value, ProtocolRule.STEP_INTERVAL.value


def pump_ng_h(pump: PumpPolicy, p: PumpState) -> int | None:
    """What flows from this pump by its report; None where that cannot be told."""
    report = p.report
    if report is None or report.infusing is False:
        return 0
    if not p.live or report.rate_ul_h is None or pump.concentration_ug_ml is None:
        return None
    return dose_rate_ng_h(report.rate_ul_h, pump.concentration_ug_ml)


def flow_ng_h(d: Draft) -> int | None:
    """What flows from every governed pump together; None where one of them cannot be told."""
    total = 0
    for pump in d.policy.pumps:
        if ceiling.is_governed(pump):
            flow = pump_ng_h(pump, d.pumps[pump.device])
            if flow is None:
                return None
            total += flow
    return total


def ug_kg_h(ng_h: int, weight: int) -> int:
    """For words, rounded up: what is barely above a limit never reads as the limit."""
    return -(-ng_h // weight)


def rise_failings(d: Draft, protocol: ProtocolPolicy, before_ng_h: int, after_ng_h: int) -> dict[str, str]:
    """What the protocol says against this rise now, by rule."""
    found, weight, course = {}, weight_g(d), d.course
    step_ng_h = after_ng_h - before_ng_h
    if weight is not None and step_ng_h > limit_ng_h(protocol.step.ug_kg_h, weight):
        words = f"a step of {rate_words(ug_kg_h(step_ng_h, weight))}, more than {limit_words(protocol.step)}"
        found[STEP] = words
    since_ms = None if course.last_rise_ms is None else d.now - course.last_rise_ms
    if since_ms is not None and since_ms < protocol.step_interval_ms:
        least = f"{time_words(protocol.step_interval_ms)} set by {protocol.set_by}"
        found[INTERVAL] = f"an increase {time_words(since_ms)} after the last start or increase, less than {least}"
    return found


# --- what the pumps report


def note_flow(d: Draft, protocol: ProtocolPolicy) -> None:
    """Follow the reported flow of the present infusion: a rise is judged, a fall is the new start of the next step."""
    course, flow = d.course, flow_ng_h(d)
    if not flow or flow == course.last_ng_h:
        return
    last = course.last_ng_h
    if last is None:  # the first rate of an infusion is judged as its start, once the weight is known
        d.course = course if weight_g(d) is None else replace(course, last_ng_h=flow)
    elif flow > last:
        note_rise(d, protocol, last, flow)
    else:
        back = course.steep and course.steep_from_ng_h is not None and flow <= course.steep_from_ng_h
        d.course = replace(course, last_ng_h=flow, **({"steep": {}, "steep_from_ng_h": None} if back else {}))


def note_rise(d: Draft, protocol: ProtocolPolicy, last: int, flow: int) -> None:
    course = d.course
    steep = {**course.steep, **binding(d, rise_failings(d, protocol, last, flow))}
    start = last if course.steep_from_ng_h is None else course.steep_from_ng_h
    d.course = replace(
        course, last_ng_h=flow, last_rise_ms=d.now, steep=steep, steep_from_ng_h=start if steep else None
    )


def conditions(d: Draft) -> dict[str, Condition]:
    """A rise that was too great or too early, until it is set aside, acknowledged, or taken back."""
    if not d.course.steep:
        return {}
    text = f"Titration: {'; '.join(d.course.steep.values())}"
    return {"course/titration": Condition("titration", None, Priority.MEDIUM, AlarmKind.TECHNICAL, text)}


def next_rise_ms(d: Draft, protocol: ProtocolPolicy) -> int | None:
    """The earliest time of the next increase, None: nothing runs that could be increased."""
    if ongoing(d) is None or d.course.last_rise_ms is None or is_set_aside(d, INTERVAL):
        return None
    return d.course.last_rise_ms + protocol.step_interval_ms


# --- what is asked for


def request_reasons(d: Draft, pump: PumpPolicy, p: PumpState, rate_ul_h: int) -> list[str]:
    """Why the protocol forbids this rate at this pump now; nothing is said against lowering it."""
    protocol, conc, report = d.policy.protocol, pump.concentration_ug_ml, p.report
    if protocol is None or conc is None or not ceiling.is_governed(pump):
        return []
    now_ul_h = ceiling.running_rate(report)
    if now_ul_h is None or rate_ul_h <= now_ul_h:
        return []
    before = dose_rate_ng_h(now_ul_h, conc)
    after = dose_rate_ng_h(rate_ul_h, conc)
    failings = rise_failings(d, protocol, before, after)
    if INTERVAL not in failings and is_rising(d):
        failings[INTERVAL] = "an increase is under way already"
    weight = weight_g(d)
    hour = None if weight is None else above_band(ug_kg_h(after, weight), "an hour of it,", protocol)
    if hour is not None:
        failings[ProtocolRule.SUB_ANAESTHETIC.value] = hour
    return list(binding(d, failings).values())


def is_rising(d: Draft) -> bool:
    """Was a higher rate commanded at a governed pump of the bed that no report has shown yet?"""
    return any(ceiling.is_governed(pump) and rises(d.pumps[pump.device]) for pump in d.policy.pumps)


def rises(p: PumpState) -> bool:
    report = p.report
    if report is None or report.rate_ul_h is None:
        return False
    return any(c.rate_ul_h > report.rate_ul_h and c.outcome is not Outcome.REFUSED for c in p.commands)
