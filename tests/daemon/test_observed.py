"""What a ward tells of itself while it works: figures for Prometheus, and no patient in any line, field or page."""

from __future__ import annotations

import json
import re
import secrets
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as families

from pumpd.cli.logs import set_up_logs
from pumpd.safety.events import Patient, PatientBound, Sex
from tests.cli.test_logs import fields_of, under_systemd
from tests.daemon.hl7_peer import HL7, adt, ehr_of, listening
from tests.daemon.house import House

SECRETS = ("887231", "Zwettl", "Quirina", "1949-07-23", "19490723", "Oberhuber")
WHO = Patient("MRN-887231", "Zwettl", "Quirina", "1949-07-23", Sex.FEMALE, 61_000)


def told(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[House]:
    house = await House.open(tmp_path, beds=2, more=HL7)
    yield house
    await house.close()


async def figures(house: House) -> dict[tuple[str, ...], float]:
    """Each sample of /metrics by its name and the values of its labels."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{house.daemon.port}", timeout=60) as web:
        text = (await web.get("/metrics")).text
    found = [sample for family in families(text) for sample in family.samples]
    return {(one.name, *one.labels.values()): one.value for one in found}


async def test_figures_say_which_device_is_deaf_and_what_waits(ward: House) -> None:
    await ward.daemon.journal.durable(ward.daemon.journal._token)  # the first commit is done
    await listening(ward)  # the gateway begins beside the beds, and has no peers before
    found = await figures(ward)
    pump = f"{ward.bed.id}-p1"
    assert 0 <= found["pumpd_device_last_frame_age_seconds", pump] < 10
    assert found["pumpd_device_up", pump] == 1
    assert found["pumpd_tick_lag_seconds", "1"] >= found["pumpd_tick_lag_seconds", "0.5"] >= 0
    assert found["pumpd_journal_commits_total",] > 0
    assert found["pumpd_journal_failing",] == 0
    assert found["pumpd_hl7_queue_depth", "his"] == 0
    quiet = f"{ward.bed.id}-m1"
    assert found["pumpd_sign_in_refused_total",] == 0
    assert quiet in {labels[1] for labels in found if labels[0] == "pumpd_device_up"}


async def test_no_label_and_no_name_of_a_figure_is_about_a_patient(ward: House) -> None:
    """Names that nobody else has: a label with one of them could only have come from the patient."""
    names = {secrets.token_hex(5) for _ in range(4)}
    family, given, mrn, by = sorted(names)
    await ward.daemon.ward.submit(
        ward.bed.id, PatientBound(Patient(mrn, family, given, "1949-07-23", Sex.MALE, None), by)
    )
    found = await figures(ward)
    assert len(found) > 40
    assert not any(name in " ".join(labels) for labels in found for name in names)


async def everything_that_can_be_asked(house: House) -> str:
    """Answers to questions that are wrong, and to those that ask for the ward's own health."""
    said = list[str]()
    at, bed = f"http://127.0.0.1:{house.daemon.port}", house.bed.id
    web, origin = httpx.AsyncClient(base_url=at, timeout=60), {"origin": at}
    async with web:
        for path in ("/metrics", "/livez", "/readyz", "/startupz", "/nowhere", "/api/v1/nowhere"):
            said.append((await web.get(path)).text)
        wrong = {"mrn": WHO.mrn, "family_name": WHO.family_name, "weight_kg": "Quirina", "birth_date": WHO.birth_date}
        said.append((await web.post(f"/api/v1/beds/{bed}/patient", json=wrong, headers=origin)).text)
        said.append((await web.post(f"/api/v1/beds/{bed}/patient", content=b'{"mrn":"887231', headers=origin)).text)
        said.append((await web.post(f"/api/v1/beds/{bed}/scores", json=wrong, headers=origin)).text)
    return "\n".join(said)


async def test_a_whole_run_with_a_patient_leaves_none_of_it_in_log_journal_metrics_or_pages_of_errors(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    journald = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journald.bind(str(tmp_path / "journald"))
    journald.setblocking(False)
    with (tmp_path / "stdout").open("w+") as out:
        set_up_logs(out, under_systemd(out), tmp_path / "journald")
        house = await House.open(tmp_path, beds=2, more=HL7)
        await house.daemon.ward.submit(house.bed.id, PatientBound(WHO, "Dr Oberhuber"))
        ehr = await ehr_of(house)
        for number, (trigger, name) in enumerate((("A01", "Zwettl^Quirina"), ("A08", "Zwettl^"), ("A99", "Zwettl^Q"))):
            await ehr.send(adt(trigger, f"{number}", "MRN-887231", name, "PALL^02^1", weight="Quirina"))
        await ehr.send(b"MSH|^~\\&|HIS|HOSP|PUMPD|HOSP|x||ADT^A01|77|P|2.6\rPID|||887231||Zwettl^Quirina||19490723\r")
        ehr.close()

        def fails(*_args: object) -> None:
            raise ValueError(f"no view of {WHO}")

        monkeypatch.setattr(house.daemon.charts, "view", fails)  # a bug that quotes the patient
        house.daemon.hub.mark(house.bed.id)
        house.daemon.hub.tick()
        asked = await everything_that_can_be_asked(house)
        monkeypatch.undo()
        await house.close()
        out.seek(0)
        printed = out.read()
    fields = list[dict[str, str]]()
    while True:
        try:
            fields.append(fields_of(journald.recv(1 << 20)))
        except BlockingIOError:
            break
    journald.close()
    said = {field["MESSAGE"] for field in fields} | set(re.findall(r'"event": "(.*?)"', printed))
    assert {"started", "hl7_adt", "bed view failed", "stopped"} <= said
    assert told(json.dumps(fields)) == []
    assert told(printed) == []
    assert told(asked) == []
