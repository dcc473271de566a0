"""Philips IntelliVue: what numbers, states, units, cuff times and alerts mean, and what no length may make of them."""

from __future__ import annotations

import struct
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pumpd_drivers.philips_intellivue_parse import seconds, thousandths

from pumpd.device import DeviceAlarms, Garbled, Out, Quality, Reading, Send, Unmapped, Vitals
from pumpd.sim.devices.philips_frames import frame
from pumpd.units import Ms
from tests.drivers import philips_bytes as p
from tests.drivers.captures import read_captures
from tests.drivers.monitor_line import driver_of, heard, only, reading, values

NAME = "philips_intellivue"
FULL = next(golden for golden in read_captures(NAME) if golden.to_host and len(golden.data) == 186)


def vitals(*objects: bytes) -> Vitals:
    return only(heard(NAME, p.result(objects)), Vitals)[0]


def told(*frames: bytes) -> list[dict[str, str]]:
    return [values(one) for one in only(heard(NAME, *frames), Vitals)]


def one_alarm(entry: bytes) -> tuple[str, str, bool]:
    alarm = only(heard(NAME, p.alerts(entry)), DeviceAlarms)[0].alarms[0]
    return alarm.code, alarm.text, alarm.known


# --- numbers


@pytest.mark.parametrize(
    ("number", "milli"),
    [
        (0xFD007D00, 32_000),  # printed in a source
        (0x00000050, 80_000),
        (0xFF0003C5, 96_500),
        (0xFEFFFFFF, -10),
        (0xFC000001, 0),
        (0xFC000005, 1),  # half a thousandth, to the nearest
        (0x01000007, 70_000),
        (0x7F000001, None),  # beyond measure
        (0x007FFFFF, None),
        (0x00800000, None),
        (0x007FFFFE, None),
        (0x00800002, None),
        (0xFE7FFFFF, None),
    ],
)
def test_a_float_is_exact_to_thousandths_and_none_where_it_is_no_number(number: int, milli: int | None) -> None:
    assert thousandths(number) == milli


@given(st.integers(-(2**23) + 3, 2**23 - 3), st.integers(-9, 6))
def test_every_float_is_the_decimal_it_stands_for(mantissa: int, power: int) -> None:
    exact = (Decimal(mantissa).scaleb(power + 3) + Decimal("0.5")).to_integral_value(rounding="ROUND_FLOOR")
    assert thousandths((power & 0xFF) << 24 | mantissa & 0xFFFFFF) == int(exact)


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize(
    ("state", "quality"),
    [
        (0x8000, Quality.INVALID),
        (0x2000, Quality.INVALID),
        (0x1000, Quality.INVALID),
        (0x0800, Quality.INVALID),  # test data
        (0x0400, Quality.INVALID),  # demonstration
        (0xA400, Quality.INVALID),
        (0x4000, Quality.QUESTIONABLE),
        (0x4400, Quality.INVALID),
        (0x0080, Quality.OK),  # validated by hand
        (0x0002, Quality.OK),  # in alarm
        (0x0001, Quality.OK),
    ],
)
def test_the_state_decides_what_a_number_is_worth(state: int, quality: Quality) -> None:
    found = reading(vitals(p.value(p.HR, p.BEATS, 80, state)), "hr")
    assert found == Reading("hr", None if quality is Quality.INVALID else 80_000, quality)


@pytest.mark.parametrize(
    ("physio", "unit", "number", "said"),
    [
        (p.ETCO2, p.KPA, 0xFF000033, ("etco2", "38253")),  # 5.1 kPa
        (p.ETCO2, p.MMHG, 38, ("etco2", "38000")),
        (0x4B48, p.CELSIUS, 0xFF00016F, ("temp", "36700")),
        (0x4B48, p.FAHRENHEIT, 0xFF0003DA, ("temp", "37000")),  # 98.6
        (p.RR, p.BREATHS, 14, ("rr", "14000")),
        (p.RR, p.BEATS, 14, ("rr", "14000")),
    ],
)
def test_a_unit_is_converted_to_the_signals_own(physio: int, unit: int, number: int, said: tuple[str, str]) -> None:
    assert values(vitals(p.value(physio, unit, number))) == dict([said])


