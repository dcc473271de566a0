"""On supplemental oxygen without capnography SpO2 alone cannot show hypoventilation (RSP-08)."""

from __future__ import annotations

from typing import Any

import pytest

from pumpd.device.info import Origin
from pumpd.safety.events import Assessed, PatientReleased
from pumpd.safety.policy import AlarmKind, Priority
from pumpd.safety.view import OxygenView
from tests.safety.breath import WELL, breath_bed, breath_policy
from tests.safety.build import MONITOR, Bed, monitor_policy

CONDITION = "spo2_alone"
OXIMETER = {"signals": ("spo2", "pulse")}


def bed_with(**monitor: Any) -> Bed:
    bed = Bed(breath_policy(monitors=(monitor_policy(**monitor),)))
    bed.do(Assessed("RN", oxygen=True))
    return bed


@pytest.mark.req("RSP-08")
def test_on_oxygen_with_an_oximeter_only_there_is_a_standing_advisory() -> None:
    bed = bed_with(**OXIMETER)
    bed.breathe(3_600, spo2=99, pulse=70)
    alarm = bed.the(CONDITION)
    assert (alarm.priority, alarm.kind, alarm.present) == (Priority.LOW, AlarmKind.ADVISORY, True)
    assert "SpO2 alone cannot show hypoventilation" in alarm.text
    assert alarm.action


@pytest.mark.req("RSP-08")
@pytest.mark.parametrize("said", [False, None])
def test_without_oxygen_or_while_nobody_has_said_there_is_none(said: bool | None) -> None:
    bed = Bed(breath_policy(monitors=(monitor_policy(**OXIMETER),)))
    bed.do(Assessed("RN", poss=1, oxygen=said))
    bed.breathe(60, spo2=99)
    assert bed.alarm(CONDITION) is None


@pytest.mark.req("RSP-08")
def test_live_capnography_answers_it() -> None:
    bed = bed_with()
    bed.breathe(60, **WELL)
    assert bed.alarm(CONDITION) is None


@pytest.mark.req("RSP-08", "RSP-07")
@pytest.mark.parametrize(("origin", "advised"), [(Origin.CO2, False), (Origin.IMPEDANCE, True), (None, True)])
def test_a_rate_answers_it_only_where_it_is_measured_by_co2(origin: Origin | None, advised: bool) -> None:
    bed = bed_with(origins=() if origin is None else (("rr", origin),))
    bed.breathe(60, rr=14, spo2=99)
    assert bed.is_active(CONDITION) is advised


@pytest.mark.req("RSP-08")
def test_it_comes_when_capnography_is_withdrawn_and_goes_when_it_is_back() -> None:
    bed = bed_with()
    bed.breathe(5, **WELL)
    gone = {**WELL, **dict.fromkeys(("rr", "etco2", "no_breath", "no_breath_s"))}
    bed.breathe(14, **gone)
    assert bed.alarm(CONDITION) is None, "a blip is no loss"
    bed.breathe(1, **gone)
    assert bed.is_active(CONDITION)
    bed.breathe(1, **WELL)
    assert bed.alarm(CONDITION) is None


@pytest.mark.req("RSP-08", "RSP-05")
def test_a_capnograph_that_sees_no_breath_sees() -> None:
    bed = bed_with()
    bed.breathe(60, **{**WELL, "rr": 8, "no_breath": 1})
    assert bed.alarm(CONDITION) is None


@pytest.mark.req("RSP-08")
def test_a_bed_may_have_oxygen_by_default_and_a_person_says_otherwise() -> None:
    bed = Bed(breath_policy(monitors=(monitor_policy(**OXIMETER),), oxygen=True))
    bed.breathe(1, spo2=99)
    assert bed.is_active(CONDITION)
    assert bed.view().oxygen == OxygenView(True)
    bed.do(Assessed("RN", oxygen=False), 100)
    assert bed.alarm(CONDITION) is None
    assert bed.view().oxygen == OxygenView(False, "RN", bed.now)


@pytest.mark.req("RSP-08", "QUA-06")
def test_the_next_patient_has_no_oxygen_until_somebody_says_so() -> None:
    bed = bed_with(**OXIMETER)
    bed.breathe(1, spo2=99)
    bed.do(PatientReleased("RN", "discharged"), 100)
    assert (bed.view().oxygen, bed.alarm(CONDITION)) == (None, None)


@pytest.mark.req("RSP-08", "QUA-03")
def test_the_advisory_ends_no_alarm_about_the_patient() -> None:
    bed = breath_bed()
    bed.breathe(20, **{**WELL, "spo2": 80})
    bed.do(Assessed("RN", oxygen=True), 10)
    bed.breathe(20, spo2=80)
    assert bed.is_active(CONDITION)
    assert bed.the("spo2").present
    bed.do(Assessed("RN", oxygen=False), 10)
    assert bed.the("spo2").present
    assert bed.the("spo2").device == MONITOR
