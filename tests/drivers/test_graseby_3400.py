"""What only the Graseby 3400 does: rounds of three replies, a rate kept alive, a START key that ends control."""

from __future__ import annotations

import itertools

import pytest
from pumpd_drivers.graseby_3400 import LOCAL_HOLD, LOCAL_RUN, Graseby3400, frame

from pumpd.device import (
    CommandOutcome,
    Control,
    ControlState,
    DeviceAlarms,
    DeviceSettings,
    Outcome,
    PumpStatus,
    ReleaseControl,
    Send,
    SetRateOrder,
    StopOrder,
)
from pumpd.sim.devices.graseby_3400 import Graseby3400Sim
from pumpd.units import Ms
from tests.drivers.sim_line import SimLine

STOP = Send(b"<STOP>C0\r", urgent=True)


def _line(rate_ul_h: int = 10_000, *, control: bool = True, silence_ms: int | None = None) -> SimLine:
    """A pump infusing under a host."""
    sim = Graseby3400Sim(silence_ms=silence_ms)
    sim.panel.set_rate(rate_ul_h, 0)
    sim.panel.start(0)
    return SimLine(Graseby3400, sim, control=control)


def _says(*frames: str) -> list[object]:
    driver = Graseby3400(DeviceSettings("p1"))
    driver.start(Ms(0))
    return list(driver.receive(b"".join(frame(text) for text in frames), Ms(5)))


def test_a_status_is_the_round_of_state_rate_and_total_and_as_old_as_its_first_question() -> None:
    line = _line(control=False)
    line.run(2_500)
    rounds = line.times_of(b"<CHCK>")
    assert [status.requested_ms for status in line.of(PumpStatus)] == rounds
    assert {(s.infusing, s.rate_ul_h, s.volume_ul) for s in line.of(PumpStatus)} == {(True, 10_000, 0)}


@pytest.mark.req("INT-06")
def test_while_it_infuses_under_control_its_present_rate_is_kept_alive_once_a_second() -> None:
    line = _line(silence_ms=3_000)
    line.run(20_000)
    times = line.times_of(b"<CHKR100>33\r")
    assert len(times) >= 19
    assert max(b - a for a, b in itertools.pairwise(times)) <= 1_100
    assert line.sim.pump.infusing
    assert line.of(Control) == [Control(ControlState.GRANTED)]


@pytest.mark.req("INT-06")
def test_without_pumpd_the_pump_is_no_longer_kept_alive() -> None:
    line = _line(silence_ms=3_000)
    line.run(5_000)
    line.cut = True
    line.run(6_000)
    line.sim.advance(line.now)
    assert not line.sim.pump.infusing
    assert ControlState.LOST in [control.state for control in line.of(Control)]


def test_after_an_outage_a_rate_that_was_changed_meanwhile_is_read_before_it_is_kept_alive() -> None:
    for outage_ms in range(5_000, 25_000, 470):
        line = _line()
        line.run(2_025)  # the last of the round has just been answered
        line.cut = True
        line.run(outage_ms)
        line.sim.panel.set_rate(20_000, line.now)
        line.cut = False
        again = line.now
        line.run(13_000)
        kept = {data for at, data in line.sent if at >= again and data.startswith(b"<CHKR")}
        assert kept == {frame("CHKR200")}, outage_ms


def test_a_driver_that_may_only_look_keeps_nothing_alive_and_claims_no_control() -> None:
    line = _line(control=False)
    line.run(5_000)
    assert not line.times_of(b"<CHKR")
    assert not line.of(Control)


def test_in_standby_nothing_is_kept_alive_and_the_pump_answers_to_the_host() -> None:
    line = SimLine(Graseby3400, Graseby3400Sim())
    line.run(10_000)
    assert not line.times_of(b"<CHKR")
    assert line.of(Control) == [Control(ControlState.GRANTED)]


