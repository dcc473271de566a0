"""Feeds a recording to the kernel exactly as the daemon would, with a clock that jumps to the next deadline."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pumpd.device import SIGNALS, Vitals
from pumpd.evaluation.columns import Row
from pumpd.safety.alarms import Alarm, Phase
from pumpd.safety.decisions import AlarmChanged, Decision
from pumpd.safety.events import AlarmReset, Assessed, Event, Heard, LinkChanged, LinkState, Tick
from pumpd.safety.kernel import initial_state, next_deadline, step
from pumpd.safety.policy import (
    AlarmProfile,
    BedPolicy,
    Breathing,
    MonitorPolicy,
    Op,
    Priority,
    Rule,
    Times,
    WeightRange,
)
from pumpd.units import MS_PER_H, Ms

Watcher = Callable[[Ms, Vitals], None]

MONITOR = "recording"
TRUSTING = Breathing()  # neither jumps nor disagreement are looked for
CLOSING = (Phase.LATCH, Phase.END, Phase.RESET)
FALLING = (Op.LT, Op.LE, Op.EQ)


@dataclass(slots=True)
class Episode:
    """One alarm of one priority: from its signal (onset) to the end of its condition.

    An alarm that escalates is two episodes, each under the rule that drove it. end_ms None: it still held at
    the end of the recording. worst_milli: of the rule's first signal, from onset to end.
    """

    alarm_id: str
    condition: str
    rule: str
    priority: Priority
    kind: str
    interlock: bool
    onset_ms: int
    end_ms: int | None = None
    worst_milli: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A stretch of time in which the monitor displayed a value that the kernel took for absent (RSP-05)."""

    signal: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All episodes in order of onset. start_ms: time of the first row. prodigy: episodes of respiratory depression
    as the kernel counts them (RSP-09), whatever the rules say."""

    samples: int
    span_ms: int
    episodes: tuple[Episode, ...]
    start_ms: int = 0
    prodigy: int = 0
    held: tuple[Held, ...] = ()

    @property
    def end_ms(self) -> int:
        """Time of the last row."""
        return self.start_ms + self.span_ms

    def until_ms(self, episode: Episode) -> int:
        """End of the episode, or of the recording while it still held."""
        return self.end_ms if episode.end_ms is None else episode.end_ms

    def per_hour(self, priority: Priority) -> float:
        """Alarm burden: episodes of this priority per hour of recording."""
        count = sum(1 for episode in self.episodes if episode.priority is priority)
        return count * MS_PER_H / self.span_ms if self.span_ms else 0.0


def bench_policy(
    profile: AlarmProfile,
    times: Times,
    weight: WeightRange,
    signals: tuple[str, ...],
    breathing: Breathing = TRUSTING,
) -> BedPolicy:
    """A bed with one monitor that reports these signals every second, and no pump."""
    monitor = MonitorPolicy(MONITOR, MONITOR, signals, 1000, None, None)
    return BedPolicy(MONITOR, "Recording", (), (monitor,), profile, times, weight, breathing=breathing)


def evaluate(rows: Iterable[Row], policy: BedPolicy) -> Evaluation:
    """Run the rows, in order of time, through the kernel. Errors of the rows' iterator pass through."""
    return evaluate_each(rows, (policy,))[0]


def evaluate_each(
    rows: Iterable[Row], policies: Iterable[BedPolicy], watchers: Iterable[Watcher] = ()
) -> tuple[Evaluation, ...]:
    """One evaluation per policy, each by a kernel of its own, in one pass over the rows; watchers see every
    Vitals."""
    runs = [_Run(policy) for policy in policies]
    listeners = [*(run.hear for run in runs), *watchers]
    for now, fact in rows:
        if isinstance(fact, Vitals):
            for hear in listeners:
                hear(now, fact)
        else:
            for run in runs:
                run.assess(now, fact)
    return tuple(run.result() for run in runs)


