"""What only the Gemini does: one question for all, acknowledgements without a name, Computer Control, its timer."""

from __future__ import annotations

import itertools

import pytest
from pumpd_drivers.gemini_c2 import PANEL_HAS_CONTROL, UNNAMED, GeminiC2
from pumpd_drivers.gemini_c2_wire import STATUS, frame

from pumpd.device import (
    AlarmCode,
    CommandOutcome,
    Control,
    ControlState,
    DeviceAlarms,
    DeviceSettings,
    Garbled,
    Outcome,
    PumpStatus,
    Send,
    SetRateOrder,
    StopOrder,
    Unmapped,
)
from pumpd.device.checksums import crc16_xmodem
from pumpd.sim.devices.gemini_c2 import GeminiC2Sim
from pumpd.units import Ms
from tests.drivers.sim_line import SimLine

HERE = "0000A"
STOP = frame(HERE, "INFUSE=OFF")


def _line(rate_ul_h: int = 125_000, *, control: bool = True) -> SimLine:
    sim = GeminiC2Sim()
    sim.panel.set_rate(rate_ul_h, 0)
    sim.panel.start(0)
    return SimLine(GeminiC2, sim, control=control)


def _says(*bodies: str, **options: str) -> list[object]:
    """What is heard of replies to nobody's question."""
    driver = GeminiC2(DeviceSettings("p1", options=options))
    driver.start(Ms(0))
    place = options.get("address", "0000") + options.get("channel", "A")
    outs = driver.receive(b"".join(frame(place, body) for body in bodies), Ms(5))
    return [out for out in outs if not isinstance(out, Send)]


def _mode(infusion: str = "ON", control: str = "COMPUTER", action: str = "INFUSE") -> str:
    return f"RATE@125;VTBI@500;VINF@12.3;MODE@(PUMP,{control},OFF,{infusion},{action})"


def test_one_question_asks_rate_volumes_and_mode() -> None:
    line = _line(control=False)
    line.run(2_500)
    asked = line.times_of(frame(HERE, STATUS))
    assert len(asked) == len(line.sent) == 3
    assert [status.requested_ms for status in line.of(PumpStatus)] == asked
    assert {(s.infusing, s.rate_ul_h) for s in line.of(PumpStatus)} == {(True, 125_000)}


def test_the_captured_reply_is_a_status_of_the_pump_with_that_address() -> None:
    driver = GeminiC2(DeviceSettings("p1", options={"address": "1234"}))
    assert driver.start(Ms(0)) == [Send(b"<A1234A:RATE?;VTBI?;VINF?;MODE?>3D45")]
    status = driver.receive(b"<A1234A:RATE@129;VTBI@0>92A7", Ms(9))[0]
    assert isinstance(status, PumpStatus)
    assert (status.infusing, status.rate_ul_h, status.requested_ms) == (None, 129_000, 0)


def test_a_reply_of_another_address_or_channel_is_listed_and_is_no_reading() -> None:
    driver = GeminiC2(DeviceSettings("p1", options={"channel": "B"}))
    driver.start(Ms(0))
    assert driver.receive(frame("0000A", _mode()), Ms(5)) == [Unmapped("address 0000A", _mode()[:64])]


@pytest.mark.req("QUA-04")
def test_a_reply_whose_crc_is_wrong_is_garbled() -> None:
    driver = GeminiC2(DeviceSettings("p1"))
    driver.start(Ms(0))
    whole = frame(HERE, _mode())
    outs = driver.receive(whole.replace(b"@125", b"@126") + whole, Ms(5))
    assert [type(out) for out in outs if not isinstance(out, Send)] == [Garbled, PumpStatus, DeviceAlarms]


@pytest.mark.parametrize(("text", "ul"), [("129", 129_000), ("7.5", 7_500), ("0.125", 125), ("0", 0)])
def test_decimals_are_exact(text: str, ul: int) -> None:
    status = _says(f"RATE@{text};VINF@{text}")[0]
    assert isinstance(status, PumpStatus)
    assert (status.rate_ul_h, status.volume_ul) == (ul, ul)


@pytest.mark.parametrize("text", ["", "-1", "1e3", "0.0005", "NAN", " 5", "----"])
def test_what_is_no_number_makes_no_status(text: str) -> None:
    assert [type(fact) for fact in _says(f"RATE@{text};VINF@1")] == [Garbled]


