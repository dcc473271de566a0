"""What can be known of a serial port without opening it: who may, and who has it open.

Opening a port raises its handshake lines, which resets some devices and confuses whoever is talking: so only the
system's own books are read (/dev, /proc, lock files).
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
LOCK_DIRS = (Path("/run/lock"), Path("/var/lock"))


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has the port open or locked. program "": it is another user's, and its name is not told."""

    pid: int
    program: str = ""

    def __str__(self) -> str:
        return f"{self.program or 'a program'} (pid {self.pid})"


def why_denied(path: str) -> str | None:
    """Why this user may not open the port, and who may; None where it may, or where it is gone."""
    if os.access(path, os.R_OK | os.W_OK):
        return None
    try:
        status = os.stat(path)
    except OSError:
        return None
    group = _group(status.st_gid)
    if status.st_mode & stat.S_IRGRP and status.st_mode & stat.S_IWGRP:
        return f'permission denied: group "{group}" may open it; join it (usermod -aG {group} USER) and log in again'
    return f'permission denied: only user "{_user(status.st_uid)}" may open it; a udev rule may give it to a group'


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def holders(path: str) -> tuple[Holder, ...]:
    """Who has the port open or locked, as far as this user may see: other users' open files are only seen by root."""
    port = os.path.realpath(path)
    pids = {*_opened(port), *_flocked(port), *_uucp(port)}
    return tuple(Holder(pid, program(pid)) for pid in sorted(pids))


def _opened(port: str) -> Iterator[int]:
    for folder in PROC.glob("[0-9]*/fd"):
        with contextlib.suppress(OSError):
            if any(os.readlink(fd) == port for fd in folder.iterdir()):
                yield int(folder.parent.name)


def _flocked(port: str) -> Iterator[int]:
    """Exclusive openings as pumpd and pyserial make them; /proc/locks names them to everybody."""
    with contextlib.suppress(OSError, ValueError):
        status = os.stat(port)
        file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        for line in (PROC / "locks").read_text(encoding="ascii").splitlines():
            words = line.split()
            if len(words) > 5 and words[-3] == file:
                yield int(words[-4])


def _uucp(port: str) -> Iterator[int]:
    """Lock files as terminal programs leave them; one whose process is gone counts for nothing."""
    for folder in LOCK_DIRS:
        with contextlib.suppress(OSError, ValueError):
            pid = int((folder / f"LCK..{os.path.basename(port)}").read_text(encoding="ascii").split()[0])
            if (PROC / str(pid)).exists():
                yield pid


def program(pid: int) -> str:
    """Its name; "" where it is not told to us."""
    try:
        return (PROC / str(pid) / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