@pytest.mark.req("INT-01", "INT-02")
def test_a_stop_leaves_at_once_and_is_verified_by_a_round_asked_after_its_acknowledgement() -> None:
    line = _line()
    line.run(2_005)
    assert line.driver.line.pending is not None
    assert line.order(StopOrder("s1"))[0] == STOP
    line.run(2_000)
    assert line.of(CommandOutcome) == [CommandOutcome("s1", Outcome.DONE, "OK STOP STBY")]
    last = line.of(PumpStatus)[-1]
    assert last.infusing is False
    assert last.requested_ms is not None
    assert last.requested_ms > 2_005


def test_after_a_stop_the_rate_is_not_kept_alive_until_the_pump_has_stood_still() -> None:
    line = _line()
    line.run(3_000)
    line.sim.faults.stop_ignored = True
    line.order(StopOrder("s1"))
    line.run(5_000)
    assert not [at for at in line.times_of(b"<CHKR") if at > 3_000]
    line.sim.faults.stop_ignored = False
    line.order(StopOrder("s2"))
    line.run(3_000)
    line.sim.panel.start(line.now)
    line.run(3_000)
    assert [at for at in line.times_of(b"<CHKR100>") if at > 11_000], "it infuses again: somebody started it"


def test_a_stop_of_a_pump_that_stands_already_is_done() -> None:
    assert Graseby3400(DeviceSettings("p1")).read(frame("CESTOPSTBY")[:-1], Ms(0)).ok is True  # type: ignore[union-attr]


@pytest.mark.req("INT-04", "INT-05")
def test_start_pressed_at_the_panel_is_control_lost_and_then_refused_in_words() -> None:
    line = _line()
    line.run(2_000)
    line.sim.press_start(line.now)  # type: ignore[attr-defined]
    line.run(3_000)
    assert line.of(Control) == [
        Control(ControlState.GRANTED),
        Control(ControlState.LOST, LOCAL_RUN),
        Control(ControlState.REFUSED, LOCAL_RUN),
    ]
    line.order(StopOrder("s1"))
    line.run(1_000)
    assert line.of(CommandOutcome)[-1] == CommandOutcome("s1", Outcome.REFUSED, LOCAL_RUN)
    assert line.of(PumpStatus)[-1].infusing is True
    line.sim.press_stop(line.now)  # type: ignore[attr-defined]
    line.run(3_000)
    assert line.of(Control)[-1].state is ControlState.GRANTED
    assert line.of(PumpStatus)[-1].infusing is False


def test_a_pump_that_waits_for_start_at_its_panel_takes_no_commands() -> None:
    line = SimLine(Graseby3400, Graseby3400Sim())
    line.sim.local = True
    line.run(2_000)
    assert line.of(Control) == [Control(ControlState.REFUSED, LOCAL_HOLD)]


def test_a_rate_is_tenths_of_a_ml_an_hour_without_padding_and_a_stopped_pump_is_not_started_by_it() -> None:
    line = SimLine(Graseby3400, Graseby3400Sim())
    line.run(1_000)
    line.order(SetRateOrder("r1", 100, 200))
    line.order(SetRateOrder("r2", 12_300, 20_000))
    line.run(1_000)
    assert [data for _, data in line.sent if data.startswith(b"<CHGR")] == [frame("CHGR1"), frame("CHGR123")]
    assert [o.outcome for o in line.of(CommandOutcome)] == [Outcome.DONE, Outcome.DONE]
    assert not line.sim.pump.infusing
    assert line.sim.asked["start"] == 0


@pytest.mark.req("CEI-03")
@pytest.mark.parametrize("rate_ul_h", [0, 50, 150, 5_001, 1_200_100])
def test_no_rate_but_a_whole_number_of_steps_up_to_the_ceiling_is_sent(rate_ul_h: int) -> None:
    line = _line()
    line.run(1_000)
    line.order(SetRateOrder("r1", rate_ul_h, 5_000))
    assert line.of(CommandOutcome)[-1].outcome is Outcome.REFUSED
    assert not line.times_of(b"<CHGR")


