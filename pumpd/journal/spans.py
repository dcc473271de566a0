"""What of a bed's record belongs together and is not let go in part, or not at all yet. Coroutines over a connection.

Spans are of steps: from the first one of a stay, of a course, of an alarm that stands, to its last one, or on and on.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct
from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.journal.rows import decision_of, event_of
from pumpd.journal.tables import COURSES, DEAD, STAYS, WAITING, alarms, decisions, events, messages_out, messages_told
from pumpd.safety.decisions import AlarmChanged, CourseChanged
from pumpd.safety.events import PatientBound, PatientReleased

FOR_EVER = 1 << 62
ENDED = '%"state":"ended"%'
"""In the stored text of an alarm: quotes inside of its words are escaped there, so that nothing else looks like it."""


class Span(Struct, frozen=True):
    """Steps from first to last. why: for people, what keeps them together."""

    first: int
    last: int
    why: str

    def divided_by(self, seq: int) -> bool:
        """Would letting go all up to this step leave a part of it?"""
        return self.first <= seq < self.last


async def spans(connection: AsyncConnection, bed: int, name: str, owed_to: Collection[str]) -> list[Span]:
    """Of one bed. owed_to: ids of the destinations that the ward tells of what happens."""
    return [
        *await _stays(connection, bed),
        *await _courses(connection, bed),
        *await _standing(connection, bed),
        *await _untold(connection, name, owed_to),
    ]


async def _stays(connection: AsyncConnection, bed: int) -> list[Span]:
    """From a patient's binding to the release; patients who follow one another without one are one span."""
    mine = events.c
    rows = await connection.execute(select(mine.seq, mine.body).where(mine.bed == bed, STAYS).order_by(mine.id))
    found: list[Span] = []
    began: int | None = None
    for row in rows:
        event = event_of(row.body)
        if isinstance(event, PatientBound) and event.by.strip() and event.patient.mrn.strip():
            began = row.seq if began is None else began
        elif isinstance(event, PatientReleased) and event.by.strip() and began is not None:
            found.append(Span(began, row.seq, "a patient's stay is younger in part"))
            began = None
    return found if began is None else [*found, Span(began, FOR_EVER, "its patient is still there")]


async def _courses(connection: AsyncConnection, bed: int) -> list[Span]:
    mine = decisions.c
    rows = await connection.execute(select(mine.bed, mine.seq, mine.subject, mine.body).where(COURSES).order_by(mine.n))
    steps: dict[str, tuple[int, int]] = {}
    running: dict[str, bool] = {}
    for row in rows:
        decision = decision_of(row.body)
        if isinstance(decision, CourseChanged):
            running[row.subject] = decision.open
        if row.bed == bed:
            steps[row.subject] = (steps.get(row.subject, (row.seq, 0))[0], row.seq)
    return [
        Span(first, FOR_EVER, f"course {course} is open")
        if running.get(course, True)
        else Span(first, last, f"course {course} is younger in part")
        for course, (first, last) in steps.items()
    ]


async def _standing(connection: AsyncConnection, bed: int) -> list[Span]:
    """Alarms that are active or latched."""
    standing = await connection.execute(select(alarms.c.id).where(alarms.c.bed == bed, alarms.c.body.not_like(ENDED)))
    mine, found = decisions.c, []
    for alarm in standing.scalars():
        query = select(func.min(mine.seq)).where(mine.bed == bed, mine.kind == AlarmChanged.__name__)
        first = (await connection.execute(query.where(mine.subject == alarm))).scalar()
        found.append(Span(first or 0, FOR_EVER, f"alarm {alarm} stands"))
    return found


async def _untold(connection: AsyncConnection, name: str, owed_to: Collection[str]) -> list[Span]:
    """What a destination has not been told yet, what waits for it, and letters that nobody has settled."""
    mine, told = messages_out.c, messages_told.c
    marks = await connection.execute(select(told.destination, told.seq).where(told.bed == name))
    # a mark's name begins with its destination's (see the gateway's and the bus's), which has no blank
    found = [
        Span(seq + 1, FOR_EVER, f"{destination} has not been told")
        for destination, seq in marks
        if destination.split(" ")[0] in owed_to
    ]
    owed = or_(DEAD, and_(WAITING, mine.destination.in_(owed_to)))
    query = select(func.min(mine.seq)).where(mine.bed == name, mine.seq > 0, owed)
    first = (await connection.execute(query)).scalar()
    return found if first is None else [*found, Span(first, FOR_EVER, "a message about it waits, or was refused")]
