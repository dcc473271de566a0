"""The decision kernel of one bed: step, next_deadline, view. Pure: `now` is an argument, nothing is read or written.

Theory of operation. A handler per event type only writes down what was heard or asked (and answers requests).
Then `settle` judges the whole of what is known from scratch: vitals and rules, each pump, the alarms that hold.
(A monitor's frame or a pump's status, when nothing else is due, judges only the part that it can have changed.)
Nothing is remembered as "already alarmed": an alarm is there because its condition holds, so a forgotten
transition cannot lose one. Whatever was due by `now` is settled before the event is applied.
"""

from __future__ import annotations

from pumpd.device.facts import DeviceAlarms, PumpStatus, Vitals
from pumpd.safety import accounting, course, handlers, look
from pumpd.safety import pump as pumps
from pumpd.safety.advisories import advisories
from pumpd.safety.alarm_table import due_ms, end_audio_pause, let_time_pass, reconcile
from pumpd.safety.bed_alarms import bed_conditions, note_blindness
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Event, Heard, HistoryKept, Restarted, Tick
from pumpd.safety.freshness import live_ms, withdraw_ms
from pumpd.safety.glance import glance, passes_over
from pumpd.safety.policy import BedPolicy, PumpPolicy
from pumpd.safety.pump_alarms import conditions as pump_conditions
from pumpd.safety.pump_alarms import scope
from pumpd.safety.quality import EPISODIC, NOTHING, monitor_conditions, note_losses, pump_stale_ms
from pumpd.safety.reflex import stop_at_once
from pumpd.safety.respiration import active_rules, evaluate, stop_words
from pumpd.safety.respiration import conditions as rule_conditions
from pumpd.safety.resume import note_steady
from pumpd.safety.rules import plan_of
from pumpd.safety.state import BedState, DeviceState, Draft, freeze, open_draft, pump_policy
from pumpd.safety.view import BedView

__all__ = ["glance", "initial_state", "next_deadline", "passes_over", "step", "step_closely", "stop_at_once", "view"]


UNWATCHED = frozenset({Restarted, HistoryKept})


def initial_state(policy: BedPolicy) -> BedState:
    """A bed of which nothing is known yet; watching begins with the first step."""
    return BedState(
        bed=policy.bed,
        now_ms=0,
        patient=None,
        devices={name: DeviceState() for name in policy.device_ids()},
        samples={},
        rules={},
        pumps={pump.device: pumps.first_state(pump) for pump in policy.pumps},
        alarms={},
        faults={},
    )


def step(state: BedState, event: Event, now: int, policy: BedPolicy) -> tuple[BedState, tuple[Decision, ...]]:
    """The bed after `event` at kernel time `now` (ms), and what is to be done, in order.

    Pure and total: the same arguments give the same answer, and no event raises. A `now` before the state's own
    is taken as the state's own.
    """
    quiet = glance(state, event, now, policy)
    return step_closely(state, event, now, policy) if quiet is None else (quiet, ())


def step_closely(state: BedState, event: Event, now: int, policy: BedPolicy) -> tuple[BedState, tuple[Decision, ...]]:
    """`step`, the long way; `glance` is a shortcut of it."""
    now = max(now, state.now_ms)
    d = open_draft(state, policy, now)
    everything = not state.started or (state.due_ms is not None and state.due_ms <= now)
    if not handlers.fits(d):
        everything = True
        handlers.adopt(d)
    if not state.started:
        handlers.begin(d)
    elif everything and type(event) not in UNWATCHED:  # during a gap: it is judged by their handlers
        settle(d)
        if type(event) is Tick:  # nothing was heard: judged already
            return freeze(d, deadline(d)), tuple(d.out)
    handlers.apply(d, event)
    kind = type(event.fact) if type(event) is Heard and not everything else None
    if kind is Vitals:
        settle_vitals_only(d, state)
    elif kind is PumpStatus and type(event) is Heard:
        settle_pump_only(d, event.device)
    elif kind is not DeviceAlarms or is_news(d, state):
        settle(d)
    return freeze(d, deadline(d)), tuple(d.out)


def is_news(d: Draft, before: BedState) -> bool:
    """Has a device's word changed anything? If not there is nothing to judge, for what time changes has a deadline."""
    same = d.devices == before.devices and d.pumps == before.pumps
    return not (same and d.samples == before.samples and d.breath == before.breath)


def next_deadline(state: BedState, policy: BedPolicy) -> int | None:
    """When `step` wants a Tick, always later than the state's own time; None: nothing is due by itself."""
    return state.due_ms


def view(state: BedState, now: int, policy: BedPolicy) -> BedView:
    """What screens may show at `now`; see pumpd.safety.look."""
    return look.view(state, max(now, state.now_ms), policy)


def settle(d: Draft) -> None:
    """Judge everything on what is known now."""
    note_losses(d)
    settle_vitals(d)
    note_blindness(d)
    settle_pumps(d)
    reconcile(d, "b", bed_conditions(d))
    settle_signals(d)


def settle_vitals_only(d: Draft, before: BedState) -> None:
    """After a monitor's frame with nothing else due: the pumps are judged again only if breathing concerns them."""
    settle_vitals(d)
    note_blindness(d)
    blind = d.blind_ms is not None or before.blind_ms is not None
    if blind or d.stop_rule is not None or before.stop_rule is not None:
        settle_pumps(d)
    if blind:
        reconcile(d, "b", bed_conditions(d))


