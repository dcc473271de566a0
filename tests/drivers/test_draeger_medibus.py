"""What only a MEDIBUS device does: it commands too, pauses its host, leaves blanks, and dates in German."""

from __future__ import annotations

import pytest
from pumpd_drivers.draeger_medibus import DraegerMedibus
from pumpd_drivers.draeger_medibus_codes import ALARMS_1, ALARMS_2
from pumpd_drivers.draeger_medibus_wire import command, device_time, response

from pumpd.device import DeviceAlarms, DeviceSettings, Garbled, Identity, Quality, Reading, Send, Silent, Vitals
from pumpd.sim.devices.draeger_medibus import DraegerMedibusSim
from pumpd.sim.patient import SimPatient
from tests.drivers.virtual import Mute, VirtualLine

ICC, ID, NOTHING, DATA, ALARMS = (command(code) for code in (0x51, 0x52, 0x30, 0x24, 0x27))
PAUSE, RESUME, CAN = b"\x11", b"\x13", b"\x18"


def device() -> VirtualLine:
    return VirtualLine(DraegerMedibus(DeviceSettings("m1")), DraegerMedibusSim(SimPatient(1)))


def mute() -> VirtualLine:
    """A device that has answered the first command and then says only what the test says."""
    line = VirtualLine(DraegerMedibus(DeviceSettings("m1")), Mute())
    line.hear(response(0x51), after_ms=20)
    return line


def readings(*data: str) -> dict[str, Reading]:
    line = mute()
    for one in data:
        line.hear(response(0x24, one.encode()))
    return {reading.signal: reading for reading in line.of(Vitals)[-1].readings}


def test_nothing_is_asked_before_the_device_wants_to_talk() -> None:
    line = VirtualLine(DraegerMedibus(DeviceSettings("m1")), Mute())
    line.run_until(10_000)
    assert [(at, sent) for at, sent in line.sent] == [(at, ICC) for at in (0, 3_000, 6_000, 9_000)]


@pytest.mark.parametrize("by", [response(0x51), ICC])
def test_either_sides_beginning_opens_the_communication(by: bytes) -> None:
    line = VirtualLine(DraegerMedibus(DeviceSettings("m1")), Mute())
    line.hear(by, after_ms=500)
    line.run_until(4_000)
    assert {ID, DATA, ALARMS} <= {sent for _, sent in line.sent}


def test_it_is_asked_each_second_what_it_measures() -> None:
    line = device()
    line.run_until(20_000)
    assert 18 <= len(line.times_of(DATA)) <= 20
    assert line.of(Identity) == [Identity("Evita 4", None, "04.00:04.03")]
    told = {reading.signal for vitals in line.of(Vitals) for reading in vitals.readings}
    assert told == {"spo2", "pulse", "rr", "etco2", "fico2", "no_breath"}
    assert line.of(Garbled) == []


@pytest.mark.parametrize("code", [0x51, 0x30, 0x49, 0x56, 0x55, 0x4A, 0x7F])
def test_every_command_of_the_device_is_answered_at_once(code: int) -> None:
    line = mute()
    outs = line.hear(command(code))
    assert Send(response(code)) in outs


def test_it_is_told_who_we_are() -> None:
    line = mute()
    assert Send(response(0x52, b"0161'pumpd'01.00:03.00")) in line.hear(ID)


def test_a_command_that_cannot_be_read_is_answered_as_such() -> None:
    line = mute()
    outs = line.hear(b"\x1b046\r")
    assert Send(b"\x01\x1516\r") in outs
    assert line.of(Garbled)


def test_while_it_wants_a_pause_nothing_is_sent_and_then_all_is() -> None:
    line = mute()
    line.hear(PAUSE)
    before = len(line.sent)
    assert line.hear(NOTHING, after_ms=1_000) == []
    assert len(line.sent) == before
    outs = line.hear(RESUME)
    assert outs[0] == Send(response(0x30))
    line.run_until(line.now + 10)
    assert len(line.sent) > before + 1


def test_a_pause_that_is_never_ended_ends_by_itself() -> None:
    line = mute()
    line.hear(PAUSE)
    before = len(line.sent)
    line.run_until(line.now + 2_900)
    assert len(line.sent) == before
    line.run_until(line.now + 1_000)
    assert len(line.sent) > before


@pytest.mark.parametrize("mark", [PAUSE, RESUME])
@pytest.mark.parametrize("at", [1, 5, 14])
def test_these_characters_may_stand_inside_a_frame(at: int, mark: bytes) -> None:
    whole = response(0x24, b"EB 98 E1 70 ")
    line = mute()
    line.hear(whole[:at] + mark + whole[at:])
    assert [r.value_milli for r in line.of(Vitals)[-1].readings] == [98_000, 70_000]


def test_a_frame_that_is_ended_early_is_none_and_the_next_one_is_heard() -> None:
    line = mute()
    line.hear(b"\x01$EB 98 " + CAN + response(0x24, b"EB 91 "))
    assert [[r.value_milli for r in v.readings] for v in line.of(Vitals)] == [[91_000]]


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize("blank", ["    ", "----", "****", " -1 ", "1e2 ", "NaN ", " 1,5"])
def test_what_is_no_number_is_no_value(blank: str) -> None:
    assert readings(f"EB{blank}")["spo2"] == Reading("spo2", None, Quality.INVALID)


@pytest.mark.parametrize(("text", "milli"), [(" 98 ", 98_000), ("98.5", 98_500), ("  0 ", 0), ("100 ", 100_000)])
def test_numbers_are_read_exactly(text: str, milli: int) -> None:
    assert readings(f"EB{text}")["spo2"].value_milli == milli


