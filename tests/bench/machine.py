"""On what it was measured: machine, versions, and how much of the machine somebody else took meanwhile."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.bench.daemon import ROOT
from tests.postgres import PG_BIN

PACKAGES = (
    "uvloop",
    "fastapi",
    "uvicorn",
    "websockets",
    "sqlalchemy",
    "aiosqlite",
    "asyncpg",
    "msgspec",
    "orjson",
    "aiomqtt",
    "paho-mqtt",
    "hl7",
    "hl7apy",
    "pyserial-asyncio-fast",
)
PROGRAMS: dict[str, tuple[str, ...]] = {
    "mosquitto": ("mosquitto", "-h"),
    "node": ("node", "--version"),
    "cc": ("cc", "--version"),
    "git": ("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"),
}
NUMBER = re.compile(r"\d+(?:\.\d+)+")
TICKS = os.sysconf("SC_CLK_TCK")
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of linux/prctl.h


def machine() -> dict[str, str]:
    """Names no host: a report may be shown to anybody."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory_gib:.0f} GiB",
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1) if found else platform.machine()


def versions() -> dict[str, str]:
    """Of everything that a figure may depend on; what is not there has no entry."""
    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    found |= {name: told for name in PACKAGES if (told := _package(name))}
    found |= {name: told for name, command in PROGRAMS.items() if (told := _program(name, command))}
    if PG_BIN is not None and (told := _program("postgres", (str(PG_BIN / "postgres"), "--version"))):
        found["postgresql"] = told
    return found


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _program(name: str, command: tuple[str, ...]) -> str:
    where = shutil.which(command[0], path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin")
    if where is None:
        return ""
    told = subprocess.run([where, *command[1:]], capture_output=True, text=True, check=False).stdout.strip()
    number = NUMBER.search(told)
    return told if name == "git" or number is None else number.group()


class Orphans:
    """A server that goes into the background (PostgreSQL) stays our descendant, so that its CPU counts as ours."""

    adopted = False

    @classmethod
    def adopt(cls) -> None:
        """From now on, for this whole process; what others of its children told by their end may be lost."""
        if platform.system() == "Linux":
            ctypes.CDLL(None, use_errno=True).prctl(SUBREAPER, 1, 0, 0, 0)
            cls.adopted = True

    @classmethod
    def bury(cls) -> None:
        """What one of them used is known when it has been waited for."""
        try:
            while cls.adopted and os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return


class Foreign:
    """How many cores others used since it was made: what the machine was busy with, less what we and our children used.

    The machine's own figure is sampled in ticks and misses short wakes, so a small part of one core stays unseen.
    """

    def __init__(self) -> None:
        self._at_s, self._busy_s, self._own_s = time.monotonic(), _busy_s(), own_s()

    def cores(self) -> float:
        """To be asked when every child has ended."""
        Orphans.bury()
        took_s = max(0.01, time.monotonic() - self._at_s)
        cores = (_busy_s() - self._busy_s - own_s() + self._own_s) / took_s
        return min(max(0.0, cores), float(os.cpu_count() or 1))  # of a short time ticks tell too much or too little


def _busy_s() -> float:
    """Of all cores, what was stolen by other machines included."""
    try:
        with Path("/proc/stat").open(encoding="ascii") as lines:
            user, nice, system, _, _, irq, soft, steal = map(int, lines.readline().split()[1:9])
    except OSError:
        return 0.0
    return (user + nice + system + irq + soft + steal) / TICKS


def own_s() -> float:
    """CPU seconds of this process and of all children that have been waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
