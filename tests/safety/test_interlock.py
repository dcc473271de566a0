"""The interlock: stop, ack, independent read, verified; repeated until then; nothing ever starts a pump."""

from __future__ import annotations

import pytest

from pumpd.device.facts import AlarmCode, ControlState, DeviceAlarms, Outcome
from pumpd.safety.alarms import AlarmState
from pumpd.safety.decisions import InterlockState, Permitted, ReadStatus, Refused, StopPump
from pumpd.safety.events import (
    Acknowledged,
    AckReason,
    Heard,
    InterlockReset,
    LinkChanged,
    LinkState,
    RateRequested,
    Restarted,
    StopRequested,
)
from pumpd.safety.interlock import STOPPING, TRANSITIONS, Move
from tests.safety.build import MONITOR, PUMP, Bed, bed_policy, vitals

RESET = InterlockReset(PUMP, "nurse", "cause found")


@pytest.mark.req("INT-01")
def test_an_ack_alone_verifies_nothing() -> None:
    bed = Bed()
    stop = bed.stop_by_breach()
    bed.outcome(stop.order_id, after=50)
    assert bed.lock() is InterlockState.STOP_ACKED
    assert len(bed.reads()) == 1


@pytest.mark.req("INT-01")
@pytest.mark.parametrize(
    ("requested_after_ack", "infusing", "verified"),
    [(1, False, True), (0, False, False), (None, False, False), (1, True, False), (1, None, False)],
)
def test_only_a_status_requested_after_the_ack_that_says_not_infusing_verifies(
    requested_after_ack: int | None, infusing: bool | None, verified: bool
) -> None:
    bed = Bed()
    stop = bed.stop_by_breach()
    bed.outcome(stop.order_id, after=50)
    requested = None if requested_after_ack is None else bed.now + requested_after_ack
    bed.pump(0, infusing, after=100, requested_ms=requested)
    assert (bed.lock() is InterlockState.STOP_VERIFIED) is verified


@pytest.mark.req("INT-01", "INT-02")
def test_the_verifying_read_is_repeated_until_it_verifies() -> None:
    bed = Bed()
    stop = bed.stop_by_breach()
    bed.outcome(stop.order_id, after=50)
    decided = bed.run(2_000)
    assert len([decision for decision in decided if isinstance(decision, ReadStatus)]) == 4


@pytest.mark.req("INT-02")
def test_the_stop_is_repeated_with_new_orders_until_verified() -> None:
    bed = Bed()
    bed.stop_by_breach()
    orders = {decision.order_id for decision in bed.run(20_000) if isinstance(decision, StopPump)}
    assert len(orders) == 20
    bed.outcome(max(orders, key=lambda order: int(order.rpartition("o")[2])))
    bed.pump(0, False, after=50, requested_ms=bed.now + 1)
    assert bed.lock() is InterlockState.STOP_VERIFIED
    assert not [decision for decision in bed.run(10_000) if isinstance(decision, StopPump)]


@pytest.mark.req("INT-02")
def test_the_stop_is_repeated_while_the_line_is_down() -> None:
    bed = Bed()
    bed.stop_by_breach()
    bed.do(LinkChanged(PUMP, LinkState.DOWN), 10)
    assert [decision for decision in bed.run(3_000) if isinstance(decision, StopPump)]


@pytest.mark.req("INT-02")
def test_stop_not_confirmed_is_high_at_five_seconds_and_says_what_to_do_by_hand() -> None:
    bed = Bed()
    bed.stop_by_breach()
    bed.run(4_999)
    assert bed.alarm("stop_not_confirmed") is None
    bed.run(1)
    alarm = bed.alarm("stop_not_confirmed")
    assert alarm is not None
    assert alarm.priority == "high"
    assert all(word in alarm.text for word in ("STOP NOT CONFIRMED", "Bed 1", PUMP, "by hand", "Clamp"))
    assert bed.lock() is InterlockState.STOP_UNCONFIRMED


@pytest.mark.req("INT-01", "INT-02")
def test_a_late_verification_still_counts_and_the_alarm_latches() -> None:
    bed = Bed()
    bed.stop_by_breach()
    bed.run(7_000)
    bed.outcome(bed.state.pumps[PUMP].lock.orders[-1])
    assert bed.lock() is InterlockState.STOP_UNCONFIRMED
    bed.pump(0, False, after=50, requested_ms=bed.now + 1)
    assert bed.lock() is InterlockState.STOP_VERIFIED
    alarm = bed.alarm("stop_not_confirmed")
    assert alarm is not None
    assert alarm.state is AlarmState.LATCHED


