"""PCD-04, PCD-05 and PCD-10 in: which alarm stands at which device, what became of ours, what a pump did."""

from __future__ import annotations

import pytest
from pumpd_hl7.message import Message
from pumpd_hl7.profiles.devices import Fresh
from pumpd_hl7.profiles.pcd04 import Alert, Alerts, is_alert, read_pcd04, with_alert
from pumpd_hl7.profiles.pcd05 import AlertStatus, read_pcd05
from pumpd_hl7.profiles.pcd10 import PumpEvent, PumpEvents, read_pcd10
from pumpd_hl7.profiles.people import Refused

from pumpd.device.facts import AlarmCode
from tests.hl7.mutated import fixture, mutations, put, read

SENT_US = 1_768_472_130_000_000  # 2026-01-15 10:15:30 UTC
FRESH = Fresh(SENT_US)
SOURCES = ("P0001", "MON7")
OCCLUSION = "MDC_EVT_FLUID_LINE_OCCL/MDC_DEV_PUMP_INFUSATE_SOURCE_PRIMARY"


def _alert(message: Message) -> Alert:
    found = read_pcd04(message, SOURCES)
    assert isinstance(found, Alerts), found
    (one,) = found.alerts
    return one


def test_a_technical_alarm_is_read_with_all_its_facets() -> None:
    alert = _alert(fixture("pcd04_occlusion_audio_paused"))
    assert (alert.source, alert.id, alert.code, alert.text, alert.known) == (
        "P0001",
        "A1",
        OCCLUSION,
        "Occlusion",
        True,
    )
    assert (alert.phase, alert.state, alert.priority, alert.kind) == ("update", "active", "PH", "ST")
    assert (alert.inactivation, alert.at_us, alert.stands) == (frozenset(("audio-paused",)), SENT_US, True)


def test_a_physiological_alarm_names_what_was_measured() -> None:
    alert = _alert(fixture("pcd04_spo2_low_start"))
    assert (alert.code, alert.text, alert.kind) == ("MDC_EVT_LO/MDC_PULS_OXIM_SAT_O2", "SpO2 low (86)", "SP")


def test_an_alarm_stands_at_its_device_until_it_ends() -> None:
    start, end = _alert(fixture("pcd04_occlusion_start")), _alert(fixture("pcd04_occlusion_end"))
    other = AlarmCode("MDC_EVT_BATT_LO", "Battery low")
    standing = with_alert((other,), start)
    assert standing == (other, AlarmCode(OCCLUSION, "Occlusion"))
    assert with_alert(standing, start) == standing
    assert with_alert(standing, end) == (other,)


@pytest.mark.parametrize(
    ("phase", "state", "stands"),
    [
        ("start", "active", True),
        ("continue", "active", True),
        ("", "", True),
        ("never heard of", "", True),
        ("update", "latched", True),
        ("end", "latched", True),
        ("end", "active", False),
        ("reset", "", False),
        ("", "inactive", False),
        ("tpoint", "", False),
    ],
)
def test_what_does_not_say_that_it_has_ended_stands(phase: str, state: str, stands: bool) -> None:
    message = put(fixture("pcd04_occlusion_start"), "OBX", 5, phase, nth=6)
    assert _alert(put(message, "OBX", 5, state, nth=7)).stands is stands


def test_facets_are_known_by_name_by_their_old_codes_and_in_any_place() -> None:
    lines = list(fixture("pcd04_occlusion_end").lines)
    text = "\r".join(lines).replace("68481^MDC_ATTR_EVENT_PHASE", "68165^OLD").replace("68482^", "0^")
    moved = text.replace("|1.1.2.0.3|", "|1.1.2.0.9|")
    alert = _alert(read(moved + "\r"))
    assert (alert.phase, alert.state, alert.stands) == ("end", "inactive", False)


def test_the_older_way_of_writing_priority_and_type_is_understood() -> None:
    rows = (
        "MSH|^~\\&|GW|H|PUMPD|H|20260115101530+0000||ORU^R01|1|P|2.6",
        "OBR|1||A7|196616^MDC_EVT_ALARM^MDC|||20260115101530+0000",
        "OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||MON7",
        "OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.0.1|86|262688^MDC_DIM_PERCENT^MDC|90-100|L~PH~SP|||F",
    )
    message = read("\r".join(rows) + "\r")
    assert is_alert(message)
    alert = _alert(message)
    assert (alert.code, alert.priority, alert.kind, alert.stands) == ("MDC_PULS_OXIM_SAT_O2", "PH", "SP", True)


