"""What is written can be read back by our own reader, field by field, and says nothing that was not measured."""

from __future__ import annotations

import base64
from dataclasses import replace
from decimal import Decimal

import pytest
from msgspec.structs import replace as with_changes
from pumpd_hl7.message import Message, read_message
from pumpd_hl7.observations import Observation, observations
from pumpd_hl7.profiles.mdm_out import Document, document_message
from pumpd_hl7.profiles.outgoing import Sender
from pumpd_hl7.profiles.pcd01_out import Scene, monitor_message, pump_message
from pumpd_hl7.profiles.pcd04_out import AlarmChange, alarm_message, kinds
from pumpd_hl7.profiles.pcd10_out import Delivery, DeliveryEvent, event_message
from pumpd_hl7.profiles.ras_out import RateChange, rate_message
from pumpd_hl7.times import time_text

from pumpd.device.facts import Quality
from pumpd.device.info import Origin
from pumpd.device.signals import SIGNALS
from pumpd.safety.alarms import Alarm, AlarmState, Phase
from pumpd.safety.decisions import InterlockState
from pumpd.safety.events import Patient, Sex
from pumpd.safety.policy import AlarmKind, Enforcement, Priority
from pumpd.safety.view import BedView, DoseView, PumpView, ValueView

NOW_US = 1_768_472_130_000_000
PATIENT = Patient("100042", "Test & Söhne", "Ada", "1970-01-01", Sex.FEMALE, 70_000)
SENDER = Sender("PUMPD^0011223344556677^EUI-64", "HOSP", "EHR", "HOSP")
PUMP = PumpView(
    "b1-p1", "ketamine", 2000, True, 3500, Quality.OK, Decimal("0.10"), 1000, DoseView(24_800_000, 24_900_400),
    None, None, Enforcement.STOP, InterlockState.ARMED, None, None, None, (), drug_label="ketAMINE", governed=True,
)  # fmt: skip
VALUES = {
    "spo2": ValueView(97_000, "%", Quality.OK, 1000, "b1-m1", Origin.FINGER),
    "rr": ValueView(14_000, "/min", Quality.QUESTIONABLE, 1000, "b1-m1", Origin.CO2),
    "etco2": ValueView(None, "mmHg", Quality.OFF, 1000, "b1-m1", Origin.CO2),
    "pulse": ValueView(None, "/min", Quality.STALE, 1000, "b1-m1"),
    "ipi": ValueView(8_000, "", Quality.OK, 1000, "b1-m1"),
}
VIEW = BedView("b1", "Bed 1", PATIENT, VALUES, (PUMP,), (), (), True, None)
SCENE = Scene(VIEW, "PACU^Bay 3^1", NOW_US, lambda now_ms: NOW_US + now_ms * 1000)
ALARM = Alarm(
    "b1-a7", "b1", "b1-m1", "spo2_low", Priority.HIGH, AlarmKind.PHYSIOLOGICAL, AlarmState.ACTIVE,
    "SpO2 86 %, below 90 %", "86", "< 90 %", 1000, True,
)  # fmt: skip


def _read(raw: bytes | None) -> tuple[Message, dict[str, Observation]]:
    assert raw is not None
    message = read_message(raw)
    assert isinstance(message, Message), message
    rows = observations(message)
    assert [row.line.split("|")[1] for row in rows] == [str(number) for number in range(1, len(rows) + 1)]
    return message, {row.code.ref: row for row in rows}


def test_a_pump_is_written_with_its_patient_and_what_it_reports() -> None:
    message, rows = _read(pump_message(SCENE, PUMP, SENDER, "M1"))
    assert message.kind == ("ORU", "R01")
    assert (message.control_id, message.get("MSH", 7)) == ("M1", time_text(NOW_US))
    assert (message.get("PID", 3), message.get("PID", 5), message.get("PID", 7)) == (
        "100042",
        "Test & Söhne",
        "19700101",
    )
    assert message.get("PV1", 3, 2) == "Bay 3"
    assert rows["MDC_PUMP_INFUSING_STATUS"].value == "^pump-status-infusing"
    assert rows["MDC_FLOW_FLUID_PUMP_CURRENT"].number == Decimal("3.5")
    assert str(rows["MDC_RATE_DOSE"].number) == "0.10"
    assert rows["MDC_DOSE_DRUG_DELIV_TOTAL"].value == "^24.8^-^24.901"
    assert (rows["MDC_CONC_DRUG"].number, rows["MDC_ATTR_PT_WEIGHT"].number) == (Decimal(2), Decimal(70))
    assert rows["MDC_DRUG_NAME_LABEL"].value == "ketAMINE 2 mg/mL"
    assert rows["MDC_DEV_PUMP_INFUS_MDS"].device == "b1-p1^PUMPD^0011223344556677^EUI-64"