@pytest.mark.req("INT-01")
@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.UNKNOWN])
def test_a_refused_or_unknown_stop_is_no_ack(outcome: Outcome) -> None:
    bed = Bed()
    stop = bed.stop_by_breach()
    bed.outcome(stop.order_id, outcome, after=50)
    assert bed.lock() is InterlockState.TRIPPED


@pytest.mark.req("INT-01")
def test_the_ack_of_a_foreign_order_is_no_ack() -> None:
    bed = Bed()
    bed.stop_by_breach()
    bed.outcome("b1-o999", after=50)
    assert bed.lock() is InterlockState.TRIPPED


@pytest.mark.req("INT-03")
def test_a_reset_after_verification_rearms_and_commands_nothing() -> None:
    bed = Bed()
    bed.verified_stop()
    out = bed.do(RESET, 1_000)
    assert bed.lock() is InterlockState.ARMED
    assert not [decision for decision in out if not isinstance(decision, Permitted) and hasattr(decision, "order_id")]
    assert not bed.rates()


@pytest.mark.req("INT-03")
def test_a_reset_is_refused_until_verified() -> None:
    bed = Bed()
    bed.stop_by_breach()
    (refused,) = [decision for decision in bed.do(RESET, 100) if isinstance(decision, Refused)]
    assert "the stop is not verified" in refused.reasons
    assert "the pump's rate is still above the hard ceiling" in refused.reasons


@pytest.mark.req("INT-03")
def test_a_reset_is_refused_while_the_rate_would_be_over_again() -> None:
    bed = Bed()
    stop = bed.stop_by_breach()
    bed.outcome(stop.order_id, after=50)
    bed.pump(700_000, False, after=50, requested_ms=bed.now + 20)
    assert bed.lock() is InterlockState.STOP_VERIFIED
    assert any(isinstance(decision, Refused) for decision in bed.do(RESET, 100))


@pytest.mark.req("INT-03", "INT-07")
def test_a_reset_is_refused_while_breathing_is_not_back() -> None:
    bed = Bed()
    bed.pump(7_000)
    bed.vitals(no_breath=1, after=10)
    (stop,) = bed.stops()
    bed.outcome(stop.order_id, after=10)
    bed.pump(0, False, after=10, requested_ms=bed.now + 5)
    assert any(isinstance(decision, Refused) for decision in bed.do(RESET, 100))
    bed.vitals(no_breath=0, rr=12)
    assert not any(isinstance(decision, Refused) for decision in bed.do(RESET, 100))


@pytest.mark.req("INT-03", "INT-05")
def test_a_pump_restarted_at_its_panel_after_a_stop_is_stopped_again() -> None:
    bed = Bed()
    bed.verified_stop()
    bed.pump(5_000, True, after=1_000)
    assert bed.stops()
    assert bed.lock() is InterlockState.TRIPPED
    assert bed.is_active("pump_changed")


@pytest.mark.req("INT-04")
def test_an_unknown_rate_command_is_never_sent_again_and_stays_visible_until_a_read() -> None:
    bed = Bed()
    bed.pump(5_000)
    bed.do(RateRequested("r", PUMP, 6_000, "nurse", "pain"), 10)
    order = bed.rates()[0].order_id
    bed.outcome(order, Outcome.UNKNOWN, after=100)
    assert bed.is_active("command_unknown")
    bed.run(3_000)
    assert not [decision for _, decision in bed.log if getattr(decision, "rate_ul_h", None) == 6_000][1:]
    bed.pump(6_000, requested_ms=bed.now - 2_950)
    assert bed.alarm("command_unknown") is None
    assert bed.alarm("pump_changed") is None


@pytest.mark.req("INT-04")
def test_a_status_requested_before_the_outcome_resolves_nothing() -> None:
    bed = Bed()
    bed.pump(5_000)
    bed.do(RateRequested("r", PUMP, 6_000, "nurse", "pain"), 10)
    bed.outcome(bed.rates()[0].order_id, Outcome.UNKNOWN, after=100)
    bed.pump(5_000, after=10, requested_ms=bed.now)
    assert bed.is_active("command_unknown")


