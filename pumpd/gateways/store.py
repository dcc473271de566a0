"""Messages that came and messages to be sent, written down before they are acknowledged or sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pumpd.device.facts import PumpStatus
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Patient


@dataclass(frozen=True, slots=True)
class Received:
    """An inbound message, safely stored. key: MSH-3, MSH-10 and MSH-7, by which a repetition is known.

    answer: the bytes that acknowledged it (None: nothing was to be answered).
    """

    peer: str
    key: tuple[str, str, str]
    kind: str
    raw: bytes
    answer: bytes | None
    received_us: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An outbound message of one destination. id: its MSH-10, the same at every attempt.

    urgent: ahead of what is not (alarms). stale_us: wall time after which it is thinned out (None: never).
    bed, seq: the step it tells of (seq 0: none), so that a restart knows what has been told.
    """

    destination: str
    id: str
    kind: str
    raw: bytes
    made_us: int
    urgent: bool = False
    stale_us: int | None = None
    bed: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Queued:
    """An outgoing message that waits, in the order of sending. number grows; tries: attempts so far."""

    number: int
    message: Outgoing
    tries: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that a destination refused for good. why: in its own words."""

    number: int
    message: Outgoing
    why: str
    refused_us: int


@dataclass(frozen=True, slots=True)
class Before:
    """Wall times (microseconds since 1970) before which messages that are done with may go: see KeepSettings."""

    received_us: int
    sent_us: int
    settled_us: int


class MessageStore(Protocol):
    """The journal's tables of messages. Everything returns once it is committed; raises JournalUnavailable."""

    async def received(self, message: Received) -> Received:
        """Keep it and return it; if its key is there already, the earlier one (whose answer is to be repeated).

        Whoever is cancelled here, or told JournalUnavailable, must not acknowledge: the message is withdrawn, so that
        the sender's next attempt counts as new. There is no need to ask `answered_before` first.
        """
        ...

    async def answered_before(self, key: tuple[str, str, str]) -> Received | None:
        """The message of that key if it was received before."""
        ...

    async def applied(self, *keys: tuple[str, str, str]) -> None:
        """What these messages asked for has been done (their events are committed)."""
        ...

    async def unapplied(self) -> Sequence[Received]:
        """Messages that were acknowledged and not applied before the daemon ended, oldest first."""
        ...

    async def queue(self, messages: Sequence[Outgoing]) -> None:
        """Append to the outboxes of their destinations, all or none; one whose id is there already is left out.

        What one step leads to belongs into one call: told_until then counts the step as told.
        """
        ...

    async def waiting(self, destination: str, most: int) -> Sequence[Queued]:
        """The next ones to send: urgent first, else oldest first."""
        ...

    async def depth(self, destination: str) -> int:
        """How many wait."""
        ...

    async def dead(self, destination: str) -> int:
        """How many dead letters nobody has settled yet."""
        ...

    async def sent(self, number: int, answer: str) -> None:
        """A positive answer came."""
        ...

    async def failed(self, number: int, why: str) -> None:
        """An attempt failed; it stays in its place."""
        ...

    async def refused(self, number: int, why: str, now_us: int) -> None:
        """It goes to the dead letters."""
        ...

    async def thinned(self, destination: str, now_us: int) -> int:
        """Drop what has become stale; how many. Neither urgent ones nor what a person sends again ever is."""
        ...

    async def dead_letters(self, destination: str | None, most: int) -> Sequence[DeadLetter]:
        """Those that nobody has settled yet, newest first; None: of all destinations."""
        ...

    async def settle_dead(self, number: int, by: str, replay: bool, now_us: int) -> bool:
        """A named person sends a dead letter again, or discards it; both are recorded. False: there is none."""
        ...

    async def expire(self, before: Before, keep: Collection[str]) -> int:
        """Remove what is done with and older, in small slices; how many. A repetition of a message that is gone counts
        as new. keep: ids of outgoing messages that stay whatever their age (alarms that stand).
        """
        ...

    async def told_until(self, destination: str) -> Mapping[str, int]:
        """By bed the last step of which something was queued."""
        ...

    async def told(self, destination: str, bed: str, seq: int) -> None:
        """Up to this step nothing is left to be queued, though no message of it may be there. A later one stays."""
        ...

    async def last_step(self, bed: str) -> int:
        """The bed's newest step that decided something; 0 where there is none."""
        ...

    async def step_before(self, bed: str, wall_us: int) -> int:
        """A step of the bed before which nothing was decided at that time or later; its newest where nothing was."""
        ...

    async def decisions_after(self, bed: str, seq: int) -> Sequence[tuple[int, int, int, tuple[Decision, ...]]]:
        """(seq, now_ms, wall_us, decisions) of later steps that decided something, in order.

        At most 1000 steps: ask again after the last one until nothing comes.
        """
        ...

    async def pumps_before(self, bed: str, seq: int) -> Sequence[tuple[int, Decision]]:
        """(now_ms, FlowChanged or InterlockChanged) up to that step, the newest last; what is older than a day may be
        left out.
        """
        ...

    async def patients(self, bed: str) -> Sequence[tuple[int, Patient | None]]:
        """(seq, who is in the bed after that step) in order; only the last some hundred changes."""
        ...

    async def pump_report(self, bed: str, pump: str, seq: int, now_ms: int) -> PumpStatus | None:
        """What the pump last reported up to that step, at that kernel time; None where it said nothing just before."""
        ...
