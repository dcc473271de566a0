"""Shared memory of journals that are gone is removed: it holds patients' names, and nobody will ask for it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from pumpd.journal import tail as tails
from pumpd.journal.tail import SLOT, Slot, Tail

Head = tuple[str, str, str, str, str]  # version, identity, boot id, bed, place of the database


def sweep() -> None:
    """Remove what killed runs left of journals that are gone. Every start does it.

    What may still be of use is read without being held: its own daemon may be starting just now, and would do without
    what it cannot have.
    """
    for path in tails.FOLDER.glob("pumpd-*.tail"):
        with suppress(OSError):  # another user's, held, or removed by another sweep
            if _is_orphan(path):
                _remove(path)


def _remove(path: Path) -> None:
    tail = Tail.open(path, "", "", make=False)
    try:
        if _is_orphan(path):
            tail.remove()
    finally:
        tail.end()


def _is_orphan(path: Path) -> bool:
    """Is the first database that it speaks of away?"""
    for content in _contents(path):
        with suppress(msgspec.MsgspecError):
            place = msgspec.json.decode(content.split(b"\n", 1)[0], type=Head)[-1]
            return place.startswith("/") and not Path(place).exists()
    return False


def _contents(path: Path) -> Iterator[bytes]:
    """Of each slot what is whole: read, not mapped, because its owner may cut the file short meanwhile."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            return
        for start in range(0, status.st_size, SLOT):
            content = Slot(bytearray(os.pread(descriptor, SLOT, start).ljust(SLOT, b"\0"))).content()
            if content is not None:
                yield content
    finally:
        os.close(descriptor)
