"""Devices behind an HL7 gateway at a real daemon: PCD-01 over a real socket is seen at the bed, or is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pumpd_hl7.times import time_text

from pumpd.device.facts import Quality
from pumpd.safety.events import LinkState
from pumpd.safety.view import BedView
from tests.daemon.hl7_peer import Ehr, adt, ehr_of
from tests.daemon.house import House

BED = """
[hl7]
application = "PUMPD"

[hl7.listen]
port = 0

[[hl7.peer]]
id = "gateway"
application = "HIS"
may = ["ADT", "ORU", "ORA"]

[hl7.locations]
"PALL^09^1" = "remote"

[[bed]]
id = "remote"
label = "Room 9"

[[bed.pump]]
id = "far-pump"
link = "hl7:P0001"
drug = "ketamine"
concentration = "1 mg/mL"
enforcement = "alarm"

[[bed.monitor]]
id = "far-monitor"
link = "hl7:MON7"
"""


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[House]:
    house = await House.open(tmp_path, more=BED)
    yield house
    await house.close()


def seen(house: House) -> BedView:
    return house.daemon.beds["remote"].view()


def now_s(house: House) -> int:
    """By the daemon's own wall clock."""
    return int(house.daemon.clock.wall().timestamp())


def oru(house: House, control_id: str, *rows: str, mrn: str = "M-9", ago_s: int = 0, at_s: int | None = None) -> bytes:
    """Of now, of so long ago, or of at_s."""
    at = time_text((now_s(house) - ago_s if at_s is None else at_s) * 1_000_000)
    head = (
        f"MSH|^~\\&|HIS|HOSP|PUMPD|HOSP|{at}||ORU^R01^ORU_R01|{control_id}|P|2.6",
        f"PID|||{mrn}^^^HOSP^MR||Quill^Q||19560203|F",
        f"OBR|1||R1|69965^MON^MDC|||{at}",
    )
    return "".join(f"{row}\r" for row in (*head, *rows)).encode()


def alert(house: House, control_id: str, phase: str, state: str, mrn: str = "M-9", ago_s: int = 0) -> bytes:
    rows = (
        PUMP[0],
        "OBX|2|CWE|196616^MDC_EVT_ALARM^MDC|1.1.2.0.1|196940^MDC_EVT_FLUID_LINE_OCCL^MDC^^^^^^Occlusion||||||F",
        f"OBX|3|ST|68481^MDC_ATTR_EVENT_PHASE^MDC|1.1.2.0.3|{phase}||||||F",
        f"OBX|4|ST|68482^MDC_ATTR_ALARM_STATE^MDC|1.1.2.0.4|{state}||||||F",
    )
    return oru(house, control_id, *rows, mrn=mrn, ago_s=ago_s).replace(b"ORU^R01^ORU_R01", b"ORU^R40^ORU_R40")


def monitor(spo2: str) -> tuple[str, str]:
    return (
        "OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||MON7^^0011223344550007^EUI-64",
        f"OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.0.1|{spo2}|262688^MDC_DIM_PERCENT^MDC|||||R",
    )


PUMP = (
    "OBX|1||70053^MDC_DEV_PUMP_INFUS_SYRINGE_MDS^MDC|1.0.0.0|||||||X|||||||P0001^^0011223344550001^EUI-64",
    "OBX|2|CWE|184519^MDC_PUMP_INFUSING_STATUS^MDC|1.1.1.1|^pump-status-infusing||||||R",
    "OBX|3|NM|158014^MDC_FLOW_FLUID_PUMP_CURRENT^MDC|1.1.1.2|3.5|265266^MDC_DIM_MILLI_L_PER_HR^MDC|||||R",
    "OBX|4|NM|157784^MDC_FLOW_FLUID_PUMP^MDC|1.1.2.4|9.9|265266^MDC_DIM_MILLI_L_PER_HR^MDC|||||R",
)


async def admitted(house: House) -> Ehr:
    ehr = await ehr_of(house)
    assert await ehr.send(adt("A01", "adm", "M-9", "Quill^Q", "PALL^09^1")) == "MSA|AA|adm"
    return ehr


async def test_a_monitor_and_a_pump_behind_a_gateway_are_seen_at_their_bed(ward: House) -> None:
    ehr = await admitted(ward)
    assert await ehr.send(oru(ward, "1", *monitor("91"))) == "MSA|AA|1"
    assert await ehr.send(oru(ward, "2", *PUMP)) == "MSA|AA|2"
    await ward.until(lambda: seen(ward).pumps[0].rate_ul_h == 3_500)
    assert seen(ward).pumps[0].infusing is True
    assert (seen(ward).values["spo2"].value_milli, seen(ward).values["spo2"].source) == (91_000, "far-monitor")
    ehr.close()


@pytest.mark.req("QUA-06")
async def test_a_message_of_another_patient_is_refused_and_nothing_of_it_is_shown(ward: House) -> None:
    ehr = await admitted(ward)
    assert (await ehr.send(oru(ward, "1", *monitor("91"), mrn="M-8"))).startswith("MSA|AE|1")
    assert "spo2" not in seen(ward).values or seen(ward).values["spo2"].value_milli is None
    device = next(one for one in seen(ward).devices if one.id == "far-monitor")
    assert (device.link, device.detail) == (
        LinkState.REFUSED,
        "its messages name another patient than the one bound to this bed",
    )
    assert any("another patient" in alarm.text for alarm in seen(ward).alarms)
    assert await ehr.send(oru(ward, "2", *monitor("91"))) == "MSA|AA|2"
    await ward.until(lambda: seen(ward).values["spo2"].value_milli == 91_000)
    assert not any("another patient" in alarm.text for alarm in seen(ward).alarms)
    ehr.close()


