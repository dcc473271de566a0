"""Who counts as heard, which device is believed, and whose patient its facts are of."""

from __future__ import annotations

import pytest

from pumpd.device.facts import Control, ControlState, DeviceAlarms, Garbled, Identity, PumpStatus, Quality, Silent
from pumpd.safety.decisions import PatientClosed, Refused, StopPump
from pumpd.safety.events import Heard, LinkChanged, LinkState, PatientBound, PatientReleased, Tick
from pumpd.safety.view import ValueView
from tests.safety.build import MONITOR, PUMP, Bed, bed_policy, monitor_policy, patient, status


def shown(bed: Bed, signal: str = "spo2") -> ValueView:
    return bed.view().values[signal]


@pytest.mark.req("QUA-02")
def test_a_silent_pump_loses_its_rate_and_says_that_it_may_still_infuse() -> None:
    bed = Bed()
    bed.pump(7_000)
    bed.run(4_999)
    assert bed.pump_view().rate_ul_h == 7_000
    bed.run(1)
    pump = bed.pump_view()
    assert (pump.infusing, pump.rate_ul_h, pump.dose_mg_kg_h, pump.rate_quality) == (None, None, None, Quality.STALE)
    alarm = bed.alarm("pump_lost")
    assert alarm is not None
    assert alarm.priority == "high"
    assert "may still be infusing" in alarm.text


@pytest.mark.req("QUA-02")
@pytest.mark.parametrize(
    ("infusing", "drug_rate", "priority"), [(False, 0, "medium"), (None, 5_000, "high"), (True, 5_000, "high")]
)
def test_a_lost_pump_is_urgent_when_it_was_infusing(infusing: bool | None, drug_rate: int, priority: str) -> None:
    bed = Bed()
    bed.pump(drug_rate, infusing)
    bed.run(5_000)
    assert bed.the("pump_lost").priority == priority


@pytest.mark.req("QUA-02")
def test_slow_polling_makes_the_pump_stale_later() -> None:
    bed = Bed(bed_policy({"poll_ms": 4_000}))
    bed.pump(7_000)
    bed.run(7_999)
    assert bed.alarm("pump_lost") is None
    bed.run(1)
    assert bed.is_active("pump_lost")


@pytest.mark.req("QUA-02")
@pytest.mark.parametrize(
    "event",
    [
        Tick(),
        LinkChanged(PUMP, LinkState.UP),
        Heard(PUMP, Garbled("crc")),
        Heard(PUMP, Silent()),
        Heard(PUMP, Control(ControlState.GRANTED)),
        Heard(PUMP, DeviceAlarms(())),
    ],
)
def test_only_a_status_counts_as_heard(event: Tick | LinkChanged | Heard) -> None:
    bed = Bed()
    bed.pump(7_000)
    for _ in range(10):
        bed.run(500)
        bed.do(event)
    assert bed.is_active("pump_lost")


@pytest.mark.req("QUA-02")
def test_a_pump_that_never_speaks_is_noticed() -> None:
    bed = Bed()
    bed.run(5_000)
    assert bed.is_active("pump_lost")


@pytest.mark.req("QUA-05")
@pytest.mark.parametrize("fact", [Identity(serial="9"), status(700_000, serial="9")])
def test_a_pump_with_another_serial_number_is_refused_and_gets_no_commands(fact: Identity | PumpStatus) -> None:
    bed = Bed(bed_policy({"serial": "8"}))
    bed.do(Heard(PUMP, fact), 10)
    bed.pump(700_000, after=100)
    bed.vitals(no_breath=1)
    decided = [*bed.out, *bed.run(3_000)]
    assert not [decision for decision in decided if isinstance(decision, StopPump)]
    alarm = bed.alarm("device_refused")
    assert alarm is not None
    assert alarm.priority == "high"
    assert bed.view().devices[0].link is LinkState.REFUSED
    assert bed.pump_view().rate_ul_h is None


@pytest.mark.req("QUA-05")
def test_a_monitor_of_another_model_is_refused_and_its_values_are_not_used() -> None:
    bed = Bed(bed_policy(monitors=(monitor_policy(model="Capnostream20"),)))
    bed.vitals(spo2=97)
    bed.do(Heard(MONITOR, Identity(model="Other")), 10)
    bed.vitals(spo2=50, after=100)
    assert shown(bed).value_milli is None
    assert bed.the("device_refused").priority == "medium"
    bed.do(Heard(MONITOR, Identity(model="capnostream20")), 10)
    bed.vitals(spo2=97, after=100)
    assert shown(bed).value_milli == 97_000


@pytest.mark.req("QUA-05")
def test_without_a_configured_serial_any_pump_is_accepted() -> None:
    bed = Bed()
    bed.pump(7_000, serial="whatever")
    assert bed.pump_view().rate_ul_h == 7_000


@pytest.mark.req("QUA-06")
def test_another_patient_closes_alarms_dose_and_override_of_the_old_one() -> None:
    bed = Bed()
    bed.pump(40_000, volume_ul=0)
    bed.pump(40_000, after=60_000, volume_ul=700)
    old = {alarm.id for alarm in bed.view().alarms}
    assert old
    out = bed.do(PatientBound(patient("M2"), "adt"), 10)
    assert PatientClosed("M1") in out
    assert not old & {alarm.id for alarm in bed.view().alarms}
    delivered = bed.pump_view().delivered
    assert delivered is not None
    assert delivered.at_least_ng == 0
    assert delivered.at_most_ng <= 1_000 + 112


@pytest.mark.req("QUA-06")
def test_the_same_patient_bound_again_closes_nothing() -> None:
    bed = Bed()
    bed.pump(40_000)
    before = {alarm.id for alarm in bed.view().alarms}
    bed.do(PatientBound(patient(weight_g=71_000), "nurse"), 10)
    assert {alarm.id for alarm in bed.view().alarms} == before


@pytest.mark.req("QUA-06")
def test_release_closes_the_patient_and_a_trip_stays() -> None:
    bed = Bed()
    bed.stop_by_breach()
    bed.do(PatientReleased("nurse", "discharge"), 100)
    assert bed.view().patient is None
    assert bed.lock() == "tripped"


@pytest.mark.req("QUA-06")
def test_a_patient_is_bound_by_somebody() -> None:
    bed = Bed()
    (refused,) = bed.do(PatientBound(patient("M2"), " "), 10)
    assert isinstance(refused, Refused)
    assert bed.view().patient == patient()
