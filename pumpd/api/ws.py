"""/ws/v1/live: one connection of one screen. The hub decides what it gets; this moves frames and watches manners."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import msgspec
from fastapi import WebSocket, WebSocketDisconnect

from pumpd.api.commands import Does, perform
from pumpd.api.sockets import ABORT
from pumpd.live.client import LiveClient
from pumpd.live.hub import LiveHub
from pumpd.live.messages import PROTO, Ack, ClientMessage, Close, Cmd, Hello, Status, decode_client

MINUTE_MS = 60_000


class Goodbye(Exception):
    """The connection ends with this code and reason."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Meter:
    """At most `limit` messages in any minute."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._at: deque[int] = deque()

    def count(self, now_ms: int) -> None:
        """Raises Goodbye when this one is too many."""
        while self._at and self._at[0] <= now_ms - MINUTE_MS:
            self._at.popleft()
        self._at.append(now_ms)
        if len(self._at) > self._limit:
            raise Goodbye(Close.RATE, "too many messages")


class LiveConnection:
    """hello -> welcome -> snapshot -> deltas; alarms and answers in order; acks give credit back."""

    def __init__(self, socket: WebSocket, hub: LiveHub, does: Does, build: str) -> None:
        self._socket, self._hub, self._does, self._build = socket, hub, does, build
        self._messages = Meter(hub.times.messages_per_min)
        self._acks = Meter(hub.times.acks_per_min)
        self._commands: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until the connection ends, whoever ends it."""
        await self._socket.accept()
        try:
            hello = await self._hello()
            await self._socket.send_text(self._hub.welcome(self._build))
            await self._live(hello)
        except Goodbye as goodbye:
            await self._close(goodbye)
        except WebSocketDisconnect:
            pass
        finally:
            for task in self._commands:
                task.cancel()

    async def _hello(self) -> Hello:
        try:
            async with asyncio.timeout(self._hub.times.hello_ms / 1000 * self._hub.people.stretch):
                message = await self._receive()
        except TimeoutError:
            raise Goodbye(Close.HELLO_TIMEOUT, "no hello") from None
        if not isinstance(message, Hello) or PROTO not in message.proto:
            raise Goodbye(Close.BAD_PROTO, f"say hello with proto [{PROTO}]")
        wards = {"ward:*", f"ward:{self._hub.ward.id}"}
        if not set(message.subs) <= wards:
            raise Goodbye(Close.FORBIDDEN, f"only {' or '.join(sorted(wards))} is served here")
        return message

    async def _receive(self) -> ClientMessage:
        event = await self._socket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1005))
        try:
            message = decode_client(event.get("text") or event.get("bytes") or b"")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Goodbye(Close.BAD_PROTO, str(error)[:100]) from None
        meter = self._acks if isinstance(message, Ack) else self._messages
        meter.count(self._hub.screen_ms())
        return message

    async def _live(self, hello: Hello) -> None:
        client = self._hub.join(hello.credit, hello.sound)
        try:
            await _first(self._read(client), self._send(client), client.closed.wait())
        finally:
            self._hub.leave(client)
        if client.close_code is not None:
            raise Goodbye(client.close_code, client.close_reason)

    async def _read(self, client: LiveClient) -> None:
        while True:
            message = await self._receive()
            if isinstance(message, Ack):
                client.ack(message.seq, self._hub.screen_ms())
                if client.wants_delta(self._hub):
                    client.wake.set()
            elif isinstance(message, Status):
                client.status(message)
            elif isinstance(message, Cmd):
                self._start(self._command(client, message))
            else:
                raise Goodbye(Close.BAD_PROTO, "hello was said already")

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._commands.add(task)
        task.add_done_callback(self._commands.discard)

    async def _command(self, client: LiveClient, cmd: Cmd) -> None:
        client.push(await perform(self._does, cmd, self._hub.time()))
        client.wake.set()

    async def _send(self, client: LiveClient) -> None:
        while True:
            await client.wake.wait()
            client.wake.clear()
            while (frame := client.next_frame(self._hub, self._hub.screen_ms())) is not None:
                client.sending(self._hub.screen_ms())
                await self._socket.send_text(frame)
                client.sent(self._hub.screen_ms())
                await asyncio.sleep(0)  # a backlog must not hold the loop while a stop is due

    async def _close(self, goodbye: Goodbye) -> None:
        """Say why, if the line still takes it; a line that does not is dropped with all that it has buffered."""
        abort: Callable[[], None] | None = self._socket.scope["extensions"].get(ABORT)
        grace_s = self._hub.times.close_grace_ms / 1000 * self._hub.people.stretch
        with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(grace_s):
                await self._socket.close(goodbye.code, goodbye.reason)
        if abort is not None:
            asyncio.get_running_loop().call_later(grace_s, abort)


async def _first(*work: Coroutine[Any, Any, object]) -> None:
    """Run all until the first ends, end the others, and raise what it raised."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
