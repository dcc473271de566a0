"""What the Asena's status and alarm replies may mean, and what is no status at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pumpd_drivers.alaris_asena import AlarisAsena
from pumpd_drivers.alaris_asena_wire import ALARMS, frame

from pumpd.device import AlarmCode, DeviceAlarms, DeviceSettings, Garbled, Out, PumpStatus
from pumpd.sim.catalog import CATALOG
from pumpd.sim.conformance import case_of
from pumpd.sim.conformance.noise import flipped_bits
from pumpd.units import Ms
from tests.drivers.asena_line import AsenaLine, status
from tests.drivers.captures import FOLDER


def _heard(message: str) -> list[Out]:
    return AlarisAsena(DeviceSettings("p1")).receive(frame(message), Ms(0))


def _status(message: str) -> PumpStatus:
    found = [out for out in _heard(message) if isinstance(out, PumpStatus)]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("text", "rate_ul_h"),
    [
        ("0", 0),
        ("0.1", 100),
        ("0.10", 100),
        ("3.505", 3505),
        ("1200.00", 1_200_000),
        ("0.1000", 100),
        ("99999", 99_999_000),
    ],
)
@pytest.mark.req("CEI-01")
def test_the_rate_is_read_exactly(text: str, rate_ul_h: int) -> None:
    assert _status(status(rate=text)).rate_ul_h == rate_ul_h


@pytest.mark.parametrize("text", ["", " ", "-1.0", "+1.0", "1e3", "NaN", "inf", "0x10", "1.", ".5", "1,5", "0.1234"])
def test_a_rate_that_is_no_plain_number_gives_no_status(text: str) -> None:
    assert [type(out) for out in _heard(status(rate=text))] == [Garbled]


@pytest.mark.parametrize(("mode", "infusing"), [("SET", True), ("HLD", False), ("KVO", None), ("BOLUS", None)])
def test_a_mode_that_is_not_known_is_neither_running_nor_stopped(mode: str, infusing: bool | None) -> None:
    assert (_status(status(mode=mode)).infusing, _status(status(mode=mode)).mode) == (infusing, mode)


def test_negative_pressure_drug_names_and_long_times_are_read() -> None:
    message = "INF^8002-51733^-^SET^3.50^ml/h^KETAMINE 1^12.345^ml^-50.00^mmHg^24+^EVENT^1"
    read = _status(message)
    assert (read.drug, read.pressure_mmhg, read.time_left_s, read.volume_ul) == ("KETAMINE 1", "-50.00", None, 12_345)
    assert _status(message.replace("24+", "12:34:56")).time_left_s == 45_296
    assert _status(message.replace("mmHg", "kPa")).pressure_mmhg is None


FIELDS = status().split("^")


@pytest.mark.req("QUA-04")
@pytest.mark.parametrize("at", range(1, len(FIELDS)))
def test_a_missing_field_makes_no_status(at: int) -> None:
    assert [type(out) for out in _heard("^".join(FIELDS[:at] + FIELDS[at + 1 :]))] == [Garbled]


@pytest.mark.req("QUA-04")
@pytest.mark.parametrize("at", range(1, len(FIELDS)))
def test_shifted_fields_make_no_status(at: int) -> None:
    shifted = [*FIELDS[:at], "0", *FIELDS[at:-1]]
    heard = [out for out in _heard("^".join(shifted)) if isinstance(out, PumpStatus)]
    # past the last unit only the log's own fields move, which say nothing about the infusion
    assert not heard or at >= 11


@pytest.mark.req("QUA-04")
@pytest.mark.parametrize("wrong", ["ml/min", "ML/H", "", "ug/h"])
def test_another_rate_unit_makes_no_status(wrong: str) -> None:
    assert [type(out) for out in _heard(status().replace("ml/h", wrong))] == [Garbled]


@pytest.mark.parametrize("tail", [b"|4961 \r", b"|496\r", b" |4961\r", b"|4962\r", b"\r", b"4961\r", b"|"])
def test_a_checksum_that_is_not_exactly_right_makes_the_frame_garbled(tail: bytes) -> None:
    heard = AlarisAsena(DeviceSettings("p1")).receive(b"!INF" + tail + b"\r", Ms(0))
    assert [type(out) for out in heard] == [Garbled]


def test_lower_case_checksums_are_not_taken() -> None:
    driver = AlarisAsena(DeviceSettings("p1"))
    assert [type(out) for out in driver.receive(b"!ALARM^AL_NOALM^ ^ |c73b\r", Ms(0))] == [Garbled]


def test_the_escape_byte_drops_a_transmission_that_the_pump_cut_short() -> None:
    driver = AlarisAsena(DeviceSettings("p1"))
    heard = driver.receive(frame(status())[:40] + b"\x1b" + frame(status()), Ms(0))
    assert len([out for out in heard if isinstance(out, PumpStatus)]) == 1
    assert [out.length for out in heard if isinstance(out, Garbled)] == [41]


@pytest.mark.parametrize("code", ALARMS)
def test_every_known_code_is_passed_on_as_an_alarm(code: str) -> None:
    assert _heard(f"ALARM^{code}^ ^ ") == [DeviceAlarms((AlarmCode(code, ALARMS[code] or code, bool(ALARMS[code])),))]


@given(st.text(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"), min_size=1, max_size=12))
def test_a_code_never_seen_is_an_alarm_like_any_other(name: str) -> None:
    code = f"AL_X{name}"
    assert _heard(f"ALARM^{code}^ ^ ") == [DeviceAlarms((AlarmCode(code, code, known=False),))]


def test_several_codes_in_one_reply_are_all_alarms() -> None:
    heard = _heard("ALARM^AL_OCCLU^AL_LWBAT^ ")
    assert [alarm.code for out in heard if isinstance(out, DeviceAlarms) for alarm in out.alarms] == [
        "AL_OCCLU",
        "AL_LWBAT",
    ]


def test_an_alarm_reply_without_any_code_is_garbled_and_not_no_alarm() -> None:
    assert [type(out) for out in _heard("ALARM^ ^ ")] == [Garbled]


def test_the_alarm_flag_of_a_status_asks_for_the_alarms_at_once() -> None:
    line = AsenaLine()
    line.run_until(1_500)
    line.run_until_pending("INF")
    line.say(status(flag="A"))
    line.step()
    assert line.sent[-1] == (line.answered_ms, "ALARM")


def test_a_status_does_not_wait_for_the_question_that_follows_it() -> None:
    line = AsenaLine()
    line.run_until(1_500)
    line.run_until_pending("INF")
    said = line.say(status(flag="A"))
    assert [type(out) for out in said] == [PumpStatus]
    assert line.driver.next_deadline() == line.now


def test_unchanged_alarms_are_said_every_five_seconds() -> None:
    line = AsenaLine()
    line.run_until(21_000)
    assert len(line.of(DeviceAlarms)) == 5


def test_questions_that_the_pump_does_not_know_are_asked_twice_and_then_left() -> None:
    line = AsenaLine(COMMS_PROTOCOL=None, COMMS_RESPONSE_MAX=None, **{"REMQUERY^DEACT": None})
    line.run_until(60_000)
    assert [len(line.times_of(m)) for m in ("COMMS_PROTOCOL", "COMMS_RESPONSE_MAX", "REMQUERY^DEACT")] == [2, 2, 2]
    assert len(line.times_of("INF")) > 100


@pytest.mark.req("QUA-04")
@pytest.mark.parametrize(
    "message",
    [
        status(),
        status(rate="0.1000"),
        status(rate="0.1234"),
        status(volume="1234567.5"),
        status().replace("^^", "^KETA!MINE^", 1),
        status().replace("^^", "^KETA|MINE ^", 1),
        status().replace("^^", "^\x7f^", 1),
        status().replace("24+", "00:04:09"),
    ],
)
@pytest.mark.parametrize("spoil", [b"", b"|", b"\x1b", b"!"])
def test_a_status_in_one_piece_says_the_same_as_byte_by_byte(message: str, spoil: bytes) -> None:
    data = frame(message)
    data = data[:20] + spoil + data[20:]
    one, many = (AlarisAsena(DeviceSettings("p1")) for _ in range(2))
    whole = one.receive(data, Ms(0))
    assert [out for byte in data for out in many.receive(bytes([byte]), Ms(0))] == whole
    assert spoil == b"" or not any(isinstance(out, PumpStatus) for out in whole)


@pytest.mark.req("QUA-04")
def test_one_flipped_bit_never_makes_a_false_reading() -> None:
    case = case_of(AlarisAsena, FOLDER / "alaris_asena", CATALOG["alaris_asena"])
    assert list(flipped_bits(case)) == []
