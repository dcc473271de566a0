"""What the socket tests share: a store in memory, a receiver that notes what it is given, a peer that sends bytes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pumpd_hl7.acks import Problem
from pumpd_hl7.intake import Intake
from pumpd_hl7.message import Message, read_message
from pumpd_hl7.mllp import MllpFramer, frame
from pumpd_hl7.server import Server

from pumpd.gateways import DeadLetter, ListenSettings, MessageStore, Outgoing, PeerSettings, Queued, Received
from pumpd.safety.decisions import Decision

FIXTURES = Path(__file__).parent / "fixtures"
NOW_US = 1_768_471_200_000_000  # 2026-01-15 10:00:00 UTC
EVERYTHING = ("ADT", "ORU", "ORA", "RGV", "RAS", "RDE", "OMP", "ORM")
ADT = PeerSettings("ehr", "ADT", may=EVERYTHING)
LATIN = PeerSettings("old", "OLD", blank_charset="iso8859-1")
NO_CR = PeerSettings("bare", "BARE", end_without_cr=True)
PEERS = (ADT, LATIN, NO_CR)


def adt(
    control_id: str = "1", header: str = "", app: str = "ADT", kind: str = "ADT^A08", name: str = "Test^Ada"
) -> str:
    """A whole ADT message. header: what stands after MSH-10 instead of `P|2.6`."""
    rest = header or "P|2.6"
    return f"MSH|^~\\&|{app}|HOSP|PUMPD|HOSP|20260115100000+0000||{kind}|{control_id}|{rest}\rPID|||1^^^H^MR||{name}\r"


class Memory:
    """The message tables as a dictionary; `hold` keeps every commit back until it is set."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, str], Received] = {}
        self.done: set[tuple[str, str, str]] = set()
        self.hold: asyncio.Event | None = None
        self.broken: Exception | None = None
        self.unmarked = 0

    async def received(self, message: Received) -> Received:
        if self.hold is not None:
            await self.hold.wait()
        if self.broken is not None:
            raise self.broken
        return self.kept.setdefault(message.key, message)

    async def answered_before(self, key: tuple[str, str, str]) -> Received | None:
        return self.kept.get(key)

    async def applied(self, *keys: tuple[str, str, str]) -> None:
        if self.broken is not None:
            self.unmarked += 1
            raise self.broken
        self.done.update(keys)

    async def unapplied(self) -> Sequence[Received]:
        return [message for key, message in self.kept.items() if key not in self.done]

    # the outbox is no part of these tests
    async def queue(self, messages: Sequence[Outgoing]) -> None:
        raise AssertionError(messages)

    async def waiting(self, destination: str, most: int) -> Sequence[Queued]:
        return []

    async def depth(self, destination: str) -> int:
        return 0

    async def dead(self, destination: str) -> int:
        return 0

    async def sent(self, number: int, answer: str) -> None:
        raise AssertionError(number)

    async def failed(self, number: int, why: str) -> None:
        raise AssertionError(number)

    async def refused(self, number: int, why: str, now_us: int) -> None:
        raise AssertionError(number)

    async def thinned(self, destination: str, now_us: int) -> int:
        return 0

    async def dead_letters(self, destination: str | None, most: int) -> Sequence[DeadLetter]:
        return []

    async def settle_dead(self, number: int, by: str, replay: bool, now_us: int) -> bool:
        return False

    async def told_until(self, destination: str) -> dict[str, int]:
        return {}

    async def decisions_after(self, bed: str, seq: int) -> Sequence[tuple[int, int, int, tuple[Decision, ...]]]:
        return []


class Held:
    """Another store, whose `hold` keeps what is to be stored back until it is set."""

    def __init__(self, store: MessageStore) -> None:
        self._store = store
        self.hold: asyncio.Event | None = None

    async def received(self, message: Received) -> Received:
        if self.hold is not None:
            await self.hold.wait()
        return await self._store.received(message)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@contextlib.asynccontextmanager
async def in_memory() -> AsyncIterator[Memory | Held]:
    yield Memory()


