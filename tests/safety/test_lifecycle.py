"""Every state of an alarm under every trigger: the table itself, and each of its edges walked by the real kernel."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as changed

import pumpd.safety
from pumpd.safety import kernel
from pumpd.safety.actions import ACTIONS, action_of
from pumpd.safety.alarm_table import BREAKS_AUDIO_PAUSE, TABLE, Condition, Trigger, hold, move, start
from pumpd.safety.alarms import Acknowledgement, Alarm, AlarmState, Phase
from pumpd.safety.decisions import AlarmChanged, Decision
from pumpd.safety.events import Acknowledged, AckReason, AlarmReset, PatientReleased, SelfFault
from pumpd.safety.policy import AlarmKind, Priority
from pumpd.safety.state import Draft, open_draft
from tests.safety.build import HIGH, LADDER, LOW, MEDIUM, PROFILE, Bed, bed_policy, only_rules

A, K, L, E = AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED, AlarmState.LATCHED, AlarmState.ENDED
ACK = AckReason.CARE_IN_PROGRESS
BY = Acknowledgement("RN", 900, ACK)

# what must happen, written down a second time: (before, trigger) -> (after, what is told); all other pairs do nothing
EXPECTED: dict[tuple[AlarmState | None, str], tuple[AlarmState, str]] = {
    (None, "rise"): (A, "start"),
    (A, "fall"): (E, "end"),
    (A, "fall_latching"): (L, "inactivate"),
    (A, "ack"): (K, "acknowledged"),
    (A, "worsen"): (A, "escalate"),
    (A, "ease"): (A, "deescalate"),
    (A, "change"): (A, "update"),
    (A, "climb"): (A, "escalate"),
    (A, "close"): (E, "end"),
    (K, "fall"): (E, "end"),
    (K, "fall_latching"): (E, "end"),
    (K, "realarm"): (A, "realarm"),
    (K, "worsen"): (A, "escalate"),
    (K, "ease"): (K, "deescalate"),
    (K, "ease_latching"): (K, "deescalate"),
    (K, "change"): (K, "update"),
    (K, "close"): (E, "end"),
    (L, "rise"): (A, "update"),
    (L, "ack"): (E, "end"),
    (L, "reset"): (E, "reset"),
    (L, "climb"): (L, "escalate"),
    (L, "close"): (E, "end"),
}
PAIRS = list(itertools.product([None, *AlarmState], Trigger))


def draft(*alarms: Alarm) -> Draft:
    policy = bed_policy(profile=replace(PROFILE, escalation=LADDER))
    d = open_draft(kernel.initial_state(policy), policy, 1_000)
    d.alarms.update({f"v/{alarm.condition}": alarm for alarm in alarms})
    return d


def condition(priority: Priority = HIGH, text: str = "SpO2 84 < 85 %", milli: int | None = 84_000) -> Condition:
    kind = AlarmKind.PHYSIOLOGICAL
    return Condition("spo2", "m1", priority, kind, text, "84", "< 85 %", milli, rule=priority.value, action="look")


def an_alarm(state: AlarmState = A, priority: Priority = HIGH) -> Alarm:
    """An alarm in this state; of a latched one the condition is over."""
    d = draft()
    start(d, "v/spo2", condition(priority))
    alarm = d.alarms["v/spo2"]
    over = state in (L, E)
    acked = BY if state is K else None
    return changed(alarm, state=state, present=not over, ended_ms=500 if over else None, acknowledged=acked)


def tells(d: Draft) -> list[tuple[AlarmState, str]]:
    return [(o.alarm.state, o.phase.value) for o in d.out if isinstance(o, AlarmChanged)]


@pytest.mark.req("ALA-01")
@pytest.mark.parametrize(("before", "trigger"), PAIRS, ids=[f"{a or 'none'}-{b}" for a, b in PAIRS])
def test_every_state_takes_every_trigger_as_written_down(before: AlarmState | None, trigger: Trigger) -> None:
    alarm = an_alarm(before or A)
    d = draft() if before is None else draft(alarm)
    move(d, "v/spo2", trigger, alarm, before)
    expected = EXPECTED.get((before, trigger.value))
    assert tells(d) == ([] if expected is None else [expected])
    if expected is None:
        assert d.alarms.get("v/spo2") == (None if before is None else alarm)
    elif expected[0] is E:
        assert d.alarms == {}
    else:
        assert d.alarms["v/spo2"].state is expected[0]


@pytest.mark.req("ALA-01")
def test_the_table_holds_no_edge_that_is_not_written_down() -> None:
    assert {(a, t.value): (s, p.value) for (a, t), (s, p) in TABLE.items()} == EXPECTED
    assert not [edge for edge in TABLE if edge[0] is E]


@pytest.mark.req("ALA-04")
def test_just_the_edges_that_begin_or_raise_a_condition_break_an_audio_pause() -> None:
    broken = {(a, t.value) for a, t in BREAKS_AUDIO_PAUSE if (a, t) in TABLE}
    assert broken == {(None, "rise"), (L, "rise"), (A, "worsen"), (K, "worsen")}


# the edges walked by the kernel itself: how the alarm gets there, what happens then, what is told of it

SPO2 = only_rules("spo2_low", "spo2_very_low")


def at(spo2: int, seconds: int) -> Bed:
    bed = Bed(bed_policy(profile=replace(SPO2, escalation=LADDER)))
    bed.breathe(seconds, spo2=spo2)
    return bed


def active_high() -> Bed:
    """Below both limits for longer than both delays."""
    return at(84, 16)


def active_medium() -> Bed:
    return at(88, 15)


def acked_high() -> Bed:
    return acked(active_high())


def acked_medium() -> Bed:
    return acked(active_medium())


def latched() -> Bed:
    bed = active_high()
    bed.vitals(spo2=97, after=1_000)
    return bed


def acked(bed: Bed) -> Bed:
    bed.do(Acknowledged(bed.the("spo2").id, "RN", ACK), 100)
    return bed


def breathe(spo2: int, seconds: int) -> Callable[[Bed], list[Decision]]:
    return lambda bed: bed.breathe(seconds, spo2=spo2)


def acknowledge(bed: Bed) -> list[Decision]:
    return list(bed.do(Acknowledged(bed.the("spo2").id, "RN", ACK), 100))


def reset(bed: Bed) -> list[Decision]:
    return list(bed.do(AlarmReset(bed.the("spo2").id, "RN", "seen"), 100))


def release(bed: Bed) -> list[Decision]:
    return list(bed.do(PatientReleased("RN", "home"), 100))


WALKS: dict[str, tuple[Callable[[], Bed], Callable[[Bed], list[Decision]], tuple[AlarmState, str]]] = {
    "none rise": (lambda: at(97, 1), breathe(84, 10), (A, "start")),
    "active fall": (active_medium, breathe(97, 0), (E, "end")),
    "active fall latching": (active_high, breathe(97, 0), (L, "inactivate")),
    "active ack": (active_high, acknowledge, (K, "acknowledged")),
    "active worsen": (active_medium, breathe(84, 10), (A, "escalate")),
    "active change": (active_high, breathe(83, 0), (A, "update")),
    "active ease latching (stays)": (active_high, breathe(88, 0), (A, "update")),
    "active climb": (active_high, breathe(84, 30), (A, "escalate")),
    "active close": (active_high, release, (E, "end")),
    "acknowledged fall": (acked_medium, breathe(97, 0), (E, "end")),
    "acknowledged fall latching": (acked_high, breathe(97, 0), (E, "end")),
    "acknowledged realarm": (acked_high, breathe(84, 120), (A, "realarm")),
    "acknowledged worsen": (acked_medium, breathe(84, 10), (A, "escalate")),
    "acknowledged ease latching": (acked_high, breathe(88, 15), (K, "deescalate")),
    "acknowledged change": (acked_high, breathe(83, 0), (K, "update")),
    "acknowledged close": (acked_high, release, (E, "end")),
    "latched rise": (latched, breathe(84, 10), (A, "update")),
    "latched ack": (latched, acknowledge, (E, "end")),
    "latched reset": (latched, reset, (E, "reset")),
    "latched climb": (latched, breathe(97, 30), (L, "escalate")),
    "latched close": (latched, release, (E, "end")),
}


@pytest.mark.req("ALA-01", "ALA-02", "ALA-03", "ALA-05")
@pytest.mark.parametrize("walk", WALKS)
def test_the_kernel_walks_each_edge(walk: str) -> None:
    begin, then, expected = WALKS[walk]
    bed = begin()
    told = [d for d in then(bed) if isinstance(d, AlarmChanged) and d.alarm.condition == "spo2"]
    assert expected in [(d.alarm.state, d.phase.value) for d in told]


# de-escalation


@pytest.mark.req("ALA-02")
def test_a_high_alarm_that_nobody_has_seen_stays_high_when_only_its_milder_condition_is_left() -> None:
    bed = active_high()
    bed.breathe(60, spo2=88)
    alarm = bed.the("spo2")
    assert (alarm.priority, alarm.state, alarm.rule) == (HIGH, A, "spo2_low")
    assert alarm.text == "spo2 low: SpO2 88 < 90 % for 15 s (was HIGH: spo2 very low: SpO2 84 < 85 % for 10 s)"
    bed.vitals(spo2=97, after=1_000)
    assert bed.the("spo2").state is L, "and it latches as the HIGH that it was"


@pytest.mark.req("ALA-02")
def test_a_latched_high_that_comes_back_milder_is_still_high() -> None:
    bed = latched()
    bed.breathe(15, spo2=88)
    alarm = bed.the("spo2")
    assert (alarm.priority, alarm.state) == (HIGH, A)
    assert "was HIGH: spo2 very low" in alarm.text


@pytest.mark.req("ALA-02", "ALA-03")
def test_the_acknowledgement_of_a_high_whose_condition_is_milder_by_now_lowers_it_in_the_same_step() -> None:
    bed = active_high()
    bed.breathe(20, spo2=88)
    told = [d for d in acknowledge(bed) if isinstance(d, AlarmChanged)]
    assert [(d.alarm.priority, d.phase) for d in told] == [(HIGH, Phase.ACKNOWLEDGE), (MEDIUM, Phase.DEESCALATE)]
    alarm = bed.the("spo2")
    assert (alarm.state, alarm.priority, alarm.rule, alarm.was) == (K, MEDIUM, "spo2_low", None)
    assert alarm.text == "spo2 low: SpO2 88 < 90 % for 15 s"
    assert alarm.acknowledged is not None


@pytest.mark.req("ALA-03", "ALA-05")
def test_what_was_lowered_sounds_again_when_it_is_worse_again() -> None:
    bed = acked_high()
    bed.breathe(20, spo2=88)
    assert bed.the("spo2").priority is MEDIUM
    bed.breathe(10, spo2=84)
    alarm = bed.the("spo2")
    assert (alarm.state, alarm.priority, alarm.acknowledged) == (A, HIGH, None)
    assert alarm.escalation is not None
    assert alarm.escalation.to == "bedside"


@pytest.mark.req("ALA-03")
def test_a_lowered_alarm_sounds_again_after_the_time_of_its_lower_priority() -> None:
    bed = acked_high()
    acked_ms = bed.now
    bed.breathe(290, spo2=88)
    assert bed.the("spo2").state is K
    bed.breathe(20, spo2=88)
    alarm = bed.the("spo2")
    assert (alarm.state, alarm.priority) == (A, MEDIUM)
    again = [t for t, d in bed.log if isinstance(d, AlarmChanged) and d.phase is Phase.REALARM]
    assert again == [acked_ms + 300_000]


@pytest.mark.req("ALA-02")
def test_a_priority_that_does_not_latch_is_lowered_without_an_acknowledgement() -> None:
    alarm = an_alarm(A, MEDIUM)
    d = draft(alarm)
    hold(d, "v/spo2", alarm, condition(LOW, "milder"))
    assert (d.alarms["v/spo2"].priority, tells(d)) == (LOW, [(A, "deescalate")])


@pytest.mark.req("ALA-01")
def test_an_unseen_high_goes_on_counting_its_worst_value_while_it_eases() -> None:
    alarm = an_alarm(A)
    d = draft(alarm)
    hold(d, "v/spo2", alarm, condition(MEDIUM, "milder", 80_000))
    kept = d.alarms["v/spo2"]
    assert (kept.priority, kept.worst_milli, kept.was, kept.action) == (HIGH, 80_000, "SpO2 84 < 85 %", "look")
    hold(d, "v/spo2", kept, condition(HIGH, "worse again", 83_000))
    assert (d.alarms["v/spo2"].text, d.alarms["v/spo2"].was) == ("worse again", None)


# what to do


def conditions_in_source() -> set[str]:
    """The names of all conditions that the kernel's modules raise by name, without what follows a colon."""
    found: set[str] = set()
    for path in Path(pumpd.safety.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Condition":
                first = node.args[0].values[0] if isinstance(node.args[0], ast.JoinedStr) else node.args[0]
                if isinstance(first, ast.Constant):
                    found.add(str(first.value).partition(":")[0])
    return found


@pytest.mark.req("ALA-01")
def test_every_technical_condition_says_what_to_do() -> None:
    named = conditions_in_source()
    assert {"over_hard", "sensor_off", "monitoring_lost"} <= named
    assert named - ACTIONS.keys() == set()
    assert action_of("sensor_off:spo2") == ACTIONS["sensor_off"]
    assert action_of("part_failed_web_face") == ACTIONS["part_failed"]
    assert action_of("nonsense") == ""


@pytest.mark.req("ALA-01")
def test_an_alarm_carries_the_action_of_its_rule_and_of_its_condition() -> None:
    rules = tuple(replace(r, action=f"do {r.id}") for r in SPO2.rules)
    bed = Bed(bed_policy(profile=replace(SPO2, rules=rules)))
    bed.breathe(15, spo2=88)
    assert bed.the("spo2").action == "do spo2_low"
    bed.breathe(10, spo2=84)
    assert bed.the("spo2").action == "do spo2_very_low"
    bed.do(SelfFault("journal_failing", "disk full", True), 10)
    assert bed.the("journal_failing").action == ACTIONS["journal_failing"]
