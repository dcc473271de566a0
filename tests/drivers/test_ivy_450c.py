"""Ivy 450C: exact lines, the cuff's values that are never fresher than they are, and the monitor's own words."""

from __future__ import annotations

import pytest

from pumpd.device import DeviceAlarms, Garbled, Out, Quality, Unmapped, Vitals, Waveform
from pumpd.units import Ms
from tests.drivers.monitor_line import MonitorLine, driver_of, heard, only, reading, values

NAME = "ivy_450c"
LINES = {
    "HR": "HR=1;80;ECG-II-DIAG;",
    "RR": "RR=1;35;APNEA: 20 SEC;",
    "ETCO2": "ETCO2=1;;;",
    "SPO2": "SPO2=1;100;PR=80 ;",
    "NIBP": "NIBP=4;121;75;92;80;;",
    "P1": "P1=3;111;73;88;;",
    "P2": "P2=3;;;;NO TRANSDUCER;",
    "T1": "T1=1;;;",
    "T2": "T2=1;;;",
}
CUFF = ("nibp_sys", "nibp_dia", "nibp_mean", "nibp_pulse")
OLD, NEW, BLANK = "NIBP=4;121;75;92;80;;", "NIBP=4;98;55;69;88;;", "NIBP=4;;;;;;"


def message(*lines: str, more: tuple[str, ...] = (), wave: bytes = b"\x64" * 400) -> bytes:
    """The captured lines with some replaced; an empty one is left out."""
    found = LINES | {line.split("=")[0]: line for line in lines}
    text = "".join(f"{line}\r" for line in (*found.values(), *more) if not line.endswith("="))
    return b"\xffANSAR-B " + wave + text.encode("ascii") + b"\xfe"


def vitals(*frames: bytes) -> Vitals:
    return only(heard(NAME, *frames), Vitals)[-1]


def alarms(*frames: bytes) -> list[tuple[str, bool]]:
    return [(one.code, one.known) for one in only(heard(NAME, *frames), DeviceAlarms)[-1].alarms]


def is_garbled_whole(outs: list[Out]) -> bool:
    return [type(out) for out in outs] == [Garbled]


def test_the_captured_lines_make_a_message_of_the_captured_length() -> None:
    assert len(message()) == 562


# --- the cuff


def cuff_said(*lines: str) -> list[list[str]]:
    """What each message says of the cuff, signal by signal; an empty list where it says nothing."""
    driver = driver_of(NAME)
    said = []
    for line in lines:
        [found] = only(driver.receive(message(line), Ms(0)), Vitals)
        shown = values(found)
        said.append([shown[name] for name in CUFF if name in shown])
    return said


MEASURED = ["98000", "55000", "69000", "88000"]


@pytest.mark.req("QUA-01")
def test_values_that_stand_there_at_the_beginning_have_no_known_age_and_no_number() -> None:
    assert cuff_said(*[OLD] * 4) == [["stale"] * 4, ["stale"] * 4, [], []]


def test_a_new_measurement_is_said_once_when_it_stands_in_two_messages_and_then_ages() -> None:
    assert cuff_said(OLD, OLD, OLD, NEW, NEW, NEW, NEW)[3:] == [[], MEASURED, [], []]


def test_the_first_measurement_after_none_is_new() -> None:
    assert cuff_said(BLANK, BLANK, NEW, NEW, NEW) == [["invalid"] * 4, ["invalid"] * 4, [], MEASURED, []]


@pytest.mark.req("QUA-01")
def test_old_values_that_come_back_after_a_gap_are_not_a_new_measurement() -> None:
    said = cuff_said(BLANK, BLANK, NEW, NEW, BLANK, BLANK, NEW, NEW, NEW)
    assert said[3] == MEASURED
    assert said[4:] == [["invalid"] * 4, ["invalid"] * 4, [], [], []]


@pytest.mark.req("QUA-04")
def test_a_value_that_changes_for_one_message_is_no_measurement_neither_when_it_comes_nor_when_it_goes() -> None:
    flipped = "NIBP=4;101;75;92;80;;"
    assert cuff_said(OLD, OLD, OLD, flipped, OLD, OLD, OLD)[2:] == [[]] * 5
    assert cuff_said(flipped, OLD, OLD, OLD) == [["stale"] * 4] * 3 + [[]]


