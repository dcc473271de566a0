"""One device's line: opened, kept open, opened again when it was pulled; every change of state is told.

The line never blocks the event loop: what can block (opening, changing speed, closing) runs in an executor. A
receive-only line never sends a byte to the device, whoever asks.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import functools
import os
import random
import struct
import termios
from collections.abc import Callable
from typing import Protocol

from pumpd.config.link_url import LinkSpec, SerialLink, ServerLink, SocketLink
from pumpd.config.model import LinkTimes
from pumpd.device.info import Line as LineSettings
from pumpd.links.backoff import Backoff
from pumpd.links.opening import Reason, Trouble, open_serial, open_socket
from pumpd.links.pipe import Pipe
from pumpd.links.server_port import ServerPort

DRAIN_LOOK_S = 0.005
PROVEN_MS = 1000  # bytes that come sooner after opening may be a serial server's "port in use" before it hangs up


class Ear(Protocol):
    """Keeps what passes on a line. Called on the event loop, on the way to a stop: it must return at once."""

    def received(self, data: bytes) -> None:
        """Bytes that came, before anybody has looked at them."""
        ...

    def sent(self, data: bytes) -> None:
        """Bytes that have left."""
        ...


class Line:
    """Calls on_state(None) when the line comes up and on_state(Trouble) when it is down or its trouble changes."""

    def __init__(
        self,
        link: LinkSpec,
        settings: LineSettings,
        times: LinkTimes,
        *,
        on_bytes: Callable[[bytes], None],
        on_state: Callable[[Trouble | None], None],
        ear: Ear | None = None,
        on_sent: Callable[[bytes], None] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """ear keeps what passes either way, what came before on_bytes has it; on_sent is given what has left."""
        self.link = link
        self._settings = settings
        self._times = times
        self._on_bytes = on_bytes
        self._on_state = on_state
        self._received = None if ear is None else ear.received
        self._sent = on_sent if ear is None else ear.sent if on_sent is None else _both(ear.sent, on_sent)
        self._backoff = Backoff(times.backoff_first_ms, times.backoff_max_ms, chance)
        self._pipe: Pipe | ServerPort | None = None
        self._fd = -1
        self._proven_s = 0.0
        self._proven = False
        self._lost: asyncio.Future[Trouble] | None = None
        self._task: asyncio.Task[None] | None = None
        self._trouble: Trouble | None = Trouble(Reason.CLOSED)

    @property
    def up(self) -> bool:
        """The line is open; says nothing about who is at its other end."""
        return self._pipe is not None

    @property
    def trouble(self) -> Trouble | None:
        """None while the line is up."""
        return self._trouble

    @property
    def has_speed(self) -> bool:
        """A serial port, here or at a server, whose speed the ward file leaves to the driver."""
        return not isinstance(self.link, SocketLink) and self.link.baud is None

    @property
    def over_network(self) -> bool:
        """The line may be half-open: nothing comes any more, and nothing tells so."""
        return not isinstance(self.link, SerialLink)

    def start(self) -> None:
        """Begin to open the line, once; needs a running loop. The first state is told later, never from here."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep(), name=f"line {self.link}")

    def write(self, frame: bytes, *, urgent: bool = False) -> bool:
        """Send one frame; urgent goes before everything that waits and drops it. False: not taken, will never leave."""
        pipe = self._pipe
        return pipe is not None and not self.link.receive_only and pipe.write(frame, urgent=urgent)

    def set_baud(self, baud: int) -> None:
        """Another speed before anything that is written from now on; TCP and a configured speed ignore it."""
        if self._pipe is not None and self.has_speed:
            self._pipe.set_baud(baud)

    def reopen(self, reason: Reason, detail: str = "") -> None:
        """Drop the present connection and open it anew (a half-open TCP link is only noticed by its silence)."""
        self._lose(Trouble(reason, detail))

    async def close(self, drain_ms: int = 0) -> None:
        """Wait up to drain_ms for what was written, then close for good."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drained(), drain_ms / 1000)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._tell(Trouble(Reason.CLOSED))

    async def _drained(self) -> None:
        # no event tells that a UART's buffer is empty, and tcdrain() would block: so it is asked
        while self._pipe is not None and (self._pipe.unsent() or _unsent(self._fd)):  # noqa: ASYNC110
            await asyncio.sleep(DRAIN_LOOK_S)

    async def _keep(self) -> None:
        while True:
            try:
                opened = await self._open()
                trouble = opened if isinstance(opened, Trouble) else await self._carry(opened)
            except Exception as error:  # noqa: BLE001 - supervision boundary: a line is tried again whatever happened
                trouble = Trouble(Reason.FAILED, repr(error))
            self._tell(trouble)
            await asyncio.sleep(self._backoff.next_s())

    async def _open(self) -> int | Trouble:
        if not isinstance(self.link, SerialLink):
            return await open_socket(self.link, self._times)
        opening = asyncio.get_running_loop().run_in_executor(None, open_serial, self.link, self._settings)
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_late)
            raise

    async def _carry(self, fd: int) -> Trouble:
        """Moves bytes until the line is lost; the descriptor is closed in any case."""
        loop = asyncio.get_running_loop()
        lost: asyncio.Future[Trouble] = loop.create_future()
        self._lost = lost
        pipe = self._new_pipe(fd)
        try:
            if isinstance(pipe, Pipe):
                self._come_up(fd, pipe)
            return await lost
        finally:
            pipe.detach()
            self._pipe = None
            await asyncio.shield(loop.run_in_executor(None, _close, fd))

    def _new_pipe(self, fd: int) -> Pipe | ServerPort:
        if isinstance(self.link, ServerLink):
            come_up = functools.partial(self._come_up, fd)
            return ServerPort(fd, self.link, self._settings, self._times, self._heard, self._lose, come_up, self._sent)
        eof = Reason.RESET if self.over_network else Reason.UNPLUGGED
        return Pipe(fd, self._times.write_buffer_bytes, eof, self._heard, self._lose, self._sent)

    def _come_up(self, fd: int, pipe: Pipe | ServerPort) -> None:
        self._fd, self._pipe = fd, pipe
        self._proven = False
        self._proven_s = asyncio.get_running_loop().time() + min(PROVEN_MS, self._times.backoff_max_ms) / 1000
        self._tell(None)

    def _heard(self, data: bytes) -> None:
        if not self._proven and asyncio.get_running_loop().time() >= self._proven_s:
            self._proven = True
            self._backoff.reset()  # only bytes prove a line: a serial server accepts, and hangs up where it is taken
            if self._received is None and isinstance(self._pipe, Pipe):
                self._pipe.on_bytes = self._on_bytes  # from now on the shortest way
        received, on_bytes = self._received, self._on_bytes
        if received is not None:
            received(data)
        on_bytes(data)

    def _lose(self, trouble: Trouble) -> None:
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(trouble)

    def _tell(self, trouble: Trouble | None) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._on_state(trouble)


def _both(first: Callable[[bytes], None], then: Callable[[bytes], None]) -> Callable[[bytes], None]:
    def both(data: bytes) -> None:
        first(data)
        then(data)

    return both


def _unsent(fd: int) -> int:
    """Bytes that the system still holds for the device."""
    try:
        return int(struct.unpack("i", fcntl.ioctl(fd, termios.TIOCOUTQ, b"\0\0\0\0"))[0])
    except OSError:
        return 0


def _close(fd: int) -> None:
    # a tty that cannot send (flow control) would otherwise hold close() for its 30 s closing_wait
    if os.isatty(fd) and _unsent(fd):
        with contextlib.suppress(termios.error):
            termios.tcflush(fd, termios.TCOFLUSH)
    os.close(fd)


def _close_late(opening: asyncio.Future[int | Trouble]) -> None:
    if not opening.cancelled() and opening.exception() is None and isinstance(opening.result(), int):
        _close(opening.result())  # type: ignore[arg-type]
