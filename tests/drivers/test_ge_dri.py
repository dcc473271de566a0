"""GE's Datex-Ohmeda Record Interface: scales, codes of no value, cuff readings of now, alarms, requests."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pumpd_drivers import ge_dri_wire as wire

from pumpd.device import DeviceAlarms, Driver, Garbled, Out, Quality, Send, SetLine, Silent, Unmapped, Vitals
from pumpd.units import Ms
from tests.drivers import dri_bytes as dri
from tests.drivers.dri_bytes import LIVE, NO
from tests.drivers.monitor_line import MonitorLine, driver_of, heard, only, reading, values

NAME = "ge_dri"
EXISTS = 1
START = [wire.data_request(5), wire.alarm_request(0), wire.alarm_request(2)]


def told(*frames: bytes, **options: str) -> list[dict[str, str]]:
    return [values(one) for one in only(heard(NAME, *frames, **options), Vitals)]


def alarms(*frames: bytes) -> list[tuple[str, str, bool]]:
    said = only(heard(NAME, *frames), DeviceAlarms)[-1]
    return [(alarm.code, alarm.text, alarm.known) for alarm in said.alarms]


def run(driver: Driver, until_ms: int) -> list[tuple[int, Out]]:
    found: list[tuple[int, Out]] = []
    while (due := driver.next_deadline()) is not None and due <= until_ms:
        found += [(due, out) for out in driver.tick(due)]
    return found


def times(found: list[tuple[int, Out]], data: bytes) -> list[int]:
    return [at for at, out in found if out == Send(data)]


# --- values


def test_values_are_scaled_as_their_groups_say() -> None:
    frame = dri.data(
        ecg=(LIVE, 0, 81, NO, NO, NO, 15),
        p1=(LIVE, 0, 12_050, 6_950, 8_800, 81),
        nibp=(LIVE, 8, 12_100, 7_500, 9_250, 79),
        t1=(LIVE, 0, 3_672),
        spo2=(LIVE, 0, 9_750, 80, NO, NO),
        co2=(LIVE, 0, 512, 3, 13, 7_571),
    )
    assert told(frame) == [
        {"hr": "81000", "rr_imp": "15000", "ibp1_sys": "120500", "ibp1_dia": "69500", "ibp1_mean": "88000"}
        | {"nibp_sys": "121000", "nibp_dia": "75000", "nibp_mean": "92500", "nibp_pulse": "79000", "temp": "36720"}
        | {"spo2": "97500", "pulse": "80000", "rr": "13000", "etco2": "39000", "fico2": "0", "no_breath": "0"}
    ]


@given(et=st.integers(0, 1500), ambient=st.integers(4000, 8500))
def test_the_co2_pressure_is_the_share_of_the_ambient_one_to_the_nearest_mmhg(et: int, ambient: int) -> None:
    found = int(told(dri.data(co2=(LIVE, 0, et, 0, 13, ambient)))[0]["etco2"])
    assert found % 1000 == 0
    assert abs(found * 100 - et * ambient) <= 50_000


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize("code", [-32767, -32766, -32765, -32764, -32763, -32762, -32000, -32768])
def test_every_code_of_no_valid_value_is_no_number(code: int) -> None:
    ecg, spo2 = (LIVE, 0, code, NO, NO, NO, code), (LIVE, 0, code, code, 0, 0)
    frame = dri.data(ecg=ecg, spo2=spo2, co2=(LIVE, 0, code, 0, 0, 7600))
    said = told(frame)[0]
    assert {said[name] for name in ("hr", "rr_imp", "spo2", "pulse", "etco2")} == {"invalid"}
    assert said["rr"] == "0"


@pytest.mark.parametrize("ambient", [NO, 0, -1])
def test_without_an_ambient_pressure_there_is_no_co2_pressure(ambient: int) -> None:
    said = told(dri.data(co2=(LIVE, 0, 500, 0, 13, ambient)))[0]
    assert (said["etco2"], said["fico2"], said["rr"]) == ("invalid", "invalid", "13000")


def test_a_group_that_is_not_active_is_off_whatever_stands_in_it() -> None:
    said = told(dri.data(ecg=(EXISTS, 0, 80, NO, NO, NO, 14), co2=(EXISTS, 0, 500, 0, 13, 7600)))[0]
    off = dict.fromkeys(("hr", "rr_imp", "rr", "etco2", "fico2", "no_breath"), "off")
    assert said == {"spo2": "97000", "pulse": "79000"} | off


def test_a_group_that_the_monitor_never_had_says_nothing_and_one_that_was_pulled_out_is_off() -> None:
    with_co2, without = dri.data(), dri.data(co2=(0, 0, NO, NO, NO, NO))
    assert "rr" not in told(without)[0]
    assert told(with_co2, without)[1]["rr"] == "off"


def test_an_impedance_rate_is_never_the_rate_of_co2() -> None:
    said = told(dri.data(ecg=(LIVE, 0, 80, NO, NO, NO, 22), co2=(LIVE, 0, 500, 0, NO, 7600)))[0]
    assert (said["rr_imp"], said["rr"]) == ("22000", "invalid")


@pytest.mark.parametrize(("source", "said"), [(1, "80000"), (0, "80000"), (6, "off"), (12, "off"), (2, "off")])
def test_a_heart_rate_that_the_ecg_does_not_make_is_none_of_the_ecg(source: int, said: str) -> None:
    found = told(dri.data(ecg=(LIVE | source << 3, 0, 80, NO, NO, NO, 14)))[0]
    assert (found["hr"], found["rr_imp"]) == (said, "14000")


def test_a_pressure_in_the_head_and_the_rooms_temperature_are_none_of_the_bodys() -> None:
    said = told(dri.data(p1=(LIVE, 7, 1200, 800, 1000, NO), t1=(LIVE, 9, 2150)))[0]
    assert not {"ibp1_mean", "temp"} & set(said)
    said = told(dri.data(p1=(LIVE, 1, 12_000, 7_000, 9_000, NO), t1=(LIVE, 11, 3_650)))[0]
    assert (said["ibp1_mean"], said["temp"]) == ("90000", "36500")


@pytest.mark.parametrize("label", [0x100, 0x108, 0x20, 0x30])
def test_a_cuff_reading_that_is_old_or_under_way_is_not_told(label: int) -> None:
    assert not {name for name in told(dri.data(nibp=(LIVE, label, 12_100, 7_500, 9_200, 79)))[0] if "nibp" in name}


@pytest.mark.parametrize("label", [0, 0x08, 0x10, 0x40])
def test_a_cuff_reading_of_now_is_told(label: int) -> None:
    assert told(dri.data(nibp=(LIVE, label, 12_100, 7_500, 9_200, NO)))[0]["nibp_sys"] == "121000"


def test_a_cuff_without_a_value_says_so_even_when_that_is_old() -> None:
    said = told(dri.data(nibp=(LIVE, 0x100, NO, NO, NO, NO)))[0]
    assert {said[name] for name in said if "nibp" in name} == {"invalid"}


def test_an_occluded_line_takes_the_co2_values_away() -> None:
    outs = heard(NAME, dri.data(co2=(LIVE | 0x20, 0, 480, 20, 12, 7600)))
    assert {reading(only(outs, Vitals)[0], name).quality for name in ("rr", "etco2", "fico2")} == {Quality.INVALID}
    assert [alarm.code for alarm in only(outs, DeviceAlarms)[0].alarms] == ["CO2_OCCLUSION"]


def test_apnoea_is_a_sign_and_an_alarm() -> None:
    outs = heard(NAME, dri.data(co2=(LIVE | 0x04, 0, 480, 0, 0, 7600)))
    assert values(only(outs, Vitals)[0])["no_breath"] == "1000"
    assert [alarm.code for alarm in only(outs, DeviceAlarms)[0].alarms] == ["CO2_APNOEA"]


@pytest.mark.req("RSP-02", "RSP-03")
@pytest.mark.parametrize(
    ("status", "rate", "sign"),
    [
        (0, 12, "0"),
        (0x100, 12, "0"),
        (0, 0, "invalid"),
        (0x100, 0, "invalid"),
        (0, NO, "invalid"),
        (0x20, 12, "invalid"),
    ],
)
def test_that_somebody_breathes_is_believed_only_beside_a_rate(status: int, rate: int, sign: str) -> None:
    """With its apnoea alarm off (100h) a monitor that shows RR 0 must not silence the bed's own rule for RR 0."""
    assert told(dri.data(co2=(LIVE | status, 0, 480, 20, rate, 7600)))[0]["no_breath"] == sign


