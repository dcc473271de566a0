"""/ws/v1/live: one connection of one screen. The hub decides what it gets; this moves frames and watches manners.

Who it belongs to is settled at the handshake (cookie, `Authorization: Bearer`, or the token of its hello), asked again
for every op and before every frame, and the connection ends the moment the session does.
"""

from __future__ import annotations

import asyncio
import functools
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
from fastapi import WebSocket, WebSocketDisconnect

from pumpd.access.principal import Credentials, Principal
from pumpd.access.roles import Permission
from pumpd.api.commands import Asker, Does, perform
from pumpd.api.gate import SESSION_OVER, Gate, address_of, any_credentials, credentials_of
from pumpd.api.sender import QuickSender, send_slowly
from pumpd.api.sockets import ABORT, WIRE
from pumpd.api.wire import Offer
from pumpd.live.client import LiveClient
from pumpd.live.hub import LiveHub
from pumpd.live.messages import PROTO, Ack, ClientMessage, Close, Cmd, Hello, Status, decode_client

MINUTE_MS = 60_000
WAVE = "wave:"


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

    def __init__(self, socket: WebSocket, hub: LiveHub, does: Does, gate: Gate, build: str) -> None:
        self._socket, self._hub, self._does, self._gate, self._build = socket, hub, does, gate, build
        self._asker = Asker(credentials_of(socket), address_of(socket))
        self._messages = Meter(hub.times.messages_per_min)
        self._idle_acks = Meter(hub.times.idle_acks_per_min)
        self._commands: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until the connection ends, whoever ends it."""
        await self._socket.accept()
        try:
            if any_credentials(self._asker.credentials):
                self._admit()
            hello = await self._hello()
            if hello.token is not None:
                self._asker = Asker(Credentials(bearer=hello.token), self._asker.address)
            who = self._admit()
            await self._socket.send_text(self._hub.welcome(self._build, who))
            await self._live(hello, who)
        except Goodbye as goodbye:
            await self._close(goodbye)
        except WebSocketDisconnect:
            pass
        finally:
            for task in self._commands:
                task.cancel()

    def _admit(self) -> Principal:
        """Who it belongs to. Raises Goodbye for nobody, and for who may not see the ward."""
        who = self._gate.access.who(self._asker.credentials, active=False)
        if who is None:
            self._gate.note_refused(None, self._asker.address, "live", None, "not_signed_in")
            raise Goodbye(Close.NOT_SIGNED_IN, SESSION_OVER)
        if not who.may(Permission.VIEW):
            self._gate.note_refused(who, self._asker.address, "live", None, "not_permitted")
            raise Goodbye(Close.FORBIDDEN, f"{who.name} may not see the ward (permission view)"[:100])
        return who

    async def _hello(self) -> Hello:
        try:
            async with asyncio.timeout(self._hub.times.hello_ms / 1000 * self._hub.people.stretch):
                message = await self._receive()
        except TimeoutError:
            raise Goodbye(Close.HELLO_TIMEOUT, "no hello") from None
        if not isinstance(message, Hello) or PROTO not in message.proto:
            raise Goodbye(Close.BAD_PROTO, f"say hello with proto [{PROTO}]")
        wards = {"ward:*", f"ward:{self._hub.ward.id}"}
        if not set(message.subs) <= wards | {f"{WAVE}{bed}" for bed in self._hub.bed_ids()}:
            raise Goodbye(Close.FORBIDDEN, f"only {' or '.join(sorted(wards))} and {WAVE}BED are served here")
        return message

    async def _receive(self) -> ClientMessage:
        event = await self._socket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1005))
        try:
            message = decode_client(event.get("text") or event.get("bytes") or b"")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Goodbye(Close.BAD_PROTO, str(error)[:100]) from None
        if not isinstance(message, Ack):
            self._messages.count(self._hub.screen_ms())
        return message

    async def _live(self, hello: Hello, who: Principal) -> None:
        curves = frozenset(sub.removeprefix(WAVE) for sub in hello.subs if sub.startswith(WAVE))
        await self._hub.fresh()
        client = self._hub.join(hello.credit, hello.sound, who.identity, curves)
        over = functools.partial(client.close, Close.NOT_SIGNED_IN, SESSION_OVER)
        never_mind = self._gate.access.on_end(who.session, over)
        self._gate.note_sight(who, self._asker.address, "ward", None)
        try:
            with self._sending(client, who.session) as work:
                await _first(self._read(client), *work, client.closed.wait())
        finally:
            never_mind()
            self._hub.leave(client)
        if client.close_code is not None:
            raise Goodbye(client.close_code, client.close_reason)

    async def _read(self, client: LiveClient) -> None:
        while True:
            message = await self._receive()
            if isinstance(message, Ack):
                if not client.ack(message.seq):
                    self._idle_acks.count(self._hub.screen_ms())
                elif client.wants_delta(self._hub):
                    client.turn(self._hub.screen_ms())
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
        client.push(await perform(self._does, self._gate, self._asker, cmd, self._hub.time()))
        client.turn(self._hub.screen_ms())

    @contextmanager
    def _sending(self, client: LiveClient, session: str) -> Iterator[tuple[Coroutine[Any, Any, object], ...]]:
        """What must run for the client to be sent anything: nothing, where the connection offers its wire."""
        access = self._gate.access

        def still() -> bool:
            if access.valid(session):
                return True
            client.close(Close.NOT_SIGNED_IN, SESSION_OVER)
            return False

        offer: Offer | None = self._socket.scope["extensions"].get(WIRE)
        if offer is None:
            yield (send_slowly(self._hub, client, self._socket, still),)
            return
        sender = QuickSender(self._hub, client, offer, still, functools.partial(self._idle_ack, client))
        client.turn = sender.turn
        sender.turn(self._hub.screen_ms())
        try:
            yield ()
        finally:
            sender.end()

    def _idle_ack(self, client: LiveClient) -> None:
        try:
            self._idle_acks.count(self._hub.screen_ms())
        except Goodbye as goodbye:
            client.close(goodbye.code, goodbye.reason)

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