def test_a_value_that_the_cuff_lacks_is_invalid_beside_the_others() -> None:
    assert cuff_said(BLANK, BLANK, "NIBP=4;98;55;;;;", "NIBP=4;98;55;;;;")[-1] == ["98000", "55000", *["invalid"] * 2]


# --- the other lines


@pytest.mark.parametrize(
    "line",
    [
        "HR=1;80;ECG-II-DIAG",
        "HR=1;80;ECG-II-DIAG;;",
        "HR=2;80;ECG-II-DIAG;",
        "HR=1;8 ;ECG-II-DIAG;",
        "HR=1; 80;ECG-II-DIAG;",
        "HR=1;8O;ECG-II-DIAG;",
        "HR=1;380;ECG-II-DIAG;",
        "HR=1;1080;ECG-II-DIAG;",
        "SPO2=1;101;PR=80 ;",
        "SPO2=1;100;PR=999;",
        "ETCO2=1;5.1;;",
        "ETCO2=1;151;;",
        "RR=1;151;;",
        "P1=3;111;73;;",
        "P1=3;411;73;88;;",
        "P1=3;-51;73;88;;",
        "T1=1;368;;",
        "T1=1;9.8;;",
        "NIBP=4;121;75;92;;;;",
    ],
)
@pytest.mark.req("QUA-04")
def test_a_line_that_deviates_anywhere_garbles_the_message(line: str) -> None:
    assert is_garbled_whole(heard(NAME, message(line)))
    assert len(only(heard(NAME, message(line), message()), Vitals)) == 1


@pytest.mark.parametrize("name", ["HR=", "RR=", "SPO2=", "NIBP="])
def test_a_message_without_its_heart_breath_oxygen_or_pressure_is_garbled(name: str) -> None:
    assert is_garbled_whole(heard(NAME, message(name)))


def test_a_monitor_without_carbon_dioxide_and_second_pressure_is_read() -> None:
    assert values(vitals(message("ETCO2=", "P2=", "T2=")))["hr"] == "80000"


@pytest.mark.parametrize(
    "cut",
    [
        message()[:-1],
        message()[1:],
        message().replace(b"ANSAR-B ", b"ANSAR-C "),
        message(wave=b"\x64" * 399),
        message(wave=b"\x64" * 200 + b"\xfe" + b"\x64" * 199),
        message(wave=b"\x64" * 200 + b"\xff" + b"\x64" * 199),
        message().replace(b"\r\xfe", b"\xfe"),
        message().replace(b"RR", b"R\x00"),
        message("HR=1;81;ECG-II-DIAG;", more=("HR=1;80;ECG-II-DIAG;",)),
    ],
)
def test_a_message_that_is_not_whole_is_none(cut: bytes) -> None:
    assert not only(heard(NAME, cut), Vitals)


def test_a_line_without_a_row_is_listed_when_it_comes_again() -> None:
    newer = message(more=("CO=1;4.5;;",))
    outs = heard(NAME, newer, newer, newer)
    assert is_garbled_whole(outs[:1])
    assert only(outs, Unmapped) == [Unmapped("CO", "1;4.5;;")]
    assert len(only(outs, Vitals)) == 2


def test_zero_is_a_rate_and_no_saturation() -> None:
    found = vitals(message("RR=1;0;APNEA: 20 SEC;", "HR=1;0;ECG-II-DIAG;", "SPO2=1;0;PR=0  ;"))
    shown = values(found)
    assert (shown["rr"], shown["hr"], shown["spo2"], shown["pulse"]) == ("0", "0", "invalid", "invalid")


@pytest.mark.parametrize("label", ["PR=8  ", "PR=24 ", "PR=   ", "PR="])
def test_a_pulse_rate_that_lacks_a_digit_is_none(label: str) -> None:
    assert values(vitals(message(f"SPO2=1;100;{label};")))["pulse"] == "invalid"


def test_a_pressure_may_be_below_zero_and_has_none_without_a_transducer() -> None:
    found = vitals(message("P1=3;12;-3;2;;"))
    assert (reading(found, "ibp1_dia").value_milli, reading(found, "ibp2_sys").quality) == (-3000, Quality.OFF)


