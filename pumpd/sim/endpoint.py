"""Where a simulated device is plugged in: the contract of its endpoints.

Plugging and unplugging is synchronous, so that a script can say exactly when a cable left. Bytes that nobody can
take are lost, as on a serial line: a simulated device never waits for its host.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

Heard = Callable[[bytes], None]
CHUNK = 4096


class Endpoint(Protocol):
    """Where a simulated device is plugged in. `url` is what a ward file would name."""

    @property
    def url(self) -> str: ...
    @property
    def plugged(self) -> bool: ...
    def open(self, heard: Heard) -> None:
        """Plug in for the first time; heard is called with every chunk from the host. Needs a running loop."""
        ...

    def write(self, data: bytes) -> None: ...
    def unplug(self) -> None: ...
    def replug(self) -> None: ...
    def close(self) -> None:
        """Unplug for good."""
        ...

    def line_baud(self) -> int | None:
        """The speed the host has set, where the line knows one."""
        ...


def no_one(_: bytes) -> None:
    """Heard before open: nobody listens."""


def read_chunk(fd: int) -> bytes | None:
    """Bytes, b"" at the end of the line, None when there is nothing yet."""
    try:
        return os.read(fd, CHUNK)
    except BlockingIOError:
        return None
    except OSError:  # EIO: the other side of a pty, or a USB adapter, has gone
        return b""
