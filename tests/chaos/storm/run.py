"""A storm from beginning to end: the ward, the daemon, the weather, the nurses; and what is kept of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import pickle
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.acceptance import daemon as acceptance
from tests.acceptance.daemon import command, token_of
from tests.chaos.storm.drain import drained
from tests.chaos.storm.ehr import Mail
from tests.chaos.storm.ghost import SAMPLE_S, Truth, boot_ms
from tests.chaos.storm.hands import Deed
from tests.chaos.storm.hospital import HubNotes
from tests.chaos.storm.keeper import TRIES, Keeper
from tests.chaos.storm.nurse import Notes
from tests.chaos.storm.plan import CALM_LAST_S, Act, plan
from tests.chaos.storm.servers import Database
from tests.chaos.storm.stage import JOURNAL_FOLDER, Stage

KEPT = "storm.pickle"
TOLD_S = 1800.0
PATIENCE_S = 120.0  # with a start: the storm's own load and that of others are on the same machine


@dataclass
class Outcome:
    """All that is known after a storm. hub, mail: None where it had no broker or no PostgreSQL, or no EHR."""

    seed: int
    ghost: Truth
    notes: Notes
    outputs: list[str]
    unwilling: list[str]
    starts: int
    done: list[tuple[float, Act]]
    passed: list[Act]
    journal: Path
    url: str
    ended_ms: float
    said: dict[str, tuple[int | None, str]]
    deeds: list[Deed] = field(default_factory=list)
    hub: HubNotes | None = None
    mail: Mail | None = None


async def storm(folder: Path, seed: int, minutes: float, beds: int, journal: str) -> Outcome:
    """Runs it; its outcome stays in the folder too. journal: sqlite or postgresql."""
    acceptance.WAIT_S = PATIENCE_S
    stage = await Stage.built(folder, seed, beds, journal)
    await token_of(stage.file)
    stage.ward.open()
    running = await stage.begun()
    try:
        await _until_up(stage.keeper)
        for number in range(beds):
            await stage.hands.bind(number)
        stage.ghost.begun_ms = boot_ms()
        await stage.weather.play(plan(seed, minutes, beds))
        await asyncio.sleep(CALM_LAST_S)
        stage.ghost.sample()
        ended_ms = boot_ms()
        await drained(stage)
    finally:
        await _over(stage, running)
    outcome = _outcome(stage, seed, ended_ms)
    keep(outcome, folder)
    return outcome


async def _over(stage: Stage, running: list[asyncio.Task[None]]) -> None:
    """Everything that the storm began is ended; but for the journal's server, which is still to be asked."""
    keeper = stage.keeper
    keeper.outputs.append(await keeper.end())
    if stage.hospital is not None:
        await stage.hospital.end()
    for task in running:
        task.cancel()
    for task, found in zip(running, await asyncio.gather(*running, return_exceptions=True), strict=True):
        if isinstance(found, Exception):
            keeper.unwilling.append(f"the storm's own {task.get_coro()}: {found!r}")
    stage.ward.close()
    await stage.close()


def _outcome(stage: Stage, seed: int, ended_ms: float) -> Outcome:
    keeper, weather, hospital, ehr = stage.keeper, stage.weather, stage.hospital, stage.ehr
    return Outcome(
        seed,
        stage.ghost.truth(),
        stage.nurses.notes,
        keeper.outputs,
        keeper.unwilling,
        keeper.starts,
        weather.done,
        weather.passed,
        stage.folder / "journal.db",
        stage.url,
        ended_ms,
        {},
        stage.hands.deeds,
        None if hospital is None else hospital.notes,
        None if ehr is None else ehr.mail,
    )


@contextlib.asynccontextmanager
async def readable(outcome: Outcome, folder: Path) -> AsyncIterator[Outcome]:
    """With its journal's server, where it has one."""
    if not outcome.url.startswith("postgresql"):
        yield outcome
        return
    database = Database(folder / JOURNAL_FOLDER, "journal", outcome.ghost.disk)
    await database.reopen()
    name = outcome.url.partition("@/")[2].partition("?")[0]
    try:
        yield replace(outcome, url=database.server.url(name))
    finally:
        await asyncio.to_thread(database.server.end)


async def asked(outcome: Outcome) -> Outcome:
    """With what `pumpd db verify` and `pumpd replay` say of its journal."""
    outcome.said = {name: await _told(*words, "--journal", outcome.url) for name, words in _ASKED.items()}
    return outcome


_ASKED = {"db verify": ("db", "verify"), "replay": ("replay",)}


async def _told(*words: str) -> tuple[int | None, str]:
    process = await command(*words)
    out, _ = await asyncio.wait_for(process.communicate(), TOLD_S)
    return process.returncode, out.decode()


async def _until_up(keeper: Keeper) -> None:
    while keeper.daemon is None or not keeper.daemon.url:
        if len(keeper.unwilling) >= TRIES:
            raise RuntimeError("the daemon does not start:\n" + keeper.unwilling[-1])
        await asyncio.sleep(SAMPLE_S)


def keep(outcome: Outcome, folder: Path) -> None:
    """What a person reads afterwards: the acts, and each daemon's output; and all of it, to be judged again."""
    begun_ms = outcome.ghost.begun_ms
    rows = [
        {"at_ms": round(at - begun_ms), "what": act.what, "bed": act.bed} | dict(act.values) for at, act in outcome.done
    ]
    (folder / "acts.json").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    (folder / "daemons.txt").write_text("\n=====\n".join(outcome.outputs), encoding="utf-8")
    if outcome.hub is not None:
        (folder / "hubs.txt").write_text("\n=====\n".join(outcome.hub.outputs), encoding="utf-8")
    (folder / KEPT).write_bytes(pickle.dumps(outcome))


def kept(folder: Path) -> Outcome:
    """A storm of earlier; our own file, written by `keep`."""
    found = pickle.loads((folder / KEPT).read_bytes())
    assert isinstance(found, Outcome)
    return found
