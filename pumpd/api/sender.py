"""Sends a screen what it may have, in its turns: straight into its connection, or through the web framework."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache

import structlog
from fastapi import WebSocket

from pumpd.api.wire import Offer, framed
from pumpd.live.client import LiveClient
from pumpd.live.hub import LiveHub
from pumpd.live.messages import Close

TURN_BYTES = 16_384  # a turn ends when it gave so much: a backlog must not hold the loop while a stop is due
log = structlog.get_logger(__name__)


@lru_cache(maxsize=16)
def _framed(text: str) -> bytes:
    """Framed once for all the screens that get the same."""
    return framed(text.encode())


class QuickSender:
    """turn() gives the screen what it may have now. still: may it have anything at all? (its session stands).

    idle_ack: an acknowledgement came that gave no credit back.
    """

    __slots__ = ("_client", "_hub", "_idle_ack", "_still", "_wire")

    def __init__(
        self,
        hub: LiveHub,
        client: LiveClient,
        offer: Offer,
        still: Callable[[], bool],
        idle_ack: Callable[[], None],
    ) -> None:
        self._hub, self._client, self._still, self._idle_ack = hub, client, still, idle_ack
        self._wire = offer(self._heard_ack, self._room)

    def end(self) -> None:
        """Nothing more is sent."""
        self._wire.end()

    def _heard_ack(self, seq: int) -> None:
        """Acks that give credit back need no limit: they are no more than what was sent."""
        if not self._client.ack(seq):
            self._idle_ack()
        elif self._client.wants_delta(self._hub):
            self.turn(self._hub.screen_ms())

    def turn(self, now_ms: int) -> None:
        """Never waits and never fails towards the hub, whose turn it takes."""
        client, hub = self._client, self._hub
        try:
            if not self._wire.room:
                client.sending(now_ms)
            elif (text := client.next_frame(hub, now_ms)) is not None:
                client.sent(now_ms)
                frames = _framed(text)
                if client.wants_more(hub):
                    frames += self._more(len(frames), now_ms)
                if self._still():
                    self._wire.write(frames)
        except Exception:  # supervision boundary: one screen's fault must not end the fan-out
            log.exception("a screen could not be served")
            client.close(Close.RESTART, "internal error")

    def _more(self, size: int, now_ms: int) -> bytes:
        """What may follow in the same turn, `size` bytes of which are taken."""
        frames = list[bytes]()
        while size < TURN_BYTES:
            text = self._client.next_frame(self._hub, now_ms)
            if text is None:
                return b"".join(frames)
            frames.append(_framed(text))
            size += len(text)
        self._hub.later(self._client)
        return b"".join(frames)

    def _room(self) -> None:
        """The connection takes data again."""
        self._client.sent(self._hub.screen_ms())
        self._hub.later(self._client)


async def send_slowly(hub: LiveHub, client: LiveClient, socket: WebSocket, still: Callable[[], bool]) -> None:
    """The same where the server offers no quick way; ends when the session does."""
    while True:
        await client.wake.wait()
        client.wake.clear()
        while (frame := client.next_frame(hub, hub.screen_ms())) is not None:
            if not still():
                return
            client.sending(hub.screen_ms())
            await socket.send_text(frame)
            client.sent(hub.screen_ms())
            await asyncio.sleep(0)