@pytest.mark.req("QUA-01")
def test_what_no_sensor_can_report_is_no_value() -> None:
    assert readings("EB101 ")["spo2"].quality is Quality.INVALID


def test_the_co2_monitors_rate_comes_before_the_ventilators() -> None:
    assert readings("D6 20 D5 14 ")["rr"].value_milli == 14_000
    assert readings("D6 20 D5    ")["rr"].value_milli == 20_000
    assert readings("D6    D5    ")["rr"].quality is Quality.INVALID


@pytest.mark.parametrize(("text", "milli"), [("E35.1 ", 38_253), ("E30.0 ", 0), ("E65.1 E6 38 ", 38_000)])
def test_kilopascals_become_mmhg(text: str, milli: int) -> None:
    assert readings(text)["etco2"].value_milli == milli


def test_percent_of_co2_is_not_taken_for_a_pressure() -> None:
    line = mute()
    line.hear(response(0x24, b"DB5.1 "))
    assert line.of(Vitals) == []


@pytest.mark.req("QUA-01")
def test_a_value_that_vanishes_from_the_reply_is_off_and_not_the_last_one() -> None:
    after = readings("EB 98 E6 38 ", "E6 37 ")
    assert after["spo2"] == Reading("spo2", None, Quality.OFF)
    assert after["etco2"].value_milli == 37_000
    assert {r.quality for r in readings("EB 98 ", "").values()} == {Quality.OFF}


@pytest.mark.parametrize("cut", ["EB 98", "EB 98 E", "E B98 ", "eb 98 ", "EB 98 ZZ 70 "])
def test_data_of_another_form_are_no_data(cut: str) -> None:
    line = mute()
    line.hear(response(0x24, cut.encode()))
    assert line.of(Vitals) == []
    assert line.of(Garbled)


def test_alarms_of_both_pages_are_one_set() -> None:
    line = mute()
    line.hear(response(0x27, b"70DAPNEA CO2   "))
    line.hear(response(0x2E, b"78DDISCONNECT! 7FESOMETHING   "))
    assert [(a.code, a.text, a.known) for a in line.of(DeviceAlarms)[-1].alarms] == [
        ("P1_0D", "apnoea: no CO2 for 30 s", True),
        ("P2_8D", "breathing system disconnected", True),
        ("P2_FE", "SOMETHING", False),
    ]
    line.hear(response(0x27))
    assert [a.code for a in line.of(DeviceAlarms)[-1].alarms] == ["P2_8D", "P2_FE"]


@pytest.mark.req("RSP-02", "RSP-03")
@pytest.mark.parametrize("code", ["00", "0D", "0E", "0F", "98"])
def test_the_devices_apnoea_alarm_is_a_sign_until_it_is_over(code: str) -> None:
    line = mute()
    line.hear(response(0x24, b"D5  12"))
    line.hear(response(0x27, f"7{code}APNEA       ".encode()))
    line.hear(response(0x27, b"735SPO2 SENSOR "))
    signs = [vitals.readings for vitals in line.of(Vitals) if vitals.readings[0].signal == "no_breath"]
    assert signs == [(Reading("no_breath", 1000),), (Reading("no_breath", 0),)]


@pytest.mark.req("RSP-02", "RSP-03")
@pytest.mark.parametrize("rate", ["   0", "    "])
def test_that_somebody_breathes_is_believed_only_beside_a_rate(rate: str) -> None:
    line = mute()
    line.hear(response(0x27))
    assert line.of(Vitals) == []
    line.hear(response(0x24, f"D5{rate}".encode()))
    line.hear(response(0x27))
    assert line.of(Vitals)[-1].readings == (Reading("no_breath", None, Quality.INVALID),)


def test_every_alarm_of_the_tables_has_words() -> None:
    assert all(text for table in (ALARMS_1, ALARMS_2) for text in table.values())


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("11:11:1911-NOV-93", "1993-11-11T11:11:19"),
        ("09:33:0007-OKT-14", "2014-10-07T09:33:00"),
        (" 9:33 7-OCT-14", "2014-10-07T09:33:00"),
        ("00:00:0001-MAI-2024", "2024-05-01T00:00:00"),
        ("00:00:0031-DEZ-09", "2009-12-31T00:00:00"),
        ("00:00:0031-XXX-09", None),
        ("nonsense", None),
    ],
)
def test_its_clock_is_read_in_german_and_in_english(text: str, iso: str | None) -> None:
    assert device_time(text) == iso


def test_its_clock_stands_beside_the_values_it_came_with() -> None:
    line = mute()
    line.hear(response(0x28, b"11:11:1911-NOV-93"))
    line.hear(response(0x24, b"EB 98 "))
    line.hear(response(0x24, b"EB 98 "))
    assert [vitals.device_time for vitals in line.of(Vitals)] == ["1993-11-11T11:11:19", None]


def test_three_seconds_without_a_word_are_a_silence_and_then_it_is_begun_anew() -> None:
    line = device()
    line.run_until(10_000)
    last = line.log[-1][0]
    line.device.faults.drop_percent = 100  # type: ignore[attr-defined]
    line.run_until(30_000)
    (said,) = [at for at, fact in line.log if isinstance(fact, Silent)]
    assert 2_900 <= said - last <= 3_100
    assert line.sent[-1][1] == ICC
    line.device.faults.drop_percent = 0  # type: ignore[attr-defined]
    line.run_until(40_000)
    assert line.log[-1][0] > 39_000


def test_the_end_is_told() -> None:
    line = device()
    line.run_until(5_000)
    assert line.driver.finish(line.now) == [Send(command(0x55))]  # type: ignore[arg-type]


def test_the_devices_own_commands_keep_the_line_alive() -> None:
    line = mute()
    for _ in range(10):
        line.hear(NOTHING, after_ms=2_000)
    assert line.of(Silent) == []
