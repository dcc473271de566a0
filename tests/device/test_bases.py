"""The bases of drivers, with a toy monitor and a toy pump: silence, rounds, orders, control. In virtual time."""

from __future__ import annotations

import pytest

from pumpd.device import (
    CommandOutcome,
    Control,
    ControlState,
    DeviceSettings,
    Garbled,
    Identity,
    Outcome,
    PumpDriver,
    PumpStatus,
    Reading,
    ReadStatus,
    ReleaseControl,
    Send,
    SetRateOrder,
    Silent,
    StopOrder,
    Unmapped,
    Vitals,
)
from pumpd.units import Ms
from tests.device.toys import Bench, ThreePartPump, ToyMonitor, ToyPump


def test_a_talker_is_greeted_until_it_talks_and_its_silence_is_said_once() -> None:
    driver = ToyMonitor(DeviceSettings("m"))
    assert driver.start(Ms(0)) == [Send(b"GO\r")]
    assert driver.next_deadline() == 700
    assert driver.tick(Ms(700)) == [Send(b"GO\r")]
    assert driver.receive(b"SPO2=97\rHR=", Ms(800)) == [Vitals((Reading("spo2", 97_000),))]
    assert driver.receive(b"60\r", Ms(900)) == [Unmapped("HR", "60")]
    assert driver.receive(b"HR=61\r", Ms(950)) == []
    assert driver.next_deadline() == 2800
    assert driver.tick(Ms(2800)) == [Silent("nothing heard"), Send(b"GO\r")]
    assert driver.tick(Ms(3500)) == [Send(b"GO\r")]
    assert [type(out) for out in driver.receive(b"SPO2=x\r", Ms(3600))] == [Garbled]
    assert len(driver.receive(b"SPO2=96\r", Ms(3700))) == 1
    assert driver.tick(Ms(5700))[0] == Silent("nothing heard")


def test_a_pump_is_identified_read_in_rounds_and_controlled() -> None:
    bench = Bench()
    bench.run_until(3_500)
    assert bench.of(Identity) == [Identity("Toy", "A1")]
    assert bench.of(Control) == [Control(ControlState.GRANTED)]
    statuses = bench.of(PumpStatus)
    assert len(statuses) >= 3
    modes = [at for at, message in bench.sent if message == "MODE"]
    assert [status.requested_ms for status in statuses] == modes[: len(statuses)]
    assert not bench.of(Silent)


@pytest.mark.req("INT-04")
def test_a_stop_leaves_at_once_and_the_next_status_was_asked_after_its_acknowledgement() -> None:
    bench = Bench(MODE=None)
    bench.run_until(1_200)
    assert bench.pump.line.pending is not None
    outs = bench.order(StopOrder("s1"))
    assert outs[0] == Send(b"STOP\r", urgent=True)
    bench.replies["MODE"] = "MODE=HOLD"
    acknowledged = bench.now + 10
    bench.run_until(bench.now + 2_000)
    assert bench.of(CommandOutcome)[0] == CommandOutcome("s1", Outcome.DONE, "OK")
    verified = [s for s in bench.of(PumpStatus) if s.requested_ms is not None and s.requested_ms >= acknowledged]
    assert verified
    assert all(status.infusing is False for status in verified)


def test_a_status_whose_first_part_was_asked_before_the_stop_does_not_count_as_asked_after_it() -> None:
    bench = Bench()
    bench.run_until(1_500)
    driver = bench.pump
    while driver.line.pending is None or driver.line.pending.name != "RATE":
        bench.run_until(bench.now + 1)
    stopped = bench.now
    bench.order(StopOrder("s1"))
    bench.run_until(bench.now + 15)
    assert all(s.requested_ms is None or s.requested_ms < stopped for s in bench.of(PumpStatus))


def test_a_stop_without_an_answer_is_unknown_and_one_that_is_denied_is_refused() -> None:
    silent, denied = Bench(STOP=None), Bench(STOP="STOP=NO")
    for bench in (silent, denied):
        bench.run_until(500)
        bench.order(StopOrder("s1"))
        bench.run_until(2_000)
    assert [out.outcome for out in silent.of(CommandOutcome)] == [Outcome.UNKNOWN]
    assert [out.outcome for out in denied.of(CommandOutcome)] == [Outcome.REFUSED]


