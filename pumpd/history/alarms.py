"""The alarms of a stay, each once, with who answered it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from pumpd.history.shapes import PastAlarmShape
from pumpd.journal.stays import Stepped
from pumpd.live.shape import alarm_shape
from pumpd.live.stamp import Stamp
from pumpd.report.words import spaced
from pumpd.safety.alarm_table import RANK
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.decisions import AlarmChanged
from pumpd.safety.events import AlarmReset


@dataclass(slots=True)
class _Past:
    """worst: as it was at its highest priority. seen: as somebody had acknowledged it."""

    last: Alarm
    worst: Alarm
    seen: Alarm | None = None
    over_ms: int | None = None
    reset_by: str | None = None
    reset_reason: str = ""
    climbed: dict[str, None] = field(default_factory=dict)


class PastAlarms:
    """Give it the steps of a stay in order."""

    def __init__(self, stamp: Stamp) -> None:
        self._stamp = stamp
        self._found: dict[str, _Past] = {}

    def take(self, step: Stepped) -> None:
        for one in step.decisions:
            if isinstance(one.value, AlarmChanged):
                self._changed(one.value.alarm, step)

    def _changed(self, alarm: Alarm, step: Stepped) -> None:
        past = self._found.setdefault(alarm.id, _Past(alarm, alarm))
        past.last = alarm
        if RANK[alarm.priority] > RANK[past.worst.priority]:
            past.worst = alarm
        if alarm.acknowledged is not None:
            past.seen = alarm
        if alarm.escalation is not None:
            past.climbed[spaced(alarm.escalation.to)] = None
        if alarm.state is AlarmState.ENDED:
            past.over_ms = alarm.ended_ms if alarm.ended_ms is not None else step.now_ms
        if isinstance(step.event, AlarmReset) and step.event.alarm_id == alarm.id:
            past.reset_by, past.reset_reason = step.event.by, step.event.reason

    def since(self, from_ms: int) -> list[PastAlarmShape]:
        """Those that were there at from_ms or began later, newest first."""
        there = [past for past in self._found.values() if past.over_ms is None or past.over_ms >= from_ms]
        return [self._shape(past) for past in sorted(there, key=lambda past: past.last.onset_ms, reverse=True)]

    def _shape(self, past: _Past) -> PastAlarmShape:
        alarm = replace(past.last, priority=past.worst.priority, text=past.worst.text)
        if alarm.acknowledged is None and past.seen is not None:
            alarm = replace(alarm, acknowledged=past.seen.acknowledged)
        ended_ms = alarm.ended_ms if alarm.ended_ms is not None else past.over_ms
        return PastAlarmShape(
            alarm_shape(alarm, self._stamp),
            self._stamp.maybe(ended_ms),
            past.reset_by,
            past.reset_reason,
            list(past.climbed),
        )