def test_other_classes_and_trends_are_listed_once_and_never_taken_for_displayed_values() -> None:
    trend = dri.framed(dri.record(0, (3, dri.basic()), (1, dri.basic(number=2)), (4, bytes(118))))
    outs = heard(NAME, trend, trend)
    assert not only(outs, Vitals)
    assert [out.tag for out in only(outs, Unmapped)] == [
        "trend of 60 s, basic class",
        "displayed values, class ext2",
        "sub-record type 4",
    ]


# --- alarms


def test_an_alarm_is_its_text_with_its_colour() -> None:
    assert alarms(dri.alarms(("HR HIGH 140", 2), ("APNEA", 3), ("PROBE OFF", 1))) == [
        ("HR HIGH", "HR HIGH 140 (yellow)", True),
        ("APNEA", "APNEA (red)", True),
        ("PROBE OFF", "PROBE OFF (white)", True),
    ]


def test_a_text_of_an_unknown_colour_is_an_alarm_too() -> None:
    assert alarms(dri.alarms(("SOMETHING", 7))) == [("SOMETHING", "SOMETHING (colour 7)", False)]
    assert alarms(dri.alarms(("SOMETHING", 0))) == [("SOMETHING", "SOMETHING (no colour)", True)]


def test_silenced_alarms_say_so_and_the_end_of_all_is_told() -> None:
    assert alarms(dri.alarms(("APNEA", 3), silence=5)) == [("APNEA", "APNEA (red, silenced)", True)]
    assert alarms(dri.alarms(("APNEA", 3)), dri.alarms()) == []