@pytest.mark.req("INT-01", "INT-02")
def test_a_pump_that_stands_and_refuses_to_be_stopped_has_nothing_left_to_stop() -> None:
    """Its first acknowledgement may have been lost: a stop that is refused for ever could never be verified."""
    bench = Bench(STOP="STOP=NO", MODE="MODE=HOLD")
    bench.run_until(500)
    bench.take(bench.pump.command(StopOrder("s1"), Ms(500)))
    bench.run_until(600)
    assert [(o.order_id, o.outcome) for o in bench.of(CommandOutcome)] == [("s1", Outcome.DONE)]
    status = next(out for at, out in bench.heard if at > 510 and isinstance(out, PumpStatus))
    assert status.infusing is False
    assert status.requested_ms is not None
    assert status.requested_ms >= 510
    bench.replies["MODE"] = "MODE=RUN"
    bench.run_until(2_500)
    bench.take(bench.pump.command(StopOrder("s2"), Ms(2_500)))
    bench.run_until(2_600)
    assert bench.of(CommandOutcome)[-1].outcome is Outcome.REFUSED


@pytest.mark.parametrize("latency_ms", [300, 510, 700, 1_300])
def test_a_pump_that_answers_late_is_read_all_the_same(latency_ms: int) -> None:
    """Asked again, its first question must not void the round whose parts are on their way."""
    bench = Bench(control=False, pump=ThreePartPump)
    bench.latency_ms = latency_ms
    bench.run_until(20_000)
    statuses = bench.of(PumpStatus)
    assert len(statuses) >= 4
    assert all(status.requested_ms is not None for status in statuses)


@pytest.mark.req("INT-01", "INT-02")
@pytest.mark.parametrize("latency_ms", [10, 130, 300, 450, 600, 900])
def test_stops_and_reads_that_are_repeated_do_not_keep_a_slow_pump_from_ever_being_verified(latency_ms: int) -> None:
    bench = Bench(control=False, pump=ThreePartPump, MODE="MODE=HOLD")
    bench.latency_ms = latency_ms
    bench.run_until(6_000)
    for at in range(6_000, 13_000, 250):
        bench.run_until(at)
        stop = at % 1_000 == 0
        bench.take(bench.pump.command(StopOrder(f"s{at}") if stop else ReadStatus(f"r{at}"), Ms(at)))
    acked = next(at for at, out in bench.heard if isinstance(out, CommandOutcome) and out.outcome is Outcome.DONE)
    asked = [status.requested_ms for status in bench.of(PumpStatus) if status.requested_ms is not None]
    assert [ms for ms in asked if ms >= acked]


def test_a_rate_is_sent_once_and_what_the_pump_took_is_compared() -> None:
    for echo, outcome in (("SET=7000", Outcome.DONE), ("SET=9000", Outcome.UNKNOWN), (None, Outcome.UNKNOWN)):
        bench = Bench()
        bench.replies["SET 7000"] = echo
        bench.run_until(500)
        bench.order(SetRateOrder("r1", 7_000, 8_000))
        bench.run_until(5_000)
        assert [out.outcome for out in bench.of(CommandOutcome)] == [outcome]
        assert len([m for _, m in bench.sent if m.startswith("SET")]) == 1


def test_rates_above_the_ceiling_off_the_step_or_without_control_are_refused() -> None:
    bench = Bench()
    bench.replies["CTRL A1"] = "CTRL=NO"
    bench.run_until(500)
    for order in (SetRateOrder("a", 9_000, 8_000), SetRateOrder("b", 7_050, 8_000), SetRateOrder("c", 7_000, 8_000)):
        bench.order(order)
    assert [out.outcome for out in bench.of(CommandOutcome)] == [Outcome.REFUSED] * 3
    assert bench.of(Control) == [Control(ControlState.REFUSED, "NO")]


def test_a_stop_overtakes_a_rate_that_has_not_left() -> None:
    bench = Bench()
    bench.run_until(500)
    bench.order(ReadStatus("q"))
    bench.order(SetRateOrder("r1", 7_000, 8_000))
    bench.order(StopOrder("s1"))
    bench.run_until(3_000)
    assert CommandOutcome("r1", Outcome.REFUSED, "overtaken by a stop") in bench.of(CommandOutcome)
    assert not [m for _, m in bench.sent if m.startswith("SET")]