@dataclass
class Notes:
    """A receiver that notes what it is told to do. problems: what it finds with every message."""

    applied: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()
    broken: Exception | None = None
    hold: asyncio.Event | None = None
    names: list[str] = field(default_factory=list)
    tries: int = 0

    async def judge(self, message: Message, peer: PeerSettings) -> Sequence[Problem]:
        return self.problems

    async def apply(self, received: Received, message: Message, late: bool) -> None:
        if self.hold is not None:
            await self.hold.wait()
        self.tries += 1
        if self.broken is not None:
            raise self.broken
        (self.late if late else self.applied).append(message.control_id)
        self.names.append(message.get("PID", 5))


class Caller:
    """A peer at the other end of a real connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._framer = MllpFramer()
        self._answers: list[bytes] = []

    async def send(self, *pieces: bytes) -> None:
        """Each piece in a segment of its own."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def answer(self) -> Message:
        """The next answer."""
        while not self._answers:
            data = await self.reader.read(65536)
            assert data, "closed without an answer"
            for item in self._framer.feed(data):
                assert isinstance(item, bytes), item
                self._answers.append(item)
        found = read_message(self._answers.pop(0), "utf-8")
        assert isinstance(found, Message), found
        return found

    async def ask(self, text: str | bytes) -> Message:
        await self.send(frame(text.encode() if isinstance(text, str) else text))
        return await self.answer()

    async def said(self, text: str | bytes) -> str:
        """The answer's code and to what, such as `AA 1`."""
        return code_of(await self.ask(text))

    async def closed(self) -> bytes:
        """Until the other side ends the connection; what it sent until then."""
        with contextlib.suppress(ConnectionResetError):
            return await self.reader.read()
        return b""


async def until(true: Callable[[], object]) -> None:
    """Turns of the loop until it is so; the test's time-out ends what never comes."""
    while not true():  # noqa: ASYNC110 - what is waited for has no event of its own
        await asyncio.sleep(0)


def code_of(answer: Message) -> str:
    return f"{answer.get('MSA', 1)} {answer.get('MSA', 2)}"


def error_of(answer: Message) -> str:
    """`code segment-field` of the first ERR."""
    error = answer.first("ERR")
    assert error is not None, answer.lines
    return f"{error.get(3)} {error.get(2)}-{error.get(2, 3)}".rstrip("-")


@dataclass
class Bench:
    """A listening server with everything that it is made of."""

    server: Server
    intake: Intake
    store: Any
    notes: Notes
    owing: list[int]
    open: list[Caller] = field(default_factory=list)

    async def caller(self) -> Caller:
        self.open.append(Caller(*await asyncio.open_connection("127.0.0.1", self.server.port)))
        return self.open[-1]

    def peer(self, name: str = "ehr"):  # type: ignore[no-untyped-def]
        return next(peer for peer in self.server.peers() if peer.id == name)


@contextlib.asynccontextmanager
async def listening(
    store: Any = None,
    *,
    kept: Callable[[], contextlib.AbstractAsyncContextManager[Any]] = in_memory,
    generation: str = "real",
    wall_us: Callable[[], int] = lambda: NOW_US,
    peers: tuple[PeerSettings, ...] = PEERS,
    **settings: object,
) -> AsyncIterator[Bench]:
    """A server on a port of its own. kept: makes its store, where none is given."""
    async with contextlib.AsyncExitStack() as opened:
        if store is None:
            store = await opened.enter_async_context(kept())
        yield await opened.enter_async_context(_listening(store, generation, wall_us, peers, **settings))


@contextlib.asynccontextmanager
async def _listening(
    store: MessageStore,
    generation: str,
    wall_us: Callable[[], int],
    peers: tuple[PeerSettings, ...],
    **settings: object,
) -> AsyncIterator[Bench]:
    said = ListenSettings("127.0.0.1", 0, peers=peers, **settings)  # type: ignore[arg-type]
    notes = Notes()
    owing: list[int] = []
    intake = Intake(store, notes, peers, generation, wall_us, "A", owing.append)
    server = Server(said, intake, wall_us)
    await server.start()
    bench = Bench(server, intake, store, notes, owing)
    try:
        yield bench
    finally:
        for caller in bench.open:
            caller.writer.close()
        await server.close()
        await intake.drain()
