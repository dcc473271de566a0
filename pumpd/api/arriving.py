"""A request has so many seconds to arrive whole. Who begins one and never ends it holds a connection that a pump's line
or the journal may need: that one is dropped.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

ARRIVES_S = 15.0  # ours; as Apache's mod_reqtimeout gives headers 20 s and a body 20 s, and our bodies are small


class BoundedHttp(H11Protocol):
    """uvicorn's HTTP protocol with that deadline, from the connection's beginning or a request's first byte."""

    arrives_s = ARRIVES_S
    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self._nothing_owed():
            self._forget()
        elif self._due is None:
            self._due = self.loop.call_later(self.arrives_s, self._late)

    def _forget(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _late(self) -> None:
        self._due = None
        if not self._nothing_owed():
            self.transport.abort()

    def _nothing_owed(self) -> bool:
        """The request is here, or none was begun, or the connection is not ours any more (a WebSocket, or closing)."""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return True
        if self.cycle is not None and not self.cycle.response_complete:
            return not self.cycle.more_body
        return self.timeout_keep_alive_task is not None


def bounded(stretch: float) -> type[BoundedHttp]:
    """stretch: of pumpd.clock.PeoplesTime."""
    return type("BoundedHttp", (BoundedHttp,), {"arrives_s": ARRIVES_S * stretch})
