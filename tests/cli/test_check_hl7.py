"""`pumpd check` says what HL7 listens to and what it sends where, in words and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.call import run
from tests.config.conftest import WARD
from tests.config.test_hl7 import LISTEN, LOCATIONS, MONITOR, SEND


def ward(folder: Path, text: str) -> str:
    path = folder / "ward.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_person_reads_who_may_connect_where_patients_are_and_what_is_sent(tmp_path: Path) -> None:
    code, out, _ = run("check", ward(tmp_path, WARD.replace(*MONITOR) + LISTEN + SEND + LOCATIONS))
    assert code == 0, out
    for line in (
        "  listens on 127.0.0.1:2575 (MLLP)",
        "    from ehr (MSH-3 EHR): ADT",
        "    4B^01^1 is bed 4b-01",
        "  sends PCD-01 to alarms (127.0.0.1:2576), every 30 s",
        "  keeps messages that are done with: received 90 days, sent 30 days, settled 365 days",
    ):
        assert line in out.splitlines()
    assert "the gateway cannot be used" not in out


def test_a_program_reads_the_same_and_nothing_where_hl7_is_not_used(tmp_path: Path) -> None:
    used = json.loads(run("check", "--json", ward(tmp_path, WARD + LISTEN))[1])
    assert used["hl7"]["listen"]["peers"] == [{"id": "ehr", "application": "EHR", "may": ["ADT"], "certificates": []}]
    assert used["hl7"]["keep"] == {"received": 90, "sent": 30, "settled": 365}
    assert json.loads(run("check", "--json", ward(tmp_path, WARD))[1])["hl7"] is None


def test_a_device_without_a_line_takes_no_room_for_captures(tmp_path: Path) -> None:
    far = json.loads(run("check", "--json", ward(tmp_path, WARD.replace(*MONITOR) + LISTEN))[1])["captures"]
    near = json.loads(run("check", "--json", ward(tmp_path, WARD + LISTEN))[1])["captures"]
    assert 3 * far["most_bytes"] == 2 * near["most_bytes"]
