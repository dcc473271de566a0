"""What people asked for: each act is in the record once if answered, and each rate at its pump or visibly not."""

from __future__ import annotations

from collections import Counter

from pumpd.device import Outcome
from pumpd.safety.decisions import Permitted, Refused, SetRate
from pumpd.safety.events import (
    AlarmReset,
    AudioPaused,
    InterlockReset,
    PatientBound,
    PatientReleased,
    RateRequested,
    ResumeRequested,
    StopRequested,
)
from tests.chaos.storm.court import BUSY_MS, DRIFT_MS, Court
from tests.chaos.storm.ghost import TOLD_RATE, PumpTruth
from tests.chaos.storm.hands import Deed
from tests.chaos.storm.story import BedStory, Decided

DONE, REFUSED, NOT_DURABLE = 200, 409, 503
TYPES = {
    "rate": RateRequested,
    "stop": StopRequested,
    "pause": AudioPaused,
    "reset": InterlockReset,
    "resume": ResumeRequested,
    "reset-alarm": AlarmReset,
    "bind": PatientBound,
    "release": PatientReleased,
}
COMMAND_MS = 30_000  # within which a pump is told what was decided, and its outcome is known


def judge_hands(court: Court) -> None:
    """Every act."""
    recorded = {
        bed: Counter((type(event), event.by) for _, event in story.acts) for bed, story in court.stories.items()
    }
    answers = {bed: _answers(story) for bed, story in court.stories.items()}
    for deed in court.outcome.deeds:
        court.counts[f"acts by hand: {deed.what}, answered {deed.status}{' ' + deed.code if deed.code else ''}"] += 1
        if deed.bed in recorded:
            _deed(court, deed, recorded[deed.bed][TYPES[deed.what], deed.by], answers[deed.bed])


def _answers(story: BedStory) -> Counter[tuple[type, str]]:
    """How often each person was permitted or refused something."""
    made = (row.decision for row in story.decided)
    return Counter((type(one), one.by) for one in made if isinstance(one, Permitted | Refused))


def _deed(court: Court, deed: Deed, events: int, answers: Counter[tuple[type, str]]) -> None:
    permitted, refused = answers[Permitted, deed.by], answers[Refused, deed.by]
    told = f"{events} events, permitted {permitted} times, refused {refused} times"
    truly = f"{deed.by}: {deed.what}, answered {deed.status} {deed.code} at {court.s(deed.until_ms)} s"
    if events > 1 or permitted + refused > 1:
        court.say(deed.bed, deed.at_ms, "an act doubled", truly, told)
    elif deed.status == DONE and (events, permitted) != (1, 1):
        court.say(deed.bed, deed.at_ms, "an act lost", truly, told)
    elif deed.status == REFUSED and deed.code == "refused" and (events, refused) != (1, 1):
        court.say(deed.bed, deed.at_ms, "a refusal that is not recorded", truly, told)
    elif deed.status not in (None, DONE, REFUSED, NOT_DURABLE) and events:
        court.say(deed.bed, deed.at_ms, "refused, and done all the same", truly, told)


def judge_rates(court: Court, pump: PumpTruth, story: BedStory) -> None:
    """Each rate that pumpd's bytes set was decided; each that was decided was set, or is known not to be."""
    rates = [row for row in story.decided if isinstance(row.decision, SetRate) and row.decision.pump == pump.id]
    for event in pump.events:
        if event.by == "host" and (event.what == TOLD_RATE or event.what.startswith("rate ")):
            _was_decided(court, pump, event.at_ms, event.what, rates)
    outcomes = {fact.order_id: (at_ms, fact) for at_ms, fact in story.outcomes}
    for row in rates:
        assert isinstance(row.decision, SetRate)
        court.counts["rates decided"] += 1
        found = outcomes.get(row.decision.order_id)
        if found is None:
            _without_outcome(court, pump, row)
        elif found[1].outcome is Outcome.DONE:
            court.counts["rates that the pump took"] += 1
            _reached(court, pump, row, found[0])


def _was_decided(court: Court, pump: PumpTruth, at_ms: float, what: str, rates: list[Decided]) -> None:
    near = [row.decision for row in rates if at_ms - COMMAND_MS <= row.at_ms <= at_ms + DRIFT_MS]
    words = {f"rate {one.rate_ul_h}" for one in near if isinstance(one, SetRate)}
    court.counts["rates told to pumps"] += what == TOLD_RATE
    if not near or (what != TOLD_RATE and what not in words):
        decided = ", ".join(sorted(words)) or "no SetRate"
        court.say(pump.bed, at_ms, "a rate that nobody decided", f"{pump.driver}: {what}", decided)


def _reached(court: Court, pump: PumpTruth, row: Decided, outcome_ms: float) -> None:
    asked = (event for event in pump.events if event.what == TOLD_RATE)
    if not any(row.at_ms - DRIFT_MS <= event.at_ms <= outcome_ms + DRIFT_MS for event in asked):
        court.say(pump.bed, row.at_ms, "a rate that never reached its pump", "no such bytes", f"done: {row.decision}")


def _without_outcome(court: Court, pump: PumpTruth, row: Decided) -> None:
    """Only where the daemon or the line was lost meanwhile, which the kernel knows of by itself."""
    court.counts["rates without an outcome"] += 1
    whole = (pump.line, court.ghost.daemon, court.ghost.disk)
    until_ms = row.at_ms + COMMAND_MS + BUSY_MS
    if until_ms < court.outcome.ended_ms and all(spans.clear(row.at_ms - DRIFT_MS, until_ms) for spans in whole):
        court.say(pump.bed, row.at_ms, "a rate without an outcome", "line and daemon were whole", str(row.decision))
