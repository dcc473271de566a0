"""The last moment of a run, by which the next one goes on with the same time line. Pure.

A record is taken some time after its step was decided (a busy machine may let a process wait for a good part of a
second), and a checkpoint whenever it is made, with the time of the last step. Read off the newest record alone the
difference would be lost from the beds' time with each restart, and with it what flowed meanwhile. Records are taken
late, never early: the least distance between the machine's clock and the beds' is the true one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pumpd.journal.inbox import Entry


def latest_of(entries: Sequence[Entry]) -> Entry:
    """The entry of the latest kernel time; one without such a time only where there is no other."""
    times_ms = [entry.record.now_ms for entry in entries]
    return entries[times_ms.index(max(times_ms))]


def ahead_ms(entries: Iterable[Entry], known_ms: int | None = None) -> int:
    """By how much the machine's boot time is ahead of the beds'; known_ms: as far as it was known before them."""
    # a message has no kernel time (0) and was taken after the beds' time began: it is never the least
    least = min([entry.boot_ms - entry.record.now_ms for entry in entries])
    return least if known_ms is None else min(least, known_ms)