def test_a_pump_on_hold_flows_at_nothing_and_has_no_programmed_rate() -> None:
    _, rows = _read(pump_message(SCENE, replace(PUMP, infusing=False, rate_ul_h=3500, dose_mg_kg_h=None), SENDER, "M1"))
    assert rows["MDC_FLOW_FLUID_PUMP_CURRENT"].number == 0
    assert "MDC_FLOW_FLUID_PUMP" not in rows
    assert "MDC_RATE_DOSE" not in rows


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize("quality", [Quality.STALE, Quality.INVALID, Quality.OFF])
def test_what_nobody_measured_is_not_sent_as_a_number(quality: Quality) -> None:
    lost = replace(PUMP, rate_quality=quality)
    unknown = replace(PUMP, infusing=None)
    for pump in (lost, unknown):
        _, rows = _read(pump_message(SCENE, pump, SENDER, "M1"))
        assert rows["MDC_PUMP_INFUSING_STATUS"].missing
        assert rows["MDC_FLOW_FLUID_PUMP_CURRENT"].number is None
        assert "MDC_RATE_DOSE" not in rows
    _, rows = _read(monitor_message(SCENE, "b1-m1", SENDER, "M2"))
    assert (rows["MDC_AWAY_CO2_ET"].number, rows["MDC_AWAY_CO2_ET"].missing) == (None, "OFF")
    assert (rows["MDC_PULS_OXIM_PULS_RATE"].number, rows["MDC_PULS_OXIM_PULS_RATE"].missing) == (None, "NAV")


def test_a_monitor_is_written_with_the_source_of_its_respiration_rate() -> None:
    _, rows = _read(monitor_message(SCENE, "b1-m1", SENDER, "M2"))
    assert rows["MDC_PULS_OXIM_SAT_O2"].number == Decimal(97)
    assert (rows["MDC_CO2_RESP_RATE"].number, rows["MDC_CO2_RESP_RATE"].flags) == (Decimal(14), ("QUES",))
    assert rows["MDC_CO2_RESP_RATE"].unit is not None
    assert rows["MDC_CO2_RESP_RATE"].unit.ref == "MDC_DIM_RESP_PER_MIN"
    impedance = replace(VIEW, values={"rr": replace(VALUES["rr"], origin=Origin.IMPEDANCE)})
    _, rows = _read(monitor_message(replace(SCENE, view=impedance), "b1-m1", SENDER, "M2"))
    assert "MDC_TTHOR_RESP_RATE" in rows
    assert monitor_message(SCENE, "b1-m9", SENDER, "M3") is None


def test_nobodys_values_are_sent_to_nobody() -> None:
    nobody = replace(SCENE, view=replace(VIEW, patient=None))
    assert pump_message(nobody, PUMP, SENDER, "M1") is None
    assert monitor_message(nobody, "b1-m1", SENDER, "M1") is None
    assert event_message(nobody, PUMP, DeliveryEvent(Delivery.START, NOW_US), SENDER, "M1") is None


def test_a_stop_of_delivery_says_what_where_and_why() -> None:
    event = DeliveryEvent(Delivery.STOP, NOW_US - 5_000_000, "pump-stopped-by-clinician")
    message, rows = _read(event_message(SCENE, replace(PUMP, infusing=False), event, SENDER, "M4"))
    assert message.kind == ("ORU", "R42")
    assert message.get("OBR", 7) == time_text(NOW_US - 5_000_000)
    assert rows["MDC_ATTR_EVT_COND"].value.startswith("197290^MDC_EVT_PUMP_DELIV_STOP")
    assert rows["MDC_ATTR_EVT_SOURCE"].value == "1.1.2.0"
    assert rows["MDC_PUMP_NOT_DELIVERING_REASON"].value == "^pump-stopped-by-clinician"


def test_an_end_of_delivery_carries_what_the_pump_says_it_has_infused_and_the_dose() -> None:
    counted = replace(SCENE, volumes_ul={"b1-p1": 12_450})
    for kind in (Delivery.STOP, Delivery.COMPLETE):
        _, rows = _read(
            event_message(counted, replace(PUMP, infusing=False), DeliveryEvent(kind, NOW_US), SENDER, "M4")
        )
        volume = rows["MDC_VOL_FLUID_DELIV_TOTAL"]
        assert (volume.number, volume.unit.ref, volume.path) == (Decimal("12.45"), "MDC_DIM_MILLI_L", (1, 1, 2, 7))
        assert rows["MDC_DOSE_DRUG_DELIV_TOTAL"].value == "^24.8^-^24.901"


