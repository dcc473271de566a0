"""Our checker: what we hold for right is found right, and each thing that is wrong is found with segment and field."""

from __future__ import annotations

import pytest
from pumpd_hl7.message import read_message
from pumpd_hl7.rules import check

from pumpd.gateways import Finding
from tests.hl7.mutated import FIXTURES, fixture, put, read, without

NAMES = sorted(path.stem for path in FIXTURES.glob("*.hl7"))
PUMP, MONITOR, START, END, SPO2 = (
    "pcd01_ketamine_syringe",
    "pcd01_monitor",
    "pcd04_occlusion_start",
    "pcd04_occlusion_end",
    "pcd04_spo2_low_start",
)
BEGUN, STOPPED, GIVEN, MOVED, FATE = (
    "pcd10_start",
    "pcd10_stop_clinician",
    "ras_o17_rate_change",
    "adt_a02",
    "pcd05_accepted",
)
SPO2_UNIT, FLOW_UNIT = "262688^MDC_DIM_PERCENT^MDC", "265266^MDC_DIM_MILLI_L_PER_HR^MDC"

CHANGES = [
    # message, segment, nth, field, what stands there, where it is found, by which rule
    (PUMP, "MSH", 1, 3, "", "MSH-3", "required"),
    (PUMP, "MSH", 1, 3, "PUMPD", "MSH-3", "eui64"),
    (PUMP, "MSH", 1, 7, "", "MSH-7", "required"),
    (PUMP, "MSH", 1, 7, "20260115101530", "MSH-7", "time.zone"),
    (PUMP, "MSH", 1, 7, "202601151015+0000", "MSH-7", "time.precision"),
    (PUMP, "MSH", 1, 7, "20261315101530+0000", "MSH-7", "time"),
    (PUMP, "MSH", 1, 9, "ORU^R01", "MSH-9", "structure"),
    (PUMP, "MSH", 1, 9, "ORU^R01^ORU_R40", "MSH-9", "structure"),
    (PUMP, "MSH", 1, 9, "", "MSH-9", "required"),
    (PUMP, "MSH", 1, 10, "", "MSH-10", "required"),
    (PUMP, "MSH", 1, 10, "X" * 200, "MSH-10", "length"),
    (PUMP, "MSH", 1, 11, "X", "MSH-11", "table"),
    (PUMP, "MSH", 1, 12, "3.0", "MSH-12", "table"),
    (PUMP, "MSH", 1, 12, "2.5", "MSH-12", "version"),
    (PUMP, "MSH", 1, 13, "7", "MSH-13", "sequence"),
    (PUMP, "MSH", 1, 15, "NE", "MSH-15", "accept"),
    (PUMP, "MSH", 1, 16, "AL", "MSH-16", "accept"),
    (START, "MSH", 1, 16, "", "MSH-16", "required"),
    (PUMP, "MSH", 1, 21, "", "MSH-21", "required"),
    (PUMP, "MSH", 1, 21, "A^B^1.3.6.1.4.1.19376.1.6.1.4.1^ISO", "MSH-21", "oid"),
    (START, "MSH", 1, 21, "A^B^1.3.6.1.4.1.19376.1.6.4.4.1^ISO", "MSH-21", "oid"),
    (PUMP, "PID", 1, 3, "", "PID-3", "identifier"),
    (PUMP, "PID", 1, 3, "Unknown Patient", "PID-3", "identifier"),
    (PUMP, "PID", 1, 3, "100042", "PID-3", "authority"),
    (PUMP, "PID", 1, 5, "", "PID-5", "required"),
    (PUMP, "PID", 1, 7, "19701301", "PID-7", "time"),
    (PUMP, "PID", 1, 8, "X", "PID-8", "table"),
    (PUMP, "PV1", 1, 2, "", "PV1-2", "required"),
    (PUMP, "PV1", 1, 3, "^^^HOSP", "PV1-3", "place"),
    (PUMP, "OBR", 1, 1, "2", "OBR-1", "number"),
    (PUMP, "OBR", 1, 3, "", "OBR-3", "required"),
    (PUMP, "OBR", 1, 3, "R1", "OBR-3", "eui64"),
    (PUMP, "OBR", 1, 4, "", "OBR-4", "required"),
    (PUMP, "OBR", 1, 4, "1234", "OBR-4", "name"),
    (PUMP, "OBR", 1, 7, "20260115101530", "OBR-7", "time.zone"),
    (MONITOR, "OBR", 1, 8, "20260115101400+0000", "OBR-8", "order"),
    (PUMP, "OBX", 5, 1, "7", "OBX[5]-1", "number"),
    (PUMP, "OBX", 5, 2, "", "OBX[5]-2", "required"),
    (PUMP, "OBX", 5, 2, "XX", "OBX[5]-2", "type"),
    (PUMP, "OBX", 5, 3, "", "OBX[5]-3", "required"),
    (PUMP, "OBX", 5, 3, "RATE^Rate^L", "OBX[5]-3", "mdc"),
    (PUMP, "OBX", 5, 3, "0^MDC_FLOW_FLUID_PUMP_CURRENT^MDC", "OBX[5]-3", "code"),
    (PUMP, "OBX", 5, 3, "12345^MDC_NOBODY_KNOWS^MDC", "OBX[5]-3", "unknown"),
    (PUMP, "OBX", 5, 3, "158014^MDC_FLOW_FLUID_PUMP^MDC", "OBX[5]-3", "name"),
    (START, "OBX", 6, 3, "68165^MDC_ATTR_EVENT_PHASE^MDC", "OBX[6]-3", "old"),
    (PUMP, "OBX", 5, 4, "", "OBX[5]-4", "path"),
    (PUMP, "OBX", 5, 4, "1.1.1.1", "OBX[5]-4", "unique"),
    (PUMP, "OBX", 6, 4, "1.1.1.0.1", "OBX[6]-4", "order"),
    (PUMP, "OBX", 3, 4, "1.1.1.5", "OBX[3]-4", "device"),
    (MONITOR, "OBX", 9, 4, "2.7.1.1", "OBX[9]-4", "parent"),
    (PUMP, "OBX", 5, 5, "", "OBX[5]-5", "required"),
    (PUMP, "OBX", 5, 5, "3,5", "OBX[5]-5", "number"),
    (PUMP, "OBX", 4, 5, "^infusing", "OBX[4]-5", "word"),
    (PUMP, "OBX", 5, 6, "", "OBX[5]-6", "required"),
    (PUMP, "OBX", 5, 6, "mL/h", "OBX[5]-6", "mdc"),
    (PUMP, "OBX", 5, 6, "furlong", "OBX[5]-6", "unknown"),
    (PUMP, "OBX", 5, 6, "265266^MDC_DIM_MILLI_L^MDC", "OBX[5]-6", "name"),
    (PUMP, "OBX", 5, 6, f"{FLOW_UNIT}^mL^mL^UCUM", "OBX[5]-6", "ucum"),
    (MONITOR, "OBX", 3, 6, "266016^MDC_DIM_MMHG^MDC", "OBX[3]-6", "unit"),
    (MONITOR, "OBX", 6, 6, SPO2_UNIT, "OBX[6]-6", "unit"),
    (MONITOR, "OBX", 3, 8, "ODD", "OBX[3]-8", "table"),
    (MONITOR, "OBX", 3, 8, "INV", "OBX[3]-11", "status"),
    (PUMP, "OBX", 5, 11, "", "OBX[5]-11", "required"),
    (PUMP, "OBX", 5, 11, "F", "OBX[5]-11", "status"),
    (PUMP, "OBX", 5, 11, "?", "OBX[5]-11", "table"),
    (PUMP, "OBX", 2, 11, "R", "OBX[2]-11", "status"),
    (MONITOR, "OBX", 9, 14, "20260115101400", "OBX[9]-14", "time.zone"),
    (MONITOR, "OBX", 9, 17, "ODD", "OBX[9]-17", "table"),
    (PUMP, "OBX", 1, 18, "", "OBX-18", "required"),
    (PUMP, "OBX", 1, 18, "P0001", "OBX-18", "eui64"),
    (START, "OBR", 1, 4, "1234^Occlusion", "OBR-4", "alarm"),
    (START, "OBX", 6, 5, "begin", "OBX[6]-5", "word"),
    (START, "OBX", 6, 5, "end", "OBR-29", "parent"),
    (END, "OBX", 6, 5, "start", "OBR-29", "parent"),
    (END, "OBX", 7, 5, "active", "OBX[7]-5", "state"),
    (START, "OBX", 7, 5, "inactive", "OBX[7]-5", "state"),
    (START, "OBX", 8, 5, "enabled~silent", "OBX[8]-5", "word"),
    (START, "OBX", 9, 5, "HIGH", "OBX[9]-5", "word"),
    (START, "OBX", 10, 5, "SP", "OBX[4]-3", "event"),
    (SPO2, "OBX", 9, 5, "ST", "OBX[4]-3", "facet"),
    (START, "OBX", 4, 14, "", "OBX[4]-14", "time"),
    (START, "OBX", 10, 4, "1.1.3.0.7", "OBR", "one alert"),
    (START, "OBX", 7, 3, "68484^MDC_ATTR_ALARM_PRIORITY^MDC", "OBX[7]-3", "facet"),
    (BEGUN, "OBX", 2, 5, "1^ODD^MDC", "OBX[2]-5", "event"),
    (BEGUN, "OBX", 3, 5, "1.7.7.0", "OBX[3]-5", "source"),
    (BEGUN, "OBX", 6, 3, "157784^MDC_FLOW_FLUID_PUMP^MDC", "OBR", "row"),
    (STOPPED, "OBX", 16, 3, "157884^MDC_VOL_FLUID_TBI^MDC", "OBR", "row"),
    (STOPPED, "OBX", 22, 3, "157884^MDC_VOL_FLUID_TBI^MDC", "OBR", "row"),
    (GIVEN, "ORC", 1, 1, "", "ORC-1", "required"),
    (GIVEN, "RXA", 1, 3, "20260115", "RXA-3", "time.precision"),
    (GIVEN, "RXA", 1, 6, "", "RXA-6", "required"),
    (GIVEN, "RXA", 1, 6, "much", "RXA-6", "number"),
    (GIVEN, "RXA", 1, 7, "", "RXA-7", "required"),
    (GIVEN, "RXA", 1, 14, "", "RXA-14", "required"),
    (GIVEN, "RXA", 1, 20, "OK", "RXA-20", "table"),
    (GIVEN, "RXR", 1, 1, "", "RXR-1", "required"),
    (MOVED, "EVN", 1, 2, "", "EVN-2", "required"),
    (MOVED, "PV1", 1, 3, "", "PV1-3", "required"),
    (MOVED, "PV1", 1, 6, "", "PV1-6", "prior"),
    (FATE, "MSA", 1, 2, "", "MSA-2", "required"),
    (FATE, "PRT", 1, 3, "Seen^Seen", "PRT-3", "table"),
]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_right_is_found_right(name: str) -> None:
    assert check(fixture(name)) == []


