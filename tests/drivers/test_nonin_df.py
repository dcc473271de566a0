"""Nonin: only a whole synchronised packet is a reading, and what a display holds after the finger is gone never is."""

from __future__ import annotations

import pytest

from pumpd.device import DeviceAlarms, Garbled, Identity, Integrity, Quality, Silent, Unmapped, Vitals, Waveform
from pumpd.device.checksums import sum8
from pumpd.units import Ms
from tests.drivers.monitor_line import MonitorLine, driver_of, heard, only, reading, values

NAME = "nonin_df"
HOLD_MS = 10_000


def packet(hr: int = 72, spo2: int = 97, stat2: int = 0, *, wide: bool = False, **frames: int) -> bytes:
    """Format 2, or 7. frames: f5=0x88 is the status byte of the fifth frame."""
    floats = {1: hr >> 7, 2: hr & 0x7F, 3: spo2, 4: 48, 8: stat2, 9: 11, 20: 0, 21: 22}
    out = b""
    for number in range(1, 26):
        status = frames.get(f"f{number}", frames.get("status", 0x80)) | (number == 1)
        body = bytes((status, 0x12, 0x34)) if wide else bytes((1, status, 0x12))
        body += bytes((floats.get(number, 0),))
        out += body + bytes((sum8(body),))
    return out


def vitals(*frames: bytes, **options: str) -> dict[str, str]:
    return values(only(heard(NAME, *frames, **options), Vitals)[-1])


def codes(*frames: bytes, **options: str) -> list[str]:
    return [alarm.code for alarm in only(heard(NAME, *frames, **options), DeviceAlarms)[-1].alarms]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("hr", [18, 72, 127, 128, 150, 255, 256, 321])
def test_the_pulse_rate_is_put_together_from_two_and_seven_bits(hr: int, wide: bool) -> None:
    assert vitals(packet(hr, wide=wide)) == {"spo2": "97000", "pulse": str(hr * 1000)}


def test_reserved_bits_of_the_rates_first_byte_do_not_count() -> None:
    good = packet(150)
    body = good[:3] + bytes((good[3] | 0x7C,))
    assert vitals(body + bytes((sum8(body),)) + good[5:])["pulse"] == "150000"


def test_the_values_for_the_host_are_read_not_those_that_a_display_holds() -> None:
    assert vitals(packet(72, 97)) == {"spo2": "97000", "pulse": "72000"}  # the packet's display says 22 and 11


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("number", range(1, 26))
@pytest.mark.req("QUA-01")
def test_a_sensor_alarm_in_any_frame_of_a_packet_takes_its_values_away(number: int, wide: bool) -> None:
    for bit in (0x08, 0x40):
        found = heard(NAME, packet(wide=wide, **{f"f{number}": 0x80 | bit}))
        assert {r.quality for r in only(found, Vitals)[0].readings} == {Quality.OFF}
        assert only(found, Waveform)[0].samples_milli == (None,) * 25


def test_out_of_track_is_invalid_and_an_artifact_or_a_low_amplitude_is_questionable() -> None:
    assert vitals(packet(f9=0x90))["spo2"] == "invalid"
    for status, quality in ((0xA0, "questionable"), (0x84, "questionable"), (0x86, "ok"), (0x82, "ok")):
        assert reading(only(heard(NAME, packet(f9=status)), Vitals)[0], "spo2").quality == quality


@pytest.mark.parametrize(("hr", "spo2"), [(511, 127), (511, 97), (72, 127), (0, 0), (17, 97)])
def test_a_missing_value_is_none_and_takes_the_other_one_with_it(hr: int, spo2: int) -> None:
    assert vitals(packet(hr, spo2)) == {"spo2": "invalid", "pulse": "invalid"}


@pytest.mark.parametrize(("hr", "spo2"), [(72, 101), (72, 126), (322, 97), (72, 200)])
def test_a_value_that_it_cannot_measure_garbles_the_packet(hr: int, spo2: int) -> None:
    assert [type(out) for out in heard(NAME, packet(hr, spo2))] == [Garbled]