@pytest.mark.parametrize(("physio", "unit"), [(p.ETCO2, p.PERCENT), (p.SPO2, p.MMHG), (p.HR, p.KPA), (p.RR, 0x0F40)])
def test_a_unit_that_is_none_of_its_signals_gives_no_number_and_is_listed(physio: int, unit: int) -> None:
    outs = heard(NAME, p.result([p.value(physio, unit, 50)]))
    assert [r.value_milli for r in only(outs, Vitals)[0].readings] == [None]
    assert only(outs, Unmapped) == [Unmapped(f"{physio:04X} unit {unit:04X}", "00000032")]


def test_an_impedance_rate_is_never_the_rate_of_co2() -> None:
    assert values(vitals(p.value(p.RR_IMP, p.BREATHS, 9))) == {"rr_imp": "9000"}
    both = [p.value(p.RR_IMP, p.BREATHS, 20), p.value(p.RR, p.BREATHS, p.NAN, 0x8000)]
    assert values(vitals(*both)) == {"rr_imp": "20000", "rr": "invalid"}


def test_of_two_objects_with_one_signal_the_first_with_a_number_counts() -> None:
    nothing = p.value(p.SPO2, p.PERCENT, p.NAN, 0x8000, handle=1)
    assert values(vitals(nothing, p.value(p.SPO2, p.PERCENT, 96, handle=2))) == {"spo2": "96000"}
    assert values(vitals(p.value(p.SPO2, p.PERCENT, 96), p.value(p.SPO2, p.PERCENT, 91))) == {"spo2": "96000"}


def test_an_id_without_a_row_is_listed_once() -> None:
    icp = p.value(0x580B, p.MMHG, 9)
    assert len(only(heard(NAME, p.result([icp]), p.result([icp])), Unmapped)) == 1


# --- the cuff


def stamped(minute: int, second: int = 0) -> bytes:
    return bytes.fromhex(f"2026112209{minute:02}{second:02}00")


def test_a_cuff_value_is_told_while_it_is_of_now_and_not_again_when_it_is_old() -> None:
    measured = p.cuff(121, 75, 92, stamped(59, 30))  # the monitor's clock says 10:00:00
    said = told(p.created(), *(p.result([measured], ticks=p.TICKS + s * 8000) for s in (0, 29, 31, 600)))
    assert said == [{"nibp_sys": "121000", "nibp_dia": "75000", "nibp_mean": "92000"}] * 2


def test_an_old_cuff_value_at_first_sight_is_no_measurement_of_now() -> None:
    assert told(p.created(), p.result([p.cuff(121, 75, 92, stamped(20))])) == []


def test_a_new_measurement_with_the_same_values_is_told() -> None:
    first, second = p.cuff(121, 75, 92, stamped(20)), p.cuff(121, 75, 92, stamped(59, 59))
    assert len(told(p.created(), p.result([first]), p.result([second]))) == 1


def test_a_monitor_whose_clock_was_set_back_still_tells_its_new_cuff_values_and_no_old_ones() -> None:
    """At the end of summer time the clock goes back an hour while the association lasts."""
    new, old = p.cuff(121, 75, 92, stamped(4, 30)), p.cuff(99, 60, 73, stamped(1))
    clock, later = bytes.fromhex("2026112209050000"), p.TICKS + 300 * 8000
    assert len(told(p.created(), p.result([new], ticks=later, clock=clock))) == 1
    assert told(p.created(), p.result([old], ticks=later, clock=clock)) == []


def test_a_cuff_value_of_unknown_age_is_questionable_for_a_minute() -> None:
    frames = [p.result([p.cuff(121, 75, 92)], ticks=p.TICKS + s * 8000) for s in (0, 59, 61)]
    found = only(heard(NAME, *frames), Vitals)
    assert [r.quality for one in found for r in one.readings] == [Quality.QUESTIONABLE] * 6


def test_a_changed_cuff_value_without_a_time_is_new() -> None:
    outs = heard(NAME, p.result([p.cuff(121, 75, 92)]), p.result([p.cuff(99, 60, 73)]))
    assert [r.quality for r in only(outs, Vitals)[1].readings] == [Quality.OK] * 3


