"""What breaks beside a bed does not stop the bed: journal, lines, and the web face."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import urllib.request

import pytest

from pumpd.live.port import NotDurable, UnknownBed
from pumpd.safety.decisions import InterlockState
from pumpd.safety.events import AudioPaused
from tests.daemon.house import House


def journal(house: House, sql: str) -> None:
    with sqlite3.connect(house.folder / "journal.db", timeout=10) as connection:
        connection.execute(sql)
    connection.close()


async def break_journal(house: House) -> None:
    """Every insert of an event now fails, as on a full disk."""
    deny = "CREATE TRIGGER deny BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no space left on device'); END"
    await asyncio.to_thread(journal, house, deny)
    house.daemon.beds[house.bed.id].post(AudioPaused("R. Keller", 1))
    await house.until(lambda: house.alarm("journal"))


@pytest.mark.req("ALA-08")
async def test_a_failing_journal_is_an_alarm_and_stopping_goes_on(house: House) -> None:
    await break_journal(house)
    assert "journal" in house.daemon.ward.readiness().problems[0]
    with pytest.raises(NotDurable):
        await house.daemon.ward.submit(house.bed.id, AudioPaused("R. Keller", 1))
    house.bed.act("tenfold-rate")
    await house.until(lambda: house.pump.interlock is InterlockState.STOP_VERIFIED)
    assert not house.bed.pump.pump.infusing
    await asyncio.to_thread(journal, house, "DROP TRIGGER deny")
    await house.until(lambda: house.daemon.journal.fault is None and not house.alarm("journal"))
    assert house.daemon.ward.readiness().ready


async def test_a_pulled_cable_is_shown_and_the_device_comes_back_by_itself(house: House) -> None:
    house.bed.act("unplug-pump")
    await house.until(lambda: house.view.devices[0].link == "down")
    assert "unplugged" in house.view.devices[0].detail or "absent" in house.view.devices[0].detail
    house.bed.act("replug-pump")
    await house.until(lambda: house.view.devices[0].link == "up" and house.pump.control == "granted")


async def test_the_web_face_answers_on_the_port_that_was_free(house: House) -> None:
    def ward() -> dict[str, list[dict[str, object]]]:
        with urllib.request.urlopen(f"http://127.0.0.1:{house.daemon.port}/api/v1/ward", timeout=10) as answer:
            return json.loads(answer.read())  # type: ignore[no-any-return]

    seen = await asyncio.to_thread(ward)
    assert [bed["id"] for bed in seen["beds"]] == [house.bed.id]


async def test_an_act_at_an_unknown_bed_is_refused(house: House) -> None:
    with pytest.raises(UnknownBed):
        await house.daemon.ward.submit("nowhere", AudioPaused("R. Keller", 1))


async def test_a_taken_port_is_an_error_and_leaves_nothing_running(house: House) -> None:
    from dataclasses import replace

    from pumpd.daemon import Daemon

    (house.folder / "second").mkdir()
    server = replace(house.config.server, port=house.daemon.port)
    url = f"sqlite+aiosqlite:///{house.folder}/second/journal.db"
    other = Daemon(replace(house.config, server=server, journal_url=url))
    await house.until(lambda: house.view.values["rr"].value_milli is not None)  # every line has its tasks
    before = asyncio.all_tasks()
    with pytest.raises(OSError, match="in use"):
        await other.start()
    async with asyncio.timeout(60):
        while asyncio.all_tasks() - before:  # noqa: ASYNC110 - the first daemon goes on, and has short tasks of its own
            await asyncio.sleep(0.01)