def test_a_mode_that_is_not_understood_leaves_open_whether_it_infuses() -> None:
    status = _says(_mode("KVO"))[0]
    assert isinstance(status, PumpStatus)
    assert status.infusing is None
    assert "KVO" in status.mode, "an engineer at the bench sees the word"


def test_the_words_of_a_real_pump_can_be_told_by_the_ward_file() -> None:
    for word, infusing in (("RUN", True), ("KVO", True), ("HOLD", False), ("ON", None)):
        status = _says(_mode(word), running="RUN,KVO", standing="HOLD")[0]
        assert isinstance(status, PumpStatus)
        assert status.infusing is infusing


def test_a_key_without_a_row_is_listed() -> None:
    assert _says("RATE@5;ECD@1")[0] == Unmapped("ECD", "1")


@pytest.mark.req("INT-01", "INT-02")
def test_a_stop_leaves_at_once_is_acknowledged_without_a_name_and_verified_by_a_later_read() -> None:
    line = _line()
    line.run(2_003)
    assert line.driver.line.pending is not None
    assert line.order(StopOrder("s1"))[0] == Send(STOP, urgent=True)
    line.run(1_000)
    assert [o.outcome for o in line.of(CommandOutcome)] == [Outcome.DONE]
    last = line.of(PumpStatus)[-1]
    assert last.infusing is False
    assert last.requested_ms is not None
    assert last.requested_ms > 2_003
    assert line.sim.asked["start"] == 0


def test_an_acknowledgement_without_a_name_is_the_stops_before_anything_elses() -> None:
    line = _line()
    line.run(500)
    line.driver.line.ask_ahead("TIMER", Ms(line.now))
    line.driver.tick(Ms(line.now))
    line.order(StopOrder("s1"))
    outs = line.driver.receive(frame(HERE, ""), Ms(line.now + 5))
    assert [o.order_id for o in outs if isinstance(o, CommandOutcome)] == ["s1"]


@pytest.mark.req("INT-04")
def test_a_refused_stop_is_told_in_the_pumps_own_words() -> None:
    line = _line()
    line.run(1_000)
    line.sim.press_local()  # type: ignore[attr-defined]
    line.order(StopOrder("s1"))
    line.run(300)
    assert line.of(CommandOutcome) == [CommandOutcome("s1", Outcome.REFUSED, "refused (N)")]


@pytest.mark.req("INT-06")
def test_under_computer_control_the_pumps_timer_is_set_and_it_alarms_when_pumpd_is_gone() -> None:
    line = _line()
    line.run(30_500)
    assert line.of(Control) == [Control(ControlState.GRANTED)]
    times = line.times_of(frame(HERE, "TIMER=60"))
    assert max(b - a for a, b in itertools.pairwise([0, *times, 30_500])) <= 10_500
    line.cut = True
    line.run(61_000)
    line.sim.advance(line.now)
    assert not line.sim.pump.infusing
    line.cut = False
    line.run(6_000)
    assert AlarmCode("COMTMOUT", "computer time-out") in line.of(DeviceAlarms)[-1].alarms


def test_while_the_panel_has_control_nothing_is_set_and_control_is_refused_in_words() -> None:
    sim = GeminiC2Sim()
    sim.local = True
    line = SimLine(GeminiC2, sim)
    line.run(25_000)
    assert line.of(Control) == [Control(ControlState.REFUSED, PANEL_HAS_CONTROL)]
    assert {data for _, data in line.sent} == {frame(HERE, STATUS)}
    sim.press_computer_control()
    line.run(3_000)
    assert line.of(Control)[-1] == Control(ControlState.GRANTED)


def test_control_that_the_panel_takes_back_is_lost_and_then_refused() -> None:
    line = _line()
    line.run(2_000)
    line.sim.press_local()  # type: ignore[attr-defined]
    line.run(15_000)
    assert [control.state for control in line.of(Control)] == [
        ControlState.GRANTED,
        ControlState.LOST,
        ControlState.REFUSED,
    ]
    assert max(line.times_of(frame(HERE, "TIMER=60"))) < 2_000
    line.order(SetRateOrder("r1", 10_000, 20_000))
    assert line.of(CommandOutcome)[-1] == CommandOutcome("r1", Outcome.REFUSED, "remote control is not held")


