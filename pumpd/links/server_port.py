"""A serial server's port by RFC 2217, as a pipe: the TCP connection below, the pure client (comport) between.

Used as a Pipe is. It may be written to from on_ready on; what the server refuses, or does not answer in time, is told
as the loss of the line, in words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pumpd.config.link_url import ServerLink
from pumpd.config.model import LinkTimes
from pumpd.device.info import Line as LineSettings
from pumpd.links.comport import ComPort
from pumpd.links.opening import Reason, Trouble
from pumpd.links.pipe import Pipe
from pumpd.links.telnet import Decoder, escape


class ServerPort:
    """on_bytes, on_lost and on_sent are about the device's bytes only: Telnet's are taken out."""

    def __init__(
        self,
        fd: int,
        link: ServerLink,
        settings: LineSettings,
        times: LinkTimes,
        on_bytes: Callable[[bytes], None],
        on_lost: Callable[[Trouble], None],
        on_ready: Callable[[ServerPort], None],
        on_sent: Callable[[bytes], None] | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._wait_s = times.connect_timeout_ms / 1000
        self._on_bytes = on_bytes
        self._on_lost = on_lost
        self._on_sent = on_sent
        self._sent_decoder = Decoder()
        self._deadline: asyncio.TimerHandle | None = None
        self._suspended = False
        self._on_ready = on_ready
        self._was_ready = False
        self._port = ComPort(settings, link.baud or settings.bauds[0], tap=link.receive_only)
        sent = None if on_sent is None else self._left
        self._pipe = Pipe(fd, times.write_buffer_bytes, Reason.RESET, self._heard, self._gone, sent)
        self._pipe.write_control(self._port.start())
        self._await_answers()

    def write(self, frame: bytes, *, urgent: bool) -> bool:
        """As Pipe.write; False before the port is ready."""
        return self._port.ready and self._pipe.write(escape(frame), urgent=urgent)

    def set_baud(self, baud: int) -> None:
        """Another speed before anything that is written from now on: the server takes its commands in order."""
        self._pipe.write_control(self._port.set_baud(baud))
        self._await_answers()

    def unsent(self) -> int:
        """Bytes that still wait here, not those that the system holds."""
        return self._pipe.unsent()

    def detach(self) -> None:
        """Lets go of the descriptor, which stays open."""
        self._pipe.detach()
        if self._deadline is not None:
            self._deadline.cancel()

    def _heard(self, raw: bytes) -> None:
        got = self._port.receive(raw)
        if self._deadline is not None and not self._port.unanswered:
            self._deadline.cancel()
            self._deadline = None
        if got.reply:
            self._pipe.write_control(got.reply)
        if self._port.trouble is not None:
            self._lose(self._port.trouble)
            return
        if self._port.suspended != self._suspended:
            self._suspended = self._port.suspended
            self._pipe.suspend(self._suspended)
        if self._port.ready and not self._was_ready:
            self._was_ready = True
            self._on_ready(self)
        if got.data:
            self._on_bytes(got.data)

    def _left(self, raw: bytes) -> None:
        """What left, as the server understands it: a frame may leave in pieces, and commands are not the device's."""
        for part in self._sent_decoder.feed(raw):
            if isinstance(part, bytes) and self._on_sent is not None:
                self._on_sent(part)

    def _gone(self, trouble: Trouble) -> None:
        """A server whose port is taken says so in words, and hangs up."""
        said = self._port.greeting.decode("ascii", "replace").strip()
        if not self._port.ready and said and said.isprintable():
            trouble = Trouble(trouble.reason, f'the server said "{said}"')
        self._on_lost(trouble)

    def _await_answers(self) -> None:
        """From the first question on; a further one is no reason to wait longer for the first."""
        if self._deadline is None:
            self._deadline = self._loop.call_later(self._wait_s, self._look)

    def _look(self) -> None:
        self._deadline = None
        if self._port.unanswered:
            self._lose(f"the server did not answer within {self._wait_s:g} s: {self._port.unanswered}")

    def _lose(self, words: str) -> None:
        self.detach()
        self._loop.call_soon(self._on_lost, Trouble(Reason.NOT_SET, words))
