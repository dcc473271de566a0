"""What was known of a bed at a step that is long over: for messages about it that have to be made again.

Coroutines for the journal's own loop (or any other that owns the engine), like those of pumpd.journal.query.
"""

from __future__ import annotations

from contextlib import aclosing

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pumpd.device.facts import PumpStatus
from pumpd.journal.query import bed_number, read_steps
from pumpd.journal.rows import OUTCOME, decision_of, event_of
from pumpd.journal.tables import STAYS, decisions, events
from pumpd.safety.decisions import Decision, FlowChanged, InterlockChanged
from pumpd.safety.events import Heard, Patient, PatientBound, PatientReleased, Tick
from pumpd.safety.wire import WireError

Decided = tuple[int, int, int, tuple[Decision, ...]]
Present = tuple[int, Patient | None]
MOST_STEPS = 1000
MOST_LINKS = 4 * MOST_STEPS
"""Rows of one page of decisions; a step has some dozens at the most."""
OF_PUMPS = (FlowChanged.__name__, InterlockChanged.__name__)
MOST_OF_PUMPS = 500
"""A pump's flow is told of every quarter of an hour, so that this is a day and more of five pumps."""
MOST_STAYS = 500
REPORT_MS = 60_000
"""A pump that said nothing for so long before a step has said nothing that belongs to it."""


async def find_decided(engine: AsyncEngine, bed: str, seq: int) -> list[Decided]:
    """See MessageStore.decisions_after. A decision that only another version knows is left out."""
    columns = decisions.c
    async with engine.connect() as connection:
        number = await bed_number(connection, bed)
        if number is None:
            return []
        wanted = (columns.bed == number, columns.n >= await _first_after(connection, number, seq))
        query = select(columns.seq, columns.now_ms, columns.wall_us, columns.body)
        query = query.where(*wanted, columns.kind != OUTCOME).order_by(columns.n).limit(MOST_LINKS)
        rows = (await connection.execute(query)).all()
    if len(rows) == MOST_LINKS:  # the last step of a page may go on in the next one
        rows = [row for row in rows if row.seq != rows[-1].seq]
    found: dict[int, Decided] = {}
    for row in rows:
        _, _, _, before = found.get(row.seq, (0, 0, 0, ()))
        found[row.seq] = (row.seq, row.now_ms, row.wall_us, before + _known(row.body))
    return list(found.values())[:MOST_STEPS]


async def _first_after(connection: AsyncConnection, bed: int, seq: int) -> int:
    """The number of the bed's first link of a later step: its links are in the order of its steps."""
    columns = decisions.c
    low, high = 0, int((await connection.execute(select(func.coalesce(func.max(columns.n), 0)))).scalar_one()) + 1
    while low < high:
        middle = (low + high) // 2
        query = select(columns.seq).where(columns.bed == bed, columns.n >= middle).order_by(columns.n).limit(1)
        there = (await connection.execute(query)).scalar()
        if there is None or there > seq:
            high = middle
        else:
            low = middle + 1
    return low


def _known(body: str) -> tuple[Decision, ...]:
    try:
        return (decision_of(body),)
    except WireError:
        return ()


async def last_step(engine: AsyncEngine, bed: str) -> int:
    """The bed's newest step that decided something; 0 where there is none."""
    columns = decisions.c
    async with engine.connect() as connection:
        number = await bed_number(connection, bed)
        query = select(columns.seq).where(columns.bed == number).order_by(columns.n.desc()).limit(1)
        return int((await connection.execute(query)).scalar() or 0)


async def step_before(engine: AsyncEngine, bed: str, wall_us: int) -> int:
    """See MessageStore.step_before."""
    columns = decisions.c
    async with engine.connect() as connection:
        number = await bed_number(connection, bed)
        query = select(func.min(columns.seq)).where(columns.bed == number, columns.wall_us >= wall_us)
        first = (await connection.execute(query)).scalar()
    return await last_step(engine, bed) if first is None else int(first) - 1


async def find_of_pumps(engine: AsyncEngine, bed: str, seq: int) -> tuple[tuple[int, Decision], ...]:
    """See MessageStore.pumps_before."""
    columns = decisions.c
    async with engine.connect() as connection:
        number = await bed_number(connection, bed)
        query = select(columns.now_ms, columns.body).where(columns.bed == number, columns.seq <= seq)
        query = query.where(columns.kind.in_(OF_PUMPS)).order_by(columns.n.desc()).limit(MOST_OF_PUMPS)
        rows = (await connection.execute(query)).all()
    return tuple((row.now_ms, decision) for row in reversed(rows) for decision in _known(row.body))


async def find_patients(engine: AsyncEngine, bed: str) -> list[Present]:
    """See MessageStore.patients."""
    columns = events.c
    async with engine.connect() as connection:
        number = await bed_number(connection, bed)
        query = select(columns.seq, columns.body).where(columns.bed == number, STAYS)
        rows = (await connection.execute(query.order_by(columns.id.desc()).limit(MOST_STAYS))).all()
    return [present for row in reversed(rows) for present in _present(row.seq, row.body)]


def _present(seq: int, body: str) -> tuple[Present, ...]:
    """Nothing for a binding or a release that the kernel refused: nobody's name was given."""
    event = event_of(body)
    if isinstance(event, PatientBound):
        return ((seq, event.patient),) if event.by.strip() and event.patient.mrn.strip() else ()
    return ((seq, None),) if isinstance(event, PatientReleased) and event.by.strip() else ()


async def find_report(engine: AsyncEngine, bed: str, pump: str, seq: int, now_ms: int) -> PumpStatus | None:
    """See MessageStore.pump_report."""
    found: PumpStatus | None = None
    async with engine.connect() as connection:
        number = await bed_number(connection, bed)
        if number is None:
            return None
        steps = read_steps(connection, number, from_ms=max(0, now_ms - REPORT_MS), unknown=Tick())
        async with aclosing(steps) as recorded:  # type: ignore[type-var]
            async for at, _, event in recorded:
                if at > seq:
                    break
                if isinstance(event, Heard) and event.device == pump and isinstance(event.fact, PumpStatus):
                    found = event.fact
    return found
