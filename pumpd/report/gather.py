"""Reads from a journal what the report of a course is made of. Nothing is judged here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from difflib import get_close_matches

from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.device.signals import SIGNALS
from pumpd.journal import JournalOpenError
from pumpd.journal import engine as engines
from pumpd.journal.scan import Scanned, scan
from pumpd.journal.stays import (
    CourseRow,
    GapRow,
    PolicyRow,
    RunRow,
    Stay,
    Stepped,
    bed_of,
    course_rows,
    gap_rows,
    has_courses,
    last_moment,
    policy_rows,
    run_rows,
    stays,
    steps,
)
from pumpd.journal.verify import snapshot
from pumpd.report.shapes import CourseLine, ReportError, UnknownCourse
from pumpd.safety.decisions import CourseChanged, InfusionChanged

SAID = (
    "Charted",
    "Assessed",
    "ProtocolOverride",
    "SoftOverride",
    "PatientBound",
    "PatientReleased",
    "Acknowledged",
    "AlarmReset",
    "AudioPaused",
    "RateRequested",
    "StopRequested",
    "InterlockReset",
    "ResumeRequested",
    "PolicyReplaced",
    "Restarted",
    "HistoryKept",
)
BY_ITSELF = "pumpd"  # opens a course when a governed pump infuses without one
PARTS, PART_MS = 240, 60_000  # of a drawn line of vital signs: how many at most, and how short at least
NOT_MEASURED = frozenset({"poss", "rass", "no_breath"})  # assessed by people, or a flag
MEASURED = tuple(name for name in SIGNALS if name not in NOT_MEASURED)


class Gathered(Struct, frozen=True):
    """A course's raw material. until_ms: the course's end, or the journal's last moment while it runs.

    steps: of the whole stay, and of the course where that began before a patient was bound. later: steps of other stays
    of the same patient that wrote into the chart, each with its bed. gaps: what the journal could not record.
    """

    course: str
    bed: str
    stay: Stay
    opened: CourseRow
    closed: CourseRow | None
    until_ms: int
    until: datetime
    steps: tuple[Stepped, ...]
    later: tuple[tuple[str, Stepped], ...]
    policies: tuple[PolicyRow, ...]
    runs: tuple[RunRow, ...]
    vitals: tuple[Scanned, ...]
    gaps: tuple[GapRow, ...]


@asynccontextmanager
async def reading(journal_url: str) -> AsyncIterator[AsyncConnection]:
    """A connection that only reads, and sees one state of the journal. Raises ReportError."""
    try:
        parsed = engines.parse_url(journal_url)
        path = engines.sqlite_path(parsed)
        if path is not None and not path.is_file():
            raise ReportError(f"journal {path}: does not exist")
        engine = engines.make_engine(parsed, reading=True)
    except JournalOpenError as error:
        raise ReportError(str(error)) from None
    try:
        async with engine.connect() as connection:
            await snapshot(connection)
            if not await has_courses(connection):
                raise ReportError(f"journal {path or parsed}: of an older pumpd; bring it up to date: pumpd db upgrade")
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise ReportError(f"journal {path or parsed}: {getattr(error, 'orig', None) or error}") from error
    finally:
        await engine.dispose()


async def list_courses(connection: AsyncConnection) -> list[CourseLine]:
    """All courses, newest first."""
    found: dict[str, list[CourseRow]] = {}
    for row in await course_rows(connection):
        found.setdefault(row.value.course, []).append(row)
    names = {one.mrn: one.name for one in await stays(connection)}
    lines = [_line(await bed_of(connection, rows[0].bed), rows, names) for rows in found.values()]
    return sorted(lines, key=lambda line: line.opened, reverse=True)


def _line(bed: str, rows: list[CourseRow], names: dict[str, str]) -> CourseLine:
    opened, closed = _ends(rows)
    openings = [row.value for row in rows if isinstance(row.value, CourseChanged) and row.value.open]
    last = openings[-1] if openings else None  # one that began by itself may have been planned later
    mrn = _last_opening(rows)
    numbers = {row.value.number for row in rows if isinstance(row.value, InfusionChanged)}
    return CourseLine(
        id=opened.value.course,
        bed=bed,
        mrn=mrn,
        name=names.get(mrn, ""),
        opened=opened.at,
        closed=None if closed is None else closed.at,
        by="" if last is None else last.by,
        why="" if closed is None else closed.value.why,
        infusions=len(numbers - {0}),
        planned=last is not None and last.by != BY_ITSELF,
    )


def _ends(rows: list[CourseRow]) -> tuple[CourseRow, CourseRow | None]:
    """The first row, and the one that closed the course."""
    closing = [row for row in rows if isinstance(row.value, CourseChanged) and not row.value.open]
    return rows[0], closing[-1] if closing else None


async def gather(connection: AsyncConnection, course: str) -> Gathered:
    """Everything about one course. Raises UnknownCourse, ReportError."""
    rows = await course_rows(connection, course)
    moment = await last_moment(connection)
    if not rows or moment is None:
        raise await _unknown(connection, course)
    opened, closed = _ends(rows)
    everyone = await stays(connection)
    stay = _stay_of(everyone, rows)
    until_ms, until = (closed.now_ms, closed.at) if closed is not None else moment
    began_ms = min(stay.began_ms, opened.now_ms)
    parts = max(1, min(PARTS, (until_ms - opened.now_ms) // PART_MS))
    stay_end_ms = moment[0] if stay.ended_ms is None else stay.ended_ms
    return Gathered(
        course=course,
        bed=await bed_of(connection, opened.bed),
        stay=stay,
        opened=opened,
        closed=closed,
        until_ms=until_ms,
        until=until,
        steps=tuple([step async for step in steps(connection, opened.bed, began_ms, stay_end_ms, SAID)]),
        later=await _later(connection, everyone, stay, moment[0]),
        policies=tuple(await policy_rows(connection, opened.bed, until_ms)),
        runs=tuple(await run_rows(connection)),
        vitals=tuple(await scan(connection, opened.bed, MEASURED, opened.now_ms, until_ms + 1, parts)),
        gaps=tuple(await gap_rows(connection, opened.bed, opened.now_ms, until_ms)),
    )


def _stay_of(everyone: list[Stay], rows: list[CourseRow]) -> Stay:
    """Of the course's patient in the course's bed; one that began while nobody was bound may be nobody's."""
    opened, closed = _ends(rows)
    mrn = _last_opening(rows)
    end_ms = None if closed is None else closed.now_ms
    for one in everyone:
        over = one.ended_ms is not None and one.ended_ms < opened.now_ms
        later = end_ms is not None and one.began_ms > end_ms
        if one.bed == opened.bed and one.mrn == mrn and not over and not later:
            return one
    return Stay(opened.bed, mrn, "", opened.now_ms, end_ms)


def _last_opening(rows: list[CourseRow]) -> str:
    """The patient of the course as told last; empty: nobody was bound."""
    told = [row.value.mrn for row in rows if isinstance(row.value, CourseChanged)]
    return next((mrn for mrn in reversed(told) if mrn), "")


async def _later(
    connection: AsyncConnection, everyone: list[Stay], stay: Stay, last_ms: int
) -> tuple[tuple[str, Stepped], ...]:
    """What was charted of the same patient in stays after this one: months later, in another bed."""
    found: list[tuple[str, Stepped]] = []
    after = everyone[everyone.index(stay) + 1 :] if stay in everyone else []
    for one in (other for other in after if other.mrn == stay.mrn):
        bed, end_ms = await bed_of(connection, one.bed), last_ms if one.ended_ms is None else one.ended_ms
        async for step in steps(connection, one.bed, one.began_ms, end_ms, ("Charted",)):
            if step.event is not None:
                found.append((bed, step))
    return tuple(found)


async def _unknown(connection: AsyncConnection, course: str) -> UnknownCourse:
    known = tuple(line.id for line in await list_courses(connection))
    near = get_close_matches(course, known, n=1)
    return UnknownCourse(course, known, near[0] if near else None)
