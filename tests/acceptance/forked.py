"""`pumpd WORDS` as a process of its own, forked from one that has loaded everything: loading is most of a start's work.

That one runs this file (`python -m tests.acceptance.forked FD`), holds no thread and no connection, and ends with the
tests that asked it. How a daemon starts from nothing is tested where its beginning matters (`daemon.command`).
"""

from __future__ import annotations

import asyncio
import ctypes
import functools
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOADED = (
    *("pumpd.cli", "pumpd.cli.run", "pumpd.cli.demo", "pumpd.daemon.daemon", "pumpd_hl7.gateway", "pumpd_hl7.tools"),
    *("uvicorn.protocols.http.h11_impl", "aiosqlite", "sqlalchemy.dialects.sqlite.aiosqlite", "uvloop"),
)


class Forked:
    """As much of asyncio's Process as a stranger uses."""

    def __init__(self, pid: int, stdout: asyncio.StreamReader, ended: asyncio.StreamReader) -> None:
        self.pid, self.stdout = pid, stdout
        self.returncode: int | None = None
        self._reading = asyncio.create_task(self._read(ended))

    async def _read(self, ended: asyncio.StreamReader) -> None:
        self.returncode = int(await ended.readline())
        await ended.read()  # to its end, with which the pipe is closed

    async def wait(self) -> int:
        """The exit code; of a signal minus its number."""
        await asyncio.shield(self._reading)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Nothing is sent to one that has ended."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


async def forked(*words: str) -> Forked:
    """`pumpd WORDS` with this process's folder and environment, its output in one pipe."""
    out, out_end = os.pipe()
    ended, ended_end = os.pipe()
    try:
        await asyncio.to_thread(_ask, words, (out_end, ended_end))
    finally:
        os.close(out_end)
        os.close(ended_end)
    said, end = await _reader(out), await _reader(ended)
    return Forked(int(await end.readline()), said, end)


def _ask(words: Sequence[str], ends: Sequence[int]) -> None:
    order = json.dumps({"words": words, "folder": os.getcwd(), "environment": dict(os.environ)}).encode()
    _loaded().sendall(len(order).to_bytes(4, "big"))
    socket.send_fds(_loaded(), [b"!"], list(ends))
    _loaded().sendall(order)


async def _reader(end: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    pipe = os.fdopen(end, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


@functools.lru_cache(maxsize=1)
def _loaded() -> socket.socket:
    """Where the one that has loaded everything is asked; it is started for the first daemon."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", __name__, str(theirs.fileno())]
    _STARTED.append(subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], stdout=subprocess.DEVNULL))
    theirs.close()
    return ours


_STARTED: list[subprocess.Popen[bytes]] = []
PR_SET_PDEATHSIG = 1


# in the process that has loaded everything


def _serve(asked: socket.socket) -> None:
    for name in LOADED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how the keepers end
    while head := asked.recv(4, socket.MSG_WAITALL):
        _, ends, _, _ = socket.recv_fds(asked, 1, 2)
        order = json.loads(asked.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
        if os.fork() == 0:
            asked.close()
            _keep(order, *ends)
        for end in ends:
            os.close(end)


def _keep(order: dict[str, Any], out: int, ended: int) -> None:
    """The daemon's parent: says its number, and how it has ended."""
    _end_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        _end_with_parent()
        os.close(ended)
        _become(order, out)
    os.close(out)
    os.write(ended, b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    os.write(ended, b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _end_with_parent() -> None:
    """A daemon that is left over would open lines that the system has long given to another test."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _become(order: dict[str, Any], out: int) -> None:
    for number in (1, 2):
        os.dup2(out, number)
    os.close(out)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["pumpd", *order["words"]]
    main = importlib.import_module("pumpd.cli").main
    main()  # ends with SystemExit, as the command does


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
