"""TCP lines on real ports: refused, cut, half-open, flapping."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from pumpd.config.model import LinkTimes
from pumpd.links import Reason
from tests.links.ends import Watched
from tests.ports import free_port

Watch = Callable[..., Watched]


class Server:
    """A TCP server that hands each connection to the test."""

    def __init__(self) -> None:
        self.connections: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self.port = 0
        self._server: asyncio.Server | None = None

    async def listen(self) -> Server:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.connections.put((reader, writer))

    def close(self) -> None:
        if self._server is not None:
            self._server.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = await Server().listen()
    yield made
    made.close()
    while not made.connections.empty():
        made.connections.get_nowait()[1].close()


async def test_bytes_pass_both_ways_and_a_cut_connection_comes_back(server: Server, watch: Watch) -> None:
    line = watch(f"socket://127.0.0.1:{server.port}")
    reader, writer = await server.connections.get()
    await line.until_up()
    line.line.write(b"poll")
    assert await reader.readexactly(4) == b"poll"
    writer.write(b"status")
    await line.until(lambda: line.heard == b"status")
    writer.close()
    assert (await line.until_down()).reason is Reason.RESET
    _, second = await server.connections.get()
    await line.until_up(times=2)
    second.close()


async def test_a_closed_port_is_refused_and_tried_again(watch: Watch) -> None:
    server = Server()
    server.port = free_port()
    line = watch(f"socket://127.0.0.1:{server.port}")
    assert (await line.until_down()).reason is Reason.REFUSED
    await server.listen()
    await line.until_up()
    (await server.connections.get())[1].close()
    server.close()


async def test_a_half_open_connection_is_dropped_and_made_anew(server: Server, watch: Watch) -> None:
    line = watch(f"socket://127.0.0.1:{server.port}")
    first = await server.connections.get()
    await line.until_up()
    line.line.reopen(Reason.SILENT, "nothing believable for 10 s")
    second = await server.connections.get()
    await line.until_up(times=2)
    assert Reason.SILENT in [state.reason for state in line.states if state]
    assert await first[0].read() == b""
    for _, writer in (first, second):
        writer.close()


@pytest.mark.parametrize("words", [b"", b"port in use\r\n"])
async def test_a_server_that_accepts_and_hangs_up_does_not_reset_the_back_off(
    server: Server, watch: Watch, words: bytes
) -> None:
    line = watch(f"socket://127.0.0.1:{server.port}", LinkTimes(backoff_first_ms=1, backoff_max_ms=60_000))
    for _ in range(5):
        _, writer = await server.connections.get()
        writer.write(words)
        writer.close()
    await line.until(lambda: line.states.count(None) == 5 and line.states[-1])
    assert line.heard == words * 5
    assert line.line._backoff.next_s() >= 0.016


async def test_a_line_that_goes_on_speaking_is_opened_again_at_once_after_its_next_loss(
    server: Server, watch: Watch
) -> None:
    line = watch(f"socket://127.0.0.1:{server.port}", LinkTimes(backoff_first_ms=1, backoff_max_ms=8))
    for _ in range(5):
        (await server.connections.get())[1].close()
    _, writer = await server.connections.get()
    while line.line._backoff._next_ms != 1:
        heard = len(line.heard)
        writer.write(b"status")
        await line.until(lambda heard=heard: len(line.heard) > heard)
    assert line.line._backoff.next_s() == 0.001
    writer.close()


async def test_a_name_that_does_not_exist_is_unreachable(watch: Watch) -> None:
    line = watch("socket://no-such-host.invalid:4001", LinkTimes(backoff_first_ms=1, connect_timeout_ms=200))
    assert (await line.until_down()).reason is Reason.UNREACHABLE