async def test_a_long_message_is_seen_too(ward: House) -> None:
    ehr = await admitted(ward)
    others = (f"OBX|{n}|NM|99999{n}^MINE^X|1.1.0.{n}|1|262688^MDC_DIM_PERCENT^MDC|||||R" for n in range(2, 500))
    assert await ehr.send(oru(ward, "1", *monitor("91"), *others)) == "MSA|AA|1"
    await ward.until(lambda: seen(ward).values["spo2"].value_milli == 91_000)
    ehr.close()


@pytest.mark.req("QUA-02")
async def test_a_value_that_overtook_a_newer_one_or_is_old_is_not_shown(ward: House) -> None:
    ehr = await admitted(ward)
    first_s = now_s(ward)
    await ehr.send(oru(ward, "1", *monitor("91"), at_s=first_s))
    await ward.until(lambda: seen(ward).values["spo2"].value_milli == 91_000)
    assert await ehr.send(oru(ward, "2", *monitor("99"), at_s=first_s - 3)) == "MSA|AA|2"
    assert await ehr.send(oru(ward, "3", *monitor("98"), ago_s=7200)) == "MSA|AA|3"
    assert seen(ward).values["spo2"].value_milli == 91_000
    assert seen(ward).values["spo2"].quality is Quality.OK
    ehr.close()


async def test_an_alarm_of_a_pump_behind_a_gateway_stands_at_its_bed_until_it_ends(ward: House) -> None:
    ehr = await admitted(ward)
    assert (await ehr.send(alert(ward, "1", "start", "active", mrn="M-8"))).startswith("MSA|AE|1")
    assert not occluded(ward)
    assert await ehr.send(alert(ward, "2", "start", "active")) == "MSA|AA|2"
    await ward.until(lambda: occluded(ward))
    assert await ehr.send(alert(ward, "9", "end", "inactive", ago_s=60)) == "MSA|AA|9", "of an earlier one"
    assert occluded(ward)
    assert await ehr.send(alert(ward, "3", "end", "inactive")) == "MSA|AA|3"
    await ward.until(lambda: not occluded(ward))
    ehr.close()


async def test_an_alarm_that_stood_before_a_restart_ends_after_it(ward: House) -> None:
    ehr = await admitted(ward)
    await ehr.send(alert(ward, "1", "start", "active"))
    await ward.until(lambda: occluded(ward))
    ehr.close()
    await ward.daemon.stop()
    await ward.start()
    ehr = await ehr_of(ward)
    assert occluded(ward)
    assert await ehr.send(alert(ward, "2", "end", "inactive")) == "MSA|AA|2"
    await ward.until(lambda: not occluded(ward))
    ehr.close()


def occluded(house: House) -> bool:
    return any("Occlusion" in alarm.text for alarm in seen(house).alarms)


async def test_an_event_of_a_pump_and_the_status_of_an_alarm_are_taken(ward: House) -> None:
    ehr = await admitted(ward)
    event = "OBX|5|CWE|68487^MDC_ATTR_EVT_COND^MDC|1.0.0.2|197288^MDC_EVT_PUMP_DELIV_START^MDC||||||R"
    started = oru(ward, "1", *PUMP, event).replace(b"ORU^R01^ORU_R01", b"ORU^R42^ORU_R01")
    assert await ehr.send(started) == "MSA|AA|1"
    await ward.until(lambda: seen(ward).pumps[0].rate_ul_h == 3_500)
    status = b"MSH|^~\\&|HIS|HOSP|PUMPD|HOSP|20260115101601+0000||ORA^R41^ORA_R41|2|P|2.6\rMSA|AA|OWN020\r"
    assert await ehr.send(status + b"PRT||AD|Accepted^Accepted^IHE_PCD_ACM|AAP|42^Nurse^Grace\r") == "MSA|AA|2"
    refused = await ehr.send(status.replace(b"|2|P|", b"|3|P|"))
    assert refused.startswith("MSA|AE|3")
    ehr.close()


async def test_what_became_of_our_alarm_stands_beside_it_and_acknowledges_nothing(ward: House) -> None:
    ehr = await admitted(ward)
    assert await ehr.send(alert(ward, "1", "start", "active")) == "MSA|AA|1"
    await ward.until(lambda: occluded(ward))
    alarm = next(one for one in seen(ward).alarms if "Occlusion" in one.text)
    for number, status in enumerate(("Delivered", "Accepted"), 2):
        head = f"MSH|^~\\&|HIS|HOSP|PUMPD|HOSP|20260115101601+0000||ORA^R41^ORA_R41|{number}|P|2.6\rMSA|AA|{alarm.id}\r"
        said = f"{head}PRT||AD|{status}^{status}^IHE_PCD_ACM|AAP|42^Nurse^Grace\r"
        assert await ehr.send(said.encode()) == f"MSA|AA|{number}"
    reports = [(one.report.status, one.report.person) for one in seen(ward).told.reports]
    assert reports == [("Delivered", "42 Grace Nurse"), ("Accepted", "42 Grace Nurse")]
    still = next(one for one in seen(ward).alarms if one.id == alarm.id)
    assert (still.state, still.acknowledged) == (alarm.state, None)
    ehr.close()
