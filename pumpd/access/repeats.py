"""Refusals that repeat become one row with their count, so that hammering fills no disk. Pure: `at_us` is an argument.

The first of its kind is kept at once and whole. What follows of the same kind (what, who, address, subject, bed,
outcome) is counted, and told when its minute is over; while it goes on, after twice the time each, up to a quarter of
an hour.
Whoever tries many doors, or from many addresses, has rows for the first of them, and the others counted together. Acts
are never put together: each is somebody's.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from pumpd.access.audit import AuditEntry, What

MINUTE_US = 60_000_000
LONGEST_US = 15 * MINUTE_US
OF_ADDRESS = 30
IN_ALL = 120
COUNTED = frozenset({What.REFUSED, What.SIGN_IN, What.STEP_UP, What.ACCOUNT})
Kept = tuple[int, AuditEntry]
_Key = tuple[str, ...]


@dataclass(slots=True)
class _Run:
    """entry: the first one, as kept; more: since the last row of it."""

    entry: AuditEntry
    since_us: int
    last_us: int
    window_us: int = MINUTE_US
    more: int = 0
    together: bool = False
    """Of different doors."""

    def over(self, at_us: int) -> bool:
        """Also where somebody has set the clock back."""
        return not 0 <= at_us - self.since_us < self.window_us


class Repeats:
    """noted() gives what is to be kept now; ended() what has become due, and has to be asked for once a minute."""

    def __init__(self, of_address: int = OF_ADDRESS, in_all: int = IN_ALL) -> None:
        self._of_address, self._in_all = of_address, in_all
        self._runs: dict[_Key, _Run] = {}
        self._single = Counter[str]()

    @property
    def open(self) -> bool:
        """Is anything being counted?"""
        return bool(self._runs)

    def noted(self, at_us: int, entry: AuditEntry) -> list[Kept]:
        if entry.outcome == "ok" or entry.what not in COUNTED:
            return [(at_us, entry)]
        key, together = self._place(entry)
        due = self._turned(key, at_us) if key in self._runs else []
        run = self._runs.get(key)
        if run is None:
            self._begin(key, _Run(entry, at_us, at_us, together=together))
            return [*due, (at_us, entry)]
        run.more += 1
        run.last_us = at_us
        return due

    def ended(self, at_us: int, *, everything: bool = False) -> list[Kept]:
        """Rows of what repeated and is due; everything: of all, now."""
        return [kept for key in tuple(self._runs) for kept in self._turned(key, at_us, everything=everything)]

    def _place(self, entry: AuditEntry) -> tuple[_Key, bool]:
        """Its own row; else with others of its address; else with everybody's."""
        own = (entry.what.value, entry.who, entry.address, entry.subject, entry.bed or "", entry.outcome)
        if own in self._runs:
            return own, False
        if self._single.total() >= self._in_all:
            return (entry.what.value, entry.outcome), True
        if self._single[entry.address] >= self._of_address:
            return (entry.what.value, entry.address, entry.outcome), True
        return own, False

    def _begin(self, key: _Key, run: _Run) -> None:
        self._runs[key] = run
        if not run.together:
            self._single[run.entry.address] += 1

    def _turned(self, key: _Key, at_us: int, *, everything: bool = False) -> list[Kept]:
        """What its time has brought, if that is over: a row and a longer time, or it is forgotten."""
        run = self._runs[key]
        if not (everything or run.over(at_us)):
            return []
        if everything or not run.more:
            self._forget(key)
        rows = [(at_us, _summary(run, key))] if run.more else []
        run.since_us, run.more, run.window_us = at_us, 0, min(2 * run.window_us, LONGEST_US)
        return rows

    def _forget(self, key: _Key) -> None:
        run = self._runs.pop(key)
        if not run.together:
            self._single[run.entry.address] -= 1
            self._single += Counter()  # without those that are none


def _summary(run: _Run, key: _Key) -> AuditEntry:
    """The first one's row again, with how many were like it."""
    seconds = -(-(run.last_us - run.since_us) // 1_000_000)
    detail = f"{run.more} more within {max(1, seconds)} s"
    if not run.together:
        return replace(run.entry, detail=detail)
    address = run.entry.address if len(key) > 2 else ""
    return AuditEntry(
        run.entry.what, "", address=address, outcome=run.entry.outcome, detail=f"{detail}, of different kinds"
    )
