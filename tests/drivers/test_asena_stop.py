"""What a stop costs, and whose reply a late reply is."""

from __future__ import annotations

import pytest

from pumpd.device import (
    CommandOutcome,
    Outcome,
    PumpStatus,
    ReadStatus,
    ReleaseControl,
    Send,
    SetRateOrder,
    StopOrder,
)
from tests.drivers.asena_line import ENABLE, REPLIES, STOP_BYTES, AsenaLine, status

EXCHANGES = [*REPLIES, "INF_RATE^3.50^ml/h", ""]


def _with_pending(message: str) -> AsenaLine:
    """A line on which this message waits for its reply (empty: none does)."""
    line = AsenaLine()
    if message.startswith("INF_RATE") or message == "REMOTE_CTRL^DISABLED":
        line.run_until_pending(ENABLE)
        line.step()
        rate = SetRateOrder("r1", 3500, 3500)
        line.order(rate if message.startswith("INF_RATE") else ReleaseControl("c1"))
    if message == "INF_STOP":
        line.order(StopOrder("s0"))
    if message:
        line.run_until_pending(message)
    else:
        line.run_until(1500)
        while line.pending is not None:
            line.step()
    return line


@pytest.mark.req("INT-02")
@pytest.mark.parametrize("message", EXCHANGES)
def test_a_stop_leaves_at_once_whatever_exchange_is_pending(message: str) -> None:
    line = _with_pending(message)
    assert (line.pending or "") == message
    assert line.order(StopOrder("s1"))[0] == Send(STOP_BYTES, urgent=True)


@pytest.mark.req("INT-02")
@pytest.mark.parametrize("message", EXCHANGES)
def test_every_stop_gets_its_outcome_whatever_it_interrupted(message: str) -> None:
    line = _with_pending(message)
    line.order(StopOrder("s1"))
    line.say("INF_STOP")
    assert CommandOutcome("s1", Outcome.DONE, "INF_STOP") in line.of(CommandOutcome)


@pytest.mark.req("INT-02")
def test_a_stop_goes_out_before_the_pump_has_said_anything_and_without_control() -> None:
    line = AsenaLine(control=False)
    assert line.order(StopOrder("s1")) == [Send(STOP_BYTES, urgent=True)]


@pytest.mark.req("INT-02")
def test_a_stop_can_be_repeated_while_its_predecessors_are_unanswered() -> None:
    line = AsenaLine()
    for number in range(100):
        line.now += 10
        assert line.order(StopOrder(f"s{number}"))[0] == Send(STOP_BYTES, urgent=True)
    line.run_until(20_000)
    told = [outcome.order_id for outcome in line.of(CommandOutcome)]
    assert sorted(told) == sorted({f"s{number}" for number in range(100)})


def test_one_echo_answers_every_stop_in_flight() -> None:
    line = AsenaLine()
    line.order(StopOrder("s1"))
    line.order(StopOrder("s2"))
    line.say("INF_STOP")
    assert line.of(CommandOutcome) == [CommandOutcome(i, Outcome.DONE, "INF_STOP") for i in ("s1", "s2")]


@pytest.mark.req("INT-04")
@pytest.mark.parametrize("reply", ["INF_STOP^REFUSED", "INF_STOP^", "INF_STOP^CCW^1"])
def test_anything_but_the_exact_echo_is_a_refusal_with_the_pumps_own_words(reply: str) -> None:
    line = AsenaLine()
    line.order(StopOrder("s1"))
    line.say(reply)
    assert line.of(CommandOutcome) == [CommandOutcome("s1", Outcome.REFUSED, reply)]


@pytest.mark.req("INT-04")
def test_a_stop_without_an_answer_is_unknown_and_a_late_echo_still_counts() -> None:
    line = AsenaLine(INF_STOP=None)
    line.order(StopOrder("s1"))
    sent_ms = line.now
    while not line.of(CommandOutcome):
        line.step()
    assert line.now == sent_ms + 500
    assert line.of(CommandOutcome) == [CommandOutcome("s1", Outcome.UNKNOWN, "no answer to INF_STOP")]
    line.say("INF_STOP", after_ms=2000)
    assert line.of(CommandOutcome)[-1] == CommandOutcome("s1", Outcome.DONE, "INF_STOP")


@pytest.mark.req("INT-01")
def test_a_status_asked_for_before_the_stop_is_not_taken_for_the_one_asked_for_after_it() -> None:
    line = AsenaLine()
    line.run_until_pending("INF")
    asked_before_ms = line.now
    line.order(StopOrder("s1"))
    line.say("INF_STOP")
    asked_after_ms = line.now
    assert line.pending == "INF"
    line.order(ReadStatus("v1"))
    line.say(status("HLD"))
    assert line.of(PumpStatus)[-1].requested_ms == asked_before_ms
    line.say(status("HLD"))
    assert line.of(PumpStatus)[-1].requested_ms == asked_after_ms


@pytest.mark.req("INT-01")
def test_a_late_status_never_carries_the_time_of_a_younger_request() -> None:
    line = AsenaLine(INF=None, ALARM=None)
    line.run_until_pending("INF")
    first_ms = line.now
    line.step()
    line.order(ReadStatus("v1"))
    while line.times_of("INF")[-1] == first_ms:
        line.step()
    line.say(status())
    assert line.of(PumpStatus)[-1].requested_ms == first_ms


@pytest.mark.req("INT-01")
@pytest.mark.parametrize("lost_after_ms", [2_000, 2_500, 3_000])
def test_after_a_lost_status_the_next_one_is_asked_so_that_its_reply_is_unmistakable(lost_after_ms: int) -> None:
    line = AsenaLine(control=False)
    line.run_until(lost_after_ms)
    line.run_until_pending("INF")
    line.replies["INF"] = None
    line.step()
    line.replies["INF"] = status()
    before = len(line.of(PumpStatus))
    line.run_until(line.now + 3_000)
    after = [s.requested_ms for s in line.of(PumpStatus)[before:]]
    assert after
    assert after == line.times_of("INF")[-len(after) :]


def test_a_status_that_nobody_asked_for_says_so() -> None:
    line = AsenaLine()
    line.say(status())
    assert line.of(PumpStatus)[-1].requested_ms is None


def test_after_the_echo_a_status_read_goes_out_at_once() -> None:
    line = AsenaLine()
    line.run_until(1700)
    line.order(StopOrder("s1"))
    assert Send(b"!INF|4961\r") in line.say("INF_STOP")


def test_a_read_ordered_while_a_status_is_pending_is_asked_anew_after_it() -> None:
    line = AsenaLine()
    line.run_until_pending("INF")
    line.order(ReadStatus("v1"))
    line.step()
    assert line.pending == "INF"
    assert line.now == line.times_of("INF")[-1]