def test_while_the_cuff_measures_its_numbers_are_not_told_and_dashes_are() -> None:
    assert told(p.created(), p.result([p.cuff(121, 75, 92, stamped(59, 59), state=0x0020)])) == []
    blank = p.cuff(p.NAN, p.NAN, p.NAN, stamped(59, 59), state=0x8000)
    invalid = dict.fromkeys(("nibp_sys", "nibp_dia", "nibp_mean"), "invalid")
    assert told(p.created(), p.result([blank]), p.result([blank], ticks=p.TICKS + 99 * 8000)) == [invalid] * 2


@given(st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31)))
def test_time_stamps_differ_by_the_seconds_between_them(moment: datetime) -> None:
    base = datetime(2000, 3, 1)
    measured, then = seconds(bytes.fromhex(f"{moment:%Y%m%d%H%M%S}00")), seconds(bytes.fromhex("2000030100000000"))
    assert measured is not None
    assert then is not None
    assert measured - then == int((moment.replace(microsecond=0) - base).total_seconds())


@pytest.mark.parametrize(
    "stamp", [p.NO_TIME, b"", b"\x20\x26\x13\x01\0\0\0\0", b"\x20\x26\x01\x00\0\0\0\0", b"\xa0" * 8]
)
def test_what_is_no_date_is_none(stamp: bytes) -> None:
    assert seconds(stamp) is None


# --- linked results


def test_linked_results_make_one_report() -> None:
    parts = [[p.value(p.HR, p.BEATS, 61)], [p.value(p.SPO2, p.PERCENT, 95)], [p.value(p.RR, p.BREATHS, 11)]]
    frames = [
        p.result(part, link=bytes((state, n))) for n, (state, part) in enumerate(zip((1, 2, 3), parts, strict=True), 1)
    ]
    assert told(*frames, p.result([])) == [{"hr": "61000", "spo2": "95000", "rr": "11000"}]


def test_of_a_chain_with_a_part_missing_its_numbers_count_and_its_alarms_do_not() -> None:
    first, third = p.result([p.value(p.HR, p.BEATS, 61)], link=b"\1\1"), p.result([], link=b"\3\3")
    assert told(first, third, p.result([])) == [{"hr": "61000"}]
    some = p.alerts(p.alert(40, p.text("** HR 130>120")), link=b"\2\2")
    assert only(heard(NAME, some, p.result([], polled=(p.ALERTS, 0x0801), invoke=2)), DeviceAlarms) == []


def test_a_chain_that_never_ends_keeps_little() -> None:
    parts = [p.result([p.value(p.HR, p.BEATS, 60)], link=bytes((2, n % 255 + 1)), invoke=n) for n in range(600)]
    driver = driver_of(NAME)
    for part in parts:
        assert not only(driver.receive(part, Ms(0)), Vitals)
    assert len(driver._chains._open) <= 5  # type: ignore[attr-defined]


# --- alerts


def test_an_alert_carries_the_monitors_own_text() -> None:
    assert one_alarm(p.alert(40, p.text("\ue40d\ue40d HR   131 >120"))) == ("P-40-4182", "** HR   131 >120", True)


def test_a_text_with_the_low_byte_first_is_read_too() -> None:
    body = "HR HIGH".encode("utf-16-le")
    assert one_alarm(p.alert(40, struct.pack(">H", len(body)) + body))[1] == "HR HIGH"


def test_an_alert_without_a_text_has_words_of_its_own_and_an_unknown_one_its_number() -> None:
    assert one_alarm(p.alert(274, None)) == ("P-274-4182", "leads off (hr)", True)
    assert one_alarm(p.alert(275, None, source=0x1002)) == ("P-275-1002", "leads off (source 1002)", True)
    assert one_alarm(p.alert(9998, None, source=0x1002)) == ("P-9998-1002", "alert 9998 (source 1002)", False)


def test_an_entry_that_is_no_alert_is_none() -> None:
    assert only(heard(NAME, p.alerts(p.alert(40, p.text("HR HIGH"), kind=0))), DeviceAlarms) == [DeviceAlarms(())]


