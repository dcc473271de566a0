"""What was decided and is not yet committed, in shared memory: it outlives kill -9, and no disk is waited for.

Theory of operation. A commit takes milliseconds, and a stop waits for nothing; between the two the process may be
killed. So the event loop keeps, per bed, the records that are not known to be committed, and writes them into the
bed's slot of a file on tmpfs whenever one of them matters: a copy of a few hundred bytes into mapped memory, with no
system call. The memory belongs to the kernel, which keeps it when the process dies; the next start commits what it
finds (pumpd.journal.recovery). Power loss takes the memory too: against that there is only the commit.

    file     a slot per bed, in the order of their first records
    slot     two halves, written in turn, so that a write cut short leaves the one before it; then a mark
    half     MAGIC generation:u64 length:u32 crc32:u32 (over generation, length and text), then the text:
             a line ["pumpd tail 2", journal's identity, boot id, bed, place] and one per record (tail_lines)
    mark     MAGIC length:u32 crc32:u32, then that first line and the report that has just made a pump stop
             (tail_lines.mark_of): written before the stop leaves, of use until that step's record stands in a half

The higher generation that is whole counts. Records that are committed already may still stand there: their numbers
tell. Memory is reserved before it is mapped, so that a full tmpfs is an error at the start and no SIGBUS later.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import stat
import struct
import time
import zlib
from collections import deque
from contextlib import suppress
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import msgspec
import structlog
from msgspec.structs import replace

from pumpd.journal.backlog import gap_of, merge_gap
from pumpd.journal.inbox import Entry
from pumpd.journal.records import CheckpointRecord
from pumpd.journal.tail_lines import line_of, mark_of
from pumpd.safety.events import Event
from pumpd.units import Ms

log = structlog.get_logger(__name__)
FOLDER = Path("/dev/shm")  # noqa: S108 the one tmpfs that every Linux has; the file in it is 0600 and its owner is checked
MAGIC = b"PUMPDTL1"
MARK_MAGIC = b"PUMPDMK1"
VERSION = "pumpd tail 2"
HEAD = struct.Struct("<8sQII")
_COUNTED = struct.Struct("<QI")
SLOT = 64 * 1024  # a half holds some 100 readings or 20 trips: a bed's last minute
MARK = 2 * 1024  # a status report takes some 300 bytes
HALF = (SLOT - MARK) // 2
MARK_HEAD = struct.Struct("<8sII")
THIN = 1_000  # records of one bed: a disk that stalls for so long costs the readings, not what was decided
MOST = 2_000  # records of one bed, whatever they are: memory is bounded


def file_for(identity: str, place: str) -> Path:
    """The tail's file. place: the database's own, so that a copy of a journal does not take the original's tail."""
    digest = hashlib.sha256(f"{identity}\n{place}".encode()).hexdigest()
    return FOLDER / f"pumpd-{digest[:24]}.tail"


class Slot:
    """One bed's two halves in mapped memory."""

    def __init__(self, memory: mmap.mmap | bytearray) -> None:
        self._memory = memory
        self._generation = max((found[0] for found in map(self._half, (0, 1)) if found), default=0)

    def put(self, text: bytes) -> bool:
        """Replace the content, or leave it and return False when the text is too long."""
        if HEAD.size + len(text) > HALF:
            return False
        self._generation += 1
        start = self._generation % 2 * HALF
        begin = start + HEAD.size
        self._memory[begin : begin + len(text)] = text
        self._memory[start:begin] = HEAD.pack(MAGIC, self._generation, len(text), _crc(self._generation, text))
        return True

    def put_mark(self, text: bytes) -> bool:
        """Replace the mark, or leave it and return False when the text is too long."""
        size = MARK_HEAD.size + len(text)
        if size > MARK:
            return False
        start = 2 * HALF
        self._memory[start : start + size] = MARK_HEAD.pack(MARK_MAGIC, len(text), zlib.crc32(text)) + text
        return True

    def mark(self) -> bytes | None:
        """The mark, if it is whole."""
        start = 2 * HALF
        magic, length, crc = MARK_HEAD.unpack_from(self._memory, start)
        if magic != MARK_MAGIC or length > MARK - MARK_HEAD.size:
            return None
        text = bytes(self._memory[start + MARK_HEAD.size : start + MARK_HEAD.size + length])
        return text if text and zlib.crc32(text) == crc else None

    def content(self) -> bytes | None:
        """What was put last and is whole."""
        return max(filter(None, map(self._half, (0, 1))), default=(0, None))[1]

    def _half(self, number: int) -> tuple[int, bytes] | None:
        start = number * HALF
        magic, generation, length, crc = HEAD.unpack_from(self._memory, start)
        if magic != MAGIC or length > HALF - HEAD.size or generation % 2 != number:
            return None
        text = bytes(self._memory[start + HEAD.size : start + HEAD.size + length])
        return (generation, text) if _crc(generation, text) == crc else None


