"""What only the NE-1000 does: two modes, replies without a name, a watchdog, letters, alarms told once, units."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pumpd_drivers.new_era_ne1000 import NO_WATCHDOG, NewEraNe1000
from pumpd_drivers.new_era_ne1000_wire import RATE_UNITS, basic, rate_of, rate_text, safe

from pumpd.device import (
    CommandOutcome,
    Control,
    ControlState,
    DeviceAlarms,
    DeviceSettings,
    Identity,
    Integrity,
    Outcome,
    PumpStatus,
    ReleaseControl,
    Send,
    SetRateOrder,
    StopOrder,
    Unmapped,
)
from pumpd.sim.devices.new_era_ne1000 import NewEraNe1000Sim, basic_reply, safe_packet
from pumpd.units import Ms
from tests.drivers.sim_line import SimLine


def _line(*, control: bool = True, in_safe: bool = True, **options: str) -> SimLine:
    sim = NewEraNe1000Sim(safe=in_safe)
    sim.panel.set_rate(5_000, 0)
    sim.panel.start(0)
    return SimLine(NewEraNe1000, sim, control=control, **options)


def _says(*texts: str, mode: str = "safe") -> list[object]:
    driver = NewEraNe1000(DeviceSettings("p1", options={"mode": mode}))
    driver.start(Ms(0))
    framed = safe_packet if mode == "safe" else basic_reply
    outs = driver.receive(b"".join(framed(text) for text in texts), Ms(5))
    return [out for out in outs if not isinstance(out, Send)]


def _texts(line: SimLine) -> list[str]:
    """What was sent, without frame and address."""
    return [(data[4:-3] if data[0] == 2 else data[2:-1]).decode() for _, data in line.sent]


def test_the_packet_of_the_manual_is_what_ends_safe_mode() -> None:
    assert safe("SAF0") == bytes.fromhex("02 08 53 41 46 30 55 43 03")
    assert basic("00VER") == b"00VER\r"


@pytest.mark.parametrize("mode", ["safe", "basic"])
def test_a_status_is_the_round_of_rate_and_volume_and_says_what_protected_it(mode: str) -> None:
    line = _line(control=False, in_safe=mode == "safe", mode=mode)
    line.run(5_500)
    statuses = line.of(PumpStatus)
    assert len(statuses) == 6
    assert {(s.infusing, s.rate_ul_h, s.mode) for s in statuses} == {(True, 5_000, "infusing")}
    assert {s.integrity for s in statuses} == {Integrity.CRC16 if mode == "safe" else Integrity.NONE}
    assert line.of(Identity) == [Identity("NE1000", None, "3.92")]


@pytest.mark.req("INT-06")
def test_under_control_the_watchdog_is_set_once_and_stops_the_pump_when_pumpd_is_gone() -> None:
    line = _line(watchdog_s="5")
    line.run(30_000)
    assert line.of(Control) == [Control(ControlState.GRANTED)]
    assert _texts(line).count("SAF5") == 1, "each setting is written to the pump's memory for good"
    assert line.sim.pump.infusing
    line.cut = True
    line.run(6_500)
    line.sim.advance(line.now)
    assert not line.sim.pump.infusing
    assert ControlState.LOST in [control.state for control in line.of(Control)]
    line.cut = False
    line.run(6_000)
    assert "A?T" in [alarm.code for alarms in line.of(DeviceAlarms) for alarm in alarms.alarms]
    assert line.of(PumpStatus)[-1].infusing is False


def test_a_watchdog_that_is_set_to_something_else_is_set_anew() -> None:
    line = _line()
    line.run(3_000)
    line.sim.timeout_s = 200  # type: ignore[attr-defined]
    line.run(5_000)
    assert line.sim.timeout_s == 10  # type: ignore[attr-defined]


def test_a_pump_in_basic_mode_is_brought_into_safe_mode_under_control() -> None:
    line = _line(in_safe=False)
    line.run(6_000)
    assert line.sim.safe  # type: ignore[attr-defined]
    assert line.of(Control) == [Control(ControlState.GRANTED)]
    assert line.of(PumpStatus)[-1].infusing is True


@pytest.mark.req("INT-06")
def test_in_basic_mode_no_watchdog_is_claimed() -> None:
    line = _line(in_safe=False, mode="basic")
    line.run(5_000)
    assert line.of(Control) == [Control(ControlState.GRANTED, NO_WATCHDOG)]
    assert not [text for text in _texts(line) if text.startswith("SAF")]


def test_a_driver_that_may_only_look_never_touches_the_watchdog() -> None:
    line = _line(control=False)
    line.run(10_000)
    assert set(_texts(line)) == {"VER", "RAT", "DIS"}


def test_a_pump_that_talks_in_basic_mode_where_safe_mode_is_expected_is_named_and_not_believed() -> None:
    driver = NewEraNe1000(DeviceSettings("p1"))
    driver.start(Ms(0))
    assert driver.receive(basic_reply("00S5.000MH"), Ms(5)) == [Unmapped("basic mode", "00S5.000MH")]


@pytest.mark.req("INT-01", "INT-02")
@pytest.mark.parametrize("mode", ["safe", "basic"])
def test_a_stop_leaves_at_once_and_is_verified_by_a_later_read(mode: str) -> None:
    line = _line(in_safe=mode == "safe", mode=mode)
    line.run(4_000)
    while line.driver.line.pending is None:
        line.run(1)
    ordered_ms = line.now
    assert line.order(StopOrder("s1"))[0] == Send(safe("00STP") if mode == "safe" else basic("00STP"), urgent=True)
    line.run(1_500)
    assert line.of(CommandOutcome) == [CommandOutcome("s1", Outcome.DONE, "paused")]
    last = line.of(PumpStatus)[-1]
    assert (last.infusing, last.mode) == (False, "paused")
    assert last.requested_ms is not None
    assert last.requested_ms > ordered_ms


def test_repeated_stops_leave_the_pump_stopped_and_each_is_done() -> None:
    line = _line()
    line.run(3_000)
    for number in range(4):
        line.order(StopOrder(f"s{number}"))
        line.run(700)
    assert [outcome.outcome for outcome in line.of(CommandOutcome)] == [Outcome.DONE] * 4
    assert not line.sim.pump.infusing
    assert line.sim.asked["start"] == 0


@pytest.mark.req("INT-04")
def test_an_alarm_instead_of_an_acknowledgement_leaves_the_outcome_unknown() -> None:
    line = _line()
    line.run(3_500)
    line.sim.alarm = "S"  # type: ignore[attr-defined]
    line.order(StopOrder("s1"))
    line.run(100)
    assert [outcome.outcome for outcome in line.of(CommandOutcome)] == [Outcome.UNKNOWN]
    line.order(StopOrder("s2"))
    line.run(1_500)
    assert line.of(CommandOutcome)[-1].outcome is Outcome.DONE


def test_an_alarm_that_the_pump_tells_only_once_stands_until_it_moves_again() -> None:
    line = _line()
    line.run(3_000)
    line.sim.panel.power_cycle(line.now)
    line.run(12_000)
    assert [alarm.code for alarm in line.of(DeviceAlarms)[-1].alarms] == ["A?R"]
    assert line.of(PumpStatus)[-1].alarming
    line.sim.panel.set_rate(5_000, line.now)
    line.sim.panel.start(line.now)
    line.run(3_000)
    assert line.of(DeviceAlarms)[-1].alarms == ()


def test_an_alarm_that_safe_mode_tells_unasked_is_heard() -> None:
    facts = _says("00A?S")
    assert [alarm.code for fact in facts if isinstance(fact, DeviceAlarms) for alarm in fact.alarms] == ["A?S"]


@pytest.mark.parametrize(
    ("letter", "infusing", "alarm"),
    [("I", True, ""), ("W", None, "W"), ("S", False, ""), ("P", False, ""), ("T", None, ""), ("U", None, ""),
     ("X", True, "X"), ("Q", None, "Q")],
)  # fmt: skip
def test_each_status_letter_says_whether_it_infuses(letter: str, infusing: bool | None, alarm: str) -> None:
    status, alarms = _says(f"00{letter}5.000MH", f"00{letter}I1.250W0.000ML")
    assert isinstance(status, PumpStatus)
    assert isinstance(alarms, DeviceAlarms)
    assert status.infusing is infusing
    assert [one.code for one in alarms.alarms] == ([alarm] if alarm else [])
    assert (status.rate_ul_h is None) == (letter == "X"), "a purge does not run at the rate"


@pytest.mark.parametrize("letters", ["IS", "SI"])
def test_a_pump_that_starts_or_stops_within_a_round_counts_as_infusing(letters: str) -> None:
    status = _says(f"00{letters[0]}5.000MH", f"00{letters[1]}I1.250W0.000ML")[0]
    assert isinstance(status, PumpStatus)
    assert status.infusing is True


@pytest.mark.parametrize(
    ("text", "ul_h"),
    [("5.000MH", 5_000), ("999.9MH", 999_900), ("12.UH", 12), ("1.5UH", None), ("1.500UM", 90), ("1.333UM", None),
     ("0.001MM", 60), ("2.000MM", 120_000)],
)  # fmt: skip
def test_rates_are_converted_exactly_or_left_without_a_number(text: str, ul_h: int | None) -> None:
    assert rate_of(text) == (ul_h, text[-2:])


@given(st.integers(1, 2_000_000), st.sampled_from(sorted(RATE_UNITS)))
def test_a_rate_that_is_sent_is_exactly_the_one_that_was_ordered(rate_ul_h: int, unit: str) -> None:
    text = rate_text(rate_ul_h, unit)
    if text is None:
        return
    assert Decimal(text) * RATE_UNITS[unit] == rate_ul_h
    assert len(text.replace(".", "")) <= 5
    assert rate_of(text + unit) == (rate_ul_h, unit)


@pytest.mark.req("CEI-03")
def test_a_rate_goes_out_in_the_pumps_own_unit_and_never_starts_it() -> None:
    line = SimLine(NewEraNe1000, NewEraNe1000Sim())
    line.order(SetRateOrder("early", 5_000, 9_000))
    line.sim.panel.set_rate(7_000, 0)
    line.run(4_000)
    line.order(SetRateOrder("above", 9_100, 9_000))
    line.order(SetRateOrder("zero", 0, 9_000))
    line.order(SetRateOrder("right", 4_500, 9_000))
    line.run(1_000)
    assert "RAT4.5MH" in _texts(line)
    outcomes = {outcome.order_id: outcome.outcome for outcome in line.of(CommandOutcome)}
    assert outcomes == {
        "early": Outcome.REFUSED,
        "above": Outcome.REFUSED,
        "zero": Outcome.REFUSED,
        "right": Outcome.DONE,
    }
    assert line.sim.pump.rate_ul_h == 4_500
    assert not line.sim.pump.infusing


def test_a_rate_that_four_digits_of_the_pumps_unit_cannot_tell_is_refused_in_words() -> None:
    line = _line()
    line.run(4_000)
    line.driver.receive(safe_packet("00I83.33UM"), Ms(line.now))
    line.driver.receive(safe_packet("00II1.000W0.000ML"), Ms(line.now))
    refused = line.order(SetRateOrder("r1", 5_000, 9_000))
    assert refused == [CommandOutcome("r1", Outcome.REFUSED, "four digits of UM cannot tell 5000 uL/h exactly")]


@pytest.mark.parametrize("error", ["", "NA", "OOR", "COM", "IGN", "XYZ"])
def test_an_error_refuses_a_rate_in_words(error: str) -> None:
    line = _line()
    line.run(4_500)
    line.order(SetRateOrder("r1", 6_000, 9_000))
    outs = line.driver.receive(safe_packet(f"00I?{error}"), Ms(line.now + 1))
    outcome = next(out for out in outs if isinstance(out, CommandOutcome))
    assert outcome.outcome is Outcome.REFUSED
    assert "(infusing)" in outcome.detail


def test_control_is_handed_back_by_leaving_safe_mode_and_a_stop_is_understood_after_that() -> None:
    line = _line()
    line.run(4_000)
    line.order(ReleaseControl("c1"))
    line.run(3_000)
    assert line.of(Control)[-1].state is ControlState.RELEASED
    assert line.sim.timeout_s == 0  # type: ignore[attr-defined]
    assert line.sim.pump.infusing
    assert line.of(PumpStatus)[-1].integrity is Integrity.NONE
    line.order(StopOrder("s1"))
    line.run(1_000)
    assert not line.sim.pump.infusing


def test_the_counter_is_the_infused_volume_and_a_reply_of_another_address_is_none() -> None:
    status = _says("00I5.000MH", "00II12.34W9.000ML")[0]
    assert isinstance(status, PumpStatus)
    assert status.volume_ul == 12_340
    status = _says("00I5.000MH", "00II1500.W0.000ML")[0]
    assert isinstance(status, PumpStatus)
    assert status.volume_ul is None, "coarser than declared"
    assert _says("07I5.000MH") == [Unmapped("address 7", "5.000MH")]


@pytest.mark.req("INT-01")
def test_a_stop_that_is_refused_late_does_not_take_the_answer_of_the_question_that_was_asked_meanwhile() -> None:
    """A pump that stands refuses each repeated stop; without this no status ever counted as asked for."""
    driver = NewEraNe1000(DeviceSettings("p1", options={"mode": "safe"}))
    driver.start(Ms(0))
    driver.receive(safe_packet("00SNE1000V3.92"), Ms(10))
    driver.receive(safe_packet("00S5.000MH"), Ms(20))
    driver.receive(safe_packet("00SI0.500W0.000ML"), Ms(30))
    driver.command(StopOrder("s1"), Ms(100))
    asked = [out for at in (600, 1_100) for out in driver.tick(Ms(at)) if isinstance(out, Send)]
    assert asked
    outs = driver.receive(safe_packet("00S?NA"), Ms(1_150))
    assert [(o.order_id, o.outcome) for o in outs if isinstance(o, CommandOutcome)] == [("s1", Outcome.DONE)]
    driver.receive(safe_packet("00S5.000MH"), Ms(1_250))
    driver.tick(Ms(1_650))
    outs = driver.receive(safe_packet("00SI0.500W0.000ML"), Ms(1_900))
    assert [o.requested_ms is not None for o in outs if isinstance(o, PumpStatus)] == [True]
