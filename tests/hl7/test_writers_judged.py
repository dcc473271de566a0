"""Every message that we write passes our own checker, and hl7apy where its tables allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest
from msgspec.structs import replace as with_changes
from pumpd_hl7.acks import Problem, answer
from pumpd_hl7.judge import judge
from pumpd_hl7.message import Message, read_message
from pumpd_hl7.profiles.mdm_out import Document, document_message
from pumpd_hl7.profiles.outgoing import Sender
from pumpd_hl7.profiles.pcd01_out import monitor_message, pump_message
from pumpd_hl7.profiles.pcd03 import reply
from pumpd_hl7.profiles.pcd04_out import AlarmChange, alarm_message, kinds
from pumpd_hl7.profiles.pcd10_out import Delivery, DeliveryEvent, event_message
from pumpd_hl7.profiles.ras_out import RateChange, rate_message
from pumpd_hl7.rules import check

from pumpd.device.facts import Quality
from pumpd.device.signals import SIGNALS
from pumpd.safety.alarms import AlarmState, Phase
from pumpd.safety.policy import AlarmKind, Priority
from pumpd.safety.view import ValueView
from tests.hl7.profiles.test_pcd03 import MESSAGE as ORDER
from tests.hl7.test_writers import ALARM, NOW_US, PATIENT, PUMP, SCENE, SENDER, VIEW

PLACE = "PACU^Bay 3^1"
PUMPS = {
    "infusing": PUMP,
    "on hold": replace(PUMP, infusing=False, rate_ul_h=0),
    "doubtful": replace(PUMP, rate_quality=Quality.QUESTIONABLE),
    "not heard": replace(PUMP, infusing=None, rate_ul_h=None, rate_quality=Quality.STALE, at_ms=None),
    "rate not known": replace(PUMP, rate_ul_h=None, dose_mg_kg_h=None),
    "drug not known": replace(PUMP, drug=None, drug_label=None, concentration_ug_ml=None, dose_mg_kg_h=None),
}
STATES = {
    Phase.ACKNOWLEDGE: AlarmState.ACKNOWLEDGED,
    Phase.LATCH: AlarmState.LATCHED,
    Phase.RESET: AlarmState.ENDED,
    Phase.END: AlarmState.ENDED,
}
REASONS = {
    Delivery.START: "",
    Delivery.STOP: "pump-stopped-by-clinician",
    Delivery.COMPLETE: "pump-stopped-not-specified",
}


def written() -> Iterator[tuple[str, bytes | None]]:
    for name, pump in PUMPS.items():
        yield f"PCD-01 pump {name}", pump_message(SCENE, pump, SENDER, "M1")
    for quality in Quality:
        values = {name: ValueView(97_000, "", quality, 1000, "b1-m1") for name in SIGNALS}
        if quality in (Quality.STALE, Quality.INVALID, Quality.OFF):
            values = {name: replace(value, value_milli=None) for name, value in values.items()}
        scene = replace(SCENE, view=replace(VIEW, values=values))
        yield f"PCD-01 monitor {quality}", monitor_message(scene, "b1-m1", SENDER, "M2")
    for kind, pump in product(Delivery, ("infusing", "on hold")):
        event = DeliveryEvent(kind, NOW_US, REASONS[kind])
        yield f"PCD-10 {kind.name} {pump}", event_message(SCENE, PUMPS[pump], event, SENDER, "M3")
    for condition, phase in product([*kinds(), "something new"], Phase):
        for kind in AlarmKind:
            yield f"PCD-04 {condition} {phase} {kind}", alarm(condition, phase, kind)
    for rate in (0, 3500):
        yield (
            f"RAS {rate}",
            rate_message(PATIENT, PLACE, PUMP, RateChange(rate, NOW_US, "N. Grace"), SENDER, "M5", NOW_US),
        )
    for problems in ((), (Problem(9012, "another patient", "PID", 1, 3),)):
        yield f"RRG {len(problems)}", reply(SENDER, ORDER, problems, "M7", NOW_US)
        yield f"ACK {len(problems)}", answer(ORDER.msh, "CE" if problems else "CA", problems, "M8", NOW_US)
    yield "MDM", document_message(PATIENT, PLACE, Document("d1", "Course", b"<html>" * 5000, NOW_US), SENDER, "M6")


def alarm(condition: str, phase: Phase, kind: AlarmKind) -> bytes:
    state = STATES.get(phase, AlarmState.ACTIVE)
    changed = with_changes(ALARM, condition=condition, kind=kind, state=state, priority=Priority.MEDIUM)
    first = "" if phase is Phase.START else "M4"
    return alarm_message(AlarmChange(changed, phase, PATIENT, PLACE, NOW_US, NOW_US, NOW_US, first), SENDER, "M4")


def _read(raw: bytes | None) -> Message:
    assert raw is not None
    message = read_message(raw)
    assert isinstance(message, Message), message
    return message


def test_every_message_passes_our_checker() -> None:
    errors = [
        (name, finding.where, finding.rule, finding.text)
        for name, raw in written()
        for finding in check(_read(raw))
        if finding.severity == "error"
    ]
    assert errors == []


def test_what_a_person_wrote_spoils_no_message() -> None:
    patient = replace(PATIENT, family_name="O|^~\\&'Brien\r\n", mrn="1|2", given_name="Zoë")
    scene = replace(SCENE, view=replace(VIEW, patient=patient))
    pump = replace(PUMP, drug_label="ketamine | 2^")
    for raw in (pump_message(scene, pump, SENDER, "M1"), monitor_message(scene, "b1-m1", SENDER, "M2")):
        message = _read(raw)
        assert [finding for finding in check(message) if finding.severity == "error"] == []
        assert (message.get("PID", 3), message.get("PID", 5, 2)) == ("1|2", "Zoë")


@pytest.mark.parametrize("generation", ["real", "test", "demo"])
def test_a_plain_name_is_enough_for_a_sender(generation: str) -> None:
    plain = Sender("PUMPD", "", "EHR", "", generation)
    found = check(_read(pump_message(SCENE, PUMP, plain, "M1")))
    assert {(finding.severity, finding.rule) for finding in found} == {("warning", "eui64")}


def test_an_alarm_of_nobody_passes() -> None:
    raw = alarm_message(AlarmChange(ALARM, Phase.START, None, PLACE, NOW_US, NOW_US, NOW_US), SENDER, "M4")
    assert check(_read(raw)) == []


def test_hl7apy_finds_nothing_where_its_tables_allow() -> None:
    """One of each kind: it needs its time. Its table of flags is the one of laboratories."""
    kinds_of: dict[str, tuple[str, bytes | None]] = {}
    for name, raw in written():
        words = name.split()
        kinds_of.setdefault(f"{words[0]} {words[-1]}", (name, raw))
    texts = ["\r".join(_read(raw).lines) for _, raw in kinds_of.values()]
    judged = dict(zip((name for name, _ in kinds_of.values()), judge(texts), strict=True))
    found = [(name, one) for name, said in judged.items() for one in said.findings if "HL70078" not in one.text]
    assert found == []
    unjudged = {name.split()[0]: said.unjudged for name, said in judged.items() if said.unjudged}
    assert unjudged == {"PCD-04": "no structure (AttributeError)"}
