"""Keeps the raw bytes of every line, always: bounded files per device, written in batches by a thread of its own.

Bytes may hold what a device knows of its patient: files are for the daemon's user only. Nothing here is on the way to
a stop: a line's ear puts the bytes into a queue and is done. What cannot be written (a full or slow disk) is counted,
logged and left out, and monitoring goes on. A killed daemon loses what it had not written yet: a second at most.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from math import ceil
from pathlib import Path

import structlog

from pumpd.config.model import CaptureConfig, DeviceConfig
from pumpd.links.capture import SUFFIX, Header, line_of
from pumpd.scheduling import step_back

log = structlog.get_logger(__name__)

EVERY_S = 1.0
RETRY_S = 10.0
LAST_S = 2.0
SMALL_FILES = 10
"""So many times files_per_device there may be, where most are small."""
AT_ONCE = 10
"""Lines whose files are written in one go. Two hundred took 4 ms, for which Linux kept the event loop waiting."""
MB = 1_000_000
WAITING_BYTES = 262_144
"""What may wait of one line: minutes of the fastest serial line, so that only a disk that hangs loses any."""
CHUNK_BYTES = 64
"""What a chunk costs beside its bytes, so that many small ones are bounded too."""

_NAME = re.compile(rf"(\d{{6,}})-\d{{8}}T\d{{6}}Z{re.escape(SUFFIX)}")

NowMs = Callable[[], int]
WallOf = Callable[[int], datetime]


class LineEar:
    """Hears one device's line (pumpd.links.line.Ear). The event loop adds, the writer's thread takes."""

    def __init__(self, device: DeviceConfig, now_ms: NowMs) -> None:
        self.header = Header(device=device.id, driver=device.driver, link=device.link)
        self._now_ms = now_ms
        self._waiting: deque[tuple[int, bytes, bool]] = deque()
        self._added = self._taken = 0  # bytes; each is changed by one side only
        self.lost = 0  # chunks that found no room

    def received(self, data: bytes) -> None:
        self._add(data, False)

    def sent(self, data: bytes) -> None:
        self._add(data, True)

    def _add(self, data: bytes, sent: bool) -> None:
        if self._added - self._taken > WAITING_BYTES:
            self.lost += 1
            return
        self._waiting.append((self._now_ms(), data, sent))
        self._added += len(data) + CHUNK_BYTES

    def take(self) -> Iterator[tuple[int, bytes, bool]]:
        """What waits, oldest first; safe beside the event loop, which may add meanwhile."""
        while self._waiting:
            chunk = self._waiting.popleft()
            self._taken += len(chunk[1]) + CHUNK_BYTES
            yield chunk


class Files:
    """The files of one device: the newest is written, the oldest go. Blocks: only for the writer's thread."""

    def __init__(self, folder: Path, config: CaptureConfig, header: Header, wall_of: WallOf) -> None:
        self._folder = folder
        self._config = config
        self._header = header
        self._wall_of = wall_of
        self.lost = 0  # chunks that could not be written
        self._told_lost = 0  # lost ones that a file says
        self._path: Path | None = None  # None: the next chunk begins a new file
        self._size = 0
        self._start_ms = 0

    def write(self, chunks: list[tuple[int, bytes, bool]], lost: int) -> int:
        """Appends the chunks, and how many were lost if that is more than was told. Bytes written. Raises OSError."""
        if self._path is not None and not self._path.exists():
            self._path = None  # somebody has taken it away: the next one has a header again
        try:
            return self._write(chunks) + self._tell_lost(lost + self.lost, chunks[-1][0])
        except OSError:
            self.lost += len(chunks)
            raise

    def _write(self, chunks: list[tuple[int, bytes, bool]]) -> int:
        written = size = 0
        text: list[str] = []
        for at_ms, data, sent in chunks:
            line = line_of(at_ms - self._begin(at_ms), data, sent=sent)
            if self._size + size + len(line) > self._config.bytes_per_file:
                written += self._put("".join(text))
                text, size, self._path = [], 0, None
                line = line_of(at_ms - self._begin(at_ms), data, sent=sent)
            text.append(line)
            size += len(line)
        return written + self._put("".join(text))

    def _tell_lost(self, lost: int, at_ms: int) -> int:
        more, self._told_lost = lost - self._told_lost, lost
        if not more:
            return 0
        self._begin(at_ms)
        return self._put(f"# lost about here: {more} chunks\n")

    def _begin(self, at_ms: int) -> int:
        """The first moment of the present file; a new one is begun where there is none."""
        if self._path is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            wall = self._wall_of(at_ms)
            number = max(self._numbers(), default=0) + 1
            self._path = self._folder / f"{number:06d}-{wall:%Y%m%dT%H%M%SZ}{SUFFIX}"
            self._start_ms, self._size = at_ms, 0
            self._put_header(self._path, replace(self._header, wall=wall, now_ms=at_ms))
            self._drop_old()
        return self._start_ms

    def _put_header(self, path: Path, header: Header) -> None:
        try:
            self._put(header.text())
        except OSError:
            with contextlib.suppress(OSError):
                path.unlink()  # a full disk shall not be filled with empty files
            raise

    def _put(self, text: str) -> int:
        """Written whole, or OSError; after one a new file is begun, because a cut line may only be a file's last."""
        assert self._path is not None
        data, path, self._path = text.encode(), self._path, None
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        fd = os.open(path, flags, 0o600)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(fd, left) :]
        finally:
            os.close(fd)
        self._path = path
        self._size += len(data)
        return len(data)

    def _numbers(self) -> dict[int, Path]:
        found = ((_NAME.fullmatch(path.name), path) for path in self._folder.iterdir())
        return {int(match[1]): path for match, path in found if match}

    def _drop_old(self) -> None:
        """Makes room for one whole file. Small files of a daemon that starts again and again push no large one out."""
        room = self._config.bytes_per_file * (self._config.files_per_device - 1)
        numbers = self._numbers()
        newest_first = sorted(numbers, reverse=True)[1:]
        for place, number in enumerate(newest_first, 1):
            path = numbers[number]
            room -= path.stat().st_size
            if room < 0 or place > SMALL_FILES * self._config.files_per_device:
                path.unlink(missing_ok=True)