@pytest.mark.req("INT-05")
def test_a_change_at_the_panel_is_an_advisory_until_acknowledged() -> None:
    bed = Bed()
    bed.pump(5_000)
    bed.pump(50_000, after=1_000)
    alarm = bed.alarm("pump_changed")
    assert alarm is not None
    assert "5 mL/h -> 50 mL/h" in alarm.text
    assert alarm.priority == "low"
    assert bed.is_active("over_soft"), "judged like any other rate"
    bed.do(Acknowledged(alarm.id, "nurse", AckReason.SEEN_ESCALATED), 10)
    assert bed.alarm("pump_changed") is None


@pytest.mark.req("INT-07")
def test_breathing_trips_pumps_that_infuse_or_may_and_not_one_that_stands_still() -> None:
    running, standing, unheard = Bed(), Bed(), Bed()
    running.pump(7_000)
    standing.pump(7_000, False)
    for bed in (running, standing, unheard):
        bed.vitals(no_breath=1, after=10)
    assert running.stops()
    assert unheard.stops()
    assert not standing.stops()
    standing.pump(7_000, True, after=100)
    assert standing.stops(), "it was started while breathing is absent"


def test_a_named_user_stops_a_pump_by_hand() -> None:
    bed = Bed()
    bed.pump(7_000)
    bed.do(StopRequested(PUMP, "nurse", "drowsy"), 10)
    (stop,) = bed.stops()
    assert stop.cause == "stopped by nurse: drowsy"


def test_an_alarm_only_pump_cannot_be_stopped_by_request() -> None:
    bed = Bed()
    bed.control(ControlState.REFUSED)
    (refused,) = bed.do(StopRequested(PUMP, "nurse", "drowsy"), 10)
    assert isinstance(refused, Refused)
    assert "by hand" in refused.reasons[0]


@pytest.mark.req("INT-02", "ALA-06")
def test_an_outstanding_stop_is_sent_at_once_after_a_restart() -> None:
    bed = Bed()
    bed.stop_by_breach()
    bed.do(Restarted(60_000, True), 60_000)
    assert bed.stops()


@pytest.mark.req("INT-02", "QUA-05")
def test_an_outstanding_stop_leaves_in_the_step_in_which_the_right_pump_is_heard_again() -> None:
    bed = Bed(bed_policy({"serial": "8"}))
    bed.pump(700_000, serial="8")
    bed.pump(7_000, serial="9", after=100)
    assert not [decision for decision in bed.run(3_300) if isinstance(decision, StopPump)]
    bed.pump(700_000, serial="8", after=1)
    assert bed.stops()


@pytest.mark.req("INT-08")
def test_breathing_unwatched_while_ketamine_runs_is_high_after_thirty_seconds() -> None:
    bed = Bed()
    bed.breathe(1, rr=14, spo2=98, etco2=40)
    start = bed.now
    for _ in range(40):
        bed.pump(7_000, after=1_000)
        bed.do(Heard(MONITOR, vitals(spo2=98)))
        if bed.alarm("monitoring_lost"):
            break
    assert bed.is_active("monitoring_lost")
    assert 34_000 <= bed.now - start <= 36_000


def test_the_pumps_own_alarms_pass_through_even_when_unknown() -> None:
    bed = Bed()
    bed.do(Heard(PUMP, DeviceAlarms((AlarmCode("AL_XYZ", "AL_XYZ", known=False),))))
    assert bed.is_active("device_alarm:AL_XYZ")
    bed.do(Heard(PUMP, DeviceAlarms(())), 10)
    assert bed.alarm("device_alarm:AL_XYZ") is None


@pytest.mark.req("INT-01", "INT-03")
def test_the_table_lets_only_a_reset_leave_a_verified_stop_for_armed() -> None:
    to_armed = {edge for edge, after in TRANSITIONS.items() if after is InterlockState.ARMED}
    assert to_armed == {(InterlockState.STOP_VERIFIED, Move.RESET), (InterlockState.ALARM_ONLY, Move.ENABLE)}
    assert all((state, Move.RESET) not in TRANSITIONS for state in STOPPING)
