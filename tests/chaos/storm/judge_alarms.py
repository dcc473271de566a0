"""Alarms and acknowledgements: none lost, none doubled, and what was truly wrong was alarmed (ALA, QUA-02)."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from pumpd.safety.alarms import AlarmState, Phase
from pumpd.safety.policy import AlarmKind, Priority
from tests.chaos.storm.court import BUSY_MS, AlarmLife, Court
from tests.chaos.storm.ghost import MonitorTruth, PumpTruth
from tests.chaos.storm.nurse import Ack
from tests.chaos.storm.spans import Spans, calm
from tests.chaos.storm.story import BedStory, Decided
from tests.chaos.storm.weather import AFTER_MS

PUMP_LOST_MS, MONITOR_LOST_MS = 5_000, 15_000  # QUA-02
POLLS = 4  # or so many reports, of a device that is asked seldom
APNOEA_MS = 50_000  # RSP-02: a no-breath counter of 30 s, and what a device itself waits before it tells
RECORDED_MS = 25_000  # the longest pause between two tries, and an answer that does not come
FULL_BEFORE_MS, FULL_AFTER_MS = 30_000, 5_000
OK = 200


def judge_lives(court: Court, story: BedStory) -> None:
    """Each instance begins once and ends once; no condition has two at a time."""
    live: dict[tuple[str, str | None], str] = {}
    for row, change in story.alarm_changes():
        alarm = change.alarm
        key = (alarm.condition, alarm.device)
        if alarm.id not in court.lives:
            court.lives[alarm.id] = AlarmLife(alarm.id, story.bed, *key)
            _begun(court, story, row, change.phase, live.get(key), alarm.condition)
            live[key] = alarm.id
        elif court.lives[alarm.id].ended_ms is not None:
            told = f"{alarm.condition} {alarm.id}: {change.phase}"
            court.say(story.bed, row.at_ms, "an alarm after its end", "it was over", told)
        court.lives[alarm.id].rows.append((row.at_ms, alarm, change.phase))
        if alarm.state is AlarmState.ENDED:
            live.pop(key, None)


def _begun(court: Court, story: BedStory, row: Decided, phase: Phase, other: str | None, condition: str) -> None:
    court.counts["alarms"] += 1
    if phase is not Phase.START and not story.missing:
        court.say(story.bed, row.at_ms, "an alarm without its beginning", "it began", f"{condition}: {phase}")
    if other is not None:
        court.say(story.bed, row.at_ms, "an alarm doubled", "one condition", f"{condition}, beside {other}")


def judge_pump_line(court: Court, pump: PumpTruth) -> None:
    late_ms = max(PUMP_LOST_MS, POLLS * pump.poll_ms)
    _lost(court, pump.bed, pump.id, "pump_lost", pump.line, late_ms)
    for begin, end in pump.blocked():
        for from_ms, until_ms in court.calm(pump.line, begin, end, court.bound(pump.bed)):
            due_ms = from_ms + POLLS * pump.poll_ms + BUSY_MS
            if until_ms > due_ms:
                court.counts["occlusions"] += 1
                truly = f"{pump.driver}, occluded from {court.s(begin)} to {court.s(end)} s"
                court.expect(pump.bed, "device_alarm:", pump.id, (from_ms, due_ms, until_ms), truly)


def judge_record(court: Court) -> None:
    """Where its place is whole, the journal records, soon after it was not and for as long as it is."""
    whole = (court.ghost.disk, court.ghost.daemon, court.ghost.machine)
    for life in court.lives.values():
        if life.condition != "journal_failing":
            continue
        court.counts["times a bed told that nothing is recorded"] += 1
        ended_ms = life.ended_ms or court.outcome.ended_ms
        for from_ms, until_ms in calm(whole, life.begun_ms, ended_ms):
            if until_ms - from_ms > RECORDED_MS:
                truly = f"disk and server were whole from {court.s(from_ms)} to {court.s(until_ms)} s"
                court.say(life.bed, from_ms, "nothing is recorded", truly, life.rows[-1][1].text)


def judge_monitor(court: Court, monitor: MonitorTruth) -> None:
    late_ms = max(MONITOR_LOST_MS, POLLS * monitor.poll_ms)
    _lost(court, monitor.bed, monitor.id, "monitor_lost", monitor.line, late_ms)
    for begin, end in monitor.apnoeas() if monitor.hears_breath else []:
        for from_ms, until_ms in court.calm(monitor.line, begin, end, court.bound(monitor.bed)):
            due_ms = from_ms + APNOEA_MS + 2 * monitor.poll_ms
            if until_ms > due_ms:
                _apnoea(court, monitor, from_ms, due_ms)


def _lost(court: Court, bed: str, device: str, condition: str, line: Spans, late_ms: float) -> None:
    """A cable that was out while the daemon was up."""
    daemon = (court.ghost.daemon, court.ghost.machine)
    for begin, end, what in [(float(a), float(b), str(c)) for a, b, c in line.rows]:
        if not what.startswith(("unplug", "half-open")):
            continue
        in_again_ms = min(end - AFTER_MS, court.outcome.ended_ms)
        for from_ms, until_ms in calm(daemon, begin, in_again_ms):
            due_ms = from_ms + late_ms + BUSY_MS
            if until_ms > due_ms:
                court.counts[f"{condition} due"] += 1
                truly = f"{what} from {court.s(begin)} to {court.s(in_again_ms)} s"
                court.expect(bed, condition, device, (from_ms, due_ms, until_ms), truly)


def _apnoea(court: Court, monitor: MonitorTruth, from_ms: float, due_ms: float) -> None:
    """A HIGH of the patient is there, whichever rule found it."""
    court.counts["apnoeas"] += 1
    for life in court.lives.values():
        if life.bed == monitor.bed and life.lives(from_ms, due_ms):
            told = (alarm for at, alarm, _ in life.rows if at <= due_ms)
            if any((alarm.kind, alarm.priority) == (AlarmKind.PHYSIOLOGICAL, Priority.HIGH) for alarm in told):
                return
    truly = f"{monitor.driver}: no breath, heard from {court.s(from_ms)} to {court.s(due_ms)} s"
    court.say(monitor.bed, from_ms, "no alarm of an apnoea", truly, court.shown(monitor.bed, from_ms, due_ms))


def judge_seen(court: Court) -> None:
    """What stood on a screen stands in the journal; a kill on a full disk may cost what was shown then."""
    for at_ms, alarm in court.outcome.notes.seen.values():
        court.counts["alarms seen on a screen"] += 1
        life = court.lives.get(alarm["id"])
        if life is not None and (life.bed, life.condition) == (alarm["bed"], alarm["condition"]):
            continue
        if not court.ghost.disk.clear(at_ms - FULL_BEFORE_MS, at_ms + FULL_AFTER_MS):
            court.counts["alarms seen on a full disk and lost with a kill"] += 1
            continue
        truly = f"a screen showed {alarm['condition']}: {alarm['text']}"
        court.say(alarm["bed"], at_ms, "an alarm lost", truly, "not in the journal")


def judge_acknowledged(court: Court) -> None:
    """Answered: recorded once, with its effect once. Not answered: at most once."""
    events = Counter(event.by for story in court.stories.values() for _, event in story.acknowledged)
    effects = Counter(by for life in court.lives.values() for by in _effects(life))
    for ack in court.outcome.notes.acks:
        _acknowledged(court, ack, events[ack.by], effects[ack.by])


def _effects(life: AlarmLife) -> list[str]:
    """By whom it was acknowledged, each time. (Where its condition is over by then, that is what ends it.)"""
    told = [alarm.acknowledged for _, alarm, _ in life.rows]
    return [now.by for before, now in pairwise([None, *told]) if now is not None and now != before]


def _acknowledged(court: Court, ack: Ack, events: int, effects: int) -> None:
    court.counts[f"acknowledgements answered {ack.status}"] += 1
    life = court.lives.get(ack.alarm)
    bed, told = life.bed if life is not None else "?", f"{events} events, {effects} effects"
    if max(events, effects) > 1:
        court.say(bed, ack.at_ms, "an acknowledgement doubled", f"{ack.by} did it once", told)
    elif ack.status == OK and (events, effects) != (1, 1):
        court.say(bed, ack.at_ms, "an acknowledgement lost", f"{ack.by} was told that it is done", told)