def settle_pump_only(d: Draft, device: str) -> None:
    """After a pump's status with nothing else due."""
    pump = pump_policy(d.policy, device)
    if pump is None or (accounting.is_passed_over(d, pump)):
        if pump is not None:
            if d.course.missing:
                course.settle_missing(d)
            settle_pump(d, pump)
        d.pumps_due_ms = earliest(d, pump_times(d))
    else:
        settle_pumps(d, first=pump)
    if d.blind_ms is not None:
        reconcile(d, "b", bed_conditions(d))


def settle_pumps(d: Draft, first: PumpPolicy | None = None) -> None:
    """Account for what was given, then judge each pump; first: the pump that was heard, whose stop comes first."""
    accounting.settle(d)
    course.settle(d)
    if first is not None:
        settle_pump(d, first)
    for pump in d.policy.pumps:
        if pump is not first:
            settle_pump(d, pump)
    d.pumps_due_ms = earliest(d, pump_times(d))


def settle_pump(d: Draft, pump: PumpPolicy) -> None:
    pumps.settle(d, pump)
    reconcile(d, scope(pump), pump_conditions(d, pump))


def settle_vitals(d: Draft) -> None:
    live = evaluate(d)
    note_steady(d, live)
    active = active_rules(d) if d.rules else []
    d.stop_rule = stop_words(active)
    found = rule_conditions(d, active, live) if active else {}
    for monitor in d.policy.monitors:
        found.update(monitor_conditions(d, monitor))
    found.update(advisories(d))
    reconcile(d, "v", found)
    d.vitals_due_ms = earliest(d, vitals_times(d))


def settle_signals(d: Draft) -> None:
    """Acknowledged alarms sound again, unseen HIGH ones climb; an audio pause always ends (ALA-03, ALA-04, ALA-05)."""
    if d.alarms:
        let_time_pass(d)
    if d.audio_until_ms is not None and d.audio_until_ms <= d.now:
        end_audio_pause(d)


def earliest(d: Draft, due: list[int | None]) -> int | None:
    """The first of these times after now."""
    now, first = d.now, None
    for at in due:
        if at is not None and at > now and (first is None or at < first):
            first = at
    return first


def deadline(d: Draft) -> int | None:
    """The earliest time after `now` at which something happens by itself."""
    due = [d.vitals_due_ms, d.pumps_due_ms, d.audio_until_ms, d.given.due_ms, d.course.due_ms]
    if d.alarms:
        due += [due_ms(d.policy.profile, alarm) for alarm in d.alarms.values()]
    if d.blind_ms is not None:
        due.append(d.blind_ms + d.policy.times.monitoring_lost_ms)
    return earliest(d, due)


def vitals_times(d: Draft) -> list[int | None]:
    due = sample_times(d)
    if d.rules:
        due += rule_times(d)
    if d.breath.doubts or d.breath.differ:
        due += breath_times(d)
    times = d.policy.times
    due += [lost_at(d.devices[monitor.device], withdraw_ms(times, monitor)) for monitor in d.policy.monitors]
    return due


def pump_times(d: Draft) -> list[int | None]:
    due: list[int | None] = []
    for pump in d.policy.pumps:
        due += pumps.due(d, pump)
        due.append(lost_at(d.devices[pump.device], pump_stale_ms(d.policy, pump)))
    return due


def sample_times(d: Draft) -> list[int | None]:
    """When values stop being live, are withdrawn, or have been off for long enough.

    Samples of one frame share their times, so equal ones are asked once.
    """
    due: list[int | None] = []
    for monitor in d.policy.monitors:
        live, withdrawn = live_ms(d.policy.times, monitor), withdraw_ms(d.policy.times, monitor)
        last_ms = None
        for name, sample in d.samples.get(monitor.device, NOTHING).items():
            good_ms, off_ms = sample.good_ms, sample.off_ms
            if good_ms is None or (good_ms == last_ms and off_ms is None) or name in EPISODIC:
                continue
            last_ms = good_ms
            due += (good_ms + live, good_ms + withdrawn, None if off_ms is None else off_ms + live)
    return due


def rule_times(d: Draft) -> list[int | None]:
    """When pending rules fire, or forget their delay because a value is missing for too long."""
    rules = plan_of(d.policy.profile).by_id
    due: list[int | None] = []
    for name, state in d.rules.items():
        rule = rules.get(name)  # a state from before a restart may know rules that this profile does not
        if rule is not None and not state.active and state.since_ms is not None:
            gap_end = None if state.gap_ms is None else state.gap_ms + d.policy.times.vitals_live_ms
            due.append(state.since_ms + rule.delay_ms if gap_end is None else gap_end)
    return due


def breath_times(d: Draft) -> list[int | None]:
    """When a doubt about a value is over, and when sources have disagreed for long enough."""
    due: list[int | None] = [doubt.until_ms for doubts in d.breath.doubts.values() for doubt in doubts.values()]
    return due + [since.since_ms + d.policy.breathing.difference_ms for since in d.breath.differ.values()]


def lost_at(device: DeviceState, limit_ms: int) -> int | None:
    return None if device.lost or device.heard_ms is None else device.heard_ms + limit_ms
