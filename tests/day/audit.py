"""The auditor of the day: holds what was decided against the script, and counts what the staff had to listen to.

It knows the script, the frames that were shown, the decisions and the simulated pump; nothing of the kernel's memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest

from pumpd.device import Vitals
from pumpd.safety import decisions as de
from pumpd.safety import events as ev
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.policy import AlarmKind, Op, Priority, Rule, Term
from tests.day.bed import VirtualBed
from tests.day.script import RULE_SLACK_MS, TAIL_MS, ByRule, ByTime, Row

RANK = {Priority.LOW: 1, Priority.MEDIUM: 2, Priority.HIGH: 3}
STOP_MS = 2_000  # from an alarm that stops the pump to the pump standing still
SPEAKS_FOR_ITSELF = ("device_alarm:", "pump_changed")  # what a device says of itself is no verdict of ours


def holds(term: Term, value: int) -> bool:
    """The profile's words, read once more and not by the kernel."""
    limit = term.limit_milli
    return {
        Op.LT: value < limit,
        Op.LE: value <= limit,
        Op.GT: value > limit,
        Op.GE: value >= limit,
        Op.EQ: value == limit,
    }[term.op]


@dataclass
class Watch:
    """One alarm that a row demands: when its terms were first shown without a break, when it is due, when it came."""

    row: str
    name: str
    condition: str
    priority: Priority
    stops: bool
    rule: Rule | None = None
    since_ms: int | None = None
    due_ms: int | None = None
    came_ms: int | None = None
    stopped_ms: int | None = None

    def see(self, now: int, shown: dict[str, int]) -> None:
        """One frame: the terms hold, or the delay begins anew."""
        if self.rule is None or self.due_ms is not None:
            return
        all_of = all(t.signal in shown and holds(t, shown[t.signal]) for t in self.rule.all_of)
        any_of = any(t.signal in shown and holds(t, shown[t.signal]) for t in self.rule.any_of)
        if not (all_of and (any_of or not self.rule.any_of)):
            self.since_ms = None
            return
        self.since_ms = now if self.since_ms is None else self.since_ms
        if now - self.since_ms >= self.rule.delay_ms:
            self.due_ms = self.since_ms + self.rule.delay_ms + RULE_SLACK_MS

    def hear(self, now: int, alarm: Alarm) -> None:
        wanted = self.condition
        named = alarm.condition.startswith(wanted[:-1]) if wanted.endswith("*") else alarm.condition == wanted
        loud = named and alarm.present and alarm.state in (AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED)
        if self.came_ms is None and loud and RANK[alarm.priority] >= RANK[self.priority]:
            self.came_ms = now

    def verdict(self) -> str | None:
        """What is wrong, in words, once the row is over."""
        where = f"{self.row}: {self.name}"
        if self.due_ms is None:
            return f"{where} was never due: the script does not do what it says"
        if self.came_ms is None:
            return f"{where} never alarmed"
        if self.came_ms > self.due_ms:
            return f"{where} alarmed {self.came_ms - self.due_ms} ms late"
        if self.stops and (self.stopped_ms is None or self.stopped_ms > self.due_ms + STOP_MS):
            return f"{where} did not stop the pump in time"
        return None


@dataclass
class Burden:
    """What one bed-day was to listen to: each alarm instance as it was at its worst, and when a HIGH was present."""

    worst: dict[str, Alarm] = field(default_factory=dict)
    high_from: list[int] = field(default_factory=list)
    high_until: list[int] = field(default_factory=list)

    def hear(self, alarm: Alarm) -> None:
        known = self.worst.get(alarm.id)
        if known is None or RANK[alarm.priority] > RANK[known.priority]:
            self.worst[alarm.id] = alarm

    def count(self, priority: Priority | None = None, kind: AlarmKind | None = None) -> int:
        wanted = [a for a in self.worst.values() if priority in (None, a.priority)]
        return sum(kind in (None, a.kind) for a in wanted)

    def episodes(self, apart_ms: int) -> int:
        """HIGH episodes: what lies closer together than apart_ms is one."""
        count, last_end = 0, None
        for begin, end in zip_longest(self.high_from, self.high_until):
            if last_end is None or begin - last_end >= apart_ms:
                count += 1
            last_end = end
        return count


