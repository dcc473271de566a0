"""Remote control: a lease that is refreshed, refused, lost and handed back."""

from __future__ import annotations

import itertools

import pytest
from pumpd_drivers.alaris_asena_wire import control_key

from pumpd.device import (
    CommandOutcome,
    Control,
    ControlState,
    Identity,
    Outcome,
    ReleaseControl,
    Send,
    SetRateOrder,
    StopOrder,
)
from pumpd.units import Ms
from tests.drivers.asena_line import ENABLE, AsenaLine, status

DISABLE_BYTES = b"!REMOTE_CTRL^DISABLED|EF95\r"


def _orders(line: AsenaLine) -> list[str]:
    return [message for _, message in line.sent if message.startswith(("REMOTE_CTRL", "INF_"))]


@pytest.mark.parametrize(("serial", "key"), [("8002-51740", "3CC1"), ("8002-51733", "9535")])
def test_the_key_is_the_crc_of_the_serial_number(serial: str, key: str) -> None:
    assert control_key(serial) == key


@pytest.mark.req("INT-06")
def test_the_lease_is_refreshed_every_second_and_said_once() -> None:
    line = AsenaLine()
    line.run_until(60_000)
    times = line.times_of(ENABLE)
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert line.of(Control) == [Control(ControlState.GRANTED)]
    assert max(gaps) <= 1000 + 100
    assert min(gaps) >= 1000


@pytest.mark.req("INT-06")
def test_a_shorter_lease_that_the_pump_tells_is_refreshed_sooner() -> None:
    line = AsenaLine(COMMS_RESPONSE_MAX="COMMS_RESPONSE_MAX^1600^ms")
    line.run_until(20_000)
    times = line.times_of(ENABLE)[2:]
    assert max(b - a for a, b in itertools.pairwise(times)) <= 400 + 100


def test_without_control_in_the_ward_file_no_control_is_asked_for() -> None:
    line = AsenaLine(control=False)
    line.run_until(30_000)
    assert _orders(line) == []
    assert line.of(Control) == []
    assert line.driver.finish(Ms(line.now)) == []


@pytest.mark.req("CEI-07")
@pytest.mark.parametrize(
    "reply", ["REMOTE_CTRL^ENABLED^****^DENIED^0^ms", "REMOTE_CTRL", "REMOTE_CTRL^ENABLED^NO PERMIT"]
)
def test_a_refusal_is_said_once_and_control_asked_for_again_every_ten_seconds(reply: str) -> None:
    line = AsenaLine(**{ENABLE: reply})
    line.run_until(35_000)
    assert line.of(Control) == [Control(ControlState.REFUSED, reply)]
    times = line.times_of(ENABLE)
    assert len(times) == 4
    assert min(b - a for a, b in itertools.pairwise(times)) >= 10_000


@pytest.mark.req("CEI-07")
def test_a_pump_that_never_answers_the_request_counts_as_refusing() -> None:
    line = AsenaLine(**{ENABLE: None})
    line.run_until(15_000)
    assert line.of(Control) == [Control(ControlState.REFUSED, "no answer")]


@pytest.mark.req("CEI-07")
def test_a_pump_that_permits_at_last_is_said_to() -> None:
    line = AsenaLine(**{ENABLE: "REMOTE_CTRL^ENABLED^****^DENIED^0^ms"})
    line.run_until(5_000)
    line.replies[ENABLE] = "REMOTE_CTRL^ENABLED^****^PERMIT^0^ms"
    line.run_until(15_000)
    assert [c.state for c in line.of(Control)] == [ControlState.REFUSED, ControlState.GRANTED]


@pytest.mark.req("INT-06")
def test_control_is_lost_when_the_lease_has_run_out_and_taken_again_when_the_pump_is_back() -> None:
    line = AsenaLine()
    line.run_until(5_000)
    kept = dict(line.replies)
    line.replies = dict.fromkeys(kept)
    last_grant_ms = line.times_of(ENABLE)[-1]
    line.run_until(12_000)
    assert [c.state for c in line.of(Control)][:2] == [ControlState.GRANTED, ControlState.LOST]
    assert line.times_of(ENABLE)[0] < last_grant_ms + 4000
    line.replies = kept
    line.run_until(14_000)
    assert line.of(Control)[-1] == Control(ControlState.GRANTED)


@pytest.mark.req("QUA-05")
def test_another_serial_number_than_configured_gets_no_command() -> None:
    line = AsenaLine(INST_SERIALNO="INST_SERIALNO^8002-51733", INF=status(serial="8002-51733"))
    line.run_until(20_000)
    detail = "serial mismatch: expected 8002-51740, the pump says 8002-51733"
    assert line.of(Identity)[0].serial == "8002-51733"
    assert line.of(Control) == [Control(ControlState.REFUSED, detail)]
    assert line.order(StopOrder("s1")) == [CommandOutcome("s1", Outcome.REFUSED, detail)]
    assert _orders(line) == []
    assert line.driver.finish(Ms(line.now)) == []


@pytest.mark.req("QUA-05")
def test_a_pump_exchanged_on_the_running_line_is_noticed_by_its_status_and_loses_control() -> None:
    line = AsenaLine()
    line.run_until(3_000)
    line.replies["INF"] = status(serial="8002-51733")
    line.run_until(3_600)
    assert line.of(Identity)[-1].serial == "8002-51733"
    assert line.of(Control)[-1].state is ControlState.REFUSED
    sent = len(line.times_of(ENABLE))
    line.run_until(20_000)
    assert len(line.times_of(ENABLE)) == sent


def test_without_a_configured_serial_number_the_pumps_own_makes_the_key() -> None:
    line = AsenaLine(serial=None)
    line.run_until(2_000)
    assert line.of(Control) == [Control(ControlState.GRANTED)]


@pytest.mark.req("INT-06")
def test_released_control_stays_released() -> None:
    line = AsenaLine()
    line.run_until(3_000)
    line.order(ReleaseControl("c1"))
    sent = len(line.times_of(ENABLE))
    line.run_until(20_000)
    assert line.of(CommandOutcome)[-1].outcome is Outcome.DONE
    assert line.of(Control)[-1].state is ControlState.RELEASED
    assert len(line.times_of(ENABLE)) == sent


@pytest.mark.req("INT-06", "INT-03")
def test_a_clean_exit_hands_control_back_and_does_nothing_else() -> None:
    line = AsenaLine()
    line.run_until(3_000)
    line.order(StopOrder("s1"))
    line.order(SetRateOrder("r1", 3500, 3500))
    outs = line.driver.finish(Ms(line.now))
    assert [out for out in outs if isinstance(out, Send)] == [Send(DISABLE_BYTES)]


@pytest.mark.req("INT-03")
def test_no_message_that_starts_the_pump_is_ever_sent() -> None:
    line = AsenaLine()
    line.run_until(3_000)
    line.order(StopOrder("s1"))
    line.replies["INF"] = status("HLD", "0.00")
    line.run_until(60_000)
    assert not [m for m in _orders(line) if m.startswith(("INF_START", "INF_BOLUS", "INF_RATE"))]
