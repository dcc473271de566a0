"""The hub: its history is the ward's journal, and nothing old was ever shown there as live."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pumpd.safety.decisions import (
    AlarmChanged,
    AudioChanged,
    CourseChanged,
    Decision,
    EpisodeChanged,
    FlowChanged,
    InfusionChanged,
    InterlockChanged,
    PatientClosed,
    SetRate,
    StopPump,
)
from tests.chaos.storm.court import Court
from tests.chaos.storm.ghost import PumpTruth
from tests.chaos.storm.hospital import HubNotes, Seen
from tests.chaos.storm.spans import calm
from tests.chaos.storm.story import BedStory

LIMIT_MS = 5_000
SLACK_MS = 400  # of whole milliseconds, and of processes that are told of each other
RATE_MS = 12_000  # a frame of 5 s, with a report of 5 s, and a second between two frames
STEP_ML_H = 1.001  # the coarsest rate that a pump shows
KINDS: dict[type, str] = {
    AlarmChanged: "alarm",
    InterlockChanged: "interlock",
    StopPump: "stop",
    SetRate: "rate",
    InfusionChanged: "infusion",
    CourseChanged: "course",
    FlowChanged: "flow",
    EpisodeChanged: "episode",
    AudioChanged: "audio",
    PatientClosed: "patient_closed",
}
Row = tuple[str, str, str, dict[str, Any]]


def judge_hub(court: Court, notes: HubNotes) -> None:
    """What it kept, and what it showed."""
    if not notes.drained:
        court.say("hub", court.outcome.ended_ms, "history not whole", "90 s of calm", "events are missing")
    _history(court, notes)
    pumps = {pump.id: pump for pump in court.ghost.pumps}
    for seen in notes.seen:
        _stale(court, seen)
        for name, rate_ml_h in seen.rates.items():
            judge_rate_shown(court, pumps[name], (seen.from_ms, seen.until_ms), rate_ml_h, "the hub")
    _alarms(court, notes)
    for words in notes.unwilling:
        court.say("hub", court.outcome.ended_ms, "ended or did not start", "nobody ended it", words)
    for text in notes.outputs:
        if "Traceback" in text:
            court.say("hub", court.outcome.ended_ms, "a crash", "nothing that it may crash on", text[-3000:])


def _history(court: Court, notes: HubNotes) -> None:
    """The same ids on either side, with the same content, in the hub's own words for it."""
    kept: dict[str, Row] = {row[0]: row for row in notes.events}
    journal = next(iter(kept), "").partition("-")[0]
    for story in court.stories.values():
        due = dict(_due(journal, story, notes.cut_ms))
        told = [name for name in due if name in kept]
        first = min((due[name][0] for name in told), default=0)
        for name, (seq, at_ms, decision) in due.items():
            if name not in kept and seq >= first and at_ms >= court.ghost.begun_ms:
                court.say(story.bed, at_ms, "missing in the hub's history", str(decision)[:300], "no such event")
            elif name in kept:
                court.counts["events in the hub's history"] += 1
                _same(court, story, kept[name], at_ms, decision)
        all_of = {name for name, _ in _due(journal, story, float("inf"))}
        for name in [row[0] for row in notes.events if row[1] == story.bed and row[0] not in all_of]:
            court.say(story.bed, notes.cut_ms, "in the hub's history only", "not in the journal", str(kept[name])[:300])


def _due(journal: str, story: BedStory, cut_ms: float) -> Iterable[tuple[str, tuple[int, float, Decision]]]:
    indexes: dict[int, int] = {}
    for row in story.decided:
        index = indexes[row.seq] = indexes.get(row.seq, -1) + 1
        if type(row.decision) in KINDS and row.at_ms <= cut_ms:
            yield f"{journal}-{story.bed}-{row.seq}-{index}", (row.seq, row.at_ms, row.decision)


def _same(court: Court, story: BedStory, row: Row, at_ms: float, decision: Decision) -> None:
    _, _, kind, body = row
    wanted: dict[str, Any] = {}
    if isinstance(decision, AlarmChanged):
        alarm, ack = decision.alarm, decision.alarm.acknowledged
        wanted = {"phase": decision.phase.value}
        told = body.get("alarm", {})
        seen = (told.get("id"), told.get("state"), told.get("priority"), told.get("acknowledged") is not None)
        if seen != (alarm.id, alarm.state.value, alarm.priority.value, ack is not None):
            court.say(story.bed, at_ms, "another alarm in the hub's history", str(alarm)[:300], str(told)[:300])
    elif isinstance(decision, StopPump | SetRate):
        wanted = {"pump": decision.pump, "order_id": decision.order_id}
    elif isinstance(decision, FlowChanged):
        wanted = {"pump": decision.pump, "low_ng": decision.low_ng, "high_ng": decision.high_ng}
    if kind != KINDS[type(decision)] or any(body.get(name) != value for name, value in wanted.items()):
        court.say(story.bed, at_ms, "differs in the hub's history", str(decision)[:300], f"{kind} {body}"[:300])


def _stale(court: Court, seen: Seen) -> None:
    """Nothing came for longer than the limit: not one figure."""
    dark = (court.ghost.dark,)
    if not calm(dark, seen.from_ms - LIMIT_MS - SLACK_MS, seen.until_ms):
        court.counts["looks at the hub in the dark"] += 1
        if seen.live or seen.figures:
            names = court.ghost.dark.names(seen.from_ms, seen.until_ms)
            truly = f"dark since {court.s(seen.from_ms - LIMIT_MS)} s: {names}"
            court.say(seen.bed, seen.until_ms, "old values shown as live", truly, f"live {seen.live}, {seen.figures}")
    elif seen.live:
        court.counts["looks at the hub that were live"] += 1
        if seen.age_ms is None or seen.age_ms > LIMIT_MS:
            court.say(seen.bed, seen.until_ms, "old values shown as live", "5 s at most", f"age {seen.age_ms} ms")


def judge_rate_shown(court: Court, pump: PumpTruth, when: tuple[float, float], rate_ml_h: float, screen: str) -> None:
    """A rate that is shown as running was a rate at which it truly ran, not longer ago than anything may be shown."""
    court.counts[f"rates seen on {screen}"] += 1
    rows = pump.between(when[0] - RATE_MS, when[1])
    if not any(row.infusing and abs(row.rate_ul_h / 1000 - rate_ml_h) < STEP_ML_H for row in rows):
        ran = sorted({row.rate_ul_h / 1000 if row.infusing else 0 for row in rows})
        what = f"a rate on {screen} that is not true ({pump.driver})"
        court.say(pump.bed, when[1], what, f"ran at {ran} mL/h", f"{rate_ml_h} mL/h")


def _alarms(court: Court, notes: HubNotes) -> None:
    if notes.alarms is None:
        return
    hub, ward = notes.alarms
    court.counts["alarms that stand at the end, at the hub as at the ward"] += len(hub & ward)
    if hub != ward:
        truly = f"stand at the ward: {sorted(ward - hub)}"
        court.say("hub", court.outcome.ended_ms, "alarms differ at the end", truly, f"at the hub: {sorted(hub - ward)}")
