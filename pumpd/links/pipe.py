"""Moves bytes of one open descriptor on the event loop: reads what comes, writes what the outbox holds."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from pumpd.links.opening import Reason, Trouble, set_speed, trouble_of
from pumpd.links.outbox import Outbox

READ_BYTES = 4096


class Pipe:
    """on_bytes for every chunk; on_lost once, on a later turn of the loop, never from inside write().

    on_sent, if any, is given what has left, after it has.
    """

    __slots__ = (
        "_blocked", "_eof", "_fd", "_held", "_loop", "_on_lost", "_on_sent", "_open", "_outbox", "_suspended",
        "on_bytes",
    )  # fmt: skip

    def __init__(
        self,
        fd: int,
        limit_bytes: int,
        eof: Reason,
        on_bytes: Callable[[bytes], None],
        on_lost: Callable[[Trouble], None],
        on_sent: Callable[[bytes], None] | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._fd = fd
        self._outbox = Outbox(limit_bytes)
        self._eof = eof
        self.on_bytes = on_bytes  # may be another one later
        self._on_lost = on_lost
        self._on_sent = on_sent
        self._blocked = False
        self._held = False
        self._suspended = False
        self._open = True
        self._loop.add_reader(fd, self._readable)

    def write(self, frame: bytes, *, urgent: bool) -> bool:
        """Sends now what the line takes now, keeps the rest. False when the frame was dropped.

        After urgent bytes the processor is offered to whoever carries them on in the system (a pseudo-terminal's
        worker): else they wait until this process has nothing more to do, which may be a millisecond.
        """
        if not self._open or not self._outbox.push(frame, urgent=urgent):
            return False
        if not (self._blocked or self._held):
            self._flush()
        if urgent:
            os.sched_yield()
        return self._open

    def write_control(self, frame: bytes) -> None:
        """Sends to the serial server itself; one that takes none of its own answers any more is lost."""
        if not self._open:
            return
        if not self._outbox.push_control(frame):
            self._lose(Trouble(Reason.FAILED, "the serial server asks and does not read the answers"))
        elif not (self._blocked or self._held):
            self._flush()

    def hold(self, held: bool) -> None:
        """While held nothing leaves (the line's speed is being changed)."""
        self._held = held
        if not self._open:
            return
        if held:
            self._wait_for_room(False)
        else:
            self._flush()

    def suspend(self, suspended: bool) -> None:
        """While suspended only urgent and control frames leave: the serial server has no room for more."""
        self._suspended = suspended
        if self._open and not (suspended or self._blocked or self._held):
            self._flush()

    def set_baud(self, baud: int) -> None:
        """Another speed of a serial port before anything that is written from now on."""
        self.hold(True)
        done = self._loop.run_in_executor(None, set_speed, self._fd, baud)
        done.add_done_callback(lambda _: self.hold(False))

    def unsent(self) -> int:
        """Bytes that still wait here, not those that the system holds."""
        return len(self._outbox)

    def detach(self) -> None:
        """Lets go of the descriptor, which stays open."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._fd)
            self._wait_for_room(False)

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lose(trouble_of(error, Reason.UNPLUGGED))
            return
        if data:
            on_bytes = self.on_bytes
            on_bytes(data)
        else:
            self._lose(Trouble(self._eof))

    def _flush(self) -> None:
        while frame := self._outbox.head(suspended=self._suspended):
            try:
                count = os.write(self._fd, frame)
            except (BlockingIOError, InterruptedError):
                self._wait_for_room(True)
                return
            except OSError as error:
                self._lose(trouble_of(error, Reason.UNPLUGGED))
                return
            self._outbox.sent(count)
            if self._on_sent is not None:
                self._on_sent(frame[:count])
        self._wait_for_room(False)

    def _wait_for_room(self, blocked: bool) -> None:
        if blocked and not self._blocked:
            self._loop.add_writer(self._fd, self._flush)
        elif self._blocked and not blocked:
            self._loop.remove_writer(self._fd)
        self._blocked = blocked

    def _lose(self, trouble: Trouble) -> None:
        if self._open:
            self.detach()
            self._loop.call_soon(self._on_lost, trouble)