def test_a_driver_that_may_only_look_sets_nothing() -> None:
    line = _line(control=False)
    line.run(25_000)
    assert not [data for _, data in line.sent if b"=" in data]
    assert not line.of(Control)


@pytest.mark.req("CEI-03")
def test_a_rate_is_whole_ml_an_hour_and_never_starts_the_pump() -> None:
    line = SimLine(GeminiC2, GeminiC2Sim())
    line.run(1_000)
    for number, rate_ul_h in enumerate((0, 500, 1_500, 1_000_000, 20_000)):
        line.order(SetRateOrder(f"r{number}", rate_ul_h, 20_000))
    line.order(SetRateOrder("r9", 10_000, 20_000))
    line.run(1_000)
    assert [data for _, data in line.sent if b"RATE=" in data] == [frame(HERE, "RATE=20"), frame(HERE, "RATE=10")]
    outcomes = {outcome.order_id: outcome.outcome for outcome in line.of(CommandOutcome)}
    assert [order for order, outcome in outcomes.items() if outcome is Outcome.DONE] == ["r4", "r9"]
    assert not line.sim.pump.infusing
    assert line.sim.pump.rate_ul_h == 10_000


def test_an_echoed_rate_is_compared_with_the_one_that_was_sent() -> None:
    line = _line()
    line.run(1_500)
    line.order(SetRateOrder("r1", 10_000, 20_000))
    outs = line.driver.receive(frame(HERE, "RATE=100"), Ms(line.now + 5))
    assert [o.outcome for o in outs if isinstance(o, CommandOutcome)] == [Outcome.UNKNOWN]


def test_while_the_mode_says_alarm_it_is_asked_why_until_it_ends() -> None:
    line = _line()
    line.sim.code = "OCCL"  # type: ignore[attr-defined]
    line.run(6_000)
    assert line.of(DeviceAlarms)[0].alarms == (AlarmCode("OCCL", "occlusion"),)
    assert line.of(PumpStatus)[-1].alarming
    line.sim.code = "SETOUT"  # type: ignore[attr-defined]
    line.run(4_000)
    assert line.of(DeviceAlarms)[-1].alarms == (AlarmCode("SETOUT", "SETOUT", known=False),)
    line.sim.code = None  # type: ignore[attr-defined]
    line.run(3_000)
    assert line.of(DeviceAlarms)[-1].alarms == ()
    asked = len(line.times_of(frame(HERE, "ALARM?")))
    line.run(10_000)
    assert len(line.times_of(frame(HERE, "ALARM?"))) == asked


def test_a_pump_that_alarms_and_does_not_say_why_is_an_alarm_too() -> None:
    driver = GeminiC2(DeviceSettings("p1"))
    driver.start(Ms(0))
    said: list[object] = []
    for second in range(6):  # ALARM? has no answer
        said += driver.tick(Ms(1_000 * second + 900))
        said += driver.receive(frame(HERE, _mode(action="ALARM")), Ms(1_000 * second + 950))
    assert next(out for out in said if isinstance(out, DeviceAlarms)).alarms == (UNNAMED,)
    said = driver.receive(frame(HERE, "ALARM@OCCL"), Ms(6_000)) + driver.receive(
        frame(HERE, _mode(action="ALARM")), Ms(6_100)
    )
    assert [out for out in said if isinstance(out, DeviceAlarms)] == [DeviceAlarms((AlarmCode("OCCL", "occlusion"),))]
    said = driver.receive(frame(HERE, _mode()), Ms(7_000))
    assert [out for out in said if isinstance(out, DeviceAlarms)] == [DeviceAlarms(())]


def test_a_malfunction_is_an_alarm_and_what_the_pump_does_is_then_not_known() -> None:
    driver = GeminiC2(DeviceSettings("p1"))
    driver.start(Ms(0))
    body = b"<E0000A:ERROR 12>"
    broken = b"%b%04X" % (body, crc16_xmodem(body))
    status, alarms, *_ = driver.receive(broken, Ms(5))
    assert isinstance(status, PumpStatus)
    assert (status.infusing, status.rate_ul_h, status.alarming) == (None, None, True)
    assert alarms == DeviceAlarms((AlarmCode("ERROR 12", "pump malfunction, error 12"),))
