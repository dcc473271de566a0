"""A recorded day through the kernel again: the same events must give the same decisions."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pumpd.journal import engine as engines
from pumpd.journal.anchors import gone_until, has_anchors, newest
from pumpd.journal.judged import Rules, judge
from pumpd.journal.query import Step, bed_names, read_policies, read_steps
from pumpd.journal.records import JournalOpenError, Restored
from pumpd.journal.rows import OUTCOME, decision_text
from pumpd.journal.tables import checkpoints, decisions
from pumpd.journal.verify import ByWhom, by_whom, snapshot
from pumpd.safety.events import Event
from pumpd.safety.kernel import initial_state, step
from pumpd.safety.policy import BedPolicy
from pumpd.safety.state import BedState
from pumpd.safety.wire import WireError, state_from_bytes
from pumpd.units import Ms

PAGE = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """The first step whose decisions are not the recorded ones; each decision as its stored text."""

    seq: int
    now_ms: int
    event: str
    recorded: tuple[str, ...]
    recomputed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BedReplay:
    """steps were fed and their decisions compared. skipped: steps after a gap that no checkpoint bridges yet.

    gone: the step up to which the bed's record was let go; the replay begins with the checkpoint after it.
    note: why a bed could not be compared (completely), or "".
    """

    bed: str
    steps: int
    decisions: int
    recorded_digest: str
    recomputed_digest: str
    difference: Difference | None
    gaps: int = 0
    skipped: int = 0
    note: str = ""
    gone: int = 0


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """judged: which software decided which links of the chain; what another one decided may well differ."""

    beds: tuple[BedReplay, ...]
    judged: tuple[ByWhom, ...] = ()

    @property
    def identical(self) -> bool:
        """Every bed compared from end to end, or across gaps from the next checkpoint on, without a difference."""
        return all(bed.difference is None and not bed.note for bed in self.beds)


def rebuild(restored: Restored, policy: BedPolicy) -> BedState:
    """The bed's state after its last committed step, as this software judges it: see pumpd.journal.judged.judge."""
    return judge(restored, policy).state


def replay(url: str, bed: str | None = None) -> ReplayReport:
    """Replay one bed or all, from the journal alone. Not for use inside an event loop.

    Raises JournalOpenError when the journal cannot be read or does not know the bed.
    """
    return asyncio.run(_replay(url, bed))


async def _replay(url: str, bed: str | None) -> ReplayReport:
    parsed = engines.parse_url(url)
    path = engines.sqlite_path(parsed)
    if path is not None and not path.is_file():
        raise JournalOpenError(f"journal {path}: does not exist")
    engine = engines.make_engine(parsed, reading=True)
    try:
        return await replay_engine(engine, bed)
    except (SQLAlchemyError, OSError) as error:
        raise JournalOpenError(f"journal {path or url}: {getattr(error, 'orig', None) or error}") from error
    finally:
        await engine.dispose()


async def replay_engine(engine: AsyncEngine, bed: str | None) -> ReplayReport:
    """`replay` for callers with an engine and a loop."""
    async with engine.connect() as connection:
        await snapshot(connection)
        known = await bed_names(connection)
        if bed is not None and bed not in known:
            raise JournalOpenError(f"bed {bed} is not in this journal")
        wanted = {bed: known[bed]} if bed is not None else known
        anchored = await has_anchors(connection)
        gone = await gone_until(connection) if anchored else {}
        beds = tuple([await _Run(connection, name, n, *gone.get(n, (0, 0))).run() for name, n in wanted.items()])
        links = (await connection.execute(select(func.max(decisions.c.n)))).scalar() or 0
        last = (await newest(connection))[0].link if anchored else 0
        return ReplayReport(beds, await by_whom(connection, links, last))


@dataclass(slots=True)
class _Counts:
    steps: int = 0
    decisions: int = 0
    gaps: int = 0
    skipped: int = 0
    note: str = ""
    difference: Difference | None = None
    recorded: hashlib._Hash = field(default_factory=hashlib.sha256)
    recomputed: hashlib._Hash = field(default_factory=hashlib.sha256)