class _Run:
    """The kernel's state, the open episodes, and what has been collected."""

    def __init__(self, policy: BedPolicy) -> None:
        self._policy = policy
        self._rules = {rule.id: rule for rule in policy.profile.rules}
        self._state = initial_state(policy)
        self._open: dict[str, Episode] = {}
        self._episodes: list[Episode] = []
        self._held: list[Held] = []
        self._held_since: dict[str, int] = {}
        self._first: int | None = None
        self._last = 0
        self._samples = 0

    def assess(self, now: Ms, assessed: Assessed) -> None:
        self._begin(now)
        self._step(assessed, now)

    def _begin(self, now: Ms) -> None:
        if self._first is None:
            self._first = now
            self._step(LinkChanged(MONITOR, LinkState.UP), now)
        self._wait_until(now)

    def hear(self, now: Ms, vitals: Vitals) -> None:
        self._begin(now)
        self._step(Heard(MONITOR, vitals), now)
        self._samples += 1
        self._last = now
        if self._open:
            self._note_worst(vitals)
        held = self._state.breath.held
        if held or self._held_since:
            self._note_held(held.get(MONITOR, {}), now)

    def _note_held(self, held: Iterable[str], now: int) -> None:
        since = self._held_since
        self._held += [Held(name, since.pop(name), now) for name in list(since) if name not in held]
        for name in held:
            since.setdefault(name, now)

    def _wait_until(self, now: int) -> None:
        """Ticks at every deadline of the kernel before now, as the daemon's timer would."""
        while (due := next_deadline(self._state, self._policy)) is not None and due < now:
            self._step(Tick(), Ms(max(due, self._state.now_ms)))

    def _step(self, event: Event, now: Ms) -> None:
        self._state, decisions = step(self._state, event, now, self._policy)
        if decisions:
            self._collect(decisions, now)

    def _collect(self, decisions: tuple[Decision, ...], now: Ms) -> None:
        for decision in decisions:
            if not isinstance(decision, AlarmChanged):
                continue
            if decision.phase in CLOSING:
                self._close(decision.alarm.id, now)
            else:
                self._continue(decision.alarm, now)
            if decision.phase is Phase.LATCH:
                # nobody stands at this bed: without a reset the next episode would be the same instance
                self._step(AlarmReset(decision.alarm.id, "evaluate", "recording"), now)

    def _close(self, alarm_id: str, now: int) -> None:
        episode = self._open.pop(alarm_id, None)
        if episode is not None:
            episode.end_ms = now

    def _continue(self, alarm: Alarm, now: int) -> None:
        rule = self._rules.get(alarm.rule) if alarm.rule is not None else None
        priority = rule.priority if rule is not None else alarm.priority
        episode = self._open.get(alarm.id)
        if episode is not None and episode.priority is priority:
            return
        self._close(alarm.id, now)
        name = rule.id if rule is not None else alarm.condition
        interlock = rule is not None and rule.interlock
        episode = Episode(alarm.id, alarm.condition, name, priority, str(alarm.kind), interlock, now)
        self._open[alarm.id] = episode
        self._episodes.append(episode)

    def _note_worst(self, vitals: Vitals) -> None:
        values = {reading.signal: reading.value_milli for reading in vitals.readings}
        for episode in self._open.values():
            rule = self._rules.get(episode.rule)
            value = values.get(rule.all_of[0].signal) if rule is not None else None
            if rule is not None and value is not None:
                episode.worst_milli = _worse(rule, episode.worst_milli, value)

    def result(self) -> Evaluation:
        first = self._last if self._first is None else self._first
        self._note_held((), self._last)
        counted = self._state.breath.episodes
        return Evaluation(self._samples, self._last - first, tuple(self._episodes), first, counted, tuple(self._held))


def _worse(rule: Rule, old: int | None, new: int) -> int:
    """The worse value in the direction in which the rule looks; its last term on the signal says which."""
    signal = rule.all_of[0].signal
    assert signal in SIGNALS
    low = [term for term in rule.all_of if term.signal == signal][-1].op in FALLING
    if old is None:
        return new
    return min(old, new) if low else max(old, new)
