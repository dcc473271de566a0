"""A disk that is full, and a journal that somebody has touched."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from tests.acceptance.daemon import Pumpd, alarm_of, bed_of, pump_of, ready, said
from tests.acceptance.ward import chaos_ward, clean
from tests.journal.tamper import unguarded

pytestmark = pytest.mark.chaos

BED, NEXT = "demo-01", "demo-02"
UNLIMITED = 2**40
LIMIT = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
os.execv(sys.argv[1], sys.argv[1:])
"""
SMALL_FILES = (sys.executable, "-c", LIMIT)


@pytest.mark.req("ALA-08", "INT-02", "CEI-03", "ALA-06")
async def test_on_a_full_disk_monitoring_alarming_and_stopping_go_on_and_nothing_kept_is_lost(tmp_path: Path) -> None:
    async with chaos_ward(tmp_path, beds=2) as ward, await Pumpd.run(ward.file) as daemon:
        await daemon.until(ready)
        daemon.limit_files(1024)
        full = await daemon.until(
            lambda w: alarm_of(w, BED, "journal_failing") and alarm_of(w, NEXT, "journal_failing")
        )
        alarm = alarm_of(full, BED, "journal_failing")
        assert alarm is not None
        assert (alarm["kind"], alarm["state"]) == ("technical", "active")
        assert "nothing is being recorded" in alarm["text"]

        ward.sim.beds[0].act("tenfold-rate")
        stopped = await daemon.until(lambda w: pump_of(w, BED)["interlock"] == "stop_verified")
        over = alarm_of(stopped, BED, "over_hard")
        assert over is not None
        assert not ward.sim.beds[0].pump.pump.infusing
        assert bed_of(stopped, BED)["values"]["rr"]["q"] == "ok"
        # an act is done at the bed, and the person is told that it is not recorded
        body = {"by": "R. Keller", "reason": "care_in_progress"}
        refused = await daemon.send("POST", f"alarms/{alarm['id']}/acknowledge", body, status=503)
        assert refused["error"]["code"] == "not_durable"
        # a rate that cannot be recorded is not sent
        asked = {"rate": 3, "unit": "mL/h", "by": "R. Keller", "reason": "less"}
        await daemon.send("POST", f"beds/{NEXT}/pumps/{NEXT}-p1/rate", asked, status=503)
        assert "INF_RATE" not in ward.witnesses[1].names()

        daemon.limit_files(UNLIMITED)
        after = await daemon.until(lambda w: not alarm_of(w, BED, "journal_failing") and alarm_of(w, BED, "over_hard"))
        assert alarm_of(after, BED, "over_hard")["id"] == over["id"]  # type: ignore[index]
        assert await daemon.signal(signal.SIGTERM) == 0
        await clean(ward)
        async with await Pumpd.run(ward.file) as again:  # what was decided on the full disk is back as well
            seen = await again.get("ward")
            kept = alarm_of(seen, BED, "over_hard")
            assert kept is not None
            assert (kept["id"], kept["state"]) == (over["id"], "latched")
            assert pump_of(seen, BED)["interlock"] == "stop_verified"


async def test_a_disk_full_from_the_first_byte_is_said_in_a_line_and_exit_code(tmp_path: Path) -> None:
    async with chaos_ward(tmp_path) as ward:
        code, text = await said("run", "--config", str(ward.file), prefix=SMALL_FILES)
        assert code == 2, text
        assert str(ward.journal) in text
        assert "Traceback" not in text


async def test_one_doctored_decision_is_found_by_verify_and_by_replay(tmp_path: Path) -> None:
    async with chaos_ward(tmp_path) as ward:
        async with await Pumpd.run(ward.file) as daemon:
            await daemon.until(ready)
            ward.sim.beds[0].act("tenfold-rate")
            await daemon.until(lambda w: pump_of(w, BED)["interlock"] == "stop_verified")
            assert await daemon.signal(signal.SIGTERM) == 0
        await clean(ward)
        doctor(ward.journal)
        (code, text), (again, replayed) = await asyncio.gather(
            said("db", "verify", "--journal", ward.url, "--json"), said("replay", "--journal", ward.url)
        )
        assert code == 1, text
        report = json.loads(text)
        assert report["ok"] is False
        assert report["problems"]
        assert again == 1, replayed
        assert "NOT identical" in replayed
        assert "first difference" in replayed


def doctor(journal: Path) -> None:
    """Somebody makes the trip look like something milder."""
    with unguarded(journal) as database:
        changed = database.execute(
            "UPDATE decisions SET body = replace(body, 'over hard', 'under hard') WHERE kind = 'StopPump'"
        ).rowcount
        assert changed
