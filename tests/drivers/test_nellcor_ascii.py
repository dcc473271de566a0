"""Nellcor's data port: exact columns, codes that take values away, zeros and old values that are no readings."""

from __future__ import annotations

import pytest

from pumpd.device import DeviceAlarms, Garbled, Identity, Out, Quality, Silent, Unmapped, Vitals
from pumpd.units import Ms
from tests.drivers.monitor_line import MonitorLine, driver_of, heard, only, values

NAME = "nellcor_ascii"
HEADER = "N-560    VERSION 1.56.00    CRC:XXXX  SpO2 Limit: 90-100%    PR Limit: 60-170BPM\r\n"


def line(spo2: str = " 99 ", pulse: str = " 66 ", amplitude: str = " 12 ", codes: str = "") -> bytes:
    return f"29-Dec-17 07:18:43   {spo2}    {pulse}    {amplitude}   {codes}\r\n".encode("ascii")


def vitals(*frames: bytes) -> dict[str, str]:
    return values(only(heard(NAME, *frames), Vitals)[-1])


def alarms(*frames: bytes) -> list[tuple[str, str, bool]]:
    said = only(heard(NAME, *frames), DeviceAlarms)[-1]
    return [(alarm.code, alarm.text, alarm.known) for alarm in said.alarms]


def is_garbled_whole(outs: list[Out]) -> bool:
    return [type(out) for out in outs] == [Garbled]


@pytest.mark.parametrize(
    ("code", "quality"),
    [
        ("SD", Quality.OFF),
        ("SO", Quality.OFF),
        ("LP", Quality.INVALID),
        ("LM", Quality.INVALID),
        ("PS", Quality.INVALID),
        ("MO", Quality.QUESTIONABLE),
        ("AO", Quality.OK),
        ("AS", Quality.OK),
        ("LB", Quality.OK),
        ("PH", Quality.OK),
        ("PL", Quality.OK),
        ("SH", Quality.OK),
        ("SL", Quality.OK),
    ],
)
@pytest.mark.req("QUA-01")
def test_a_code_says_what_is_left_of_the_values_whatever_digits_stand_there(code: str, quality: Quality) -> None:
    [said] = only(heard(NAME, line(codes=code)), Vitals)
    assert {reading.quality for reading in said.readings} == {quality}
    assert (said.readings[0].value_milli is None) == (quality in (Quality.OFF, Quality.INVALID))
    assert [one[0] for one in alarms(line(codes=code))] == ([] if code in ("AS", "MO") else [code])


def test_the_worst_code_counts_and_each_has_a_place_of_its_own() -> None:
    assert vitals(line(codes="MO SL LP    AS AO"))["spo2"] == "invalid"
    assert [one[0] for one in alarms(line(codes="MO SL LB PL AS AO"))] == ["SL", "LB", "PL", "AO"]


@pytest.mark.parametrize("amplitude", ["--- ", "  0 "])
@pytest.mark.req("QUA-01")
def test_values_without_an_amplitude_are_old_ones(amplitude: str) -> None:
    found = vitals(line(amplitude=amplitude))
    assert found == (
        {"spo2": "invalid", "pulse": "invalid"} if "-" in amplitude else {"spo2": "99000", "pulse": "66000"}
    )


@pytest.mark.parametrize(("spo2", "pulse"), [("  0 ", "  0 "), ("--- ", " 66 "), (" 99 ", "--- "), (" 99 ", " 19 ")])
def test_zeros_and_dashes_are_no_readings_and_take_the_other_value_with_them(spo2: str, pulse: str) -> None:
    assert vitals(line(spo2, pulse)) == {"spo2": "invalid", "pulse": "invalid"}


@pytest.mark.parametrize(
    "damaged",
    [
        line(spo2="101 "),
        line(spo2="99  "),
        line(spo2="099 "),
        line(spo2="10  "),
        line(spo2=" 09 "),
        line(spo2="9 9 "),
        line(spo2=" 9O "),
        line(spo2="--  "),
        line(pulse="251 "),
        line(pulse=" 66+"),
        line()[1:],
        line().replace(b"17 07", b"1707"),
        line().replace(b"07:18:43", b"07:18:73"),
        line(codes="M"),
        line(codes="MO  SL"),
        line(codes="MOSL"),
        line(codes="mo"),
        line().replace(b"   ", b"  ", 1),
        b"12-NOV-98 14:00:05 100  120 50\r\n",
        b"12-NOV-98 14:00:05 100 120\r\n",
        b"12-NOV-98 14:00:05 100 120 50 MO  SL\r\n",
        b"12-NOV-98 14:00:05 1 0 120 50\r\n",
        b"12-NOV-98 14:00:05 010 120 50\r\n",
    ],
)
@pytest.mark.req("QUA-04")
def test_a_line_that_deviates_anywhere_is_garbled_as_a_whole(damaged: bytes) -> None:
    assert is_garbled_whole(heard(NAME, damaged))
    assert len(only(heard(NAME, damaged, line()), Vitals)) == 1


