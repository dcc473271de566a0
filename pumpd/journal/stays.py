"""What the journal holds of one patient's stay in one bed, and of courses: for reports. Coroutines over one connection.

A stay is from the binding of a patient to the release, or to the binding of another one. Steps are put together again
from events and decisions; readings stay packed (see `pumpd.journal.scan`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Row, Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.journal.heart import read_heartbeat
from pumpd.journal.records import Origins
from pumpd.journal.rows import GAP, OUTCOME, event_of, from_micros, policy_of
from pumpd.journal.tables import COURSES, STAYS, beds, boots, decisions, events, policies
from pumpd.safety.decisions import CourseChanged, Decision, InfusionChanged
from pumpd.safety.events import Event, PatientBound, PatientReleased
from pumpd.safety.policy import BedPolicy
from pumpd.safety.wire import decision_from_wire

PAGE = 2000
COURSES_SINCE = "0002"
REVISION = text("SELECT version_num FROM alembic_version")
_OMITTED = ("ReadStatus", OUTCOME)


class Decided(Struct, frozen=True):
    """A decision and its link in the chain."""

    n: int
    value: Decision


class Stepped(Struct, frozen=True):
    """One step of a bed. event None: a reading or a tick; row: the event's number in `events` (0: none)."""

    seq: int
    now_ms: int
    at: datetime
    event: Event | None
    row: int
    decisions: tuple[Decided, ...]


class Stay(Struct, frozen=True):
    """One patient in one bed. ended_ms None: is still there."""

    bed: int
    mrn: str
    name: str
    began_ms: int
    ended_ms: int | None


class CourseRow(Struct, frozen=True):
    """A decision about a course, with where and when."""

    n: int
    bed: int
    now_ms: int
    at: datetime
    value: CourseChanged | InfusionChanged


class PolicyRow(Struct, frozen=True):
    """A policy that was in force from step seq on. sha: of its text in the journal."""

    seq: int
    now_ms: int
    at: datetime
    sha: str
    policy: BedPolicy


class GapRow(Struct, frozen=True):
    """Steps that could not be recorded, ending at `at`; detail: why."""

    at: datetime
    steps: int
    detail: str


class RunRow(Struct, frozen=True):
    """One start of the daemon. origins None: written before that was recorded."""

    at: datetime
    software: str
    config_sha: str
    origins: Origins | None


async def has_courses(connection: AsyncConnection) -> bool:
    """False for a journal of the first schema, which has to be upgraded before it can be asked about courses."""
    return str((await connection.execute(REVISION)).scalar()) >= COURSES_SINCE


async def bed_of(connection: AsyncConnection, number: int) -> str:
    """A bed's name. Raises LookupError."""
    name = (await connection.execute(select(beds.c.name).where(beds.c.id == number))).scalar()
    if name is None:
        raise LookupError(f"the journal has no bed {number}")
    return str(name)


async def last_moment(connection: AsyncConnection) -> tuple[int, datetime] | None:
    """Kernel and wall time of the last commit."""
    heartbeat = await read_heartbeat(connection)
    return None if heartbeat is None else (heartbeat.now_ms, from_micros(heartbeat.wall_us))


async def course_rows(connection: AsyncConnection, course: str | None = None) -> list[CourseRow]:
    """Decisions about one course or all, in the order in which they were made (index decisions_course)."""
    mine = decisions.c
    query: Select[Any] = select(mine.n, mine.bed, mine.now_ms, mine.wall_us, mine.body).where(COURSES)
    if course is not None:
        query = query.where(mine.subject == course)
    return [_course_row(row) for row in await connection.execute(query.order_by(mine.n))]


def _course_row(row: Row[Any]) -> CourseRow:
    value = decision_from_wire(msgspec.json.decode(row.body))
    assert isinstance(value, CourseChanged | InfusionChanged)
    return CourseRow(row.n, row.bed, row.now_ms, from_micros(row.wall_us), value)


async def stays(connection: AsyncConnection) -> list[Stay]:
    """All stays of all beds, oldest first (index events_stay). A binding without names was refused by the kernel."""
    mine = events.c
    rows = await connection.execute(select(mine.bed, mine.now_ms, mine.body).where(STAYS).order_by(mine.id))
    found: list[Stay] = []
    present: dict[int, int] = {}
    for row in rows:
        event, here = event_of(row.body), present.get(row.bed)
        assert isinstance(event, PatientBound | PatientReleased)
        stays_on = isinstance(event, PatientBound) and here is not None and _same(found[here].mrn, event)
        if stays_on and here is not None and isinstance(event, PatientBound) and event.by.strip():
            found[here] = msgspec.structs.replace(found[here], mrn=event.patient.mrn)
        if not event.by.strip() or stays_on or (isinstance(event, PatientBound) and not event.patient.mrn.strip()):
            continue
        if here is not None:
            found[here] = msgspec.structs.replace(found[here], ended_ms=row.now_ms)
            del present[row.bed]
        if isinstance(event, PatientBound):
            name = f"{event.patient.given_name} {event.patient.family_name}".strip()
            present[row.bed] = len(found)
            found.append(Stay(row.bed, event.patient.mrn, name, row.now_ms, None))
    return found


def _same(mrn: str, event: PatientBound) -> bool:
    """Whether who was known by this mrn is the patient who is bound; records may have been merged."""
    return mrn in (event.patient.mrn, event.formerly)