@pytest.mark.parametrize(("text", "value"), [("36.8", "36800"), ("9.8", None), ("98.6", "invalid"), ("", "invalid")])
def test_a_temperature_is_degrees_celsius_or_none(text: str, value: str | None) -> None:
    outs = heard(NAME, message(f"T1=1;{text};;"))
    assert [values(one)["temp"] for one in only(outs, Vitals)] == ([] if value is None else [value])


@pytest.mark.parametrize(
    ("line", "signal"),
    [("HR=1;80;PLETH;", "hr"), ("RR=1;14;CO2;", "rr"), ("ETCO2=1;38;HOLD;", "etco2"), ("SPO2=1;97;SEARCH;", "spo2")],
)
def test_a_label_that_the_table_lacks_makes_its_value_questionable_and_is_listed(line: str, signal: str) -> None:
    outs = heard(NAME, message(line))
    assert reading(only(outs, Vitals)[0], signal).quality is Quality.QUESTIONABLE
    assert [one.tag for one in only(outs, Unmapped)] == [f"{line.split('=', maxsplit=1)[0]} label"]


# --- alarms


def test_the_delay_in_the_label_of_respiration_is_no_alarm() -> None:
    assert alarms(message("RR=1;35;APNEA: 20 SEC;")) == []
    assert values(vitals(message()))["no_breath"] == "0"


@pytest.mark.parametrize("rate", ["0", "", "8"])
def test_apnoea_in_the_alarm_field_is_the_monitors_own_alarm_whatever_rate_it_shows(rate: str) -> None:
    still = message(f"RR=1;{rate};APNEA: 20 SEC;APNEA")
    assert alarms(still) == [("APNEA", True)]
    assert values(vitals(still))["no_breath"] == "1000"
    assert values(vitals(still, message()))["no_breath"] == "0"


@pytest.mark.req("RSP-02")
@pytest.mark.parametrize("rate", ["0", ""])
def test_without_a_rate_and_without_a_word_that_it_knows_it_does_not_say_that_there_is_breath(rate: str) -> None:
    for text in ("", "NO RESP"):
        assert values(vitals(message(f"RR=1;{rate};APNEA: 20 SEC;{text}")))["no_breath"] == "invalid"


def test_alarms_in_other_words_are_passed_on_as_they_are() -> None:
    assert alarms(message("HR=1;45;ECG-II-DIAG;HR LOW", "SPO2=1;84;PR=80 ;LOW")) == [
        ("HR:HR LOW", False),
        ("SPO2:LOW", False),
    ]


def test_curves_come_once_a_message_in_their_own_scale() -> None:
    waves = only(heard(NAME, message(wave=bytes(range(200)) + b"\x07" * 200)), Waveform)
    assert [(wave.signal, wave.period_ms, len(wave.samples_milli)) for wave in waves] == [
        ("ecg_wave", 5, 200),
        ("resp_wave", 20, 50),
        ("pleth_wave", 20, 50),
    ]
    assert waves[0].samples_milli[0] == -2000
    assert waves[0].samples_milli[100:102] == (0, 20)
    assert waves[2].samples_milli[0] == 7000


# --- with its simulator


def test_minutes_of_its_simulator_read_as_its_display_says_and_each_cuff_measurement_once() -> None:
    bench = MonitorLine(NAME)
    bench.run(12 * 60_000)
    cuffs = []
    for said, shown in bench.pairs:
        found = values(said)
        assert all(found[name] == str(shown[name]) for name in found if found[name].isdecimal() and name in shown)
        cuffs += [tuple(found[name] for name in CUFF)] if found.get("nibp_sys", "").isdecimal() else []
    assert len(cuffs) == len(set(cuffs)) == 3
    assert not only(bench.facts, Garbled)


def test_a_line_that_comes_back_brings_no_old_pressure_as_new() -> None:
    bench = MonitorLine(NAME)
    bench.run(60_000)
    again = driver_of(NAME)
    said = [
        values(found).get("nibp_sys")
        for _ in range(30)
        for found in only(again.receive(bench.sim.say(bench.now), Ms(bench.now)), Vitals)
    ]
    assert set(said) == {"stale", None}
