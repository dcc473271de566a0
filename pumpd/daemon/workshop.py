"""What a biomedical engineer asks of this daemon (pumpd.live.workshop). Files and processes: off the event loop."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import os
import platform
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path

from sqlalchemy.engine import make_url

import pumpd
from pumpd import registry
from pumpd.bedside import DeviceSession, Session
from pumpd.config.model import CaptureConfig, WardConfig
from pumpd.config.remote import REMOTE
from pumpd.device import DriverInfo
from pumpd.links.capture import SUFFIX, read_header
from pumpd.live.workshop import (
    CaptureFileShape,
    CapturesShape,
    CheckShape,
    ConfigurationShape,
    DeviceCapturesShape,
    DriverShape,
    FileShape,
    OptionShape,
    Piece,
)

CHECK_S = 120
COLUMNS = 160
"""Of the check's tables: the page lets them be scrolled."""
BLOCK_BYTES = 65_536
SHORT = 12


class Workshop:
    """Over the daemon's configuration and its sessions, which it only reads."""

    def __init__(self, config: WardConfig, sessions: Mapping[str, Session]) -> None:
        self._config, self._sessions = config, sessions
        self._one_check = asyncio.Lock()

    def recent(self, device: str) -> Sequence[Piece] | None:
        session = self._sessions.get(device)
        if session is None:
            return None
        return [Piece(*piece) for piece in session.recent.pieces] if isinstance(session, DeviceSession) else []

    def version(self, driver: str) -> str:
        return "" if driver == REMOTE else _origins().get(driver, ("", ""))[0]

    def drivers(self) -> list[DriverShape]:
        used = Counter(device.driver for bed in self._config.beds for device in bed.devices)
        found = [_driver(one.info, used[name]) for name, one in sorted(registry.drivers().items())]
        return found + [_broken(one) for one in registry.broken()]

    async def captures(self) -> CapturesShape:
        kept = self._config.capture
        if kept is None:
            return CapturesShape(False, "", 0, 0, [])
        return await asyncio.to_thread(_captures, kept, self._devices())

    async def capture(self, device: str, name: str) -> AsyncIterator[bytes] | None:
        kept = self._config.capture
        if kept is None or device not in self._devices() or not name.endswith(SUFFIX) or "/" in name:
            return None
        path = kept.directory / device / name
        size = await asyncio.to_thread(_size, path)
        return None if size is None else _blocks(path, size)

    async def configuration(self) -> ConfigurationShape:
        ward = self._config
        return ConfigurationShape(
            version=pumpd.__version__,
            python=platform.python_version(),
            ward=ward.id,
            timezone=ward.timezone,
            path=str(ward.path),
            sha256=ward.sha256,
            library=ward.library,
            journal=make_url(ward.journal_url).render_as_string(hide_password=True),
            files=await asyncio.to_thread(_files, ward.files),
        )

    async def check(self) -> CheckShape:
        """One at a time: two people who look at once do not take two cores from the beds."""
        async with self._one_check:
            return await asyncio.to_thread(_check, self._config.path)

    def _devices(self) -> tuple[str, ...]:
        return tuple(device.id for bed in self._config.beds for device in bed.devices if device.driver != REMOTE)


# drivers


@functools.cache
def _installed() -> dict[str, tuple[str, str]]:
    """Version and entry point of every installed driver, by name; looked up once, as they are themselves."""
    return {point.name: (point.dist.version if point.dist else "", point.value) for point in registry.points()}


def _origins() -> dict[str, tuple[str, str]]:
    files = {
        one.info.name: (file.sha256[:SHORT], str(file.path)) for file in registry.driver_files() for one in file.drivers
    }
    return {**_installed(), **files}


def _driver(info: DriverInfo, used: int) -> DriverShape:
    version, origin = _origins().get(info.name, ("", ""))
    able = (("stop", info.pump.can_stop), ("rate", info.pump.can_set_rate), ("read_back", info.pump.can_read_back))
    return DriverShape(
        name=info.name,
        vendor=info.vendor,
        model=info.model,
        kind=info.kind.value,
        quality=info.quality,
        version=version,
        origin=origin,
        line=info.line.text(),
        integrity=info.integrity.value,
        poll_ms=info.poll_ms,
        quiet_ms=info.quiet_ms,
        signals=info.signals,
        can=tuple(word for word, can in (*able, ("lease", info.pump.lease)) if can),
        options=[OptionShape(one.name, one.default, one.words, one.text) for one in info.options],
        cautions=info.cautions,
        sources=info.sources,
        used=used,
    )


def _broken(one: registry.BrokenDriver) -> DriverShape:
    version, origin = _origins().get(one.name, ("", ""))
    return DriverShape(one.name, version, origin, one.reason)


# files, in a thread


def _captures(kept: CaptureConfig, devices: Sequence[str]) -> CapturesShape:
    found = [DeviceCapturesShape(device, list(_files_of(kept.directory / device))) for device in devices]
    return CapturesShape(True, str(kept.directory), kept.bytes_per_file, kept.files_per_device, found)


def _files_of(folder: Path) -> Iterator[CaptureFileShape]:
    """The newest first. A file that goes while it is looked at is left out."""
    names = sorted((path.name for path in folder.glob(f"*{SUFFIX}")), reverse=True) if folder.is_dir() else []
    for name in names:
        try:
            header, size = read_header(folder / name), (folder / name).stat().st_size
        except OSError:
            continue
        yield CaptureFileShape(name, size, None if header.wall is None else header.wall.isoformat())


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() and not path.is_symlink() else None
    except OSError:
        return None


async def _blocks(path: Path, size: int) -> AsyncIterator[bytes]:
    """So much as there was when it was asked for: the newest file grows meanwhile."""
    at = 0
    while at < size and (block := await asyncio.to_thread(_block, path, at, min(BLOCK_BYTES, size - at))):
        yield block
        at += len(block)


def _block(path: Path, at: int, most: int) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        return os.pread(fd, most, at)
    finally:
        os.close(fd)


def _files(read: Mapping[str, str]) -> list[FileShape]:
    return [FileShape(path, digest, _digest(Path(path)) != digest) for path, digest in read.items()]


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


# another process: what it computes takes nothing from the event loop


def _check(path: Path, run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run) -> CheckShape:
    files = [word for file in registry.driver_files() for word in ("--driver-file", str(file.path))]
    command = [sys.executable, "-m", "pumpd.cli", "check", str(path), *files]
    shown = {**os.environ, "COLUMNS": str(COLUMNS), "NO_COLOR": "1", "TERM": "dumb", "PYTHONIOENCODING": "utf-8"}
    began = time.monotonic()
    try:
        done = run(
            command, capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=CHECK_S, env=shown
        )
        code, text = done.returncode, done.stdout + done.stderr
    except (OSError, subprocess.TimeoutExpired) as error:
        code, text = 2, f"pumpd check could not run: {error}"
    return CheckShape(code, text, round((time.monotonic() - began) * 1000))