def test_the_old_rate_is_never_kept_alive_after_a_new_one_was_sent() -> None:
    for at in range(1_000, 2_100, 7):
        line = _line()
        line.run(at)
        line.order(SetRateOrder("r1", 5_000, 9_000))
        line.run(3_000)
        sent = [data for _, data in line.sent]
        assert frame("CHKR100") not in sent[sent.index(frame("CHGR50")) :], at
        assert frame("CHKR50") in sent, at
        assert line.sim.pump.rate_ul_h == 5_000


@pytest.mark.req("INT-05")
def test_a_rate_or_a_stop_keyed_at_any_moment_is_no_loss_of_control() -> None:
    """The pump refuses to keep alive what is no longer its rate; that is no reason to be ALARM ONLY."""
    for at in range(1_998, 3_060, 13):
        for stops in (False, True):
            line = _line()
            line.run(at)
            if stops:
                line.sim.panel.stop(line.now)
            else:
                line.sim.panel.set_rate(90_000, line.now)
            line.run(4_000)
            assert line.of(Control) == [Control(ControlState.GRANTED)], (at, stops)


def test_a_pump_that_keeps_refusing_to_be_kept_alive_refuses_control() -> None:
    line = _line()
    line.run(2_000)
    line.sim.faults.refuse_control = True
    line.run(1_500)
    assert line.of(Control)[1:] == [
        Control(ControlState.LOST, LOCAL_RUN),
        Control(ControlState.REFUSED, LOCAL_RUN),
    ]
    line.sim.faults.refuse_control = False
    line.run(3_000)
    assert line.of(Control)[-1].state is ControlState.GRANTED


def test_a_refused_rate_says_nothing_about_control() -> None:
    """It may only be too high for the syringe."""
    line = _line()
    line.run(1_000)
    line.sim.max_rate_ul_h = 8_000  # type: ignore[misc]
    line.order(SetRateOrder("r1", 9_000, 9_000))
    line.run(2_000)
    assert line.of(CommandOutcome)[-1] == CommandOutcome("r1", Outcome.REFUSED, "CE CHGR INFS")
    assert line.of(Control) == [Control(ControlState.GRANTED)]
    assert line.times_of(b"<CHKR100>")[-1] > 1_500


def test_an_alarm_leaves_open_whether_it_infuses() -> None:
    said = [fact for fact in _says("OKCHCKALRM", "OKGETRALRM100", "OKTOTLALRM25") if not isinstance(fact, Send)]
    assert isinstance(said[0], PumpStatus)
    assert (said[0].infusing, said[0].alarming, said[0].rate_ul_h) == (None, True, 10_000)
    assert isinstance(said[1], DeviceAlarms)
    assert [(alarm.code, alarm.known) for alarm in said[1].alarms] == [("ALRM", True)]


def test_a_state_that_no_table_has_is_an_unknown_alarm_and_no_control() -> None:
    sim = Graseby3400Sim()
    sim._state = lambda: "PURG"  # type: ignore[method-assign]
    line = SimLine(Graseby3400, sim)
    line.run(1_000)
    assert line.of(PumpStatus)[-1].infusing is None
    assert [(alarm.code, alarm.known) for alarm in line.of(DeviceAlarms)[0].alarms] == [("PURG", False)]
    assert line.of(Control)[0].state is ControlState.REFUSED


def test_a_round_in_which_the_pump_stops_or_starts_counts_as_infusing() -> None:
    for first, second, third in (("STBY", "INFS", "INFS"), ("INFS", "STBY", "STBY"), ("STBY", "STBY", "INFS")):
        said = _says(f"OKCHCK{first}", f"OKGETR{second}1", f"OKTOTL{third}2")
        assert next(fact for fact in said if isinstance(fact, PumpStatus)).infusing is True


def test_nothing_hands_control_back_it_is_only_not_renewed_any_more() -> None:
    line = _line()
    line.run(2_000)
    assert line.order(ReleaseControl("c1"))[-1] == Control(ControlState.RELEASED, "on request")
    line.run(5_000)
    assert max(line.times_of(b"<CHKR")) < 2_000
    other = _line()
    other.run(2_000)
    assert other.finish() == [Control(ControlState.RELEASED, "clean exit")]