def test_states_of_an_alert_are_told_with_it() -> None:
    assert one_alarm(p.alert(40, p.text("HR HIGH"), state=0x3000))[1] == "HR HIGH (latched, silenced)"


def test_a_demonstration_is_one_alarm_and_no_alert_of_a_patient() -> None:
    outs = heard(NAME, p.alerts(p.alert(3072, p.text("APNEA"), state=0x0100), p.alert(40, None, state=0x0400)))
    assert [alarm.code for alarm in only(outs, DeviceAlarms)[0].alarms] == ["DEMO"]
    assert not only(outs, Vitals)


def test_the_monitors_apnoea_alarm_is_a_sign_until_it_is_over() -> None:
    apnoea, latched = p.alert(3072, p.text("APNEA"), source=p.RR), p.alert(3072, None, source=p.RR, state=0x2000)
    breath = p.result([p.value(p.RR, p.BREATHS, 12)])
    said = told(breath, p.alerts(), p.alerts(apnoea), p.alerts(latched))
    assert [one.get("no_breath") for one in said] == [None, "0", "1000", "0"]


def test_a_monitor_that_sees_no_breath_at_all_does_not_say_that_somebody_breathes() -> None:
    blank = p.result([p.value(p.RR, p.BREATHS, p.NAN, 0x8000)])
    assert [one.get("no_breath") for one in told(p.alerts(), blank, p.alerts())] == [None, "invalid"]


@pytest.mark.req("RSP-02", "RSP-03")
def test_a_rate_of_0_without_an_alert_does_not_say_that_somebody_breathes() -> None:
    """Its apnoea alert may be off: the bed's own rule for RR 0 must not be silenced, nor by a chest that moves."""
    still, moving = p.value(p.RR, p.BREATHS, 0), p.value(0x500A, p.BREATHS, 14)
    assert told(p.result([still]), p.alerts())[1]["no_breath"] == "invalid"
    assert told(p.result([moving, still]), p.alerts())[1]["no_breath"] == "invalid"
    assert told(p.result([moving]), p.alerts())[1]["no_breath"] == "0"


# --- lengths


def believed(outs: list[Out]) -> list[Out]:
    return [out for out in outs if not isinstance(out, Garbled | Send)]


def test_no_length_or_count_may_be_other_than_it_is() -> None:
    # every 16-bit field of the reply that is a length or a count, by its place in the user data
    user = FULL.data[5:-3]
    for place in (6, 12, 22, 44, 46, 50, 52, 56, 58, 62, 136, 138, 142, 144, 146):
        for change in (-1, 1, 255):
            spoilt = bytearray(user)
            field = int.from_bytes(spoilt[place : place + 2], "big") + change
            spoilt[place : place + 2] = (field & 0xFFFF).to_bytes(2, "big")
            assert believed(heard(NAME, frame(bytes(spoilt)))) == [], place


def test_bytes_behind_the_last_list_are_not_ignored() -> None:
    user = bytearray(FULL.data[5:-3] + b"\0\0")
    for place in (6, 12, 22):  # the lengths of operation, command and reply cover them
        user[place : place + 2] = (int.from_bytes(user[place : place + 2], "big") + 2).to_bytes(2, "big")
    assert believed(heard(NAME, frame(bytes(user)))) == []


@pytest.mark.req("QUA-04")
@settings(max_examples=150)
@given(st.data())
def test_no_bytes_with_a_right_checksum_raise(data: st.DataObject) -> None:
    goldens = [golden.data for golden in read_captures(NAME) if golden.to_host and golden.data[1:3] == b"\x11\x01"]
    user = bytearray(_plain(data.draw(st.sampled_from(goldens)))[4:-2])
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, max(0, len(user) - 1)))
        user[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    driver = driver_of(NAME)
    driver.receive(frame(bytes(user)), Ms(0))
    assert driver.next_deadline() is not None


def _plain(whole: bytes) -> bytes:
    inside = whole[1:-1].split(b"\x7d")
    return inside[0] + b"".join(bytes([piece[0] ^ 0x20]) + piece[1:] for piece in inside[1:] if piece)