class Audit:
    """Watches one bed; `problems` says in words what was wrong."""

    def __init__(self, bed: VirtualBed, rows: tuple[Row, ...]) -> None:
        self.bed, self.rows = bed, rows
        self.problems: list[str] = []
        self.burden = Burden()
        self.watches: list[Watch] = []
        self.done: list[Watch] = []
        self._open: list[Watch] = []
        self._high: set[str] = set()
        self._live: dict[str, Alarm] = {}
        self._paused_until: int | None = None
        self._frame: Vitals | None = None
        bed.watchers.append(self.see)
        bed.listeners.append(self.listen)

    def begin(self, row: Row) -> None:
        """The row begins now."""
        for must in row.must:
            watch = self._rule(row, must) if isinstance(must, ByRule) else self._time(row, must)
            for alarm in self._live.values():
                watch.hear(self.bed.now, alarm)
            self._open.append(watch)

    def _rule(self, row: Row, must: ByRule) -> Watch:
        rule = next(r for r in self.bed.policy.profile.rules if r.id == must.rule)
        return Watch(row.title, rule.id, rule.condition, rule.priority, rule.interlock, rule)

    def _time(self, row: Row, must: ByTime) -> Watch:
        due_ms = row.start_ms + must.within_ms(self.bed.policy)
        return Watch(row.title, must.condition, must.condition, must.priority, must.stops, due_ms=due_ms)

    def end(self, row: Row) -> None:
        """The row and its tail are over."""
        for watch in [w for w in self._open if w.row == row.title]:
            self._open.remove(watch)
            self.done.append(watch)
            wrong = watch.verdict()
            if wrong is not None:
                self.problems.append(wrong)

    # what happens

    def see(self, now: int, event: ev.Event, out: tuple[de.Decision, ...]) -> None:
        if isinstance(event, ev.Heard) and isinstance(event.fact, Vitals):
            self._frame = event.fact
            if self._open:
                shown = self._shown()
                for watch in self._open:
                    watch.see(now, shown)
        if self._open:
            self._see_pump(now)
        if self._paused_until is not None:
            self._see_pause(now)

    def listen(self, now: int, event: ev.Event, out: tuple[de.Decision, ...]) -> None:
        for decision in out:
            if isinstance(decision, de.AlarmChanged):
                self._see_alarm(now, decision.alarm)
            elif isinstance(decision, de.InterlockChanged):
                self._see_interlock(now, decision)
            elif isinstance(decision, de.AudioChanged):
                self._paused_until = decision.until_ms
            elif isinstance(decision, de.SetRate) and not isinstance(event, ev.RateRequested):
                self._fault(now, f"a rate that nobody asked for ({decision.cause})")

    def _shown(self) -> dict[str, int]:
        """What the newest frame shows, and the last assessment."""
        readings = () if self._frame is None else self._frame.readings
        shown = {r.signal: r.value_milli for r in readings if r.value_milli is not None}
        poss = self.bed.view().values.get("poss")
        if poss is not None and poss.value_milli is not None:
            shown["poss"] = poss.value_milli
        return shown

    def _see_pump(self, now: int) -> None:
        for watch in self._open:
            if watch.stops and watch.stopped_ms is None and watch.came_ms is not None:
                watch.stopped_ms = None if self.bed.pump.pump.infusing else now

    def _see_interlock(self, now: int, change: de.InterlockChanged) -> None:
        if change.state is de.InterlockState.STOP_VERIFIED and self.bed.pump.pump.infusing:
            self._fault(now, "STOP VERIFIED of a pump that infuses")

    def _see_alarm(self, now: int, alarm: Alarm) -> None:
        before = self._live.get(alarm.id)
        new = before is None
        if before is not None and before.present and not alarm.present and alarm.kind is AlarmKind.PHYSIOLOGICAL:
            self._see_over(now, before)
        if alarm.state is AlarmState.ENDED:
            self._live.pop(alarm.id, None)
        else:
            self._live[alarm.id] = alarm
        for watch in self._open:
            watch.hear(now, alarm)
        self.burden.hear(alarm)
        if new and alarm.state is not AlarmState.ENDED:
            self._begun(now, alarm)
        self._count_high(now, alarm)

    def _see_over(self, now: int, alarm: Alarm) -> None:
        """A physiological condition is over by a value that was shown, never for want of one (QUA-03)."""
        rule = next((r for r in self.bed.policy.profile.rules if r.id == alarm.rule), None)
        if rule is None:
            return
        shown = self._shown()
        normal = any(t.signal in shown and not holds(t, shown[t.signal]) for t in rule.all_of)
        other = any(t.signal in shown and not holds(t, shown[t.signal]) for t in rule.any_of)
        if not (normal or other):
            self._fault(now, f"{alarm.condition} is over although nothing normal was shown")

    def _begun(self, now: int, alarm: Alarm) -> None:
        if not self._explained(now, alarm):
            self._fault(now, f"no event explains {alarm.priority} {alarm.condition}: {alarm.text}")

    def _explained(self, now: int, alarm: Alarm) -> bool:
        if alarm.condition.startswith(SPEAKS_FOR_ITSELF):
            return True
        for row in self.rows:
            if row.start_ms <= now <= row.end_ms + TAIL_MS:
                wanted = {self._condition(must) for must in row.must} | row.may
                if any(alarm.condition == w or (w[-1] == "*" and alarm.condition.startswith(w[:-1])) for w in wanted):
                    return True
        return False

    def _condition(self, must: ByRule | ByTime) -> str:
        if isinstance(must, ByTime):
            return must.condition
        return next(r.condition for r in self.bed.policy.profile.rules if r.id == must.rule)

    def _count_high(self, now: int, alarm: Alarm) -> None:
        before = bool(self._high)
        present = alarm.priority is Priority.HIGH and alarm.present
        (self._high.add if present else self._high.discard)(alarm.id)
        if not before and self._high:
            self.burden.high_from.append(now)
        elif before and not self._high:
            self.burden.high_until.append(now)

    def _see_pause(self, now: int) -> None:
        until, longest_ms = self._paused_until, self.bed.policy.profile.audio_pause_max_ms
        if until is not None and (now > until or until - now > longest_ms):
            self._fault(now, f"a pause until {until} ms does not end")
            self._paused_until = None

    def _fault(self, now: int, words: str) -> None:
        clock = f"{now // 3_600_000:02d}:{now // 60_000 % 60:02d}:{now // 1000 % 60:02d}"
        self.problems.append(f"{clock} {self.bed.id}: {words}")