def test_an_alarm_of_an_unknown_event_is_kept_in_its_own_words() -> None:
    alert = _alert(put(fixture("pcd04_occlusion_start"), "OBX", 5, "77^MINE^99X^^^^^^Door open", nth=4))
    assert (alert.text, alert.known) == ("Door open", False)


@pytest.mark.parametrize("name", ["pcd04_occlusion_start", "pcd04_spo2_low_start"])
def test_no_broken_field_ends_an_alarm_or_gives_it_to_another_device(name: str) -> None:
    whole = _alert(fixture(name))
    for what, message in mutations(fixture(name)):
        found = read_pcd04(message, SOURCES)
        if isinstance(found, Refused):
            assert what.startswith(("PID", "OBR", "OBX")), what
            continue
        for alert in found.alerts:
            assert alert.source == whole.source, what
            assert alert.stands, what
            assert len(alert.text) <= 250, what


def test_what_became_of_our_alarm_is_read_with_who_and_when() -> None:
    assert read_pcd05(fixture("pcd05_accepted")) == (
        AlertStatus("OWN020", "A1", "Accepted", "42 Grace Nurse", SENT_US + 30_000_000),
    )


def test_a_status_needs_no_obr_but_the_message_that_it_is_about() -> None:
    message = fixture("pcd05_accepted")
    bare = read("\r".join(line for line in message.lines if line[:3] in ("MSH", "MSA", "PRT")) + "\r")
    (status,) = _statuses(bare)
    assert (status.control_id, status.alert_id) == ("OWN020", "")
    refused = read_pcd05(put(bare, "MSA", 2, ""))
    assert isinstance(refused, Refused)
    assert (refused.problems[0].segment, refused.problems[0].field) == ("MSA", 2)
    unknown = read_pcd05(put(bare, "PRT", 3, "Maybe"))
    assert isinstance(unknown, Refused)
    assert (unknown.problems[0].segment, unknown.problems[0].field) == ("PRT", 3)


def _statuses(message: Message) -> tuple[AlertStatus, ...]:
    found = read_pcd05(message)
    assert not isinstance(found, Refused)
    return found


def test_no_broken_field_makes_another_status() -> None:
    for what, message in mutations(fixture("pcd05_accepted")):
        found = read_pcd05(message)
        for status in () if isinstance(found, Refused) else found:
            assert status.status == "Accepted", what
            assert status.control_id in ("OWN020", "") or what.startswith("MSA"), what


@pytest.mark.parametrize(
    ("name", "event", "reason", "infusing"),
    [
        ("pcd10_start", PumpEvent.START, "", True),
        ("pcd10_stop_clinician", PumpEvent.STOP, "pump-stopped-by-clinician", False),
    ],
)
def test_an_event_of_a_pump_is_read_with_its_status(name: str, event: PumpEvent, reason: str, infusing: bool) -> None:
    found = read_pcd10(fixture(name), SOURCES, FRESH)
    assert isinstance(found, PumpEvents)
    ((one,), (report,)) = found.events, found.observed.reports
    assert (one.source, one.event, one.reason, one.at_us) == ("P0001", event, reason, SENT_US)
    assert report.status is not None
    assert report.status.infusing is infusing


def test_an_event_that_is_told_late_is_one_and_no_status() -> None:
    found = read_pcd10(fixture("pcd10_start"), SOURCES, Fresh(SENT_US + 3_600_000_000))
    assert isinstance(found, PumpEvents)
    assert len(found.events) == 1
    assert found.observed.reports == []


def test_no_broken_field_makes_another_event() -> None:
    for what, message in mutations(fixture("pcd10_start")):
        found = read_pcd10(message, SOURCES, FRESH)
        for one in () if isinstance(found, Refused) else found.events:
            assert one.source == "P0001", what
            assert one.event in (PumpEvent.START, PumpEvent.OTHER), what