@pytest.mark.req("QUA-04")
def test_a_flipped_bit_can_only_turn_a_digit_into_another_digit_that_the_oximeter_can_measure() -> None:
    good = line(codes="MO SL")
    truth = vitals(good)
    false = total = 0
    for bit in range(len(good) * 8):
        flipped = bytearray(good)
        flipped[bit // 8] ^= 1 << bit % 8
        total += 1
        for found in only(heard(NAME, bytes(flipped)), Vitals):
            if any(value.isdecimal() and value != truth[name] for name, value in values(found).items()):
                false += 1
                assert chr(flipped[bit // 8]) in "0123456789"
                assert chr(good[bit // 8]) in "0123456789"
    assert 0 < false < total / 20


def test_blanks_at_the_end_of_a_line_do_not_count() -> None:
    assert vitals(line(codes="MO" + 15 * " ")) == vitals(line(codes="MO"))


def test_a_star_is_an_alarm_that_a_code_may_explain() -> None:
    assert alarms(line(spo2=" 89*", codes="SL")) == [("SL", "SpO2 below its limit", True)]
    assert alarms(line(spo2=" 89*")) == [("SPO2_LIMIT", "SpO2 outside its limits", True)]
    assert alarms(line(pulse="171*", codes="SL"))[1:] == [("PULSE_LIMIT", "pulse rate outside its limits", True)]


def test_the_limits_of_the_last_header_stand_in_the_alarms_words() -> None:
    said = alarms(HEADER.encode("ascii"), line(spo2=" 89*", pulse=" 45*", codes="   SL PL"))
    assert [text for _, text, _ in said] == [
        "SpO2 below its limit (90-100 %)",
        "pulse rate below its limit (60-170 /min)",
    ]


def test_an_unknown_code_is_passed_on_when_it_comes_again() -> None:
    assert is_garbled_whole(heard(NAME, line(codes="QS")))
    assert alarms(line(codes="QS"), line(codes="QS")) == [("QS", "status QS", False)]


@pytest.mark.parametrize(
    ("header", "identity"),
    [
        (HEADER, ("N-560", "1.56.00")),
        ("N-595 VERSION 1.0.0.0 CRC:0F3A SpO2 Limit: 85-100% PR Limit: 40-170BPM\r\n", ("N-595", "1.0.0.0")),
        ("N-395 VERSION 2.0.0.0 CRC: XXXX SpO2 Limit: 70-100% PR Limit: 60-160BPM\r\n", ("N-395", "2.0.0.0")),
        ("NPB-295 VERSION 2.0.0.0 CRC: XXXX SpO2 Limit: 70- 99% PR Limit: 60-160BPM\r\n", ("NPB-295", "2.0.0.0")),
    ],
)
def test_a_header_says_who_it_is_with_and_without_a_blank_after_crc(header: str, identity: tuple[str, str]) -> None:
    outs = heard(NAME, header.encode("ascii"))
    assert only(outs, Identity) == [Identity(identity[0], None, identity[1])]
    assert [one.tag for one in only(outs, Unmapped)] == ["SpO2 limit", "PR limit"]


def test_another_model_is_believed_when_its_header_comes_again() -> None:
    driver = driver_of(NAME)
    other = HEADER.replace("560", "561")
    said = [
        only(driver.receive(text.encode(), Ms(0)), Identity) for text in (HEADER, other, HEADER, other, other, other)
    ]
    assert [[one.model for one in each] for each in said] == [["N-560"], [], [], [], ["N-561"], []]


@pytest.mark.parametrize(
    "text",
    [
        "TIME                 %SpO2   BPM     PA     Status",
        "TIME %SPO2 BPM PA Status",
        "                             ADULT            0SAT-S ",
        "          ADULT   25SAT-S   SPO2 RESP MODE: NORMAL",
        "",
    ],
)
def test_headings_say_nothing(text: str) -> None:
    assert heard(NAME, f"{text}\r\n".encode("ascii")) == []


def test_the_oximeters_time_is_passed_on_as_its_claim() -> None:
    assert only(heard(NAME, line()), Vitals)[0].device_time == "29-Dec-17 07:18:43"


# --- with its simulator


def test_minutes_of_its_simulator_read_as_its_display_says() -> None:
    bench = MonitorLine(NAME)
    bench.run(120_000)
    assert len(bench.pairs) >= 60
    for said, shown in bench.pairs:
        assert {r.signal: r.value_milli for r in said.readings} == shown
    assert not only(bench.facts, Garbled)
    assert not only(bench.facts, Silent)
    assert len(only(bench.facts, Identity)) == 1


@pytest.mark.parametrize(("fault", "code"), [("sensor_off", "SO"), ("sensor_disconnected", "SD")])
def test_a_probe_that_comes_off_leaves_no_value_at_the_next_line(fault: str, code: str) -> None:
    bench = MonitorLine(NAME)
    bench.run(6_000)
    setattr(bench.sim.faults, fault, True)
    bench.run(2_000)
    assert {r.quality for r in bench.last(Vitals).readings} == {Quality.OFF}
    assert [alarm.code for alarm in bench.last(DeviceAlarms).alarms] == [code]


def test_after_power_on_it_searches_and_prints_zeros_which_are_no_readings() -> None:
    bench = MonitorLine(NAME)
    bench.run(6_000)
    bench.sim.switch_off(bench.now, 8_000)
    assert len(only(bench.run(8_000), Silent)) == 1
    bench.run(4_000)
    assert values(bench.last(Vitals)) == {"spo2": "invalid", "pulse": "invalid"}
    bench.run(6_000)
    assert values(bench.last(Vitals))["spo2"].isdecimal()