class _Run:
    """One bed's replay."""

    def __init__(self, connection: AsyncConnection, bed: str, number: int, gone: int, gone_ms: int) -> None:
        self._connection, self._bed, self._number = connection, bed, number
        self._gone, self._gone_ms = gone, gone_ms
        self._counts = _Counts()
        self._recorded = _Recorded(connection, number)
        self._resume_seq = 0

    async def run(self) -> BedReplay:
        counts = self._counts
        try:
            await self._feed()
        except LookupError as error:
            counts.note = str(error)
        return BedReplay(
            self._bed,
            counts.steps,
            counts.decisions,
            counts.recorded.hexdigest(),
            counts.recomputed.hexdigest(),
            counts.difference,
            counts.gaps,
            counts.skipped,
            counts.note,
            self._gone,
        )

    async def _feed(self) -> None:
        rules = Rules(await read_policies(self._connection, self._number))
        state, expected = await self._begin(), self._gone + 1
        steps = read_steps(self._connection, self._number, after_seq=self._gone, from_ms=self._gone_ms)
        async for seq, now_ms, event in steps:
            if seq <= self._resume_seq:
                self._counts.skipped += 1
                expected = seq + 1
                continue
            if seq != expected:
                state, expected = await self._bridge(seq), seq
                if seq <= self._resume_seq:
                    self._counts.skipped += 1
                    expected = seq + 1
                    continue
            policy = rules.at(seq)
            state = initial_state(policy) if state is None else state
            state, made = step(state, event, now_ms, policy)
            await self._compare(seq, now_ms, event, tuple(decision_text(decision) for decision in made))
            expected = seq + 1
        await self._compare_rest(expected)

    async def _begin(self) -> BedState | None:
        """The state from which the record goes on where what was before it was let go."""
        if not self._gone:
            return None
        mine = checkpoints.c
        query = select(mine.state).where(mine.bed == self._number, mine.seq == self._gone).order_by(mine.id.desc())
        saved = (await self._connection.execute(query.limit(1))).scalar()
        if saved is None:
            raise LookupError(f"the record was let go up to step {self._gone}, and its checkpoint is missing")
        return self._state(saved)

    @staticmethod
    def _state(saved: bytes) -> BedState:
        try:
            return state_from_bytes(saved)
        except WireError as error:
            raise LookupError(f"the checkpoint where a replay could go on cannot be read: {error}") from error

    async def _bridge(self, seq: int) -> BedState:
        """After missing steps: the state of the next checkpoint, up to whose step events are skipped."""
        self._counts.gaps += 1
        columns = checkpoints.c
        query = select(columns.seq, columns.state).where(columns.bed == self._number, columns.seq >= seq - 1)
        saved = (await self._connection.execute(query.order_by(columns.seq).limit(1))).first()
        if saved is None:
            raise LookupError(f"steps before {seq} are missing and no checkpoint follows")
        self._resume_seq = saved.seq
        return self._state(saved.state)

    async def _compare(self, seq: int, now_ms: Ms, event: Event, recomputed: tuple[str, ...]) -> None:
        counts = self._counts
        recorded = await self._recorded.of_step(seq)
        counts.steps += 1
        counts.decisions += len(recorded)
        for digest, texts in ((counts.recorded, recorded), (counts.recomputed, recomputed)):
            for text in texts:
                digest.update(f"{seq} {text}\n".encode())
        if recorded != recomputed and counts.difference is None:
            counts.difference = Difference(seq, now_ms, repr(event), recorded, recomputed)

    async def _compare_rest(self, seq: int) -> None:
        strays = await self._recorded.rest(seq)
        if strays and self._counts.difference is None:
            self._counts.difference = Difference(seq, 0, "no step", strays, ())


class _Recorded:
    """The recorded decisions of a bed, asked for step by step."""

    def __init__(self, connection: AsyncConnection, bed: int) -> None:
        self._rows = _decision_rows(connection, bed)
        self._next: tuple[int, str] | None = None
        self._started = False
        self._last = 0

    async def of_step(self, seq: int) -> tuple[str, ...]:
        if not self._started:
            self._started = True
            await self._advance()
        texts: list[str] = []
        while self._next is not None and self._next[0] <= seq:
            # rows between are of skipped steps; a row of an earlier step stands where it cannot belong
            if self._next[0] == seq:
                texts.append(self._next[1])
            elif self._next[0] <= self._last:
                texts.append(f"of step {self._next[0]}: {self._next[1]}")
            await self._advance()
        self._last = seq
        return tuple(texts)

    async def rest(self, from_seq: int) -> tuple[str, ...]:
        """Decisions of no recorded step: those of from_seq and later."""
        texts = []
        while self._next is not None:
            if self._next[0] >= from_seq:
                texts.append(self._next[1])
            await self._advance()
        return tuple(texts)

    async def _advance(self) -> None:
        self._next = await anext(self._rows, None)


async def _decision_rows(connection: AsyncConnection, bed: int) -> AsyncIterator[tuple[int, str]]:
    columns, last = decisions.c, 0
    while True:
        query = select(columns.n, columns.seq, columns.body).where(columns.bed == bed, columns.n > last)
        query = query.where(columns.kind != OUTCOME).order_by(columns.n).limit(PAGE)
        rows = (await connection.execute(query)).all()
        for row in rows:
            yield row.seq, row.body
        if len(rows) < PAGE:
            return
        last = rows[-1].n


__all__ = ["BedReplay", "Difference", "ReplayReport", "Rules", "Step", "rebuild", "replay", "replay_engine"]
