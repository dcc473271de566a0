"""What waits to be committed, bounded. Used by the journal's thread only."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from itertools import islice

from pumpd.journal.inbox import Entry
from pumpd.journal.records import GapRecord, MessageRecord, Record

FAILING = "the journal was failing and had no more room"
SHRINK = 0.9  # dropping makes this much room, so that a full backlog is not searched for every record


class Backlog:
    """Oldest first. Readings beyond `most_readings` are dropped oldest first, anything beyond `most_records` too.

    Per bed one GapRecord says how many steps are missing. (Whoever appended a message has been told by then.)
    """

    def __init__(self, most_readings: int, most_records: int) -> None:
        self._entries: deque[Entry] = deque()
        self._written: list[Entry] = []
        self._most_readings, self._most_records = most_readings, most_records
        self.dropped_readings = self.dropped_records = 0

    def __len__(self) -> int:
        return len(self._entries)

    def take_in(self, inbox: deque[Entry]) -> None:
        """Add what came in, oldest first; what comes meanwhile waits for the next time."""
        entry = inbox.popleft
        self._entries.extend([entry() for _ in range(len(inbox))])

    def take(self, most: int) -> list[Entry]:
        """Remove and return the oldest."""
        if most >= len(self._entries):
            taken = list(self._entries)
            self._entries.clear()
            return taken
        return [self._entries.popleft() for _ in range(most)]

    def put_back(self, entries: list[Entry]) -> None:
        """Undo `take`."""
        self._entries.extendleft(reversed(entries))

    def written(self, entries: list[Entry]) -> None:
        """Of what is committed the last lot is held, and the one before freed: the event loop has forgotten that by
        now, and need not free thousands of values itself. One by one: it may want the interpreter in between.
        """
        before, self._written = self._written, entries
        while before:
            before.pop()

    def bound(self) -> None:
        """Drop what is too much. Cheap while there is room."""
        if len(self._entries) > self._most_readings:
            readings = sum(not entry.urgent for entry in self._entries)
            if readings > self._most_readings:
                too_many = readings - int(self._most_readings * SHRINK)
                self.dropped_readings += self._drop(too_many, urgent=False)
        if len(self._entries) > self._most_records:
            too_many = len(self._entries) - int(self._most_records * SHRINK)
            self.dropped_records += self._drop(too_many, urgent=True)

    def _drop(self, count: int, *, urgent: bool) -> int:
        gaps: dict[str, Entry] = {}
        kept: deque[Entry] = deque()
        dropped = 0
        for entry in self._entries:
            if isinstance(entry.record, GapRecord):
                merge_gap(gaps, entry)
            elif dropped < count and (urgent or not entry.urgent):
                dropped += 1
                if not isinstance(entry.record, MessageRecord):
                    merge_gap(gaps, Entry(entry.token, entry.boot_ms, entry.urgent, gap_of(entry.record, FAILING)))
            else:
                kept.append(entry)
        kept.extendleft(reversed(list(gaps.values())))
        self._entries = kept
        return dropped

    def oldest(self, count: int) -> list[Entry]:
        """Look at the oldest without taking them."""
        return list(islice(self._entries, count))


def gap_of(record: Record, detail: str) -> GapRecord:
    """What stands for a record that was not kept; a gap stands for itself."""
    if isinstance(record, GapRecord):
        return record
    return GapRecord(record.bed, record.seq, record.now_ms, record.wall, 1, record.seq, detail)


def merge_gap(gaps: dict[str, Entry], entry: Entry) -> None:
    """Add a gap's entry to those by bed."""
    gap, earlier = entry.record, gaps.get(entry.record.bed)
    if isinstance(gap, GapRecord) and earlier is not None and isinstance(earlier.record, GapRecord):
        first = earlier.record
        gap = replace(gap, steps=gap.steps + first.steps, first_seq=min(gap.first_seq, first.first_seq))
    gaps[gap.bed] = Entry(entry.token, entry.boot_ms, True, gap)
