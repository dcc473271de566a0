"""Histories for an event loop: a process of its own reads the journal, and stays, because starting one takes a second.

A thread would not do: reading a day of a monitor keeps the interpreter for a good part of a second, and a stop would
wait for its turn; the journal's own thread would commit late meanwhile. The loop only passes bytes on.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

import msgspec

from pumpd.history.shapes import Query
from pumpd.history.wire import GOOD, LENGTH, First, framed

LONGEST_S = 20.0  # a day takes a tenth of a second; beyond this something is stuck
MOST_WAITING = 32


class HistoryError(RuntimeError):
    """No answer: the journal cannot be read, or too many ask. The message says why."""


class BedHistory:
    """journal_url None: this ward keeps no journal that could be read, and knows of no past. close() ends the process.

    One question at a time: a page that is loaded again and again must not take the machine.
    """

    def __init__(self, journal_url: str | None) -> None:
        self._journal_url = journal_url
        self._worker: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._closed = False

    async def ask(self, query: Query) -> bytes:
        """The answer as JSON. Raises HistoryError."""
        if self._journal_url is None or self._closed:
            raise HistoryError("no journal is kept")
        if self._waiting >= MOST_WAITING:
            raise HistoryError("too many screens ask for a history at once")
        self._waiting += 1
        try:
            async with self._turn, asyncio.timeout(LONGEST_S):
                return await self._ask(self._journal_url, query)
        except TimeoutError:
            raise HistoryError(f"the journal's reader gave no answer within {LONGEST_S:g} s") from None
        finally:
            self._waiting -= 1

    async def _ask(self, url: str, query: Query) -> bytes:
        worker = self._worker
        if worker is None or worker.returncode is not None:
            worker = self._worker = await self._start(url)
        answered = False
        try:
            code, body = await _exchange(worker, msgspec.json.encode(query))
            answered = True
        except (OSError, asyncio.IncompleteReadError) as error:
            raise HistoryError("the journal's reader ended") from error
        finally:
            if not answered:  # given up in the middle: what it says next is no answer to the next question
                await self._end()
        if code != GOOD:
            raise HistoryError(body.decode(errors="replace"))
        return body

    async def _start(self, url: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        arguments = ("-P", "-m", "pumpd.history.worker")
        worker = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdin=pipe, stdout=pipe)
        assert worker.stdin is not None
        worker.stdin.write(framed(msgspec.json.encode(First(url))))
        return worker

    async def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        assert worker.stdin is not None
        if worker.returncode is None:
            with suppress(ProcessLookupError):
                worker.kill()
        worker.stdin.close()
        await asyncio.shield(worker.communicate())

    async def close(self) -> None:
        """End the process; nothing is answered any more."""
        self._closed = True
        await self._end()


async def _exchange(worker: asyncio.subprocess.Process, data: bytes) -> tuple[bytes, bytes]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(framed(data))
    await worker.stdin.drain()
    code = await worker.stdout.readexactly(1)
    length = LENGTH.unpack(await worker.stdout.readexactly(LENGTH.size))[0]
    return code, await worker.stdout.readexactly(length)