@pytest.mark.parametrize(("name", "segment", "nth", "field", "text", "where", "rule"), CHANGES)
def test_one_wrong_field_is_named(
    name: str, segment: str, nth: int, field: int, text: str, where: str, rule: str
) -> None:
    found = check(put(fixture(name), segment, field, text, nth))
    assert (where, rule) in {(finding.where, finding.rule) for finding in found}, found


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        (PUMP, "PID"),
        (PUMP, "OBR"),
        (PUMP, "OBX"),
        (MOVED, "EVN"),
        (MOVED, "PV1"),
        (GIVEN, "RXA"),
        (GIVEN, "RXR"),
        (FATE, "MSA"),
        (FATE, "PRT"),
    ],
)
def test_a_segment_that_is_not_there_is_named(name: str, segment: str) -> None:
    found = check(without(fixture(name), segment))
    assert (segment, "required") in {(finding.segment, finding.rule) for finding in found if finding.field == 0}


def test_every_facet_of_an_alert_is_asked_for() -> None:
    message = fixture(START)
    for digit in range(1, 8):
        lines = [line for line in message.lines if f"|1.1.2.0.{digit}|" not in line]
        found = [finding for finding in check(read("\r".join(lines))) if finding.rule == "facet"]
        assert [f"facet {digit}" in finding.text for finding in found] == [True]
        assert found[0].severity == ("error" if digit <= 5 else "warning")