def test_alarms_are_told_and_a_state_such_as_smartpoint_is_none() -> None:
    assert codes(packet()) == []
    assert codes(packet(stat2=0x20)) == []
    assert codes(packet(stat2=0x01, f3=0xD8)) == [
        "SENSOR_DISCONNECTED",
        "SENSOR_ALARM",
        "OUT_OF_TRACK",
        "LOW_BATTERY",
    ]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.req("QUA-04")
def test_no_part_of_a_packet_is_a_reading(wide: bool) -> None:
    good = packet(wide=wide)
    for lost in range(25):
        less = good[: 5 * lost] + good[5 * lost + 5 :]
        assert not only(heard(NAME, less), Vitals)
        assert len(only(heard(NAME, less, good), Vitals)) == 1
    assert not only(heard(NAME, good[5:], good[:5]), Vitals)


@pytest.mark.req("QUA-04")
def test_a_packet_with_a_second_first_frame_is_none() -> None:
    assert not only(heard(NAME, packet(f14=0x81)), Vitals)
    assert not only(heard(NAME, packet(f1=0x80, f2=0x81)), Vitals)


def test_packets_say_that_a_sum_protects_them_and_lines_that_nothing_does() -> None:
    assert only(heard(NAME, packet()), Vitals)[0].integrity is Integrity.SUM8
    assert only(heard(NAME, b"SPO2=098 HR=072\r\n"), Vitals)[0].integrity is Integrity.NONE


def test_the_curve_has_the_samples_of_its_format() -> None:
    assert only(heard(NAME, packet()), Waveform)[0].samples_milli == (0x12 * 1000,) * 25
    assert only(heard(NAME, packet(wide=True)), Waveform)[0].samples_milli == (0x1234 * 1000,) * 25


def test_the_revision_is_said_once() -> None:
    assert only(heard(NAME, packet(), packet()), Identity) == [Identity(None, None, "48")]


# --- format 8


def df8(hr: int = 72, spo2: int = 97, status: int = 0, stat2: int = 0) -> bytes:
    return bytes((0x80 | status | hr >> 7, hr & 0x7F, spo2, stat2))


@pytest.mark.req("QUA-04")
def test_format_8_is_not_guessed_and_nothing_is_believed_until_two_frames_in_a_row() -> None:
    assert not only(heard(NAME, *[df8()] * 20), Vitals)
    assert not only(heard(NAME, df8(), format="df8"), Vitals)
    assert len(only(heard(NAME, df8(), df8(), df8(), format="df8"), Vitals)) == 2
    torn = df8()[:3]
    assert len(only(heard(NAME, df8(), df8(), torn, df8(), format="df8"), Vitals)) == 1
    assert len(only(heard(NAME, df8(), df8(), torn, df8(), df8(), format="df8"), Vitals)) == 2


@pytest.mark.parametrize("bad", [df8(spo2=101), df8(hr=400), b"\x00" + df8()[1:], df8()[:3] + b"\x80"])
def test_a_frame_of_format_8_that_cannot_be_is_no_frame(bad: bytes) -> None:
    assert not only(heard(NAME, bad, bad, bad, format="df8"), Vitals)


@pytest.mark.req("QUA-01")
def test_in_format_8_held_values_are_off_at_once_and_come_back_after_two_frames_without_a_sensor_alarm() -> None:
    driver = driver_of(NAME, format="df8")
    frames = [df8(), df8(), df8(stat2=8), df8(stat2=8), df8(), df8()]
    said = [values(vitals)["spo2"] for frame in frames for vitals in only(driver.receive(frame, Ms(0)), Vitals)]
    assert said == ["97000", "off", "off", "off", "97000"]


def test_in_format_8_status_bits_count() -> None:
    assert vitals(df8(status=0x20), df8(status=0x20), format="df8")["spo2"] == "invalid"
    for status in (0x04, 0x10):
        [said] = only(heard(NAME, df8(status=status), df8(status=status), format="df8"), Vitals)
        assert reading(said, "pulse").quality is Quality.QUESTIONABLE
    assert codes(df8(stat2=9), df8(stat2=9), format="df8") == ["SENSOR_ALARM", "LOW_BATTERY"]


