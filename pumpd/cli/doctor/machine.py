"""The machine: its clock, its disk, its limits. Nothing is changed, but for a file of 4 KiB that is removed again."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pumpd.cli.doctor.finding import Finding, fail, ok, warn

STA_UNSYNC = 0x40
DRIFT_S, WATCHED_S = 0.05, 0.25
"""Wall and boot clock go apart by no more while watched: a time service slews by 0.5 ms a second at most."""

BUILT = 1_767_225_600  # 2026-01-01: a clock before that was never set
SYNCS, SLOW_S, TOO_SLOW_S = 15, 0.02, 0.2
"""A stop's record is durable after some fdatasyncs: 20 ms each are felt at the page, 200 ms fill the memory."""

LITTLE, TOO_LITTLE = 2_000_000_000, 200_000_000
FILES_WANTED = 4096
"""64 beds with two lines each, 1,000 screens, the database, and as much again."""


class _Timex(ctypes.Structure):
    """The first fields of struct timex; the rest is room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_char * 256),
    )


def clock() -> Iterator[Finding]:
    """Set, kept by a time service, and going on like the clock of the kernel."""
    if time.time() < BUILT:
        yield fail("clock", "the clock was never set", "set it, and let a time service keep it (chrony)")
    timex = _Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    if state < 0:
        yield warn("clock", "whether a time service keeps the clock cannot be asked here", "ask: timedatectl")
    elif timex.status & STA_UNSYNC:
        yield warn("clock", "no time service keeps the clock", "install and start one: apt install chrony")
    else:
        yield ok("clock", f"kept by a time service, within {timex.maxerror / 1e6:.2g} s")
    apart_s = _apart_s()
    if abs(apart_s) > DRIFT_S:
        yield warn("clock", f"it was set by {apart_s:+.2f} s just now", "two time services? a virtual machine?")


def _apart_s() -> float:
    def difference() -> float:
        return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)

    before = difference()
    time.sleep(WATCHED_S)
    return difference() - before


def disk(folder: Path, keep_free: int = 0) -> Iterator[Finding]:
    """Room, and how long it takes until something is really there. folder: of the journal."""
    if not folder.is_dir():
        yield fail("disk", f"there is no folder {folder}", f"as the daemon's user: mkdir -m 700 {folder}")
        return
    free, some = shutil.disk_usage(folder).free, f"{folder}: "
    said = f"{some}{free / 1e9:.1f} GB free"
    if free < max(TOO_LITTLE, keep_free // 2):
        yield fail("disk", said, "make room: with a full disk nothing is recorded")
    elif free < max(LITTLE, keep_free):
        yield warn("disk", said, "make room soon")
    else:
        yield ok("disk", said)
    yield _durable(folder)


def _durable(folder: Path) -> Finding:
    try:
        taken = sorted(_syncs(folder))
    except OSError as error:
        return fail("disk", f"{folder}: cannot be written: {error.strerror}", "run this as the daemon's user")
    usual, worst = taken[len(taken) // 2], taken[-1]
    said = f"{folder}: durable in {usual * 1000:.1f} ms, at worst {worst * 1000:.0f} ms"
    if usual > TOO_SLOW_S:
        return fail("disk", said, "too slow for a record of every second: an SD card? use an SSD")
    if usual > SLOW_S:
        return warn("disk", said, "acts take long to be answered: use an SSD with power-loss protection")
    return ok("disk", said)


def _syncs(folder: Path) -> Iterator[float]:
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(SYNCS):
            os.write(file.fileno(), bytes(4096))
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            yield time.perf_counter() - began


def limits(devices: int) -> Iterator[Finding]:
    """Open files, and what the kernel is set to."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(FILES_WANTED, 8 * devices)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        yield warn("limits", f"{hard} open files, {wanted} would be wanted", "LimitNOFILE= of the service")
    else:
        yield ok("limits", "enough open files")
    yield _shared_memory(Path("/dev/shm"))  # noqa: S108 - the one tmpfs that every Linux has
    suspend = _read("/sys/module/usbcore/parameters/autosuspend")
    if suspend.isdecimal() and int(suspend) > 0 and devices:
        todo = "where an adapter falls silent: kernel parameter usbcore.autosuspend=-1"
        yield warn("limits", f"USB devices that do nothing are put to sleep after {suspend} s", todo)


def _shared_memory(folder: Path) -> Finding:
    if not os.access(folder, os.W_OK):
        todo = "mount a tmpfs there: without it the last moment before a kill is lost"
        return fail("limits", f"{folder} cannot be written", todo)
    free = shutil.disk_usage(folder).free
    if free < 16_000_000:
        return warn("limits", f"{folder}: {free / 1e6:.0f} MB free", "64 kB a bed are needed: who fills it?")
    return ok("limits", f"{folder}: room for what a kill must not lose")


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return ""
