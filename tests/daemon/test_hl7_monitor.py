"""A monitor behind HL7 at a real daemon: a device of its bed, and of that bed's patient only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pumpd_hl7.times import time_text

from tests.daemon.hl7_peer import HL7, adt, ehr_of
from tests.daemon.house import House


def wall_us(house: House) -> int:
    return int(house.daemon.clock.wall().timestamp()) * 1_000_000


REMOTE = """
[[bed]]
id = "far"

[[bed.monitor]]
id = "far-m1"
link = "hl7:MON7"
options = { interval_s = "1", signals = "spo2 pulse" }
"""


def pcd01(house: House, control_id: str, spo2: int, mrn: str = "") -> bytes:
    """A monitor's report of now."""
    now = time_text(wall_us(house))
    rows = (
        f"MSH|^~\\&|HIS|HOSP|PUMPD|HOSP|{now}||ORU^R01^ORU_R01|{control_id}|P|2.6",
        f"PID|||{mrn}^^^HOSP^MR||Quill^Q" if mrn else "PID|||",
        f"OBR|1||R{control_id}|69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|||{now}",
        "OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X|||||||MON7^^0011223344550007^EUI-64",
        f"OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.1.1|{spo2}|262688^MDC_DIM_PERCENT^MDC|||||R",
    )
    return "".join(f"{row}\r" for row in rows).encode()


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[House]:
    house = await House.open(tmp_path, more=REMOTE + HL7.replace("demo-02", "far"))
    yield house
    await house.close()


def spo2(house: House) -> int | None:
    value = house.daemon.beds["far"].view().values.get("spo2")
    return None if value is None else value.value_milli


@pytest.mark.req("QUA-06")
async def test_a_monitor_behind_hl7_is_a_device_of_its_bed(far: House) -> None:
    view = far.daemon.beds["far"].view
    await far.until(lambda: view().devices[0].detail)  # lines are opened one after the other
    assert [(one.link, one.detail) for one in view().devices] == [("down", "no message has come yet")]
    ehr = await ehr_of(far)
    assert await ehr.send(pcd01(far, "1", 97)) == "MSA|AA|1"
    assert (view().devices[0].link, spo2(far)) == ("up", 97_000)
    ehr.close()


@pytest.mark.req("QUA-06")
async def test_a_device_that_names_another_patient_than_the_beds_is_refused_and_shown_nowhere(far: House) -> None:
    ehr = await ehr_of(far)
    await ehr.send(adt("A01", "1", "M-1", "Quill^Q", "PALL^02^1"))
    assert (await ehr.send(pcd01(far, "2", 97, "M-2"))).startswith("MSA|AE|2")
    assert spo2(far) is None
    alarms = [alarm.text for alarm in far.daemon.beds["far"].view().alarms]
    assert any("another patient" in text for text in alarms), alarms
    assert await ehr.send(pcd01(far, "3", 96, "M-1")) == "MSA|AA|3"
    assert spo2(far) == 96_000
    ehr.close()
