"""What a Fresenius base lets a host do: a pause and no rate, control that is confirmed and handed back."""

from __future__ import annotations

import pytest
from pumpd_drivers.fresenius_base_wire import frame

from pumpd.device import (
    CommandOutcome,
    Control,
    ControlState,
    Outcome,
    PumpStatus,
    ReleaseControl,
    Send,
    SetRateOrder,
    StopOrder,
)
from tests.drivers.base_line import STOP, Line, _stopped, mute


@pytest.mark.req("INT-02")
def test_a_stop_is_a_pause_that_leaves_at_once_and_is_read_back() -> None:
    line = Line()
    line.run_until(6_000)
    assert line.order(StopOrder("s1"))[0] == Send(STOP, urgent=True)
    stopped_ms = line.now
    line.run_until(stopped_ms + 1_000)
    assert line.outcomes == [("s1", Outcome.DONE, "")]
    verified = [s for s in line.of(PumpStatus) if s.infusing is False]
    assert verified[0].requested_ms is not None
    assert verified[0].requested_ms > stopped_ms
    assert line.sim.pump.infusing is False


@pytest.mark.req("INT-01")
def test_the_late_answer_to_another_command_is_not_the_acknowledgement_of_a_stop() -> None:
    line = mute(control=True)
    assert line.sent[-1][1] == frame("1MO;2")
    line.order(StopOrder("s1"))
    line.hear(frame("1C"), after_ms=20)
    assert line.of(CommandOutcome) == []
    line.hear(frame("1C"), after_ms=20)
    assert [o.outcome for o in line.of(CommandOutcome)] == [Outcome.DONE]


def test_a_stop_that_the_pump_refuses_says_why() -> None:
    line = Line(control=False)
    line.run_until(5_000)
    assert _stopped(line) == [("s1", Outcome.REFUSED, "I;02 not in this mode")]


def test_a_stop_that_was_not_received_is_sent_again_once() -> None:
    line = mute()
    line.order(StopOrder("s1"))
    line.hear(b"\x156", after_ms=20)
    line.hear(b"\x156", after_ms=20)
    assert len(line.times_of(STOP)) == 2
    line.hear(frame("1C"), after_ms=20)
    line.hear(frame("1C"), after_ms=20)
    assert [o.outcome for o in line.of(CommandOutcome)] == [Outcome.DONE]


def test_a_rate_is_never_sent() -> None:
    line = Line()
    line.run_until(5_000)
    before = [sent for _, sent in line.sent]
    line.order(SetRateOrder("r1", 1_000, 2_000))
    assert line.outcomes == [("r1", Outcome.REFUSED, "this pump takes no rate from a host")]
    assert [sent for _, sent in line.sent] == before


def test_control_that_the_pump_refuses_leaves_alarms_only() -> None:
    line = Line(control=False)
    line.sim.faults.occlusion = True
    line.run_until(60_000)
    assert line.of(Control) == []
    other = Line()
    other.sim.pump.alarms.add("AL_OCCLU")
    other.run_until(5_000)
    assert other.of(Control) == [Control(ControlState.REFUSED, "I;12 an alarm is present")]


@pytest.mark.req("INT-06")
def test_control_is_held_while_it_is_confirmed_and_lost_when_it_is_not() -> None:
    line = Line()
    line.run_until(60_000)
    assert line.of(Control) == [Control(ControlState.GRANTED)]
    assert 5 <= line.sim.asked["control"] <= 7
    line.sim.control_asked = lambda ack, refusal: None  # type: ignore[method-assign]
    line.run_until(100_000)
    assert [c.state for c in line.of(Control)][:2] == [ControlState.GRANTED, ControlState.LOST]


def test_a_mode_that_is_already_active_is_control_held() -> None:
    line = mute(control=True)
    assert line.sent[-1][1] == frame("1MO;2")
    line.hear(frame("1I;06"), after_ms=20)
    assert line.of(Control) == [Control(ControlState.GRANTED)]


def test_release_goes_back_to_manual_mode() -> None:
    line = Line()
    line.run_until(5_000)
    line.order(ReleaseControl("c1"))
    line.run_until(6_000)
    assert line.times_of(frame("1MO;1"))
    assert line.outcomes == [("c1", Outcome.DONE, "")]
    assert line.of(Control)[-1] == Control(ControlState.RELEASED, "on request")
