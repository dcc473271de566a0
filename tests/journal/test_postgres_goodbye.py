"""A server that has said goodbye on a connection, before the connection itself is seen to be closed."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from pumpd.journal import postgres as batches

SOCKET = ".s.PGSQL.5432"


class Between:
    """Stands between a client and its server, and hangs up on the client only when it is told to."""

    def __init__(self, folder: Path, server: Path) -> None:
        self._folder, self._server = folder, server
        self.gone, self.over = asyncio.Event(), asyncio.Event()
        self._served = set[asyncio.Task[None]]()

    async def open(self) -> asyncio.Server:
        return await asyncio.start_unix_server(self._serve, self._folder / SOCKET)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._served.add(task)
        far_reader, far_writer = await asyncio.open_unix_connection(self._server / SOCKET)
        try:
            with contextlib.suppress(OSError):
                await asyncio.gather(_pass(reader, far_writer), self._back(far_reader, writer))
        finally:
            far_writer.close()
            writer.close()

    async def end(self) -> None:
        """Nothing of it outlives the test's loop."""
        for task in self._served:
            task.cancel()
        await asyncio.wait(self._served)

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _pass(reader, writer)
        self.gone.set()
        await self.over.wait()
        writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)


async def test_a_server_that_is_shut_down_between_two_batches_is_a_failure_like_any_other(
    pg_url: str, tmp_path: Path
) -> None:
    """Anything else would end the journal's thread, and nothing would be recorded any more."""
    parts = urlsplit(pg_url)
    server, database = Path(parse_qs(parts.query)["host"][0]), parts.path[1:]
    between = Between(tmp_path, server)
    async with await between.open():
        other = await asyncpg.connect(host=str(server), user="pumpd", database=database)
        driver = await batches.connect(host=str(tmp_path), user="pumpd", database=database)
        try:
            await other.execute("SELECT pg_terminate_backend($1)", driver.get_server_pid())
            await between.gone.wait()
            await asyncio.sleep(0)  # the goodbye is read
            with pytest.raises(OSError, match="another operation"):
                await batches.one_transaction(driver, {})([])
        finally:
            between.over.set()
            driver.terminate()
            await other.close()
            await between.end()