Lines = list[tuple[LineEar, Files]]


class Recorder:
    """Every line's ear, and the thread that writes what they heard. run() is a supervised task of the daemon."""

    def __init__(self, config: CaptureConfig, now_ms: NowMs, wall_of: WallOf) -> None:
        self._config = config
        self._now_ms = now_ms
        self._wall_of = wall_of
        self._lines: Lines = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="capture", initializer=step_back)
        self._retry_s = 0.0
        self._closed = False
        self.bytes_written = 0
        self.paused: str | None = None  # why nothing is written now

    def ear(self, device: DeviceConfig) -> LineEar:
        """For one line; its files are in a folder of the device's name."""
        ear = LineEar(device, self._now_ms)
        folder = self._config.directory / device.id
        self._lines.append((ear, Files(folder, self._config, ear.header, self._wall_of)))
        return ear

    @property
    def lost(self) -> int:
        """Chunks that were heard and not kept, since the start."""
        return sum(ear.lost + files.lost for ear, files in self._lines)

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Writes what waits of each line every EVERY_S, a few lines at a time, for ever."""
        while True:
            goes = max(1, ceil(len(self._lines) / AT_ONCE))
            for go in range(goes):
                await sleep(EVERY_S / goes)
                await self._write_some(self._lines[go::goes])

    async def write(self) -> None:
        """Writes what waits now, off the event loop; returns when it is with the operating system."""
        await self._write_some(self._lines)

    async def _write_some(self, lines: Lines) -> None:
        """Once something could not be written all lines are tried: some that can be are no end of the trouble."""
        loop = asyncio.get_running_loop()
        wait_s = self._retry_s - loop.time() if self.paused is not None else 0.0
        tried = lines if self.paused is None else self._lines
        reason = self.paused if wait_s > 0 else await loop.run_in_executor(self._thread, self._write_now, tried)
        if reason is None and self.paused is not None:
            log.info("capture goes on", lost_chunks=self.lost)
        elif reason is not None and wait_s <= 0:
            self._retry_s = loop.time() + RETRY_S
            if self.paused is None:
                log.warning("capture paused: raw bytes are not kept, monitoring goes on", reason=reason)
        self.paused = reason

    async def close(self) -> None:
        """The last batch, unless the disk hangs; then the thread ends."""
        if self._closed:
            return
        self._closed, self._retry_s = True, 0.0
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.write(), LAST_S)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _write_now(self, lines: Lines) -> str | None:
        """In the thread: each of these lines' batch. Why it could not be written, or None."""
        reason = self._no_room()
        for ear, files in lines:
            if reason is not None:
                break
            chunks = list(ear.take())
            try:
                self.bytes_written += files.write(chunks, ear.lost) if chunks else 0
            except OSError as error:
                reason = f"{self._config.directory}: {error.strerror}"
        return reason

    def _no_room(self) -> str | None:
        """The journal comes first: a capture never takes the last of the disk."""
        folder, keep_bytes = self._config.directory, self._config.keep_free_bytes
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            disk = os.statvfs(folder)
        except OSError as error:
            return f"{folder}: {error.strerror}"
        free_bytes = disk.f_bavail * disk.f_frsize
        if free_bytes >= keep_bytes:
            return None
        return f"{folder}: {free_bytes // MB} MB are free, {keep_bytes // MB} MB are kept free"
