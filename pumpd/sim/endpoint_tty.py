"""Ends of serial lines: a pty behind a symlink, and a serial port of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import termios
import tty
from pathlib import Path

from pumpd.sim.endpoint import Heard, no_one, read_chunk


class PtyEndpoint:
    """A symlink to a fresh /dev/pts/N per plug-in.

    Our own descriptor of the slave stays open, so that a host may come and go without a hang-up on the master;
    unplug() closes the master, which is a hang-up for the host. open and replug raise OSError when the symlink
    cannot be made, and never replace a file that is not a symlink.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._heard: Heard = no_one
        self._master = self._slave = -1

    @property
    def url(self) -> str:
        return f"serial://{self.path}"

    @property
    def plugged(self) -> bool:
        return self._master >= 0

    def open(self, heard: Heard) -> None:
        self._heard = heard
        self.replug()

    def replug(self) -> None:
        if self.plugged:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        try:
            self._link_to(os.ttyname(self._slave))
        except OSError:
            self._close()
            raise
        asyncio.get_running_loop().add_reader(self._master, self._readable)

    def _link_to(self, target: str) -> None:
        """Replace the symlink in one step, so that a host never sees a half-made one; never another file."""
        if self.path.exists() and not self.path.is_symlink():
            raise FileExistsError(errno.EEXIST, "not a link of ours", str(self.path))
        fresh = self.path.with_name(f".{self.path.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(self.path)

    def unplug(self) -> None:
        if not self.plugged:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        with contextlib.suppress(OSError):
            if self.path.readlink() == Path(os.ttyname(self._slave)):
                self.path.unlink()
        self._close()

    def _close(self) -> None:
        master, slave, self._master, self._slave = self._master, self._slave, -1, -1
        os.close(master)
        os.close(slave)

    def close(self) -> None:
        self.unplug()

    def _readable(self) -> None:
        data = read_chunk(self._master)
        if data:
            self._heard(data)
        elif data == b"":
            self.unplug()

    def write(self, data: bytes) -> None:
        if not self.plugged:
            return
        try:
            os.write(self._master, data)
        except BlockingIOError:  # nobody reads: what is old goes, so that a late reader hears the present
            termios.tcflush(self._master, termios.TCOFLUSH)  # still in the kernel's queue
            termios.tcflush(self._slave, termios.TCIFLUSH)  # already at the slave's side
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, data)
        except OSError:
            self.unplug()

    def line_baud(self) -> int | None:
        return BAUDS.get(termios.tcgetattr(self._slave)[4]) if self.plugged else None


BAUDS = {
    getattr(termios, f"B{baud}"): baud
    for baud in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
    if hasattr(termios, f"B{baud}")
}


def framed(flags: int, frame: str) -> int:
    """termios control flags with these data bits and this parity, such as "8N", "8E", "7E"."""
    flags &= ~(termios.CSIZE | termios.PARENB | termios.PARODD)
    flags |= {"7": termios.CS7, "8": termios.CS8}[frame[0]]
    return flags | {"N": 0, "E": termios.PARENB, "O": termios.PARENB | termios.PARODD}[frame[1]]


class SerialEndpoint:
    """A serial port of this machine, so that a simulated device can sit at the far end of a real cable."""

    def __init__(self, path: str, baud: int, frame: str = "8N") -> None:
        """frame: data bits and parity, such as "7E"; a pty ignores them."""
        self._path = path
        self._baud = baud
        self._frame = frame
        self._heard: Heard = no_one
        self._fd = -1

    @property
    def url(self) -> str:
        return f"serial://{self._path}"

    @property
    def plugged(self) -> bool:
        return self._fd >= 0

    def open(self, heard: Heard) -> None:
        """Raises OSError when the port cannot be opened, ValueError for a speed it does not have."""
        self._heard = heard
        self.replug()

    def replug(self) -> None:
        if self.plugged:
            return
        speed = getattr(termios, f"B{self._baud}", None)
        if speed is None:
            raise ValueError(f"{self._baud} baud is not a speed of serial ports here")
        self._fd = os.open(self._path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fd)
        attributes = termios.tcgetattr(self._fd)
        attributes[2] = framed(attributes[2], self._frame) | termios.CLOCAL | termios.CREAD
        attributes[4] = attributes[5] = speed
        termios.tcsetattr(self._fd, termios.TCSANOW, attributes)
        asyncio.get_running_loop().add_reader(self._fd, self._readable)

    def unplug(self) -> None:
        if not self.plugged:
            return
        asyncio.get_running_loop().remove_reader(self._fd)
        fd, self._fd = self._fd, -1
        os.close(fd)

    def close(self) -> None:
        self.unplug()

    def _readable(self) -> None:
        data = read_chunk(self._fd)
        if data:
            self._heard(data)
        elif data == b"":
            self.unplug()

    def write(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            if self.plugged:
                os.write(self._fd, data)

    def line_baud(self) -> int | None:
        return None
