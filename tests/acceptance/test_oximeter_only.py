"""A bed whose only monitor is an oximeter, from its bytes to the alarms' words: what is said of breathing, which nobody
measures here. The shipped limits, a real driver at its simulator, virtual time.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.device import Quality
from pumpd.safety.decisions import InterlockState
from pumpd.safety.events import Assessed
from pumpd.safety.policy import AlarmKind, Priority
from tests.acceptance.one_monitor import MonitoredBed, ward_with


@pytest.fixture
def oximeter(tmp_path: Path) -> MonitoredBed:
    bed = MonitoredBed(tmp_path, "masimo_ascii1")
    bed.run(60)
    return bed


def test_the_check_of_the_ward_says_which_high_alarms_nobody_can_raise_here(tmp_path: Path) -> None:
    said = " ".join(problem.message for problem in ward_with(tmp_path, "masimo_ascii1").warnings)
    assert "no monitor here can raise the high alarm no_breath: nothing reports no_breath, no_breath_s, rr" in said
    assert "no monitor here can raise the high alarm respiratory_depression: nothing reports rr" in said
    assert "a stopped pump can never be resumed here: no monitor reports rr" in said


@pytest.mark.req("QUA-01")
def test_a_rate_that_nobody_measures_is_not_shown_and_a_well_patient_has_no_alarm(oximeter: MonitoredBed) -> None:
    assert oximeter.alarms() == {}
    assert oximeter.shown("rr") is None, "the page writes: no source"
    assert oximeter.shown("etco2") is None
    saturation = oximeter.shown("spo2")
    assert saturation == (oximeter.line.sim.shown(0)["spo2"], Quality.OK)


@pytest.mark.req("RSP-08")
def test_on_oxygen_it_stands_there_that_saturation_alone_cannot_show_hypoventilation(oximeter: MonitoredBed) -> None:
    oximeter.bed.do(Assessed("RN Abel", oxygen=True))
    assert oximeter.alarms(AlarmKind.ADVISORY) == {
        "spo2_alone": (Priority.LOW, "On oxygen without capnography: SpO2 alone cannot show hypoventilation")
    }


@pytest.mark.req("RSP-02", "INT-07")
def test_an_arrest_is_seen_by_its_saturation_alone_and_stops_the_pump(oximeter: MonitoredBed) -> None:
    oximeter.line.patient.give_opioid(12.0, 5.0)
    oximeter.run(120)
    assert not {"no_breath", "rr_low", "respiratory_depression"} & oximeter.alarms().keys()
    priority, text = oximeter.alarms(AlarmKind.PHYSIOLOGICAL)["spo2_low"]
    assert priority is Priority.HIGH
    assert text.startswith("SpO2 critically low: SpO2 ")
    assert oximeter.alarms()["device_alarm:SPO2_LOW"] == (Priority.LOW, "b1-m1 reports SpO2 below its limit")
    assert oximeter.is_stopped()
    assert oximeter.bed.lock() is not InterlockState.ARMED
    assert "RR" in " ".join(oximeter.bed.pump_view().resume_reasons), "nobody can say that breathing is in limits"


@pytest.mark.req("INT-08", "QUA-02")
def test_without_its_probe_nobody_watches_breathing_and_the_words_say_so(oximeter: MonitoredBed) -> None:
    oximeter.line.sim.faults.sensor_off = True
    oximeter.run(20)
    assert oximeter.shown("spo2") == (None, Quality.OFF)
    assert oximeter.alarms(AlarmKind.TECHNICAL) == {
        "sensor_off:spo2": (Priority.MEDIUM, "SpO2 sensor off at b1-m1"),
    }
    oximeter.run(20)
    assert oximeter.alarms(AlarmKind.TECHNICAL)["monitoring_lost"] == (
        Priority.HIGH,
        "Breathing is not monitored for 30 s while ketamine runs: watch the patient, restore a sensor",
    )
    assert not oximeter.alarms(AlarmKind.PHYSIOLOGICAL)
    oximeter.line.sim.faults.sensor_off = False
    oximeter.run(5)
    assert "sensor_off:spo2" not in oximeter.alarms()
