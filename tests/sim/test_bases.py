"""What every simulated device does because of its base: it speaks, loses, freezes, refuses. In virtual time."""

from __future__ import annotations

import pytest

from pumpd.sim import CATALOG, SimPatient
from pumpd.sim.catalog import catalog_of
from pumpd.sim.devices.senses import NO_BREATH_MS
from tests.sim.toys import ToyMonitor, ToyPump


class Point:
    """An entry point that is loaded already."""

    def __init__(self, name: str, value: object) -> None:
        self.name = name
        self._value = value

    def load(self) -> object:
        return self._value


def pump(rate_ul_h: int = 6_000) -> ToyPump:
    made = ToyPump()
    made.panel.set_rate(rate_ul_h, 0)
    assert made.panel.start(0)
    return made


def controlled() -> ToyPump:
    made = pump()
    assert made.receive(b"C\r", 0) == b"C\r"
    return made


# --- a monitor that talks -------------------------------------------------------------------------------------------


def test_a_talker_says_one_message_a_period_and_what_it_says_is_shown() -> None:
    monitor = ToyMonitor(SimPatient(1))
    said = [monitor.tick(now_ms) for now_ms in (0, 500, 1000, 1001)]
    assert [bool(data) for data in said] == [True, False, True, False]
    assert monitor.next_deadline() == 2000
    assert str(monitor.shown(1001)["spo2"]).encode() in said[2]


def test_a_talker_that_was_held_up_says_one_message_not_all_that_it_missed() -> None:
    monitor = ToyMonitor(SimPatient(1))
    assert monitor.tick(10_500).count(b"\r") == 1
    assert monitor.next_deadline() == 11_000


def test_values_are_rounded_to_what_the_display_can_show() -> None:
    patient = SimPatient(1)
    patient.temp = 37.26
    shown = ToyMonitor(patient).shown(0)
    assert shown["temp"] == 37_300
    assert shown["spo2"] % 1000 == 0


@pytest.mark.parametrize(
    ("fault", "blank"),
    [
        ("sensor_off", {"spo2"}),
        ("sensor_disconnected", {"spo2"}),
        ("no_filterline", {"rr"}),
        ("leads_off", {"hr"}),
        ("cuff_off", {"nibp_sys"}),
        ("temp_off", {"temp"}),
    ],
)
def test_a_missing_sensor_blanks_what_it_measures_and_nothing_else(fault: str, blank: set[str]) -> None:
    monitor = ToyMonitor(SimPatient(1))
    setattr(monitor.faults, fault, True)
    monitor.tick(0)
    assert {signal for signal, value in monitor.shown(0).items() if value is None} == blank


def test_the_rate_is_held_when_breathing_stops_and_then_reads_zero() -> None:
    patient = SimPatient(1)
    monitor = ToyMonitor(patient)
    held = monitor.shown(0)["rr"]
    patient.rr = 0.0
    monitor.tick(NO_BREATH_MS - 1)
    assert monitor.shown(0)["rr"] == held
    monitor.tick(NO_BREATH_MS + 1000)
    assert monitor.shown(0)["rr"] == 0


def test_frozen_values_stay_whatever_the_patient_does() -> None:
    patient = SimPatient(1)
    monitor = ToyMonitor(patient)
    before = monitor.tick(0)
    monitor.faults.frozen_values = True
    patient.temp = 30.0
    assert monitor.tick(1000) == before
    monitor.faults.frozen_values = False
    assert monitor.tick(2000) != before


def test_a_request_is_answered_out_of_turn() -> None:
    monitor = ToyMonitor(SimPatient(1))
    monitor.tick(0)
    assert monitor.receive(b"?", 300).count(b"\r") == 1


def test_a_power_cycle_keeps_a_talker_dark_and_then_it_talks_again() -> None:
    monitor = ToyMonitor(SimPatient(1))
    monitor.faults.power_cycle = True
    assert monitor.tick(0) == b""
    assert monitor.receive(b"?", 10) == b""
    assert monitor.next_deadline() == 3000
    assert monitor.tick(3000)


@pytest.mark.parametrize("device", [ToyMonitor(SimPatient(1)), pump()], ids=["monitor", "pump"])
def test_a_bad_line_loses_and_invents_bytes(device: ToyMonitor | ToyPump) -> None:
    device.faults.garbage_bytes_s = 100
    assert len(device.tick(1000)) > 50
    device.faults.garbage_bytes_s = 0
    device.faults.drop_percent = 100.0
    assert device.receive(b"S?\r", 2000) == b""


# --- a pump that is asked -------------------------------------------------------------------------------------------


def test_a_pump_tells_its_display_cut_to_what_its_wire_can_carry() -> None:
    made = pump(6_000)
    assert made.receive(b"S?\r", 90_000) == b"6000 100 True\r"
    assert made.shown(90_000) == {"rate_ul_h": 6000, "volume_ul": 100, "infusing": True}
    assert made.heard == {"S": 1}