def test_a_pump_that_counts_no_volume_gets_none() -> None:
    _, rows = _read(event_message(SCENE, PUMP, DeliveryEvent(Delivery.STOP, NOW_US), SENDER, "M4"))
    volume = rows["MDC_VOL_FLUID_DELIV_TOTAL"]
    assert (volume.value, volume.number, volume.flags, volume.status) == ("", None, ("NAV",), "X")
    _, rows = _read(event_message(SCENE, PUMP, DeliveryEvent(Delivery.START, NOW_US), SENDER, "M4"))
    assert "MDC_VOL_FLUID_DELIV_TOTAL" not in rows


def test_a_dose_that_is_known_exactly_is_one_number() -> None:
    exact = replace(PUMP, delivered=DoseView(24_800_000, 24_800_000))
    _, rows = _read(pump_message(SCENE, exact, SENDER, "M1"))
    assert rows["MDC_DOSE_DRUG_DELIV_TOTAL"].number == Decimal("24.8")


def _change(alarm: Alarm = ALARM, phase: Phase = Phase.START, first: str = "") -> AlarmChange:
    return AlarmChange(alarm, phase, PATIENT, "PACU^Bay 3^1", NOW_US, NOW_US + 1, NOW_US, first)


def test_an_alarm_is_written_with_every_facet() -> None:
    message, rows = _read(alarm_message(_change(), SENDER, "A1"))
    assert message.kind == ("ORU", "R40")
    assert message.get("OBR", 29) == message.get("OBR", 29, 2) == ""
    assert rows["MDC_EVT_LO"].value == "SpO2 86 %, below 90 %"
    assert (rows["MDC_PULS_OXIM_SAT_O2"].value, rows["MDC_PULS_OXIM_SAT_O2"].limits) == ("86", "< 90 %")
    names = ("EVENT_PHASE", "ALARM_STATE", "ALARM_PRIORITY", "ALERT_TYPE")
    assert [rows[f"MDC_ATTR_{name}"].value for name in names] == ["start", "active", "PH", "SP"]
    assert rows["MDC_ATTR_ALARM_INACTIVATION_STATE"].value == "enabled"


def test_what_follows_names_the_alarms_first_message() -> None:
    ended = with_changes(ALARM, state=AlarmState.ENDED, present=False)
    message, rows = _read(alarm_message(_change(ended, Phase.END, "A1"), SENDER, "A2"))
    obr = message.first("OBR")
    assert obr is not None
    assert [obr.get(29, 2, 1, part) for part in (1, 2, 3, 4)] == ["A1", "PUMPD", "0011223344556677", "EUI-64"]
    assert (rows["MDC_ATTR_EVENT_PHASE"].value, rows["MDC_ATTR_ALARM_STATE"].value) == ("end", "inactive")


def test_a_condition_without_a_code_is_a_general_alarm_in_its_own_words() -> None:
    alarm = with_changes(ALARM, condition="kernel_late", kind=AlarmKind.TECHNICAL, device=None, value=None, limit=None)
    _, rows = _read(alarm_message(_change(alarm), SENDER, "A3"))
    assert rows["MDC_EVT_ALARM"].value.startswith("196616^MDC_EVT_ALARM^MDC^^^^^^SpO2")
    assert rows["MDC_ATTR_ALERT_TYPE"].value == "ST"


def test_an_alarm_without_a_patient_is_told_all_the_same() -> None:
    message, _ = _read(alarm_message(replace(_change(), patient=None), SENDER, "A4"))
    assert (message.get("PID", 5, 7), message.get("PID", 31)) == ("U", "Y")


def test_the_alarm_table_names_only_what_there_is() -> None:
    for kind in kinds().values():
        assert kind.source == "" or kind.source in SIGNALS or kind.source.startswith("MDC_DEV_PUMP")


def test_a_change_of_the_rate_is_an_administration() -> None:
    change = RateChange(3500, NOW_US, "Grace | Nurse")
    message, _ = _read(rate_message(PATIENT, "PACU", PUMP, change, SENDER, "R1", NOW_US))
    rxa = message.first("RXA")
    assert rxa is not None
    assert [rxa.get(number) for number in (6, 7, 12, 13, 14, 20)] == ["3.5", "mL", "H1", "2", "mg", "RE"]
    assert rxa.get(10, 2) == "Grace | Nurse"
    stopped, _ = _read(rate_message(PATIENT, "PACU", PUMP, RateChange(0, NOW_US), SENDER, "R2", NOW_US))
    assert (stopped.get("RXA", 6), stopped.get("RXA", 20)) == ("0", "CP")


def test_a_report_is_a_whole_document() -> None:
    document = Document("c1", "Course of ketamine", b"<html>\x0b</html>", NOW_US)
    message, _ = _read(document_message(PATIENT, "PACU", document, SENDER, "D1"))
    obx = message.first("OBX")
    assert obx is not None
    assert base64.b64decode(obx.get(5, 5)) == b"<html>\x0b</html>"
    assert message.get("TXA", 12) == "c1"
