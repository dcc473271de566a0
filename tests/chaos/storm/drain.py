"""The end of a storm: what is on its way to the hub and to the EHR arrives, or is said to be missing."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from sqlalchemy import select

from pumpd.bus.making import TOLD
from pumpd.journal import engine as engines
from pumpd.journal.tables import beds, decisions, messages_out
from tests.chaos.storm.ghost import boot_ms

if TYPE_CHECKING:
    from tests.chaos.storm.stage import Stage

DRAIN_S, AGAIN_S = 90.0, 0.5
KINDS = tuple(kind.__name__ for kind in TOLD)


async def drained(stage: Stage) -> None:
    """Until everything that the journal holds at this moment has arrived, but not longer than DRAIN_S."""
    await asyncio.gather(_history(stage), _mail(stage))


async def _history(stage: Stage) -> None:
    hospital = stage.hospital
    if hospital is None:
        return
    notes = hospital.notes
    due = await events_due(stage.url)
    notes.cut_ms = boot_ms()
    end_s = time.monotonic() + DRAIN_S
    notes.drained = False
    while not notes.drained and time.monotonic() < end_s:
        await asyncio.sleep(AGAIN_S)
        notes.drained = due_by_hub(due, {name.partition("-")[2] for name in await hospital.known()})
    while time.monotonic() < end_s:
        notes.alarms = (await hospital.alarms(), await _standing(stage))
        if notes.alarms[0] == notes.alarms[1] and notes.alarms[1]:
            break
        await asyncio.sleep(AGAIN_S)
    notes.events = await hospital.events()


def due_by_hub(due: dict[str, tuple[str, int]], known: set[str]) -> bool:
    """A ward that is new tells what comes from then on: what is older than the first that was told is not due."""
    first: dict[str, int] = {}
    for name in known:
        if name in due:
            bed, seq = due[name]
            first[bed] = min(seq, first.get(bed, seq))
    return all(name in known for name, (bed, seq) in due.items() if seq >= first.get(bed, 0))


async def events_due(url: str) -> dict[str, tuple[str, int]]:
    """Of every recorded decision that is told: its id at the hub, after the name of the journal; with bed and step."""
    engine = engines.make_engine(engines.parse_url(url), reading=True)
    columns = decisions.c
    query = select(beds.c.name, columns.seq, columns.idx).join(beds, beds.c.id == columns.bed)
    try:
        async with engine.connect() as connection:
            rows = await connection.execute(query.where(columns.kind.in_(KINDS), columns.idx >= 0))
            return {f"{bed}-{seq}-{index}": (bed, seq) for bed, seq, index in rows}
    finally:
        await engine.dispose()


async def _standing(stage: Stage) -> frozenset[str]:
    ward = await stage.keeper.get("ward")
    return frozenset() if ward is None else frozenset(alarm["id"] for alarm in ward["alarms"])


async def _mail(stage: Stage) -> None:
    ehr = stage.ehr
    if ehr is None:
        return
    mail, waiting, cut_ms = ehr.mail, await _waiting(stage.url), boot_ms()
    end_s = time.monotonic() + DRAIN_S
    while not (waiting <= mail.taken.keys() and all(one.code for one in mail.sent.values() if one.first_ms < cut_ms)):
        if time.monotonic() > end_s:
            mail.drained = False
            return
        await asyncio.sleep(AGAIN_S)
        waiting &= await _waiting(stage.url)  # what is stale by now is thinned


async def _waiting(url: str) -> set[str]:
    engine = engines.make_engine(engines.parse_url(url), reading=True)
    try:
        async with engine.connect() as connection:
            query = select(messages_out.c.id).where(messages_out.c.state == "waiting")
            return set((await connection.execute(query)).scalars())
    finally:
        await engine.dispose()
