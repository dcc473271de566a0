"""What goes into shared memory, and when. Lives on the event loop's thread; nothing here waits or raises."""

from __future__ import annotations

from collections import defaultdict

import structlog

from pumpd.journal.inbox import REFUSED, Entry, Waiters
from pumpd.journal.records import StepRecord
from pumpd.journal.tail import Tail
from pumpd.safety.events import Event
from pumpd.units import Ms

log = structlog.get_logger(__name__)
ASIDE = 64  # readings of one bed: more than a second's


class Keeper:
    """Gives the tail every record that matters, and just before it the bed's readings that are not yet committed.

    A reading alone may be lost, and nearly all are committed before anything of their bed matters: so it is only put
    aside here, which costs a frame next to nothing. Many of one bed (a slow disk) go to the tail, which is bounded.
    """

    def __init__(self, tail: Tail | None, waiters: Waiters) -> None:
        self._tail, self._waiters = tail, waiters
        self._aside: defaultdict[str, list[Entry]] = defaultdict(list)

    def reading(self, bed: str, entry: Entry) -> None:
        """A record of this bed that may be lost."""
        aside = self._aside[bed]
        if aside and aside[-1].token <= self._waiters.committed:
            aside.clear()  # all of them; nothing is freed by that, the journal's thread holds them a little longer
        aside.append(entry)
        if len(aside) >= ASIDE:
            self._tidy(bed, aside)

    def urgent(self, entry: Entry) -> None:
        """A record that matters."""
        self._hand_over(entry.record.bed)
        self._give(entry)

    def foresee(self, record: StepRecord, boot_ms: int) -> None:
        """A record whose stop is about to leave; `urgent` of it follows at once."""
        self._hand_over(record.bed)
        self._give(Entry(REFUSED, boot_ms, True, record), foreseen=True)

    def note(self, bed: str, seq: int, now_ms: Ms, event: Event) -> None:
        """A report whose stop is about to leave before its step is decided."""
        if self._tail is None:
            return
        try:
            self._tail.note(bed, seq, now_ms, event)
        except Exception:  # supervision boundary: the record still follows, and a stop must leave
            log.exception("a report that stops a pump could not be marked", bed=bed)

    def _tidy(self, bed: str, aside: list[Entry]) -> None:
        committed = self._waiters.committed
        aside[:] = [entry for entry in aside if entry.token > committed]
        if len(aside) > ASIDE // 2:
            self._hand_over(bed)

    def _hand_over(self, bed: str) -> None:
        aside, committed = self._aside[bed], self._waiters.committed
        for entry in aside:
            if entry.token > committed:
                self._give(entry)
        aside.clear()

    def _give(self, entry: Entry, *, foreseen: bool = False) -> None:
        tail = self._tail
        if tail is None:
            return
        try:
            (tail.foresee if foreseen else tail.add)(entry, self._waiters.committed)
        except Exception:  # supervision boundary: the commit still follows, and a stop must leave
            log.exception("shared memory is given up: what is not yet committed would not outlive a kill")
            self._tail = None
