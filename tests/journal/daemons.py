"""Daemons of their own, for tests that kill them: what they run, and how they are started.

Each is a process of its own, forked from one that has loaded everything already: loading takes half a second.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

from pumpd.access.audit import AuditEntry, What
from pumpd.safety.events import Heard
from pumpd.safety.wire import state_to_bytes
from pumpd.units import Ms
from tests.journal.letters import letters, message, outgoing
from tests.journal.notes import notes
from tests.journal.steps import Recorder, admitted, opened
from tests.safety.build import status

Main = Callable[..., Coroutine[Any, Any, None]]
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["pytest", __name__])


class Killable:
    """What the daemon says is read by `line`, what it waits for is `told`."""

    def __init__(self, main: Main, arguments: tuple[object, ...]) -> None:
        self._said, theirs = _FORKS.Pipe(duplex=True)
        self._process = _FORKS.Process(target=_run, args=(main, theirs, arguments), daemon=True)
        self._process.start()
        theirs.close()

    def line(self) -> Any:
        """The next thing that it says. Raises EOFError when it has ended."""
        return self._said.recv()

    def tell(self) -> None:
        """That it may go on."""
        self._said.send("")

    def kill(self) -> list[Any]:
        """By SIGKILL; then what it had said before and nobody has read."""
        self._process.kill()
        self._process.join()
        left = []
        try:
            while True:
                left.append(self._said.recv())
        except (EOFError, OSError):  # also in the middle of a word
            return left

    def end(self) -> None:
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
        self._said.close()


@contextmanager
def daemon(main: Main, *arguments: object) -> Iterator[Killable]:
    """Runs main(connection, *arguments) until it is killed."""
    made = Killable(main, arguments)
    try:
        yield made
    finally:
        made.end()


def _run(main: Main, connection: Connection, arguments: tuple[object, ...]) -> None:
    asyncio.run(main(connection, *arguments))


async def writes(told: Connection, url: str) -> None:
    """A bed's steps; says the number of each that is durable."""
    async with opened(url) as journal:
        recorder = admitted(Recorder(journal))
        while True:
            recorder.seconds(2)
            recorder.seconds(1, rate_ul_h=200_000)
            await journal.durable(recorder.token)
            told.send(recorder.seq)


async def trips(told: Connection, url: str, known: bool) -> None:
    """Says where its tail is; then, when it may, trips, and says its last step, the time and the state."""
    async with opened(url) as journal:
        recorder = admitted(Recorder(journal))
        recorder.seconds(2)
        if known:
            await journal.durable(recorder.token)
        assert journal._writer.tail is not None
        told.send(journal._writer.tail.path)
        await asyncio.to_thread(told.recv)
        recorder.overspeed()
        told.send((recorder.seq, recorder.now, state_to_bytes(recorder.state)))
        await asyncio.sleep(60)


async def marks(told: Connection, url: str) -> None:
    """Marks a report whose stop has left, and says the step before it and that one's time."""
    async with opened(url) as journal:
        recorder = admitted(Recorder(journal))
        recorder.seconds(2)
        await journal.durable(recorder.token)
        event = Heard("b1-p1", status(700_000))
        journal.foresee_event("b1", recorder.seq + 1, Ms(recorder.now + 5), event)
        told.send((recorder.seq, recorder.now))
        await asyncio.sleep(60)


async def corresponds(told: Connection, url: str, first: int, bed: str) -> None:
    """Twenty senders of messages; says each that was promised to be kept, in and out."""
    numbers = itertools.count(first)
    async with letters(url) as (journal, store):
        recorder = admitted(Recorder(journal, bed))

        async def one() -> None:
            for n in numbers:
                own = message(f"m{n}", answer=b"%d" % n)
                await store.received(own)
                told.send(f"in m{n}")
                await store.applied(own.key)
                await store.queue([outgoing(f"m{n}", urgent=n % 3 == 0, bed="b1", seq=n + 1)])
                told.send(f"out m{n}")
                recorder.seconds(1)

        await asyncio.gather(*(one() for _ in range(20)))


async def audits(told: Connection, url: str) -> None:
    """Entries of the audit; says the number of every seventh that is on the disk."""
    async with notes(url) as book:
        for number in range(1_000_000):
            book.audit.note(AuditEntry(What.SAW, "klee", subject=str(number)))
            if number % 7 == 0:
                await book.audit._settled()
                told.send(number)
