"""What an infusion may not start without: asked of its plan beforehand, and of its start at the pump. Pure.

Each answer is by rule of the protocol, so that what a named person has set aside can be left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from pumpd.device.signals import SIGNALS
from pumpd.safety.chart_facts import answers
from pumpd.safety.limits import Limit
from pumpd.safety.protocol_policy import ProtocolPolicy, ProtocolRule, VitalRange
from pumpd.safety.protocol_words import band_words, dose_words, limit_words, rate_words, time_words
from pumpd.safety.quality import EPISODIC, live_values, source_of
from pumpd.safety.state import Draft
from pumpd.units import format_milli

SAME = {"hr": "pulse", "pulse": "hr"}  # both are the heart's rate: either answers for the other
UNASKED = "not asked: "


# --- vital signs


def vital_failings(d: Draft, protocol: ProtocolPolicy) -> list[str]:
    """Each vital sign that is missing, stale or out of range, with its value and range."""
    live = live_values(d)
    wanted = [*protocol.start_vitals, *watched_breathing(d, protocol)]
    found = (vital_failing(d, vital, live, protocol) for vital in wanted)
    return [words for words in found if words is not None]


def watched_breathing(d: Draft, protocol: ProtocolPolicy) -> list[VitalRange]:
    """After a benzodiazepine breathing must be measured, whatever the protocol lists (its doses add up)."""
    if not is_benzodiazepine_given(d):
        return []
    listed = {vital.signal for vital in protocol.start_vitals}
    return [VitalRange(name, None, None) for name in d.policy.resume_vitals if name not in listed]


def vital_failing(d: Draft, vital: VitalRange, live: Mapping[str, int], protocol: ProtocolPolicy) -> str | None:
    """What is wrong with this vital sign, or None."""
    signal = vital.signal if vital.signal in live else SAME.get(vital.signal, vital.signal)
    value = live.get(signal)
    if value is None:
        return f"{label(vital.signal)} is missing or not live{range_words(vital)}"
    age_ms = episodic_age_ms(d, signal)
    if age_ms is not None and protocol.observations and age_ms > protocol.observations[0].every_ms:
        return f"{label(signal)} {format_milli(value)} is {time_words(age_ms)} old{range_words(vital)}"
    low, high = vital.low_milli, vital.high_milli
    if (low is not None and value < low) or (high is not None and value > high):
        return f"{label(signal)} {format_milli(value)} is out of range{range_words(vital)}"
    return None


def episodic_age_ms(d: Draft, signal: str) -> int | None:
    """How old a value is that is measured now and then; None for one that is live or not."""
    if signal not in EPISODIC:
        return None
    source = source_of(d, signal)
    return None if source is None else d.now - d.samples[source][signal].at_ms


def label(signal: str) -> str:
    return SIGNALS[signal].label if signal in SIGNALS else signal


def range_words(vital: VitalRange) -> str:
    """ " (10 to 30 /min)", "" where any value will do."""
    low, high = vital.low_milli, vital.high_milli
    unit = f" {SIGNALS[vital.signal].unit}" if vital.signal in SIGNALS else ""
    if low is not None and high is not None:
        return f" ({format_milli(low)} to {format_milli(high)}{unit})"
    if low is not None:
        return f" (at least {format_milli(low)}{unit})"
    return "" if high is None else f" (at most {format_milli(high)}{unit})"


# --- checklist and adjunct


def checklist_failings(d: Draft, protocol: ProtocolPolicy) -> list[str]:
    """What nobody asked for, and what is present."""
    said = answers(noted for noted in d.course.entries.values() if is_recent(d, noted.at_ms, protocol))
    unasked = [name for name in protocol.contraindications if name not in said]
    found = [f"contra-indications {UNASKED}{', '.join(unasked)}"] if unasked else []
    return found + [f"contra-indication present: {name}" for name, present in said.items() if present]


def is_recent(d: Draft, at_ms: int | None, protocol: ProtocolPolicy) -> bool:
    """Was it charted for this course? What is older than a course lasts is of another one."""
    return at_ms is not None and d.now - at_ms < protocol.course_ms


def is_benzodiazepine_given(d: Draft) -> bool:
    """May a benzodiazepine still act?"""
    at_ms, protocol = d.course.benzodiazepine_ms, d.policy.protocol
    return at_ms is not None and protocol is not None and d.now - at_ms < protocol.benzodiazepine_ms


def care_failings(d: Draft, protocol: ProtocolPolicy) -> dict[str, str]:
    """What the patient's care still lacks for an infusion, by rule."""
    found = {}
    if protocol.adjunct_required and not is_recent(d, d.course.adjunct_ms, protocol):
        found[ProtocolRule.ADJUNCT.value] = f"no adjunct is recorded ({', '.join(protocol.adjuncts)}, or none and why)"
    checklist = checklist_failings(d, protocol)
    if checklist:
        found[ProtocolRule.CHECKLIST.value] = "; ".join(checklist)
    vitals = vital_failings(d, protocol)
    if vitals:
        found[ProtocolRule.START_VITALS.value] = "; ".join(vitals)
    return {rule: f"{words}, set by {protocol.set_by}" for rule, words in found.items()}


# --- rate, dose, number, time


def start_rate_failing(rate_ug_kg_h: int, start: Limit) -> str | None:
    if rate_ug_kg_h <= start.ug_kg_h:
        return None
    return f"start rate {rate_words(rate_ug_kg_h)} is above {limit_words(start)}"


def above_band(ug_kg: int, what: str, protocol: ProtocolPolicy) -> str | None:
    """Why this dose is not sub-anaesthetic, with the numbers and the anaesthetic dose that is meant."""
    if ug_kg <= protocol.sub_anaesthetic_high_ug_kg:
        return None
    return f"{what} {dose_words(ug_kg)} is above {band_words(protocol)}"


def below_band(ug_kg: int, what: str, protocol: ProtocolPolicy) -> str:
    """A note where the dose is below the band, "" where it is not."""
    if ug_kg >= protocol.sub_anaesthetic_low_ug_kg:
        return ""
    return f"{what} {dose_words(ug_kg)} is below {band_words(protocol)}"


def counted_ms(d: Draft, protocol: ProtocolPolicy) -> tuple[int, ...]:
    """Starts that count: all since the first, until the protocol's time since that one is over."""
    starts = d.course.starts_ms
    return starts if starts and d.now - starts[0] < protocol.course_ms else ()


def count_failing(d: Draft, protocol: ProtocolPolicy, starts: tuple[int, ...]) -> str | None:
    """Why there may be no infusion after those."""
    if len(starts) < protocol.max_infusions:
        return None
    since = f" in the last {time_words(d.now - starts[0])}" if starts else ""
    return (
        f"{len(starts)} of {protocol.max_infusions} infusions given{since}: limit of "
        f"{time_words(protocol.course_ms)} from the first, set by {protocol.set_by}"
    )


def ends_ms(d: Draft, protocol: ProtocolPolicy) -> int | None:
    """When the open course is over: its time after its first start, or after its opening while nothing has started."""
    course, infusions = d.course, d.given.infusions
    if course.id is None or course.opened_ms is None:
        return None
    return (infusions[0].started_ms if infusions else course.opened_ms) + protocol.course_ms


def window_failing(d: Draft, protocol: ProtocolPolicy) -> str | None:
    ends = ends_ms(d, protocol)
    if ends is None or d.now < ends:
        return None
    return (
        f"the course's time is over: {time_words(protocol.course_ms)} from its first infusion, set by {protocol.set_by}"
    )
