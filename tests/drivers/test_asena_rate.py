"""Setting the rate: the driver's own check of the ceiling, the wire text, and the echo."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pumpd_drivers.alaris_asena_wire import frame, rate_message

from pumpd.device import CommandOutcome, Outcome, Send, SetRateOrder, StopOrder
from tests.drivers.asena_line import ENABLE, AsenaLine


def _controlled() -> AsenaLine:
    line = AsenaLine()
    line.run_until_pending(ENABLE)
    line.run_until(line.now + 300)
    assert line.pending is None
    return line


def _outcome(line: AsenaLine, reply: str) -> Outcome:
    line.order(SetRateOrder("r1", 3500, 5000))
    line.say(reply)
    return line.of(CommandOutcome)[-1].outcome


def test_a_rate_is_sent_with_two_decimals_and_done_when_the_pump_echoes_it() -> None:
    line = _controlled()
    assert line.order(SetRateOrder("r1", 3500, 3500)) == [Send(b"!INF_RATE^3.50^ml/h|3885\r")]
    line.say("INF_RATE^3.50^ml/h")
    assert line.of(CommandOutcome) == [CommandOutcome("r1", Outcome.DONE, "INF_RATE^3.50^ml/h")]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("INF_RATE^3.5^ml/h", Outcome.DONE),
        ("INF_RATE^3.51^ml/h", Outcome.UNKNOWN),
        ("INF_RATE^35.0^ml/h", Outcome.UNKNOWN),
        ("INF_RATE^3.50^ml", Outcome.REFUSED),
        ("INF_RATE^REFUSED", Outcome.REFUSED),
        ("INF_RATE", Outcome.REFUSED),
    ],
)
@pytest.mark.req("INT-04")
def test_only_an_echo_of_the_same_rate_is_done(reply: str, outcome: Outcome) -> None:
    assert _outcome(_controlled(), reply) is outcome


@pytest.mark.req("INT-04")
def test_an_unanswered_rate_is_unknown_and_never_sent_again() -> None:
    line = _controlled()
    line.order(SetRateOrder("r1", 3500, 3500))
    line.run_until(line.now + 10_000)
    assert line.of(CommandOutcome) == [CommandOutcome("r1", Outcome.UNKNOWN, "no answer to INF_RATE")]
    assert len(line.times_of("INF_RATE^3.50^ml/h")) == 1


@pytest.mark.req("CEI-03")
@pytest.mark.parametrize(
    ("rate_ul_h", "ceiling_ul_h", "why"),
    [
        (3510, 3509, "above the ceiling"),
        (3505, 9000, "not on the pump's step"),
        (90, 9000, "outside"),
        (0, 9000, "outside"),
        (-3500, 9000, "outside"),
        (1_200_010, 2_000_000, "outside"),
        (float("nan"), 9000, "whole"),
        (float("inf"), 9000, "whole"),
        (3500.0, 9000, "whole"),
        (3500, float("nan"), "whole"),
        (True, 9000, "whole"),
    ],
)
def test_the_driver_refuses_a_rate_that_it_may_not_send(rate_ul_h: int, ceiling_ul_h: int, why: str) -> None:
    outs = _controlled().order(SetRateOrder("r1", rate_ul_h, ceiling_ul_h))
    assert len(outs) == 1
    assert isinstance(outs[0], CommandOutcome)
    assert outs[0].outcome is Outcome.REFUSED
    assert why in outs[0].detail


@pytest.mark.req("CEI-03")
def test_without_control_no_rate_is_sent() -> None:
    line = AsenaLine(control=False)
    line.run_until(2_000)
    assert line.order(SetRateOrder("r1", 3500, 5000)) == [
        CommandOutcome("r1", Outcome.REFUSED, "remote control is not held")
    ]


@pytest.mark.req("CEI-04")
@given(rate_ul_h=st.integers(-10, 2_000_000), ceiling_ul_h=st.integers(-10, 2_000_000))
def test_no_rate_on_the_wire_is_above_the_ceiling(rate_ul_h: int, ceiling_ul_h: int) -> None:
    outs = _controlled().order(SetRateOrder("r1", rate_ul_h, ceiling_ul_h))
    for out in outs:
        if isinstance(out, Send):
            assert rate_ul_h <= ceiling_ul_h
            assert out.data == frame(f"INF_RATE^{rate_ul_h // 1000}.{rate_ul_h % 1000 // 10:02d}^ml/h")


@pytest.mark.parametrize(("rate_ul_h", "text"), [(100, "0.10"), (1_200_000, "1200.00"), (3500, "3.50"), (10, "0.01")])
def test_the_rate_text_is_exact(rate_ul_h: int, text: str) -> None:
    assert rate_message(rate_ul_h) == f"INF_RATE^{text}^ml/h"


def test_a_rate_waits_for_the_pending_exchange_and_a_stop_overtakes_it() -> None:
    line = _controlled()
    line.run_until_pending("INF")
    assert line.order(SetRateOrder("r1", 3500, 5000)) == []
    outs = line.order(StopOrder("s1"))
    assert outs[0] == Send(b"!INF_STOP|CD57\r", urgent=True)
    assert outs[1:] == [CommandOutcome("r1", Outcome.REFUSED, "overtaken by a stop")]


def test_a_rate_goes_out_as_soon_as_the_line_is_free() -> None:
    line = _controlled()
    line.run_until_pending("INF")
    line.order(SetRateOrder("r1", 3500, 5000))
    line.step()
    assert line.pending == "INF_RATE^3.50^ml/h"
