"""What a patient's chart is made of, read back from the journal: the steps that pumpd.safety.chart_feed takes.

A coroutine for the journal's own loop (or any other that owns the engine), like those of pumpd.journal.query.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pumpd.journal.query import bed_number
from pumpd.journal.rows import GAP, event_of
from pumpd.journal.tables import decisions, events
from pumpd.safety.decisions import (
    CourseChanged,
    Decision,
    FlowChanged,
    InfusionChanged,
    PatientClosed,
    Permitted,
    Refused,
)
from pumpd.safety.events import Assessed, Charted, Event, PatientBound, Tick
from pumpd.safety.wire import decision_from_wire
from pumpd.units import Ms

DECIDED = (FlowChanged, InfusionChanged, CourseChanged, PatientClosed, Permitted, Refused)
SAID = (Charted, Assessed, PatientBound)


@dataclass(frozen=True, slots=True)
class ChartStep:
    """One kernel step as far as a chart is concerned; event is a Tick where the chart does not ask what it was."""

    seq: int
    now_ms: Ms
    event: Event
    decisions: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class ChartHistory:
    """The steps since the last patient left (with the step in which that happened), oldest first.

    lost: how many times steps since then could not be recorded.
    """

    steps: tuple[ChartStep, ...] = ()
    lost: int = 0


@dataclass(slots=True)
class _Step:
    now_ms: int
    event: Event = field(default_factory=Tick)
    decisions: list[Decision] = field(default_factory=list)


async def chart_history(engine: AsyncEngine, bed: str) -> ChartHistory:
    """See Journal.chart_history."""
    async with engine.connect() as connection:
        number = await bed_number(connection, bed)
        if number is None:
            return ChartHistory()
        last = await _last_closed(connection, number)
        first_n, now_ms = (0, 0) if last is None else (last.n - last.idx, last.now_ms)
        decided = await _decided(connection, number, first_n)
        said = await _said(connection, number, now_ms)
    steps = _steps(decided, (row for row in said if row.kind != GAP))
    return ChartHistory(steps, sum(row.kind == GAP for row in said))


async def _last_closed(connection: AsyncConnection, bed: int) -> Any | None:
    columns = decisions.c
    query = select(columns.n, columns.idx, columns.now_ms)
    query = query.where(columns.bed == bed, columns.kind == PatientClosed.__name__)
    return (await connection.execute(query.order_by(columns.n.desc()).limit(1))).first()


async def _decided(connection: AsyncConnection, bed: int, first_n: int) -> list[Any]:
    columns = decisions.c
    query = select(columns.seq, columns.now_ms, columns.body).where(columns.bed == bed, columns.n >= first_n)
    query = query.where(columns.kind.in_([kind.__name__ for kind in DECIDED])).order_by(columns.n)
    return list((await connection.execute(query)).all())


async def _said(connection: AsyncConnection, bed: int, from_ms: int) -> list[Any]:
    columns = events.c
    query = select(columns.seq, columns.kind, columns.body).where(columns.bed == bed, columns.now_ms >= from_ms)
    query = query.where(columns.kind.in_([GAP, *(kind.__name__ for kind in SAID)]))
    return list((await connection.execute(query.order_by(columns.id))).all())


def _steps(decided: Iterable[Any], said: Iterable[Any]) -> tuple[ChartStep, ...]:
    """Joined by the number of the step. An event without any of these decisions tells a chart nothing."""
    found: dict[int, _Step] = {}
    for row in decided:
        step = found.setdefault(row.seq, _Step(row.now_ms))
        step.decisions.append(decision_from_wire(msgspec.json.decode(row.body)))
    for row in said:
        if row.seq in found:
            found[row.seq].event = event_of(row.body)
    return tuple(
        ChartStep(seq, Ms(step.now_ms), step.event, tuple(step.decisions)) for seq, step in sorted(found.items())
    )
