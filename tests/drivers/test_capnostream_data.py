"""What the Capnostream's numerics, status bits and wave may mean."""

from __future__ import annotations

import pytest
from pumpd_drivers.capnostream20 import Capnostream20

from pumpd.device import AlarmCode, DeviceAlarms, DeviceSettings, Garbled, Out, Quality, Reading, Vitals, Waveform
from pumpd.device.framing import EscapedFramer
from pumpd.units import Ms

build = EscapedFramer().build
USUAL = bytes.fromhex("57a3c00026000e614800ffffff0000003c0f1e050864588c320100")
ETCO2, FICO2, RR, SPO2, PULSE, SLOW, CO2_ALARMS, SPO2_ALARMS, NO_BREATH_S, UNITS, EXTENDED = (
    4, 5, 6, 7, 8, 9, 13, 14, 15, 25, 26,
)  # fmt: skip


def numerics(**at: int) -> bytes:
    """A numerics frame with some data bytes changed, by their names above."""
    data = bytearray(USUAL)
    for name, value in at.items():
        data[globals()[name]] = value
    return build(b"\x01" + bytes(data))


def wave(counter: int, integer: int = 12, fraction: int = 128, status: int = 0) -> bytes:
    return build(bytes([0, counter % 256, integer, fraction, status]))


def driver() -> Capnostream20:
    made = Capnostream20(DeviceSettings("m1"))
    made.start(Ms(0))
    return made


def vitals(*chunks: bytes, now: int = 0) -> dict[str, Reading]:
    made = driver()
    outs = [out for chunk in chunks for out in made.receive(chunk, Ms(now))]
    return {reading.signal: reading for out in outs if isinstance(out, Vitals) for reading in out.readings}


def heard(*chunks: bytes) -> list[Out]:
    made = driver()
    return [out for chunk in chunks for out in made.receive(chunk, Ms(0))]


@pytest.mark.req("RSP-03")
def test_respiration_rate_zero_is_a_value_and_ff_is_none() -> None:
    assert vitals(numerics(RR=0))["rr"] == Reading("rr", 0)
    assert vitals(numerics(RR=0xFF))["rr"] == Reading("rr", None, Quality.INVALID)


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize(
    ("name", "signal"),
    [
        ("RR", "rr"),
        ("SPO2", "spo2"),
        ("PULSE", "pulse"),
        ("ETCO2", "etco2"),
        ("FICO2", "fico2"),
        ("NO_BREATH_S", "no_breath_s"),
    ],
)
def test_ff_is_never_a_number(name: str, signal: str) -> None:
    assert vitals(numerics(**{name: 0xFF}))[signal] == Reading(signal, None, Quality.INVALID)


@pytest.mark.req("QUA-01")
def test_what_a_sensor_cannot_measure_is_no_value() -> None:
    assert vitals(numerics(SPO2=101))["spo2"].quality is Quality.INVALID
    assert vitals(numerics(SPO2=100))["spo2"].value_milli == 100_000


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize(
    ("bits", "quality"), [(0x20, Quality.OFF), (0x40, Quality.OFF), (0x60, Quality.OFF), (0x01, Quality.INVALID)]
)
def test_spo2_and_pulse_have_no_value_without_a_working_sensor(bits: int, quality: Quality) -> None:
    read = vitals(numerics(SPO2_ALARMS=bits))
    assert read["spo2"] == Reading("spo2", None, quality)
    assert read["pulse"] == Reading("pulse", None, quality)
    assert read["rr"].value_milli == 14_000


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize(
    ("bits", "quality"),
    [
        (0x40, Quality.OFF),
        (0x04, Quality.INVALID),
        (0x20, Quality.INVALID),
        (0x80, Quality.INVALID),
        (0x02, Quality.INVALID),
    ],
)
def test_co2_values_are_withdrawn_while_the_wave_says_that_nothing_is_measured(bits: int, quality: Quality) -> None:
    read = vitals(wave(1, status=bits), numerics())
    assert {read[signal].quality for signal in ("rr", "etco2", "fico2", "no_breath", "no_breath_s")} == {quality}
    assert read["spo2"].value_milli == 97_000
    assert vitals(wave(1, status=bits), wave(2), numerics())["rr"].value_milli == 14_000


def test_an_old_wave_status_says_nothing_about_new_numerics() -> None:
    made = driver()
    made.receive(wave(1, status=0x40), Ms(0))
    outs = made.receive(numerics(), Ms(2001))
    assert [r.value_milli for out in outs if isinstance(out, Vitals) for r in out.readings if r.signal == "rr"] == [
        14_000
    ]


def test_co2_values_are_off_while_the_sampling_pump_is() -> None:
    assert vitals(numerics(EXTENDED=0x04))["etco2"] == Reading("etco2", None, Quality.OFF)


@pytest.mark.parametrize(
    ("units", "value", "milli"), [(1, 38, 38_000), (2, 51, 38_253), (2, 1, 750), (2, 0, 0), (3, 50, None)]
)
def test_carbon_dioxide_is_converted_to_mmhg_or_not_believed(units: int, value: int, milli: int | None) -> None:
    read = vitals(numerics(UNITS=units, ETCO2=value))["etco2"]
    assert read == Reading("etco2", milli, Quality.INVALID if milli is None else Quality.OK)