def test_nothing_is_carried_out_without_control() -> None:
    made = pump()
    assert made.receive(b"H\rR50\rG\rZ\r", 0) == b"no\r" * 4
    assert made.pump.infusing
    assert made.asked == {"stop": 1, "rate": 1, "start": 1, "clear": 1}


def test_a_controlled_pump_does_what_it_is_told() -> None:
    made = controlled()
    assert made.receive(b"R50\rH\r", 1000) == b"R50\rH\r"
    assert made.shown(1000) == {"rate_ul_h": 0, "volume_ul": 0, "infusing": False}
    assert made.pump.rate_ul_h == 5000


@pytest.mark.parametrize("wire", [b"R0\r", b"R12001\r"])
def test_a_rate_that_the_pump_does_not_have_is_refused(wire: bytes) -> None:
    assert controlled().receive(wire, 0) == b"no\r"


def test_a_lease_that_nobody_renews_holds_the_pump() -> None:
    made = controlled()
    made.receive(b"C\r", 3000)
    assert made.shown(7000)["infusing"]
    assert not made.shown(7001)["infusing"]
    assert made.pump.alarms == {"AL_COMTO"}


def test_a_pump_that_was_given_back_goes_on() -> None:
    made = controlled()
    assert made.receive(b"D\r", 1000) == b"D\r"
    assert made.shown(60_000)["infusing"]


def test_stop_faults_keep_it_infusing_with_and_without_an_acknowledgement() -> None:
    made = controlled()
    made.faults.stop_ignored = True
    assert made.receive(b"H\r", 0) == b"H\r"
    made.faults.stop_ignored, made.faults.stop_silent = False, True
    assert made.receive(b"H\r", 0) == b""
    assert made.pump.infusing


def test_acknowledgements_are_lost_or_late_but_the_command_is_carried_out() -> None:
    made = controlled()
    made.faults.lost_ack = True
    assert made.receive(b"R50\r", 0) == b""
    made.faults.lost_ack, made.faults.late_ack_ms = False, 700
    assert made.receive(b"H\r", 0) == b""
    assert made.next_deadline() == 700
    assert made.tick(700) == b"H\r"
    assert (made.pump.rate_ul_h, made.pump.infusing) == (5000, False)


def test_control_is_refused_by_a_fault_and_by_somebody_at_the_panel() -> None:
    made = pump()
    made.faults.refuse_control = True
    assert made.receive(b"C\r", 0) == b"no\r"
    made.faults.refuse_control = False
    made.receive(b"C\r", 0)
    made.local = True
    assert made.receive(b"H\r", 0) == b"no\r"


def test_frozen_values_are_told_while_the_pump_goes_on() -> None:
    made = pump()
    made.shown(60_000)
    made.faults.frozen_values = True
    assert made.receive(b"S?\r", 600_000) == b"6000 100 True\r"
    assert made.pump.counted_ul == 1000


def test_a_power_cycle_leaves_a_pump_on_hold_without_control() -> None:
    made = controlled()
    made.panel.power_cycle(1000)
    assert made.receive(b"S?\r", 2000) == b""
    assert made.next_deadline() == 4000
    assert made.receive(b"S?\rH\r", 4000) == b"0 0 False\rno\r"


def test_endless_noise_is_forgotten() -> None:
    made = pump()
    for _ in range(100):
        made.receive(b"x" * 999, 0)
    assert made.receive(b"\rS?\r", 0).endswith(b"True\r")
    assert len(made._buffer) <= made.longest_request


# --- the catalogue --------------------------------------------------------------------------------------------------


def test_wrong_serial_is_another_number() -> None:
    monitor = ToyMonitor(SimPatient(1), "mine")
    assert monitor.shown_serial == "mine"
    monitor.faults.wrong_serial = True
    assert monitor.shown_serial == "999999"


def test_every_model_makes_a_device_that_shows_something() -> None:
    for name, model in CATALOG.items():
        device = model.device(SimPatient(1))
        assert (model.name, device.serial) == (name, model.serial)
        assert device.shown(0)


def test_simulators_of_other_packages_stand_beside_ours() -> None:
    models, broken = catalog_of([Point("toy_pump", ToyPump), Point("toy_monitor", ToyMonitor)])  # type: ignore[list-item]
    assert broken == {}
    assert set(models) == {*CATALOG, "toy_pump", "toy_monitor"}
    assert models["toy_pump"].kind == "pump"
    assert isinstance(models["toy_monitor"].device(SimPatient(1)), ToyMonitor)


def test_a_simulator_that_cannot_be_loaded_is_named_and_the_others_stay() -> None:
    models, broken = catalog_of([Point("abacus", object)])  # type: ignore[list-item]
    assert set(models) == set(CATALOG)
    assert broken["abacus"].startswith("AttributeError")