def test_who_is_not_known_is_no_mistake() -> None:
    message = put(put(fixture(PUMP), "PID", 3, ""), "PID", 5, "^^^^^^U")
    assert check(put(message, "PID", 31, "Y")) == []


def test_characters_that_nothing_announces_are_named() -> None:
    raw = (FIXTURES / "adt_a02.hl7").read_bytes().replace(b"Ada", "Ädä".encode())
    found = read_message(raw, "utf-8")
    assert [(finding.where, finding.rule) for finding in check(found)] == [("MSH-18", "charset")]  # type: ignore[arg-type]


def test_a_merge_names_the_old_identifier() -> None:
    head = "MSH|^~\\&|A|B|C|D|20260115101530+0000||ADT^A40^ADT_A39|1|P|2.6\rEVN|A40|20260115101530+0000\r"
    patient = "PID|||1^^^H^MR||Test^Ada||19700101|F\r"
    assert check(read(f"{head}{patient}MRG|2^^^H^MR\r")) == []
    assert [finding.where for finding in check(read(f"{head}{patient}"))] == ["MRG"]
    assert [finding.rule for finding in check(read(f"{head}{patient}MRG|1^^^H^MR\r"))] == ["same"]


def test_an_order_for_a_pump_is_whole() -> None:
    order = (
        "MSH|^~\\&|PHARM^1^EUI-64|H|PUMPD|H|20260115101530+0000||RGV^O15^RGV_O15|1|P|2.6|||AL|AL|||||"
        "A^B^1.3.6.1.4.1.19376.1.6.1.3.1^ISO\rPID|||1^^^H^MR||Test^Ada\r"
        "ORC|RE|RX1||||||O1|20260115101530+0000||||||||||42^Nurse\r"
        "RXG|1|||1234^Ketamine|50||263762^mL^MDC||||||||3.5|265266^mL/h^MDC\rRXR|IV\r"
        "OBX|1||70054^MDC_DEV_PUMP_INFUS_SYRINGE_VMD^MDC|1.1.0.0|||||||X|||||||P1^^1^EUI-64\r"
    )
    message = read(order)
    assert check(message) == []
    for segment, field, text in (("ORC", 9, ""), ("ORC", 19, ""), ("RXG", 4, ""), ("RXG", 16, ""), ("RXR", 1, "")):
        assert (segment, field) in {(f.segment, f.field) for f in check(put(message, segment, field, text))}
    bolus = put(put(message, "ORC", 1, "CH"), "ORC", 8, "")
    assert [(finding.where, finding.rule) for finding in check(bolus)] == [("ORC-8", "required")]
    assert [finding.where for finding in check(without(message, "OBX"))] == ["PRT"]


def test_errors_come_before_warnings() -> None:
    found = check(put(put(fixture(PUMP), "MSH", 3, "PUMPD"), "OBX", 5, "x", 19))
    assert [finding.severity for finding in found] == sorted(finding.severity for finding in found)
    assert {finding.severity for finding in found} == {"error", "warning"}


def test_where_a_finding_is_reads_as_people_write_it() -> None:
    assert Finding("OBX", 3, 5, "", "", "error").where == "OBX[3]-5"
    assert Finding("PID", 1, 0, "", "", "error").where == "PID"
