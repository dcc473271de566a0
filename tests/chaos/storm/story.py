"""pumpd's story: what its journal says, read after the storm. The only module here that knows the journal's shape."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.device import CommandOutcome, PumpStatus
from pumpd.journal import engine as engines
from pumpd.journal.heart import read_heartbeat
from pumpd.journal.judged import Rules
from pumpd.journal.query import bed_names, read_policies, read_steps
from pumpd.journal.rows import decision_of
from pumpd.journal.tables import checkpoints, decisions, messages_in, messages_out
from pumpd.safety.decisions import AlarmChanged, Decision
from pumpd.safety.events import Acknowledged, Event, Heard
from pumpd.safety.kernel import initial_state, step, view
from pumpd.safety.state import BedState
from pumpd.safety.told_events import NoticeTold
from pumpd.safety.view import BedView
from pumpd.safety.wire import state_from_bytes


@dataclass(frozen=True)
class Told:
    """One status report of a pump as it was judged. at_ms, requested_ms: boot time; low_ng, high_ng: given by then."""

    at_ms: float
    requested_ms: float | None
    infusing: bool | None
    rate_ul_h: int | None
    low_ng: int | None
    high_ng: int | None
    seq: int


@dataclass(frozen=True)
class Decided:
    at_ms: float
    seq: int
    decision: Decision


@dataclass(frozen=True)
class Stay:
    """Somebody else (or nobody: mrn None) is in the bed from some moment of that time on. seq: the step."""

    from_ms: float
    until_ms: float
    seq: int
    mrn: str | None


@dataclass
class BedStory:
    """Of one bed. decided: the recorded decisions in order; missing: steps that the journal does not hold.

    acts: events that name a person or a system; outcomes: of orders, in order; notices: of other systems' messages.
    """

    bed: str
    told: dict[str, list[Told]] = field(default_factory=dict)
    decided: list[Decided] = field(default_factory=list)
    acknowledged: list[tuple[float, Acknowledged]] = field(default_factory=list)
    missing: list[tuple[float, float]] = field(default_factory=list)
    acts: list[tuple[float, Any]] = field(default_factory=list)
    outcomes: list[tuple[float, CommandOutcome]] = field(default_factory=list)
    notices: list[tuple[float, NoticeTold]] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)

    def stay_at(self, seq: int) -> int:
        """Which of its stays a step belongs to; -1: before the first."""
        return bisect_right([stay.seq for stay in self.stays], seq) - 1

    def alarm_changes(self) -> list[tuple[Decided, AlarmChanged]]:
        return [(row, row.decision) for row in self.decided if isinstance(row.decision, AlarmChanged)]


@dataclass(frozen=True)
class Came:
    """A message of another system that the journal kept. word: what events call it that it led to."""

    control_id: str
    app: str
    state: str
    word: str


@dataclass
class Post:
    """Messages that came, by control id, and those that were made: raw by control id and state."""

    came: dict[str, list[Came]] = field(default_factory=dict)
    made: dict[str, tuple[str, bytes]] = field(default_factory=dict)


async def read_story(url: str) -> dict[str, BedStory]:
    """Every bed's, with kernel times turned into the machine's."""
    engine = engines.make_engine(engines.parse_url(url), reading=True)
    try:
        async with engine.connect() as connection:
            beat = await read_heartbeat(connection)
            assert beat is not None
            shift_ms = beat.boot_ms - beat.now_ms
            names = await bed_names(connection)
            return {bed: await _bed(connection, bed, number, shift_ms) for bed, number in names.items()}
    finally:
        await engine.dispose()


async def read_post(url: str) -> Post:
    """Everything that came and was made."""
    engine, found = engines.make_engine(engines.parse_url(url), reading=True), Post()
    came, made = messages_in.c, messages_out.c
    try:
        async with engine.connect() as connection:
            query = select(came.control_id, came.app, came.sent, came.state).where(came.state != "withdrawn")
            for name, app, sent, state in await connection.execute(query):
                word = sha256(f"{app}|{name}|{sent}".encode()).hexdigest()[:16]
                found.came.setdefault(name, []).append(Came(name, app, state, word))
            for name, state, raw in await connection.execute(select(made.id, made.state, made.raw)):
                found.made[name] = state, raw
    finally:
        await engine.dispose()
    return found


async def _bed(connection: AsyncConnection, bed: str, number: int, shift_ms: int) -> BedStory:
    story = BedStory(bed, decided=await _decided(connection, number, shift_ms))
    rules = Rules(await read_policies(connection, number))
    state: BedState | None = None
    expected, resume, last_ms = 1, 0, 0.0
    async for seq, now_ms, event in read_steps(connection, number):
        before, at_ms = state, float(now_ms + shift_ms)
        if seq != expected and seq > resume:
            state, resume = await _bridge(connection, number, seq)
            story.missing.append((last_ms, at_ms))
        expected = seq + 1
        if seq > resume:
            policy = rules.at(seq)
            state, _ = step(initial_state(policy) if state is None else state, event, now_ms, policy)
            _write_down(story, event, at_ms, seq, shift_ms, view(state, now_ms, policy) if is_status(event) else None)
        _note_stay(story, before, state, (last_ms, at_ms, seq), known=resume == 0 or before is not None)
        last_ms = at_ms
    return story


def is_status(event: Event) -> bool:
    return isinstance(event, Heard) and isinstance(event.fact, PumpStatus)


def _write_down(story: BedStory, event: Event, at_ms: float, seq: int, shift_ms: int, shown: BedView | None) -> None:
    if isinstance(event, Heard):
        fact = event.fact
        if isinstance(fact, CommandOutcome):
            story.outcomes.append((at_ms, fact))
        elif isinstance(fact, PumpStatus) and shown is not None:
            given = next(pump for pump in shown.pumps if pump.id == event.device).delivered
            asked_ms = None if fact.requested_ms is None else fact.requested_ms + shift_ms
            low, high = (given.at_least_ng, given.at_most_ng) if given is not None else (None, None)
            told = Told(at_ms, asked_ms, fact.infusing, fact.rate_ul_h, low, high, seq)
            story.told.setdefault(event.device, []).append(told)
    elif isinstance(event, NoticeTold):
        story.notices.append((at_ms, event))
    elif getattr(event, "by", ""):
        story.acts.append((at_ms, event))
        if isinstance(event, Acknowledged):
            story.acknowledged.append((at_ms, event))


def _note_stay(
    story: BedStory, before: BedState | None, state: BedState | None, at: tuple[float, float, int], *, known: bool
) -> None:
    """at: the step before it, the step itself, its number. Where steps are missing it was at any time in between."""
    was = before.patient.mrn if before is not None and before.patient is not None else None
    now = state.patient.mrn if state is not None and state.patient is not None else None
    if was != now:
        story.stays.append(Stay(at[1] if known else at[0], at[1], at[2], now))


async def _bridge(connection: AsyncConnection, number: int, seq: int) -> tuple[BedState | None, int]:
    """After missing steps: the next checkpoint's state, and up to which step it already counts."""
    columns = checkpoints.c
    query = select(columns.seq, columns.state).where(columns.bed == number, columns.seq >= seq - 1)
    saved = (await connection.execute(query.order_by(columns.seq).limit(1))).first()
    return (None, 2**62) if saved is None else (state_from_bytes(saved.state), saved.seq)


async def _decided(connection: AsyncConnection, number: int, shift_ms: int) -> list[Decided]:
    columns = decisions.c
    query = select(columns.now_ms, columns.seq, columns.body).where(columns.bed == number, columns.idx >= 0)
    rows = await connection.execute(query.order_by(columns.n))
    return [Decided(now_ms + shift_ms, seq, decision_of(body)) for now_ms, seq, body in rows]