async def steps(
    connection: AsyncConnection, bed: int, from_ms: int, until_ms: int, kinds: Iterable[str]
) -> AsyncIterator[Stepped]:
    """Steps with from_ms <= now_ms <= until_ms that decided something, or whose event is one of kinds, in order."""
    said = _events(connection, bed, from_ms, until_ms, tuple(kinds))
    decided = _decisions(connection, bed, from_ms, until_ms)
    event, group = await anext(said, None), await anext(decided, None)
    while event is not None or group is not None:
        if group is None or (event is not None and event.seq < group.seq):
            assert event is not None
            step, event = event, await anext(said, None)
        elif event is None or group.seq < event.seq:
            step, group = group, await anext(decided, None)
        else:
            step = msgspec.structs.replace(event, decisions=group.decisions)
            event, group = await anext(said, None), await anext(decided, None)
        yield step


async def _events(
    connection: AsyncConnection, bed: int, from_ms: int, until_ms: int, kinds: tuple[str, ...]
) -> AsyncIterator[Stepped]:
    mine = events.c
    query = select(mine.id, mine.seq, mine.now_ms, mine.wall_us, mine.body)
    query = query.where(mine.bed == bed, mine.now_ms >= from_ms, mine.now_ms <= until_ms, mine.kind.in_(kinds))
    for row in await connection.execute(query.order_by(mine.seq, mine.id)):
        yield Stepped(row.seq, row.now_ms, from_micros(row.wall_us), event_of(row.body), row.id, ())


async def _decisions(connection: AsyncConnection, bed: int, from_ms: int, until_ms: int) -> AsyncIterator[Stepped]:
    """Steps without their events, each with all its decisions."""
    group: list[Row[Any]] = []
    async for row in _decision_rows(connection, bed, await _first_link(connection, bed, from_ms)):
        if row.now_ms > until_ms:
            break
        if group and row.seq != group[0].seq:
            yield _grouped(group)
            group = []
        group.append(row)
    if group:
        yield _grouped(group)


def _grouped(rows: list[Row[Any]]) -> Stepped:
    values = tuple(Decided(row.n, decision_from_wire(msgspec.json.decode(row.body))) for row in rows)
    return Stepped(rows[0].seq, rows[0].now_ms, from_micros(rows[0].wall_us), None, 0, values)


async def _decision_rows(connection: AsyncConnection, bed: int, first: int) -> AsyncIterator[Row[Any]]:
    mine, seen = decisions.c, first - 1
    while True:
        query: Select[Any] = select(mine.n, mine.seq, mine.now_ms, mine.wall_us, mine.body)
        query = query.where(mine.bed == bed, mine.n > seen, mine.kind.not_in(_OMITTED)).order_by(mine.n).limit(PAGE)
        rows = (await connection.execute(query)).all()
        for row in rows:
            yield row
        if len(rows) < PAGE:
            return
        seen = rows[-1].n


async def _first_link(connection: AsyncConnection, bed: int, from_ms: int) -> int:
    """The number of the bed's first link that is not before from_ms: a bed's links are in the order of its time."""
    mine = decisions.c
    low, high = 0, int((await connection.execute(select(func.coalesce(func.max(mine.n), 0)))).scalar_one()) + 1
    while low < high:
        middle = (low + high) // 2
        query = select(mine.now_ms).where(mine.bed == bed, mine.n >= middle).order_by(mine.n).limit(1)
        now_ms = (await connection.execute(query)).scalar()
        if now_ms is None or now_ms >= from_ms:
            high = middle
        else:
            low = middle + 1
    return low


async def policy_rows(connection: AsyncConnection, bed: int, until_ms: int) -> list[PolicyRow]:
    """The bed's policies up to until_ms, oldest first, each once while it did not change."""
    mine = policies.c
    query = select(mine.seq, mine.now_ms, mine.wall_us, mine.sha, mine.body)
    query = query.where(mine.bed == bed, mine.now_ms <= until_ms).order_by(mine.seq, mine.id)
    found: list[PolicyRow] = []
    for row in await connection.execute(query):
        if not found or found[-1].sha != row.sha:
            found.append(PolicyRow(row.seq, row.now_ms, from_micros(row.wall_us), row.sha, policy_of(row.body)))
    return found


async def gap_rows(connection: AsyncConnection, bed: int, from_ms: int, until_ms: int) -> list[GapRow]:
    """Holes in the record of that time, oldest first."""
    mine = events.c
    query = select(mine.wall_us, mine.body).where(mine.bed == bed, mine.now_ms >= from_ms, mine.now_ms <= until_ms)
    rows = await connection.execute(query.where(mine.kind == GAP).order_by(mine.seq))
    return [_gap(row.wall_us, msgspec.json.decode(row.body)) for row in rows]


def _gap(wall_us: int, body: dict[str, Any]) -> GapRow:
    return GapRow(from_micros(wall_us), int(body["steps"]), str(body["detail"]))


async def run_rows(connection: AsyncConnection) -> list[RunRow]:
    """All starts of the daemon, oldest first."""
    mine = boots.c
    query = select(mine.wall_us, mine.software, mine.config_sha, mine.config).order_by(mine.id)
    return [
        RunRow(from_micros(row.wall_us), row.software, row.config_sha, _origins(row.config))
        for row in await connection.execute(query)
    ]


def _origins(text: str | None) -> Origins | None:
    return None if text is None else msgspec.json.decode(text, type=Origins)