def _hold(descriptor: int, tries: int) -> None:
    while True:
        tries -= 1
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if tries <= 0:
                raise
        time.sleep(0.02)


def _crc(generation: int, text: bytes) -> int:
    return zlib.crc32(text, zlib.crc32(_COUNTED.pack(generation, len(text))))


class Unsaved:
    """A record that is not known to be committed; its line is made once, when it is first needed."""

    __slots__ = ("_line", "boot_ms", "record", "token", "urgent")

    def __init__(self, entry: Entry) -> None:
        self.token, self.boot_ms, self.urgent, self.record = entry.token, entry.boot_ms, entry.urgent, entry.record
        self._line: bytes | None = None

    def line(self) -> bytes:
        if self._line is None:
            self._line = line_of(self.record, self.boot_ms)
        return self._line


def _thin(waiting: deque[Unsaved]) -> None:
    """Every run of readings becomes one gap."""
    kept: list[Unsaved] = []
    for urgent, group in groupby(waiting, key=attrgetter("urgent")):
        run = list(group)
        kept += run if urgent else [_gap_over(run)]
    waiting.clear()
    waiting.extend(kept)


def _gap_over(run: list[Unsaved]) -> Unsaved:
    gaps: dict[str, Entry] = {}
    for one in run:
        merge_gap(gaps, Entry(one.token, one.boot_ms, False, gap_of(one.record, "no room in shared memory")))
    (merged,) = gaps.values()
    return Unsaved(replace(merged, urgent=False))


