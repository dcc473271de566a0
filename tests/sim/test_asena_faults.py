"""Fault switches and panel keys of the simulated pump."""

import pytest

from pumpd.sim import AsenaSim
from pumpd.sim.asena_frame import frame

ENABLE = frame("REMOTE_CTRL^ENABLED^3CC1")
STOP, STATUS = frame("INF_STOP"), frame("INF")


@pytest.fixture
def sim() -> AsenaSim:
    sim = AsenaSim("8002-51740")
    sim.panel.set_rate(36_000, 0)  # 10 µL a second
    sim.panel.start(0)
    sim.receive(ENABLE, 0)
    return sim


def _field(sim: AsenaSim, index: int, now_ms: int) -> str:
    return sim.receive(STATUS, now_ms).decode().split("^")[index]


def test_a_pump_that_ignores_the_stop_echoes_it_and_keeps_infusing(sim):
    sim.faults.stop_ignored = True
    assert sim.receive(STOP, 1000) == STOP
    assert _field(sim, 3, 2000) == "SET"
    assert _field(sim, 7, 4000) == "0.040"


def test_a_pump_mute_on_stop_neither_echoes_nor_stops(sim):
    sim.faults.stop_silent = True
    assert sim.receive(STOP, 1000) == b""
    assert _field(sim, 3, 2000) == "SET"


def test_a_lost_ack_hides_a_stop_that_happened(sim):
    sim.faults.lost_ack = True
    assert sim.receive(STOP, 1000) == b""
    assert _field(sim, 3, 2000) == "HLD"


def test_a_late_ack_comes_when_it_is_due_and_status_overtakes_it(sim):
    sim.faults.late_ack_ms = 700
    assert sim.receive(STOP, 1000) == b""
    assert sim.next_deadline() == 1700
    assert b"HLD" in sim.receive(STATUS, 1300)
    assert sim.tick(1699) == b""
    assert sim.tick(1700) == STOP
    assert sim.next_deadline() is None


def test_frozen_values_repeat_the_last_status_while_fluid_flows(sim):
    before = sim.receive(STATUS, 1000)
    sim.faults.frozen_values = True
    assert sim.receive(STATUS, 3000) == before
    sim.faults.frozen_values = False
    assert _field(sim, 7, 3000) == "0.030"


def test_another_pump_on_the_line_has_another_number_and_another_key(sim):
    sim.faults.wrong_serial = True
    assert _field(sim, 1, 1) == "8002-51733"
    assert b"DENIED" in sim.receive(ENABLE, 2)
    assert b"PERMIT" in sim.receive(frame("REMOTE_CTRL^ENABLED^9535"), 3)


def test_shifted_fields_stand_one_place_left_under_a_right_checksum(sim):
    sim.faults.shifted_fields = True
    assert sim.receive(STATUS, 0).startswith(b"!INF^-^SET^36.00^ml/h^")


def test_a_power_cycle_is_dark_then_on_hold_with_its_counter_at_zero(sim):
    sim.faults.power_cycle = True
    assert sim.receive(STATUS, 1000) == b""
    assert sim.receive(STATUS, 3999) == b""
    assert _field(sim, 3, 4000) == "HLD"
    assert _field(sim, 7, 4000) == "0.000"
    assert not sim.controlled


def test_garbage_comes_between_the_frames_at_its_rate(sim):
    sim.faults.garbage_bytes_s = 50
    total = sum(len(sim.tick(now_ms)) for now_ms in range(0, 10_000, 100))
    assert total == 500
    assert sim.next_deadline() == 10_000


def test_a_lossy_line_loses_bytes_the_same_way_each_time():
    def heard() -> list[bytes]:
        sim = AsenaSim("8002-51740", seed=5)
        sim.faults.drop_percent = 2
        return [sim.receive(STATUS, at) for at in range(100)]

    whole = sum(reply.endswith(b"\r") and reply.startswith(b"!INF^8002-51740^") for reply in heard())
    assert 5 < whole < 80
    assert heard() == heard()


def test_a_panel_change_shows_in_the_next_status_without_any_command(sim):
    sim.panel.tenfold(1000)
    assert _field(sim, 4, 1001) == "360.00"
    sim.panel.stop(2000)
    assert _field(sim, 3, 2001) == "HLD"
    assert sim.heard["INF_STOP"] == 0


def test_clearing_the_volume_zeroes_the_counter_but_not_what_the_patient_got(sim):
    sim.panel.clear_volume(10_000)
    assert sim.pump.counted_ul == 0
    assert sim.pump.reached_patient_units > 0
