"""Answers to questions about a stay. Coroutines over a journal that is only read."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pumpd.device.signals import SIGNALS
from pumpd.history.alarms import PastAlarms
from pumpd.history.buckets import VitalsReader, step_of
from pumpd.history.doses import doses_shape
from pumpd.history.present import Present, present
from pumpd.history.shapes import DosesShape, EventShape, EventsShape, Kind, Query, SeriesShape, VitalsShape
from pumpd.history.words import events_of
from pumpd.journal.charts import chart_history
from pumpd.journal.query import read_shapes
from pumpd.journal.scan import read_frames
from pumpd.journal.stays import gap_rows, policy_rows, run_rows, steps
from pumpd.journal.verify import snapshot
from pumpd.report.gather import SAID

MOST_EVENTS = 2000
MOST_ALARMS = 1000
SEEN = (*SAID, "LinkChanged")


async def answer(engine: AsyncEngine, query: Query) -> VitalsShape | DosesShape | EventsShape:
    """What was asked for. Where it is not settled who lies in the bed: an answer without a stay, and empty."""
    async with engine.connect() as connection:
        await snapshot(connection)
        here = await present(connection, query.bed, query.mrn, query.hours)
        if here is None:
            return _nothing(query)
        if query.kind is Kind.VITALS:
            return await _vitals(connection, query, here)
        if query.kind is Kind.EVENTS:
            return await _events(connection, query, here)
        return await _doses(connection, engine, query, here)


def _nothing(query: Query) -> VitalsShape | DosesShape | EventsShape:
    if query.kind is Kind.VITALS:
        return VitalsShape(query.bed, None, None, "", "", 0, {})
    if query.kind is Kind.EVENTS:
        return EventsShape(query.bed, None, None, "", "", [], [])
    return DosesShape(query.bed, None, None, "", "", [], [], [], [], [], [])


def _head(query: Query, here: Present) -> dict[str, Any]:
    text = here.stamp.text
    times = {"since": text(here.since_ms), "start": text(here.from_ms), "to": text(here.until_ms)}
    return {"bed": query.bed, "stay": query.stay, **times}


async def _vitals(connection: AsyncConnection, query: Query, here: Present) -> VitalsShape:
    """Buckets begin at whole multiples of their length, so that an answer now and one later agree."""
    step_ms = step_of(max(1, here.until_ms - here.from_ms), query.points)
    first_ms = here.from_ms // step_ms * step_ms
    parts = -(-(here.until_ms + 1 - first_ms) // step_ms)
    head = {**_head(query, here), "start": here.stamp.text(first_ms)}
    if here.policy is None:
        return VitalsShape(**head, step_ms=step_ms, series={})
    shapes = await read_shapes(connection)
    reader = VitalsReader(shapes, here.policy, query.signals, first_ms, first_ms + parts * step_ms, parts)
    reader.begin_ms = here.from_ms  # the first bucket may begin in another patient's stay
    await read_frames(connection, here.bed, reader)
    return VitalsShape(**head, step_ms=step_ms, series={name: _series(reader, name) for name in query.signals})


def _series(reader: VitalsReader, signal: str) -> SeriesShape:
    buckets = [one or (None, None, None) for one in reader.result(signal)]
    columns = ([_number(one[place]) for one in buckets] for place in range(3))
    return SeriesShape(SIGNALS[signal].unit, *columns)


def _number(milli: int | None) -> float | None:
    """To tenths: no monitor says more of what is drawn here."""
    if milli is None:
        return None
    tenths = round(milli / 100)
    return tenths // 10 if tenths % 10 == 0 else tenths / 10


async def _events(connection: AsyncConnection, query: Query, here: Present) -> EventsShape:
    stamp, events, flowing = here.stamp, list[EventShape](), dict[str, tuple[bool | None, int | None]]()
    alarms = PastAlarms(stamp)
    async for step in steps(connection, here.bed, here.since_ms, here.until_ms, SEEN):
        found = list(events_of(step, stamp, flowing))
        if step.now_ms >= here.from_ms:
            events += found
        alarms.take(step)
    for gap in await gap_rows(connection, here.bed, here.from_ms, here.until_ms):
        events.append(EventShape(_wall(gap.at), "system", f"{gap.steps} steps could not be recorded: {gap.detail}"))
    events.sort(key=lambda one: one.t)
    past = alarms.since(here.from_ms)
    return EventsShape(
        **_head(query, here),
        events=events[-MOST_EVENTS:],
        alarms=past[:MOST_ALARMS],
        left_out=max(0, len(events) - MOST_EVENTS) + max(0, len(past) - MOST_ALARMS),
    )


def _wall(at: Any) -> str:
    return str(at.isoformat(timespec="milliseconds")).replace("+00:00", "Z")


async def _doses(connection: AsyncConnection, engine: AsyncEngine, query: Query, here: Present) -> DosesShape:
    history = await chart_history(engine, query.bed)
    policies = await policy_rows(connection, here.bed, here.until_ms)
    runs = await run_rows(connection)
    origins = runs[-1].origins if runs else None
    return doses_shape(_head(query, here), here, history, policies, None if origins is None else origins.files)