def test_control_that_is_not_renewed_is_lost_and_taken_again() -> None:
    bench = Bench()
    bench.run_until(2_000)
    bench.replies["CTRL A1"] = None
    bench.run_until(8_000)
    assert ControlState.LOST in [said.state for said in bench.of(Control)]
    bench.replies["CTRL A1"] = "CTRL=OK"
    bench.run_until(20_000)
    assert bench.of(Control)[-1].state is ControlState.GRANTED


def test_another_pump_than_the_ward_file_names_is_neither_controlled_nor_stopped() -> None:
    bench = Bench(ID="ID=B2")
    bench.run_until(2_000)
    bench.order(StopOrder("s1"))
    assert bench.of(Control)[0].state is ControlState.REFUSED
    assert bench.of(CommandOutcome)[0].outcome is Outcome.REFUSED
    assert not [m for _, m in bench.sent if m.startswith(("CTRL", "STOP"))]


def test_control_is_handed_back_on_request_and_at_the_end() -> None:
    bench = Bench()
    bench.run_until(500)
    bench.order(ReleaseControl("x"))
    bench.run_until(1_000)
    assert bench.of(Control)[-1].state is ControlState.RELEASED
    assert Bench(control=False).pump.finish(Ms(1)) == []
    other = Bench()
    other.run_until(500)
    assert other.pump.finish(Ms(500))[0] == Send(b"CTRL OFF\r")


def test_a_question_that_the_pump_does_not_know_is_asked_a_few_times_and_is_no_silence() -> None:
    bench = Bench(OPT=None)
    bench.run_until(30_000)
    assert len([m for _, m in bench.sent if m == "OPT"]) == ToyPump.tries
    assert not bench.of(Silent)


def test_one_lost_reply_is_no_silence_and_two_lost_rounds_are_said_once() -> None:
    bench = Bench()
    bench.run_until(5_005)
    lost, bench.replies["MODE"] = bench.replies["MODE"], None
    bench.run_until(6_300)
    bench.replies["MODE"] = lost
    bench.run_until(12_000)
    assert not bench.of(Silent)
    bench.replies = {}
    bench.run_until(40_000)
    assert len(bench.of(Silent)) == 1


def test_what_is_overheard_answers_no_question() -> None:
    pump = ToyPump(DeviceSettings("p"))
    outs = pump.receive(b"MODE=RUN\rRATE=5000\r", Ms(5))
    assert [out.requested_ms for out in outs if isinstance(out, PumpStatus)] == [None]
    assert isinstance(pump, PumpDriver)


class AsksLater(ToyPump):
    control_at_start = False


def test_control_that_depends_on_the_status_is_not_asked_for_at_the_start() -> None:
    bench = Bench(pump=AsksLater, serial=None, ID=None)
    bench.run_until(3_000)
    assert not [message for _, message in bench.sent if message.startswith("CTRL")]
    bench.pump.line.ask("CTRL", Ms(bench.now))
    bench.run_until(6_000)
    assert len([message for _, message in bench.sent if message.startswith("CTRL")]) >= 2, "asked once, it is renewed"


class NoWayBack(ToyPump):
    """Control is only not renewed any more: the protocol has no message that hands it back."""

    release_message = ""


def test_control_that_nothing_hands_back_is_only_not_renewed_any_more() -> None:
    bench = Bench(pump=NoWayBack)
    bench.run_until(1_500)
    outs = bench.order(ReleaseControl("r1"))
    assert Control(ControlState.RELEASED, "on request") in outs
    assert [out.outcome for out in outs if isinstance(out, CommandOutcome)] == [Outcome.DONE]
    asked = len(bench.sent)
    bench.run_until(5_000)
    assert "CTRL A1" not in [message for _, message in bench.sent[asked:]]
    bench = Bench(pump=NoWayBack)
    bench.run_until(1_500)
    assert bench.pump.finish(Ms(1_500)) == [Control(ControlState.RELEASED, "clean exit")]
