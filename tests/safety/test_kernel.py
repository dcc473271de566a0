"""The kernel as a whole: pure, total, time never goes back, deadlines always move, state survives a restart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.device.facts import (
    AlarmCode,
    CommandOutcome,
    Control,
    ControlState,
    DeviceAlarms,
    Garbled,
    Identity,
    Integrity,
    Outcome,
    PumpStatus,
    Quality,
    Reading,
    Silent,
    Vitals,
)
from pumpd.safety import kernel, wire
from pumpd.safety.decisions import StopPump
from pumpd.safety.events import (
    Acknowledged,
    AckReason,
    AlarmReset,
    Assessed,
    AudioPaused,
    Event,
    Heard,
    InterlockReset,
    LinkChanged,
    LinkState,
    OrderSent,
    PatientBound,
    PatientReleased,
    PolicyReplaced,
    RateRequested,
    Restarted,
    ResumeRequested,
    SelfFault,
    SoftOverride,
    StopRequested,
    Tick,
)
from pumpd.safety.policy import Enforcement
from tests.safety.breath import SECOND, breath_policy, two_monitors
from tests.safety.build import MONITOR, PUMP, SIGNALS, Bed, bed_policy, monitor_policy, only_rules, patient, pump_policy

names = st.sampled_from(["nurse", " ", "Dr A"])
texts = st.sampled_from(["", "pain", "seen"])
rates = st.one_of(st.sampled_from([0, 5_000, 35_000, 35_001, 70_000, 70_001, 700_000]), st.integers(-5, 10**12))
statuses = st.builds(
    PumpStatus,
    infusing=st.sampled_from([True, True, False, None]),
    rate_ul_h=st.one_of(st.none(), rates),
    volume_ul=st.one_of(st.none(), st.integers(-1, 60_000)),
    requested_ms=st.one_of(st.none(), st.integers(0, 200_000)),
    integrity=st.sampled_from(Integrity),
    serial=st.sampled_from([None, None, "A", "B"]),
)
readings = st.builds(
    lambda name, value, quality: Reading(name, None if quality in (Quality.OFF, Quality.INVALID) else value, quality),
    st.sampled_from([*SIGNALS, "unknown"]),
    st.integers(-1, 160).map(lambda whole: whole * 1000),
    st.sampled_from([Quality.OK, Quality.OK, Quality.QUESTIONABLE, Quality.OFF, Quality.INVALID]),
)
orders = st.integers(1, 12).map(lambda n: f"b1-o{n}")
pump_facts = st.one_of(
    statuses,
    statuses,
    st.builds(CommandOutcome, orders, st.sampled_from(Outcome)),
    st.builds(Control, st.sampled_from(ControlState)),
    st.builds(Identity, serial=st.sampled_from([None, "A", "B"]), model=st.sampled_from([None, "X"])),
    st.just(DeviceAlarms((AlarmCode("AL_OCCLU", "occlusion"), AlarmCode("AL_OCCLU", "again")))),
    st.just(Garbled("crc", b"\x00\xff", 2)),
    st.just(Silent()),
)
monitor_facts = st.one_of(
    st.builds(Vitals, st.lists(readings, max_size=5).map(tuple)),
    st.just(DeviceAlarms((AlarmCode("7", "low SpO2", known=False),))),
    st.builds(Identity, model=st.sampled_from([None, "X", "Capnostream20"])),
)
alarm_ids = st.integers(1, 12).map(lambda n: f"b1-a{n}")
POLICIES = [
    bed_policy(),
    bed_policy({"enforcement": Enforcement.REDUCE, "concentration_ug_ml": 2_000}),
    bed_policy({"serial": "A"}, monitors=(monitor_policy(model="Capnostream20"),)),
    bed_policy({"drug": None, "concentration_ug_ml": None}, monitors=()),
    bed_policy(pumps=(pump_policy(), pump_policy(device="b1-p2"))),
    bed_policy(pumps=()),
    breath_policy(oxygen=True),
    two_monitors(),
]
EVENTS = st.one_of(
    st.just(Tick()),
    st.builds(Heard, st.sampled_from([PUMP, "b1-p2"]), pump_facts),
    st.builds(Heard, st.just(PUMP), statuses),
    st.builds(Heard, st.sampled_from([MONITOR, SECOND, "nobody"]), monitor_facts),
    st.builds(LinkChanged, st.sampled_from([PUMP, MONITOR, "nobody"]), st.sampled_from(LinkState)),
    st.builds(OrderSent, st.just(PUMP), orders),
    st.builds(
        PatientBound, st.builds(patient, st.sampled_from(["M1", "M2"]), st.sampled_from([None, 1, 70_000])), names
    ),
    st.builds(PatientReleased, names, texts),
    st.builds(Acknowledged, alarm_ids, names, st.sampled_from(AckReason), texts),
    st.builds(AlarmReset, alarm_ids, names, texts),
    st.builds(AudioPaused, names, st.integers(-1, 130)),
    st.builds(RateRequested, st.just("r"), st.sampled_from([PUMP, "nobody"]), rates, names, texts),
    st.builds(StopRequested, st.just(PUMP), names, texts),
    st.builds(InterlockReset, st.just(PUMP), names, texts),
    st.builds(ResumeRequested, st.just(PUMP), names, texts),
    st.builds(SoftOverride, st.just(PUMP), names, texts),
    st.builds(
        Assessed,
        names,
        st.sampled_from([None, 1, 3, 9]),
        st.booleans(),
        st.sampled_from([None, -5, 9]),
        st.sampled_from([None, True, False]),
    ),
    st.builds(PolicyReplaced, st.sampled_from(POLICIES), names),
    st.builds(Restarted, st.integers(0, 5_000), st.booleans()),
    st.builds(SelfFault, st.sampled_from(["journal_failing", "kernel_late"]), texts, st.booleans()),
)
STORIES = st.lists(st.tuples(st.integers(-100, 9_000), EVENTS), max_size=12)


@pytest.mark.req("ALA-06")
def test_a_state_that_knows_rules_which_the_profile_no_longer_has_is_judged_by_the_profile() -> None:
    bed = Bed()
    bed.vitals(spo2=84)
    assert bed.state.rules
    bed.policy = bed_policy(profile=only_rules("rr_low"))
    bed.vitals(spo2=84, rr=14, after=500)
    bed.run(11_000)
    assert not [alarm for alarm in bed.view().alarms if alarm.kind == "physiological"]


def play(bed: Bed, story: list[tuple[int, Event]]) -> list[Any]:
    """Step through a story with ticks at every deadline; returns everything decided."""
    decided: list[Any] = []
    for after, event in story:
        if after > 0:
            decided += bed.run(after)
        if isinstance(event, PolicyReplaced):
            bed.policy = event.policy
        decided += bed.do(event)
        bed.view()
    return decided


@pytest.mark.req("ALA-06")
@given(st.sampled_from(POLICIES), STORIES)
def test_any_story_is_answered_without_an_error_the_same_way_twice_and_across_a_restore(
    policy: Any, story: list[tuple[int, Event]]
) -> None:
    first, second = Bed(policy), Bed(policy)
    half = len(story) // 2
    play(first, story[:half])
    play(second, story[:half])
    second.state = wire.state_from_bytes(wire.state_to_bytes(second.state))
    assert play(first, story[half:]) == play(second, story[half:])
    assert first.state == second.state
    assert wire.state_to_bytes(first.state) == wire.state_to_bytes(second.state)


@given(STORIES)
def test_a_step_never_touches_the_state_that_it_was_given(story: list[tuple[int, Event]]) -> None:
    bed = Bed()
    for after, event in story:
        before = wire.state_to_bytes(bed.state)
        kept = bed.state
        bed.do(event, max(after, 0))
        assert wire.state_to_bytes(kept) == before


@given(EVENTS)
def test_every_event_survives_the_wire(event: Event) -> None:
    stored = json.loads(json.dumps(wire.event_to_wire(event)))
    assert stored["type"] == type(event).__name__
    assert wire.event_from_wire(stored) == event


@given(STORIES)
def test_every_decision_survives_the_wire(story: list[tuple[int, Event]]) -> None:
    for decision in play(Bed(), story):
        stored = json.loads(json.dumps(wire.decision_to_wire(decision)))
        assert stored["type"] == type(decision).__name__
        assert wire.decision_from_wire(stored) == decision


@pytest.mark.parametrize("broken", [{}, {"type": "Nothing"}, {"type": "Heard"}, {"type": "RateRequested", "by": 3}])
def test_a_broken_event_is_an_error_of_the_journal_and_never_half_read(broken: dict[str, Any]) -> None:
    with pytest.raises(wire.WireError):
        wire.event_from_wire(broken)


@pytest.mark.parametrize("broken", [b"", b"{}", b'{"version":99,"state":{}}', b"\x00"])
def test_a_broken_state_is_an_error(broken: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.state_from_bytes(broken)


def test_time_never_goes_back() -> None:
    bed = Bed()
    bed.pump(5_000)
    state, _ = kernel.step(bed.state, Tick(), bed.now - 500, bed.policy)
    assert state.now_ms == bed.now


@given(STORIES)
def test_a_deadline_always_lies_in_the_future_and_a_tick_there_moves_it(story: list[tuple[int, Event]]) -> None:
    bed = Bed()
    for after, event in story:
        bed.do(event, max(after, 0))
        due = kernel.next_deadline(bed.state, bed.policy)
        if due is not None:
            assert due > bed.state.now_ms
            bed.now = due
            bed.do(Tick())
            moved = kernel.next_deadline(bed.state, bed.policy)
            assert moved is None or moved > due


@pytest.mark.req("INT-03")
@given(STORIES)
def test_nothing_is_commanded_but_stops_reads_and_permitted_rates(story: list[tuple[int, Event]]) -> None:
    bed = Bed()
    for after, event in story:
        bed.do(event, max(after, 0))
        for rate in bed.rates():
            assert (isinstance(event, RateRequested) and event.by.strip()) or "over hard ceiling" in rate.cause
            assert rate.pump not in {stop.pump for stop in bed.stops()}


def test_what_was_due_is_decided_before_a_late_event() -> None:
    bed = Bed()
    bed.stop_by_breach()
    bed.outcome(bed.stops()[0].order_id, after=50)
    bed.pump(0, False, after=30_000, requested_ms=bed.now + 1)
    kinds = [type(decision).__name__ for decision in bed.out]
    assert kinds.index("StopPump") < len(kinds) - 1
    assert bed.the("stop_not_confirmed").state == "latched"
    assert bed.lock() == "stop_verified"


@pytest.mark.req("ALA-06")
def test_a_restart_keeps_alarms_acknowledgements_pause_trip_and_patient_and_widens_the_dose() -> None:
    bed = Bed()
    bed.pump(700_000, volume_ul=0)
    bed.run(6_000)
    bed.do(Acknowledged(bed.the("over_hard").id, "nurse", AckReason.SEEN_ESCALATED))
    bed.do(AudioPaused("nurse", 120))
    before = bed.view()
    bed.state = wire.state_from_bytes(wire.state_to_bytes(bed.state))
    bed.do(Restarted(30_000, True), 30_000)
    after = bed.view()
    assert after.patient == before.patient
    assert {(alarm.id, alarm.state) for alarm in after.alarms} == {(alarm.id, alarm.state) for alarm in before.alarms}
    assert after.audio_paused_until_ms == before.audio_paused_until_ms
    assert after.pumps[0].interlock == before.pumps[0].interlock
    assert [type(decision) for decision in bed.out] == [StopPump]
    was, now = before.pumps[0].delivered, after.pumps[0].delivered
    assert was is not None
    assert now is not None
    assert now.at_least_ng >= was.at_least_ng
    assert now.at_most_ng > was.at_most_ng


def test_after_a_restart_no_old_value_is_shown() -> None:
    bed = Bed()
    bed.pump(7_000)
    bed.vitals(spo2=97)
    bed.do(Restarted(100, True), 100)
    assert bed.view().values["spo2"].value_milli is None
    assert bed.pump_view().rate_ul_h is None
    assert not bed.view().monitored
