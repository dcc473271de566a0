"""The simulated monitor's behaviour: handshake, stream, held values, faults."""

from dataclasses import dataclass

import pytest

from pumpd.sim import CapnostreamSim
from pumpd.sim.capno_frame import HostReader, encode

ENABLE, DISABLE, START, STOP = (encode(code) for code in (1, 2, 4, 5))


@dataclass
class Still:
    """A patient that a test moves by hand."""

    rr: float = 14.0
    etco2: float = 38.0
    spo2: float = 97.0
    pulse: float = 72.0
    breaths: int = 0
    cannula_off: bool = False
    finger_off: bool = False


def _monitor(patient: Still | None = None, **options) -> CapnostreamSim:
    monitor = CapnostreamSim(patient or Still(), **({"waves": False} | options))
    monitor.receive(ENABLE, 0)
    monitor.receive(START, 0)
    return monitor


def _frames(data: bytes) -> list[tuple[int, bytes]]:
    return HostReader().feed(data)


def _numerics(monitor: CapnostreamSim, now_ms: int) -> bytes:
    return next(body for code, body in _frames(monitor.tick(now_ms)) if code == 1)


def test_enable_is_answered_with_the_thirty_characters_of_the_device_id():
    (code, body), *rest = _frames(CapnostreamSim(Still(), "B812345678").receive(ENABLE, 0))
    assert (code, len(body), rest) == (4, 30, [])
    assert body.startswith(b"V")
    assert b"B812345678" in body


def test_nothing_streams_before_enable_and_start():
    monitor = CapnostreamSim(Still())
    assert monitor.receive(START, 0) == b""
    assert monitor.tick(5000) == b""
    monitor.receive(ENABLE, 5000)
    assert monitor.next_deadline() is None


def test_a_started_stream_has_twenty_waves_and_one_numerics_a_second():
    monitor = _monitor(waves=True)
    codes = [code for at in range(50, 10_001, 50) for code, _ in _frames(monitor.tick(at))]
    assert (codes.count(0), codes.count(1)) == (200, 10)


def test_stop_and_disable_end_the_stream():
    for end in (STOP, DISABLE):
        monitor = _monitor()
        monitor.receive(end, 100)
        assert monitor.tick(5000) == b""


def test_an_item_and_a_patient_id_are_answered():
    monitor = _monitor()
    assert _frames(monitor.receive(encode(3, b"\x04"), 1)) == [(3, b"\x04\x61")]
    assert _frames(monitor.receive(encode(11), 2)) == [(2, bytes(28))]


def test_values_are_held_until_the_no_breath_time_then_the_flag_comes():
    patient = Still()
    monitor = _monitor(patient)
    patient.breaths = 1
    monitor.tick(1000)
    patient.rr, patient.spo2 = 0.0, 99.0
    held = _numerics(monitor, 30_000)
    assert (held[4], held[6], held[13], held[15]) == (38, 14, 0, 29)
    gone = _numerics(monitor, 31_000)
    assert (gone[4], gone[6], gone[13], gone[15]) == (0xFF, 0, 0x01, 30)


def test_one_breath_ends_the_no_breath_state():
    patient = Still(breaths=1)
    monitor = _monitor(patient)
    assert _numerics(monitor, 40_000)[13] == 1
    patient.breaths = 2
    data = _numerics(monitor, 41_000)
    assert (data[6], data[13], data[15]) == (14, 0, 0)


def test_a_slipped_cannula_looks_like_no_breath_although_the_patient_breathes():
    patient = Still(cannula_off=True)
    monitor = _monitor(patient)
    for now_s in range(1, 32):
        patient.breaths += 1
        data = _numerics(monitor, now_s * 1000)
    assert data[13] == 1


def test_a_probe_off_the_finger_blanks_spo2_and_pulse_and_nothing_else():
    monitor = _monitor()
    monitor.faults.sensor_off = True
    data = _numerics(monitor, 1000)
    assert (data[6], data[7], data[8], data[14]) == (14, 0xFF, 0xFF, 0x20)


def test_without_a_filterline_there_is_no_co2_no_rr_and_no_no_breath_alarm():
    monitor = _monitor(waves=True)
    monitor.faults.no_filterline = True
    frames = _frames(monitor.tick(60_000))
    data = next(body for code, body in frames if code == 1)
    assert (data[4], data[5], data[6], data[13], data[15]) == (0xFF, 0xFF, 0xFF, 0, 0)
    assert frames[0][1][3] & 0x40


def test_frozen_values_do_not_follow_the_patient():
    patient = Still()
    monitor = _monitor(patient)
    before = _numerics(monitor, 1000)
    monitor.faults.frozen_values = True
    patient.spo2 = 80.0
    assert _numerics(monitor, 2000) == before


@pytest.mark.parametrize(("line_baud", "answers"), [(115200, True), (9600, False), (None, True)])
def test_a_fixed_speed_is_understood_only_at_that_speed(line_baud, answers):
    monitor = CapnostreamSim(Still(), baud=115200)
    monitor.line_baud = line_baud
    assert bool(monitor.receive(ENABLE, 0)) is answers


def test_a_power_cycle_forgets_the_host():
    monitor = _monitor()
    monitor.faults.power_cycle = True
    assert monitor.tick(1000) == b""
    assert monitor.receive(ENABLE, 2000) == b""
    assert monitor.tick(10_000) == b""
    assert monitor.receive(ENABLE, 10_001) != b""


def test_the_wave_rises_to_the_end_tidal_value_and_marks_each_breath():
    monitor = _monitor(waves=True)
    waves = [body for at in range(50, 10_000, 50) for code, body in _frames(monitor.tick(at)) if code == 0]
    levels = [body[1] + body[2] / 256 for body in waves]
    assert 36 < max(levels) <= 38.5
    assert min(levels) == 0
    assert sum(bool(body[3] & 0x08) for body in waves) in (2, 3)