@pytest.mark.req("QUA-04")
@pytest.mark.parametrize("units", [0, 4, 100, 255])
def test_numerics_in_an_unknown_unit_are_not_believed(units: int) -> None:
    assert [type(out) for out in heard(numerics(UNITS=units))] == [Garbled]


@pytest.mark.req("QUA-04")
@pytest.mark.parametrize("by", [1, 2])
@pytest.mark.parametrize("at", range(4, 9))
def test_fields_shifted_to_the_left_are_not_believed_although_the_checksum_is_right(at: int, by: int) -> None:
    shifted = USUAL[:at] + USUAL[at + by :] + bytes(by)
    assert [type(out) for out in heard(build(b"\x01" + shifted))] == [Garbled]


@pytest.mark.req("QUA-04")
def test_a_respiration_rate_equal_to_spo2_is_a_shifted_frame() -> None:
    assert [type(out) for out in heard(numerics(RR=97))] == [Garbled]
    assert vitals(numerics(RR=0xFF, SPO2=0xFF))["pulse"].value_milli == 72_000


@pytest.mark.parametrize("length", [0, 1, 26, 28, 60])
def test_numerics_of_another_length_are_not_believed(length: int) -> None:
    assert [type(out) for out in heard(build(b"\x01" + (USUAL + USUAL + USUAL)[:length]))] == [Garbled]


@pytest.mark.parametrize("code", [2, 3, 12, 21, 22, 55, 57, 58, 99, 255])
def test_whole_messages_of_other_codes_are_ignored_quietly(code: int) -> None:
    assert heard(build(bytes([code, 1, 2, 3]))) == []


def _alarms(*chunks: bytes) -> list[AlarmCode]:
    return [alarm for out in heard(*chunks) if isinstance(out, DeviceAlarms) for alarm in out.alarms]


def test_limit_alarms_name_the_limit_with_its_unit() -> None:
    texts = [alarm.text for alarm in _alarms(numerics(CO2_ALARMS=0x3E, SPO2_ALARMS=0x1E))]
    assert texts == [
        "EtCO2 above 60 mmHg",
        "EtCO2 below 15 mmHg",
        "respiration rate above 30 /min",
        "respiration rate below 5 /min",
        "FiCO2 above 8 mmHg",
        "SpO2 above 100 %",
        "SpO2 below 88 %",
        "pulse rate above 140 /min",
        "pulse rate below 50 /min",
    ]
    assert _alarms(numerics(CO2_ALARMS=0x02, UNITS=2))[0].text == "EtCO2 above 6 kPa"


@pytest.mark.parametrize(
    ("name", "bit", "code"),
    [
        ("CO2_ALARMS", 0x40, "CO2_40"),
        ("SPO2_ALARMS", 0x80, "SPO2_80"),
        ("EXTENDED", 0x08, "EXT_08"),
        ("SLOW", 0x80, "SLOW_80"),
    ],
)
def test_a_bit_that_the_table_does_not_hold_is_an_alarm_of_unknown_meaning(name: str, bit: int, code: str) -> None:
    assert [(alarm.code, alarm.known) for alarm in _alarms(numerics(**{name: bit}))] == [(code, False)]


def test_states_are_not_alarms_but_advisories_are() -> None:
    assert _alarms(numerics(SLOW=0x5F)) == []
    assert [a.code for a in _alarms(numerics(SLOW=0x20, EXTENDED=0x03))] == [
        "ADVISORY",
        "CHECK_CALIBRATION",
        "CHECK_FLOW",
    ]


def test_alarms_are_said_on_change_and_every_five_seconds() -> None:
    made = driver()
    said = []
    for second in range(12):
        frame = numerics(CO2_ALARMS=1 if second in (3, 4) else 0, NO_BREATH_S=second)
        said += [second for out in made.receive(frame, Ms(second * 1000)) if isinstance(out, DeviceAlarms)]
    assert said == [0, 3, 5, 10]


def _wave(*chunks: bytes) -> list[int | None]:
    return [sample for out in heard(*chunks) if isinstance(out, Waveform) for sample in out.samples_milli]


def test_the_wave_is_decoded_in_packets_of_ten_samples() -> None:
    outs = heard(numerics(), *(wave(n) for n in range(25)))
    packets = [out for out in outs if isinstance(out, Waveform)]
    assert packets == [Waveform("co2_wave", 50, (12_500,) * 10)] * 2


def test_lost_and_invalid_samples_are_none() -> None:
    samples = _wave(numerics(), wave(254), wave(255), wave(2), wave(3, status=0x01), *(wave(n) for n in range(4, 9)))
    assert samples == [12_500, 12_500, None, None, 12_500, None, 12_500, 12_500, 12_500, 12_500]


def test_a_long_gap_is_not_filled() -> None:
    assert None not in _wave(numerics(), *(wave(n) for n in range(5)), *(wave(n) for n in range(100, 105)))


def test_a_wave_in_kilopascals_is_converted_and_one_in_an_unknown_unit_is_not_believed() -> None:
    assert _wave(numerics(UNITS=2), *(wave(n, 50, 0) for n in range(10))) == [37_503] * 10
    assert _wave(*(wave(n) for n in range(10))) == [None] * 10