def test_in_format_8_any_number_of_stray_bytes_breaks_the_step() -> None:
    for stray in (1, 511, 512, 513, 1024):
        outs = heard(NAME, df8(), df8(), b"\x00" * stray, df8(), format="df8")
        assert len(only(outs, Vitals)) == 1, stray


# --- lines of text


def test_any_number_of_characters_before_a_line_makes_it_doubtful() -> None:
    for stray in (1, 511, 512, 513, 1024):
        assert not only(heard(NAME, b"x" * stray + b"SPO2=098 HR=072\r\n"), Vitals), stray


@pytest.mark.parametrize(
    "line",
    [
        b"SPO2=98 HR=072",
        b"SPO2=098 HR=72",
        b"SPO2=098  HR=072",
        b"SPO2=098 HR=072 G",
        b"SP02=098 HR=072",
        b"SPO2=101 HR=072",
        b"SPO2=098 HR=322",
        b"SPO2=09- HR=072",
        b"X SPO2=098 HR=072",
        b"12:34 SPO2=098 HR=072",
        b"1Z:34:56 SPO2=098 HR=072",
    ],
)
def test_a_line_that_deviates_anywhere_is_no_reading(line: bytes) -> None:
    assert not only(heard(NAME, line + b"\r\n"), Vitals)
    assert len(only(heard(NAME, line + b"\r\nSPO2=098 HR=072\r\n"), Vitals)) == 1


def test_an_event_that_somebody_marked_is_listed_and_changes_nothing() -> None:
    outs = heard(NAME, b"SPO2=098 HR=072*\r\n", b"SPO2=098 HR=072 F*\r\n")
    assert only(outs, Unmapped) == [Unmapped("event marker", "*")]
    assert [values(vitals)["spo2"] for vitals in only(outs, Vitals)] == ["98000", "98000"]


def test_an_option_restricts_it_to_one_format() -> None:
    assert not only(heard(NAME, b"SPO2=098 HR=072\r\n", format="df2"), Vitals)
    assert not only(heard(NAME, packet(), format="ascii"), Vitals)
    assert not only(heard(NAME, packet(wide=True), format="df2"), Vitals)
    assert len(only(heard(NAME, packet(), format="df2"), Vitals)) == 1
    assert len(only(heard(NAME, packet(wide=True), format="df7"), Vitals)) == 1


def test_a_device_that_is_set_to_another_format_is_followed() -> None:
    outs = heard(NAME, packet(), packet(wide=True), b"\r\nSPO2=098 HR=072\r\n", packet())
    assert len(only(outs, Vitals)) == 4


# --- with its simulator


def bench_of(form: str) -> MonitorLine:
    bench = MonitorLine(NAME, **({"format": "df8"} if form == "df8" else {}))
    bench.sim.form = form
    return bench


@pytest.mark.parametrize("form", ["df2", "df7", "df8", "ascii"])
def test_a_minute_of_its_simulator_reads_as_its_display_says(form: str) -> None:
    bench = bench_of(form)
    bench.run(60_000)
    assert len(bench.pairs) >= (170 if form in ("df2", "df7") else 57)
    for said, shown in bench.pairs:
        assert {r.signal: r.value_milli for r in said.readings} == shown
    assert not only(bench.facts, Garbled)
    assert not only(bench.facts, Silent)


@pytest.mark.parametrize("form", ["df2", "df7", "df8", "ascii"])
@pytest.mark.req("QUA-01")
def test_for_the_ten_seconds_that_the_display_holds_its_values_there_is_no_reading(form: str) -> None:
    bench = bench_of(form)
    bench.run(10_000)
    bench.patient.finger_off = True
    outs = bench.run(HOLD_MS + 5_000)
    said = [r for vitals in only(outs, Vitals) for r in vitals.readings]
    assert said
    assert {r.value_milli for r in said} == {None}
    bench.patient.finger_off = False
    bench.run(3_000)
    assert values(bench.last(Vitals))["spo2"].isdecimal()