def test_texts_and_the_co2_status_are_one_set() -> None:
    no_breath = dri.data(co2=(LIVE | 0x04, 0, 480, 0, 0, 7600))
    assert [code for code, _, _ in alarms(dri.alarms(("SpO2 LOW", 3)), no_breath)] == ["CO2_APNOEA", "SPO LOW"]


# --- frames


def test_the_sum_may_be_of_the_bytes_as_sent() -> None:
    odd = dri.record(0, (1, dri.basic(ecg=(LIVE, 0, 126, NO, NO, NO, 125))))
    stuffed = odd.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e")
    frame = b"\x7e" + stuffed + bytes([sum(stuffed) & 0xFF]) + b"\x7e"
    assert told(frame, checksum="escaped")[0]["hr"] == "126000"
    assert told(frame) == []
    assert told(dri.framed(odd), checksum="escaped") == []


@pytest.mark.req("QUA-04")
@settings(max_examples=150)
@given(data=st.data())
def test_no_record_with_a_right_sum_raises(data: st.DataObject) -> None:
    frames = [dri.record(0, (1, dri.basic()), (2, dri.basic())), dri.record(4, (1, bytes(510)))]
    spoilt = bytearray(data.draw(st.sampled_from(frames)))
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(spoilt) - 1) | st.integers(10, 45))
        spoilt[at : at + data.draw(st.integers(1, 3))] = data.draw(st.binary(min_size=1, max_size=3))
    spoilt = spoilt[: data.draw(st.integers(40, len(spoilt)))] if data.draw(st.booleans()) else spoilt
    spoilt[:2] = len(spoilt).to_bytes(2, "little")
    driver = driver_of(NAME)
    driver.receive(dri.framed(bytes(spoilt)), Ms(0))
    assert driver.next_deadline() is not None


def test_a_sub_record_that_reaches_beyond_its_record_is_garbled() -> None:
    outs = heard(NAME, dri.framed(dri.record(0, (1, dri.basic()[:200]))))
    assert [type(out) for out in outs] == [Garbled]


# --- requests


def test_both_requests_are_repeated_until_readings_come_and_after_silence() -> None:
    driver = driver_of(NAME, baud="19200")
    assert times(run(driver, 10_500), START[0]) == [5000, 10_000]
    driver.receive(dri.data(), Ms(12_000))
    found = run(driver, 29_000)
    assert times(found, START[0]) == [23_000, 28_000]
    assert [at for at, out in found if isinstance(out, Silent)] == [23_000]


def test_alarms_alone_are_no_readings() -> None:
    driver = driver_of(NAME)
    driver.receive(dri.data(), Ms(0))
    for at in range(1000, 11_000, 1000):
        driver.receive(dri.alarms(), Ms(at))
    found = run(driver, 11_000)
    assert [out for _, out in found if isinstance(out, Silent)]
    assert times(found, START[0]) == [11_000]


def test_the_alarm_status_is_asked_for_again_in_case_a_change_was_lost() -> None:
    driver = driver_of(NAME)
    asked: list[int] = []
    for at in range(0, 30_000, 5000):
        driver.receive(dri.data(), Ms(at))
        asked += times(run(driver, at + 4999), wire.alarm_request(0))
    assert asked == [10_000, 20_000]


def test_the_interval_is_an_option_and_silence_follows_it() -> None:
    driver = driver_of(NAME, interval="30")
    driver.receive(dri.data(), Ms(0))
    found = run(driver, 70_000)
    assert [at for at, out in found if isinstance(out, Silent)] == [61_000]
    assert times(found, wire.data_request(30)) == [61_000, 66_000]


def test_unanswered_requests_go_on_at_the_other_speed_unless_one_is_fixed() -> None:
    assert [(at, out.baud) for at, out in run(driver_of(NAME), 31_000) if isinstance(out, SetLine)] == [
        (11_000, 115_200),
        (26_000, 19_200),
    ]
    assert not [out for _, out in run(driver_of(NAME, baud="115200"), 60_000) if isinstance(out, SetLine)]


def test_it_stops_data_and_alarms_on_a_clean_exit() -> None:
    outs = driver_of(NAME).finish(Ms(1))
    assert outs == [Send(wire.STOP_DATA), Send(wire.alarm_request(3))]
    line = MonitorLine(NAME)
    line.run(6000)
    line._take(line.driver.finish(Ms(line.now)))
    assert not line.sim.talking
    assert not line.sim.tick(line.now + 60_000)


def test_the_vendors_printed_requests_are_what_is_built() -> None:
    assert wire.data_request(10).hex() == "7e31" + "00" * 20 + "ff" + "00" * 18 + "010a000e0000000000497e"
    assert wire.STOP_DATA.hex().endswith("317e")


def test_alarms_of_the_simulated_monitor_come_with_the_change() -> None:
    line = MonitorLine(NAME)
    line.run(6000)
    line.sim.faults.leads_off = True
    line.run(1000)
    line.run(5000)
    assert [alarm.text for alarm in line.last(DeviceAlarms).alarms] == ["ECG LEADS OFF (yellow)"]
