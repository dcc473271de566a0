"""PCD-01 in: per device the right values, from the right place, in the right unit, fresh; or none, with the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pumpd_hl7.message import Message
from pumpd_hl7.profiles.devices import Fresh, matches
from pumpd_hl7.profiles.pcd01 import DeviceReport, Observed, read_pcd01, wrong_patient
from pumpd_hl7.profiles.people import Person, Refused

from pumpd.device.facts import Integrity, PumpStatus, Quality
from pumpd.safety.events import Patient, Sex
from tests.hl7.mutated import fixture, mutations, put, read, without

SENT_US = 1_768_472_130_000_000  # 2026-01-15 10:15:30 UTC
FRESH = Fresh(SENT_US + 2_000_000)
ADA = Patient("100042", "Test", "Ada", "1970-01-01", Sex.FEMALE, 70_000)
VALUES = {
    "spo2": 97_000,
    "pulse": 72_000,
    "rr": 14_000,
    "etco2": 38_000,
    "nibp_sys": 118_000,
    "nibp_dia": 74_000,
    "nibp_mean": 89_000,
}


def _observed(message: Message, *sources: str, fresh: Fresh = FRESH) -> Observed:
    found = read_pcd01(message, sources or ("MON7", "P0001"), fresh)
    assert isinstance(found, Observed), found
    return found


def _one(message: Message, fresh: Fresh = FRESH) -> DeviceReport:
    (found,) = _observed(message, fresh=fresh).reports
    return found


def _values(report: DeviceReport) -> dict[str, int | None]:
    return {} if report.vitals is None else {one.signal: one.value_milli for one in report.vitals.readings}


def _rows(*rows: str, obr: str = "OBR|1||R1|69965^MON^MDC|||20260115101530+0000") -> Message:
    head = "MSH|^~\\&|GW|H|PUMPD|H|20260115101530+0000||ORU^R01|1|P|2.6"
    mds = "OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||MON7^^0011223344550007^EUI-64"
    return read("\r".join((head, obr, mds, *rows)) + "\r")


def _nm(code: str, value: str, unit: str, path: str = "1.1.0.1", flags: str = "", status: str = "R") -> str:
    return f"OBX|2|NM|{code}|{path}|{value}|{unit}||{flags}|||{status}"


def _reading(row: str) -> tuple[int | None, Quality] | str:
    """The reading of a single row, or why there is none."""
    found = _observed(_rows(row))
    for report in found.reports:
        if report.vitals is not None:
            (one,) = report.vitals.readings
            return one.value_milli, one.quality
    return found.dropped[0].why if found.dropped else ""


def test_a_monitor_is_read_with_its_inherited_device_and_the_times_of_its_cuff() -> None:
    report = _one(fixture("pcd01_monitor"))
    assert (report.source, report.at_us, _values(report)) == ("MON7", SENT_US, VALUES)
    assert report.vitals is not None
    assert report.vitals.integrity is Integrity.CRC16
    cuff = dict.fromkeys(("nibp_sys", "nibp_dia", "nibp_mean"), SENT_US - 90_000_000)
    assert dict(report.measured_us) == dict.fromkeys(VALUES, SENT_US) | cuff


def test_a_pump_tells_what_flows_now() -> None:
    status = _one(fixture("pcd01_ketamine_syringe")).status
    assert status == PumpStatus(
        infusing=True,
        rate_ul_h=3_500,
        volume_ul=12_400,
        requested_ms=None,
        integrity=Integrity.CRC16,
        drug="Ketamine 2 mg/mL",
        time_left_s=644 * 60,
        mode="delivering continuous",
    )


def test_the_programmed_rate_is_never_the_flowing_one() -> None:
    message = fixture("pcd01_ketamine_syringe")
    lines = [line for line in message.lines if "158014" not in line]
    status = _one(read("\r".join(lines) + "\r")).status
    assert status is not None
    assert (status.infusing, status.rate_ul_h) == (True, None)


@pytest.mark.parametrize(
    ("text", "delivery", "infusing"),
    [
        ("^pump-status-infusing", "^pump-delivery-status-delivering", True),
        ("pump-status-infusing", "", True),
        ("^pump-status-not-infusing", "^pump-delivery-status-not-delivering", False),
        ("^pump-status-not-infusing", "^pump-delivery-status-delivering", None),
        ("^pump-status-infusing", "^pump-delivery-status-not-delivering", True),
        ("^pump-status-sleeping", "^pump-delivery-status-not-delivering", None),
        ("", "^pump-delivery-status-delivering", True),
        ("", "^pump-delivery-status-kvo", True),
        ("", "^pump-delivery-status-transitioning", None),
        ("", "", None),
    ],
)
def test_whether_it_infuses_is_understood_or_unknown(text: str, delivery: str, infusing: bool | None) -> None:
    message = fixture("pcd01_ketamine_syringe")
    message = put(put(message, "OBX", 5, text, nth=4), "OBX", 5, delivery, nth=8)
    status = _one(message).status
    assert status is not None
    assert status.infusing is infusing


def test_two_channels_under_one_name_are_no_status() -> None:
    message = fixture("pcd01_ketamine_syringe")
    second = [line.replace("|1.1.", "|1.2.") for line in message.lines if "|1.1." in line]
    found = _observed(read("\r".join([*message.lines, *second]) + "\r"))
    assert found.reports == []
    assert [one.why for one in found.dropped] == ["twice"]


def test_a_channel_with_a_name_of_its_own_is_a_device_of_its_own() -> None:
    message = fixture("pcd01_ketamine_syringe")
    named = put(message, "OBX", 18, "CH1^^0011223344550009^EUI-64", nth=2)
    assert [one.source for one in _observed(named, "P0001", "CH1").reports] == ["CH1"]
    assert [one.source for one in _observed(named, "P0001").reports] == ["P0001"]


def test_a_device_is_named_by_its_identifier_its_eui_or_both() -> None:
    ei = "P0001^GW^0011223344550001^EUI-64"
    assert all(matches(name, ei) for name in ("P0001", "0011223344550001", ei))
    assert not any(matches(name, ei) for name in ("P000", "GW", "EUI-64", "", "P0001^OTHER"))
    assert not matches("P0001", "^^^")


def test_a_device_that_no_bed_has_is_counted() -> None:
    found = _observed(fixture("pcd01_monitor"), "OTHER")
    assert found.reports == []
    assert found.strangers == {"MON7^^0011223344550007^EUI-64": 7}


SPO2, RR, CO2, TEMP = "150456^MDC_PULS_OXIM_SAT_O2^MDC", "151562^MDC_RESP_RATE^MDC", "151728^ET^MDC", "150344^T^MDC"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (_nm(SPO2, "97.5", "262688^MDC_DIM_PERCENT^MDC"), (97_500, Quality.OK)),
        (_nm(SPO2, "97", "%"), (97_000, Quality.OK)),
        (_nm(SPO2, "97.5001", "%"), "digits"),
        (_nm(SPO2, "97", ""), "unit"),
        (_nm(SPO2, "0.97", "262656^MDC_DIM_DIMLESS^MDC"), "unit"),
        (_nm(SPO2, "97", "%", flags="QUES"), (97_000, Quality.QUESTIONABLE)),
        (_nm(SPO2, "97", "%", flags="INV"), (None, Quality.INVALID)),
        (_nm(SPO2, "97", "%", flags="OFF"), (None, Quality.OFF)),
        (_nm(SPO2, "97", "%", flags="TEST"), (None, Quality.INVALID)),
        (_nm(SPO2, "97", "%", flags="DEMO"), (None, Quality.INVALID)),
        (_nm(SPO2, "", "%", flags="NAV", status="X"), (None, Quality.INVALID)),
        (_nm(SPO2, "97", "%", status="W"), (None, Quality.INVALID)),
        (_nm(SPO2, "NaN", "%"), (None, Quality.INVALID)),
        (_nm(RR, "0", "264928^MDC_DIM_RESP_PER_MIN^MDC"), (0, Quality.OK)),
        (_nm(CO2, "5.1", "265987^MDC_DIM_KILO_PASCAL^MDC"), (38_253, Quality.OK)),
        (_nm(CO2, "5.1", "%"), "unit"),
        (_nm(TEMP, "36.6", "268192^MDC_DIM_DEGC^MDC"), (36_600, Quality.OK)),
        (_nm(TEMP, "97.9", "[degF]"), "unit"),
        (_nm("151708^MDC_CONC_AWAY_CO2_ET^MDC", "5", "%"), ""),
    ],
)
@pytest.mark.req("QUA-01", "RSP-03")
def test_a_value_has_its_unit_and_its_digits_or_is_none(row: str, expected: object) -> None:
    assert _reading(row) == expected


@pytest.mark.req("RSP-07")
def test_where_a_breathing_rate_comes_from_is_kept() -> None:
    rows = [
        _nm("151578^MDC_TTHOR_RESP_RATE^MDC", "16", "/min"),
        _nm(RR, "15", "/min", "1.1.0.2"),
        _nm("151594^MDC_CO2_RESP_RATE^MDC", "4", "/min", "1.1.0.3"),
    ]
    assert _values(_one(_rows(*rows))) == {"rr_imp": 16_000, "rr": 4_000}
    assert _values(_one(_rows(*reversed(rows)))) == {"rr_imp": 16_000, "rr": 4_000}


def test_two_values_of_one_signal_that_differ_are_none() -> None:
    found = _observed(_rows(_nm(SPO2, "97", "%"), _nm(SPO2, "85", "%", "1.2.0.1")))
    assert _values(found.reports[0]) == {"spo2": None}


@pytest.mark.parametrize(
    ("seconds", "signals"),
    [(14, 7), (16, 3), (209, 3), (211, 0), (-4, 7), (-6, 3)],
)
@pytest.mark.req("QUA-01", "QUA-02")
def test_what_is_old_or_of_the_future_is_no_reading(seconds: int, signals: int) -> None:
    fresh = replace(FRESH, now_us=SENT_US + seconds * 1_000_000)
    assert sum(len(_values(one)) for one in _observed(fixture("pcd01_monitor"), fresh=fresh).reports) == signals


def test_an_old_status_is_no_status() -> None:
    late = replace(FRESH, now_us=SENT_US + 16_000_000)
    found = _observed(fixture("pcd01_ketamine_syringe"), fresh=late)
    assert found.reports == []
    assert found.dropped[0].why == "stale"


def test_a_time_without_zone_is_the_peers() -> None:
    message = put(fixture("pcd01_ketamine_syringe"), "OBR", 7, "20260115111530")
    assert _observed(message).reports == []
    assert _one(message, replace(FRESH, offset_min=60)).at_us == SENT_US


def test_codes_and_units_that_no_table_knows_are_counted() -> None:
    rows = _nm("999^MINE^MDC", "1", "77^MY_UNIT^X"), _nm("999^MINE^MDC", "2", "%")
    found = _observed(_rows(*rows))
    assert (found.codes, found.units) == ({"999^MINE^MDC": 2}, {"77^MY_UNIT^X": 1})


@pytest.mark.req("QUA-06")
def test_a_device_of_another_patient_is_not_the_beds() -> None:
    ada = Person("100042", "Test", "Ada", "1970-01-01")
    assert wrong_patient(ada, ADA) is None
    assert wrong_patient(None, ADA) is None
    assert wrong_patient(ada, None) is None
    problem = wrong_patient(replace(ada, mrn="7"), ADA)
    assert problem is not None
    assert (problem.segment, problem.field) == ("PID", 3)
    assert wrong_patient(replace(ada, family_name="Other", birth_date="1950-01-01"), ADA) is not None
    assert wrong_patient(replace(ada, family_name="Married"), ADA) is None


def test_a_message_of_nobody_names_nobody() -> None:
    assert _one(put(fixture("pcd01_monitor"), "PID", 3, "Unknown Patient")).person is None
    assert _one(put(fixture("pcd01_monitor"), "PID", 31, "Y")).person is None
    assert _one(without(fixture("pcd01_monitor"), "PID")).person is None
    refused = read_pcd01(put(fixture("pcd01_monitor"), "PID", 3, "X" * 100), ("MON7",), FRESH)
    assert isinstance(refused, Refused)
    assert (refused.problems[0].segment, refused.problems[0].field) == ("PID", 3)


@pytest.mark.req("QUA-01", "QUA-06")
def test_no_broken_field_of_a_monitors_message_gives_a_wrong_value() -> None:
    for what, message in mutations(fixture("pcd01_monitor")):
        found = read_pcd01(message, ("MON7",), FRESH)
        if isinstance(found, Refused):
            assert what.startswith(("PID", "OBR")), what
            continue
        put_there = {-1_000, 20_261_399_000} if what.startswith("OBX-5 ") else set()
        for report in found.reports:
            for signal, value in _values(report).items():
                assert value in {VALUES[signal], None} | put_there, f"{what}: {signal} {value}"
            assert report.person is None or report.person.mrn == "100042" or what.startswith("PID-"), what


@pytest.mark.req("QUA-01")
def test_no_broken_field_of_a_pumps_message_gives_a_wrong_status() -> None:
    for what, message in mutations(fixture("pcd01_ketamine_syringe")):
        found = read_pcd01(message, ("P0001",), FRESH)
        if isinstance(found, Refused):
            assert what.startswith(("PID", "OBR")), what
            continue
        put_there = {20_261_399_000} if what.startswith("OBX-5 ") else set()
        for report in found.reports:
            assert report.vitals is None, what
            assert report.status is not None, what
            assert report.status.infusing in (True, None), what
            assert report.status.rate_ul_h in {3_500, None} | put_there, what
            assert report.status.volume_ul in {12_400, None} | put_there, what