class Tail:
    """Opened and cleared by the journal's thread, then used by the event loop only. Nothing here raises but `open`."""

    def __init__(self, path: Path, descriptor: int, identity: str, boot_id: str, place: str) -> None:
        self.path, self._place = path, place
        self._descriptor, self._identity, self._boot_id = descriptor, identity, boot_id
        self._slots: dict[str, Slot | None] = {}
        self._heads: dict[str, bytes] = {}
        self._unsaved: dict[str, deque[Unsaved]] = {}
        self._foreseen: Unsaved | None = None
        self._full: set[str] = set()
        self._count = os.fstat(descriptor).st_size // SLOT

    @classmethod
    def open(
        cls, path: Path, identity: str, boot_id: str, place: str = "", tries: int = 1, *, make: bool = True
    ) -> Tail:
        """Hold the file, new or left behind by a run that was killed. Raises OSError; a tail is never worth more.

        tries: how often, 20 ms apart, to ask for a file that is held: a killed daemon may take a moment to end.
        make: where there is no file.
        """
        create = os.O_CREAT if make else 0
        descriptor = os.open(path, os.O_RDWR | create | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            _hold(descriptor, tries)
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
                raise PermissionError(f"{path} belongs to somebody else or may be written by others")
            return cls(path, descriptor, identity, boot_id, place)
        except BaseException:
            os.close(descriptor)
            raise

    def contents(self) -> list[bytes | None]:
        """What stands in each slot of the file; None: nothing that is whole."""
        return [Slot(self._map(number)).content() for number in range(self._count)]

    def marks(self) -> list[bytes]:
        """The marks that are whole, each with its slot's first line."""
        return [mark for number in range(self._count) if (mark := Slot(self._map(number)).mark()) is not None]

    def clear(self) -> None:
        """Forget what was found. Raises OSError."""
        os.ftruncate(self._descriptor, 0)
        self._count = 0

    def remove(self) -> None:
        """Everything is committed: leave nothing behind."""
        with suppress(OSError):
            self.path.unlink()

    def end(self) -> None:
        """Give the file up, with whatever stands in it. Nothing can be kept any more."""
        self._slots = {}
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    # ---- on the event loop

    def foresee(self, entry: Entry, committed: int) -> None:
        """Keep a record whose stop is about to leave. `add` follows at once and then finds it done."""
        waiting = self._waiting(entry.record.bed, committed)
        self._foreseen = foreseen = Unsaved(entry)
        waiting.append(foreseen)
        self._write(entry.record.bed, waiting)
        if waiting[-1] is foreseen:  # it has no token yet
            waiting.pop()

    def note(self, bed: str, seq: int, now_ms: Ms, event: Event) -> None:
        """Keep a report whose stop is about to leave; its record follows at once, by `add`.

        Raises what tail_lines.mark_of raises.
        """
        slot = self._slots[bed] if bed in self._slots else self._new_slot(bed)
        if slot is not None and not slot.put_mark(self._heads[bed] + b"\n" + mark_of(seq, now_ms, event)):
            log.warning("a report is too long for its mark", bed=bed)

    def add(self, entry: Entry, committed: int) -> None:
        """Keep a record until its token is committed: now, if it is urgent, or with the next one that is."""
        record = entry.record
        if isinstance(record, CheckpointRecord):
            return  # what it sums up is here or in the database
        waiting = self._waiting(record.bed, committed)
        foreseen, self._foreseen = self._foreseen, None
        if foreseen is not None and foreseen.record is record:
            foreseen.token = entry.token
            waiting.append(foreseen)
            return
        if len(waiting) < MOST:
            waiting.append(Unsaved(entry))
        if entry.urgent:
            self._write(record.bed, waiting)

    def _waiting(self, bed: str, committed: int) -> deque[Unsaved]:
        waiting = self._unsaved.setdefault(bed, deque())
        while waiting and waiting[0].token <= committed:
            waiting.popleft()
        if THIN <= len(waiting) < MOST and len(waiting) % THIN == 0:
            _thin(waiting)
        return waiting

    def _write(self, bed: str, waiting: deque[Unsaved]) -> None:
        slot = self._slots[bed] if bed in self._slots else self._new_slot(bed)
        if slot is None or slot.put(self._text(bed, waiting)):
            self._full.discard(bed)
            return
        _thin(waiting)
        if not slot.put(self._text(bed, waiting)) and bed not in self._full:
            self._full.add(bed)
            log.warning("more is waiting for the disk than would outlive a kill", bed=bed, records=len(waiting))

    def _text(self, bed: str, waiting: deque[Unsaved]) -> bytes:
        return b"\n".join((self._heads[bed], *(unsaved.line() for unsaved in waiting)))

    def _new_slot(self, bed: str) -> Slot | None:
        self._heads[bed] = msgspec.json.encode((VERSION, self._identity, self._boot_id, bed, self._place))
        try:
            os.posix_fallocate(self._descriptor, self._count * SLOT, SLOT)
            slot = Slot(self._map(self._count))
            self._count += 1
        except (OSError, ValueError) as error:
            log.warning("no shared memory: what is not yet committed would not outlive a kill", bed=bed, why=str(error))
            slot = None
        self._slots[bed] = slot
        return slot

    def _map(self, number: int) -> mmap.mmap:
        return mmap.mmap(self._descriptor, SLOT, offset=number * SLOT)
