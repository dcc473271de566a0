"""Masimo ASCII 1: what is a value, what the exceptions leave of it, and what a damaged line may not become."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpd.device import DeviceAlarms, Garbled, Identity, Out, Quality, Silent, Unmapped, Vitals
from pumpd.units import Ms
from tests.drivers.captures import read_captures
from tests.drivers.monitor_line import MonitorLine, driver_of, heard, only, values

NAME = "masimo_ascii1"
HEAD = "02/22/16 22:47:45 SN=0000056661 "
TAIL = "SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+-- "


def line(spo2: str = "098%", bpm: str = "097", pi: str = "03.60%", alarm: str = "0000", exc: str = "000800") -> bytes:
    return f"{HEAD}SPO2={spo2} BPM={bpm} PI={pi} {TAIL}ALARM={alarm} EXC={exc}\r\n".encode("ascii")


def vitals(*frames: bytes) -> dict[str, str]:
    return values(only(heard(NAME, *frames), Vitals)[-1])


def alarms(*frames: bytes) -> list[tuple[str, bool]]:
    said = only(heard(NAME, *frames), DeviceAlarms)[-1]
    return [(alarm.code, alarm.known) for alarm in said.alarms]


def is_garbled_whole(outs: list[Out]) -> bool:
    return [type(out) for out in outs] == [Garbled]


@pytest.mark.parametrize(
    ("bit", "quality"),
    [
        (0x01, Quality.OFF),
        (0x02, Quality.INVALID),
        (0x04, Quality.QUESTIONABLE),
        (0x08, Quality.INVALID),
        (0x10, Quality.QUESTIONABLE),
        (0x20, Quality.OFF),
        (0x40, Quality.QUESTIONABLE),
        (0x80, Quality.INVALID),
        (0x100, Quality.INVALID),
        (0x400, Quality.QUESTIONABLE),
        (0x1000, Quality.OFF),
        (0x20000, Quality.INVALID),
    ],
)
@pytest.mark.req("QUA-01")
def test_an_exception_takes_the_values_away_or_makes_them_questionable_whatever_digits_stand_there(
    bit: int, quality: Quality
) -> None:
    outs = heard(NAME, line(exc=f"{bit | 0x800:06X}"))
    found = {(r.signal, r.quality): r.value_milli for r in only(outs, Vitals)[0].readings}
    questionable = quality is Quality.QUESTIONABLE
    assert found["spo2", quality] == (98_000 if questionable else None)
    assert found["pulse", quality] == (97_000 if questionable else None)
    assert found["pi", quality] == (3_600 if questionable else None)
    assert found["spco", Quality.INVALID if questionable else quality] is None
    assert len(only(outs, DeviceAlarms)[0].alarms) == 1


def test_the_worst_exception_counts() -> None:
    assert vitals(line(exc="000C24"))["spo2"] == "off"
    assert vitals(line(exc="000C0C"))["spo2"] == "invalid"


def test_masimo_set_is_the_normal_state_and_its_absence_is_no_alarm() -> None:
    assert alarms(line(exc="000800")) == alarms(line(exc="000000")) == []


@pytest.mark.parametrize(
    ("text", "milli"), [("03.60%", "3600"), ("00.55", "550"), ("11.8%", "11800"), ("07.5", "7500")]
)
def test_the_perfusion_index_keeps_its_decimals_with_and_without_a_percent_sign(text: str, milli: str) -> None:
    assert vitals(line(pi=text))["pi"] == milli


@pytest.mark.parametrize("text", ["--.--%", "--.--", "--.-%", "00.00%"])
def test_a_perfusion_index_that_is_none_is_no_zero(text: str) -> None:
    assert vitals(line(pi=text))["pi"] == "invalid"


def test_zeros_that_the_monitor_writes_where_it_measures_nothing_are_no_readings() -> None:
    assert vitals(line("000%", "000"))["spo2"] == vitals(line("000%", "000"))["pulse"] == "invalid"


@pytest.mark.parametrize("missing", [line(spo2="000%"), line(spo2="---%"), line(bpm="000"), line(bpm="024")])
def test_a_saturation_without_a_pulse_or_a_pulse_without_a_saturation_is_no_reading(missing: bytes) -> None:
    assert set(vitals(missing).values()) == {"invalid"}


@pytest.mark.parametrize("bpm", ["---", "---%"])
def test_dashes_are_no_value(bpm: str) -> None:
    found = vitals(line("---%", bpm))
    assert (found["spo2"], found["pulse"], found["spco"]) == ("invalid", "invalid", "invalid")


@pytest.mark.parametrize(
    "damaged",
    [
        line(spo2="101%"),
        line(spo2="98%"),
        line(spo2="0098%"),
        line(spo2="098"),
        line(spo2="09-%"),
        line(bpm="241"),
        line(bpm="97"),
        line(pi="3.60%"),
        line(pi="20.01%"),
        line(alarm="000"),
        line(exc="00080"),
        line(exc="00080G"),
        line(exc="000800").replace(b"EXC=", b"EXC "),
        line().replace(b" SPO2=", b"  SPO2="),
        line().replace(b"SPO2=098%", b"SPO2=098% SPO2=097%"),
        line().replace(b"SPO2=", b"SP02="),
        line().replace(b" ALARM=0000", b""),
        line().replace(b"02/22/16", b"13/22/16"),
        line().replace(b"22:47", b"24:47"),
        line()[9:],
    ],
)
@pytest.mark.req("QUA-04")
def test_a_line_that_deviates_anywhere_is_garbled_as_a_whole(damaged: bytes) -> None:
    assert is_garbled_whole(heard(NAME, damaged))
    assert len(only(heard(NAME, damaged, line()), Vitals)) == 1


@pytest.mark.req("QUA-04")
def test_a_flipped_bit_can_only_turn_a_digit_into_another_digit_that_the_monitor_can_measure() -> None:
    """No checksum: what is left is a digit for a digit, less than one flip in ten, told here so that nobody forgets."""
    good = line()
    truth = vitals(good)
    false = total = 0
    for bit in range(len(good) * 8):
        flipped = bytearray(good)
        flipped[bit // 8] ^= 1 << bit % 8
        total += 1
        for found in only(heard(NAME, bytes(flipped)), Vitals):
            changed = {name for name, value in values(found).items() if truth.get(name) != value}
            assert values(found).keys() == truth.keys()
            if changed:
                false += 1
                letter, was = chr(flipped[bit // 8]), chr(good[bit // 8])
                assert letter in "0123456789ABCDEF", (was, letter)
                assert was in "0123456789"
    assert 0 < false < total / 10


@settings(max_examples=200)
@given(st.text("0123456789-+.%ABCDEFSPOBMI= /:", max_size=140))
def test_no_text_raises_and_only_a_whole_line_is_a_reading(text: str) -> None:
    assert not only(heard(NAME, text.encode("ascii") + b"\r\n"), Vitals)


def test_the_serial_number_is_said_once_and_another_one_only_when_it_stands_in_two_lines() -> None:
    other = line().replace(b"0000056661", b"0000056665")
    driver = driver_of(NAME)
    said = [only(driver.receive(frame, Ms(0)), Identity) for frame in (line(), line(), other, line(), other, other)]
    assert [[one.serial for one in each] for each in said] == [["0000056661"], [], [], [], [], ["0000056665"]]
    assert is_garbled_whole(heard(NAME, line(), other)[-1:])


def test_no_serial_number_and_dashes_are_no_identity() -> None:
    without = line().replace(b"SN=0000056661 ", b"")
    assert not only(heard(NAME, without, line().replace(b"0000056661", b"----------")), Identity)


def test_a_field_without_a_row_is_listed_when_it_comes_again_and_takes_nothing_else_away() -> None:
    newer = line().replace(b" ALARM", b" ORI=12.3 ALARM")
    outs = heard(NAME, newer, newer, newer)
    assert [type(out) for out in outs[:1]] == [Garbled]
    assert only(outs, Unmapped) == [Unmapped("ORI", "12.3")]
    assert len(only(outs, Vitals)) == 2


def test_an_alarm_whose_cause_is_not_told_is_still_told_and_a_silenced_one_is_no_alarm() -> None:
    assert alarms(line(alarm="0010")) == [("ALARM", True)]
    assert alarms(line(alarm="0012")) == [("SPO2_LOW", True)]
    assert alarms(line(alarm="0010", exc="000820")) == [("SENSOR_OFF", True)]
    assert alarms(line(alarm="0020")) == []


def test_bits_that_the_tables_lack_are_passed_on_as_unknown_alarms() -> None:
    names = ["ALARM_80", "ALARM_8000", "EXC_200", "EXC_10000"]
    assert alarms(line(alarm="8080", exc="010A00")) == [(name, False) for name in names]
    radical = next(frame for frame in read_captures(NAME) if b"EXC1" in frame.data).data
    assert ("EXC1_4", False) in alarms(radical.replace(b"EXC1=00000000", b"EXC1=00000004"))


def test_the_monitors_time_is_passed_on_as_its_claim() -> None:
    assert only(heard(NAME, line()), Vitals)[0].device_time == "02/22/16 22:47:45"


# --- with its simulator


def test_a_minute_of_its_simulator_reads_as_its_display_says() -> None:
    bench = MonitorLine(NAME)
    bench.run(60_000)
    assert len(bench.pairs) >= 60
    for said, shown in bench.pairs:
        assert {r.signal: r.value_milli for r in said.readings if r.signal in shown} == shown
    assert not only(bench.facts, Garbled)


@pytest.mark.parametrize(("fault", "code"), [("sensor_off", "SENSOR_OFF"), ("sensor_disconnected", "NO_SENSOR")])
def test_a_probe_that_comes_off_leaves_no_value_at_the_next_line(fault: str, code: str) -> None:
    bench = MonitorLine(NAME)
    bench.run(5_000)
    setattr(bench.sim.faults, fault, True)
    bench.run(1_000)
    assert {r.quality for r in bench.last(Vitals).readings} == {Quality.OFF}
    assert code in [alarm.code for alarm in bench.last(DeviceAlarms).alarms]
    setattr(bench.sim.faults, fault, False)
    bench.run(1_000)
    assert values(bench.last(Vitals))["spo2"].isdecimal()


def test_switched_off_it_is_silent_once_and_after_power_on_it_searches_for_a_pulse_first() -> None:
    bench = MonitorLine(NAME)
    bench.run(5_000)
    bench.sim.switch_off(bench.now, 10_000)
    assert len(only(bench.run(10_000), Silent)) == 1
    bench.run(1_500)
    assert values(bench.last(Vitals))["spo2"] == "invalid"
    bench.run(3_000)
    assert values(bench.last(Vitals))["spo2"].isdecimal()


def test_fields_that_have_moved_are_no_readings() -> None:
    bench = MonitorLine(NAME)
    bench.sim.faults.shifted_fields = True
    assert not only(bench.run(10_000), Vitals)
    assert only(bench.facts, Garbled)


@pytest.mark.req("QUA-01", "QUA-04")
@pytest.mark.parametrize(("alarm", "exc"), [("0000", "000"), ("000000", "000002"), ("000000", "000"), ("00", "000800")])
def test_a_line_whose_last_digits_are_lost_does_not_lose_what_they_say_of_the_values(alarm: str, exc: str) -> None:
    """EXC=000008 (searching for a pulse) without its last three digits is no EXC=000."""
    outs = heard(NAME, line(alarm=alarm, exc=exc))
    assert not only(outs, Vitals)
    assert only(outs, Garbled)


@pytest.mark.req("QUA-05")
def test_who_it_is_is_said_before_its_values() -> None:
    other = line().replace(b"SN=0000056661", b"SN=0000093112")
    told = [type(out) for out in heard(NAME, line(), other, other) if isinstance(out, Identity | Vitals)]
    assert told == [Identity, Vitals, Identity, Vitals]
