"""Messages to other systems: an outbox per destination, and what became of each message."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from pumpd.gateways import DeadLetter, Outgoing, Queued
from pumpd.journal import message_query as query
from pumpd.journal import message_sql as sql
from pumpd.journal.journal import Journal
from pumpd.journal.message_rows import change, queued, row, text
from pumpd.journal.records import MessageRecord

FEW = 1000  # messages of one transaction that thins out: an alarm's commit does not wait for a day's backlog


class Outbound:
    """The other half of JournalMessages. Used from the journal's event loop.

    What became of a message is noted as soon as the journal works again, even if the call raised meanwhile.
    """

    def __init__(self, journal: Journal, last_number: int, last_dead: int) -> None:
        self._log, self._last_number, self._last_dead = journal, last_number, last_dead
        self._deciding = asyncio.Lock()

    async def queue(self, messages: Sequence[Outgoing]) -> None:
        """See MessageStore.queue."""
        if not messages:
            return
        self._log.must_work()
        record = queued(self._last_number + 1, messages)
        self._last_number += len(messages)
        await self._log.append_durable(record)

    async def waiting(self, destination: str, most: int) -> Sequence[Queued]:
        """See MessageStore.waiting."""
        return await self._log.ask(partial(query.find_waiting, destination=text(destination), most=most))

    async def depth(self, destination: str) -> int:
        """See MessageStore.depth."""
        return await self._log.ask(partial(query.count_waiting, destination=text(destination)))

    async def dead(self, destination: str) -> int:
        """See MessageStore.dead."""
        return await self._log.ask(partial(query.count_dead, destination=text(destination)))

    async def sent(self, number: int, answer: str) -> None:
        """See MessageStore.sent."""
        await self._log.append_durable(change((sql.SENT, row(answer, self._log.wall_us(), number))))

    async def failed(self, number: int, why: str) -> None:
        """See MessageStore.failed."""
        await self._log.append_durable(change((sql.FAILED, row(why, self._log.wall_us(), number))))

    async def refused(self, number: int, why: str, now_us: int) -> None:
        """See MessageStore.refused."""
        await self._log.append_durable(self._noted(sql.REFUSED, number, None, why, now_us))

    async def thinned(self, destination: str, now_us: int) -> int:
        """See MessageStore.thinned."""
        count = 0
        stale = partial(query.find_stale, destination=text(destination), now_us=now_us, most=FEW)
        while numbers := await self._log.ask(stale):
            await self._log.append_durable(MessageRecord(((sql.THINNED, tuple(row(now_us, n) for n in numbers)),)))
            count += len(numbers)
            if len(numbers) < FEW:
                break
        return count

    async def dead_letters(self, destination: str | None, most: int) -> Sequence[DeadLetter]:
        """See MessageStore.dead_letters."""
        name = None if destination is None else text(destination)
        return await self._log.ask(partial(query.find_dead, destination=name, most=most))

    async def settle_dead(self, number: int, by: str, replay: bool, now_us: int) -> bool:
        """See MessageStore.settle_dead. Raises ValueError for nobody's name."""
        if not by.strip():
            raise ValueError("a dead letter is settled by a named person")
        async with self._deciding:  # of two persons one is the first, and only one is told that it was done
            if not await self._log.ask(partial(query.is_dead, number=number)):
                return False
            self._log.must_work()
            act = sql.REPLAYED if replay else sql.DISCARDED
            await self._log.append_durable(self._noted(act, number, by, f"{act} by {by}", now_us))
            return True

    async def told_until(self, destination: str) -> Mapping[str, int]:
        """See MessageStore.told_until."""
        return await self._log.ask(partial(query.find_told, destination=text(destination)))

    async def told(self, destination: str, bed: str, seq: int) -> None:
        """See MessageStore.told."""
        await self._log.append_durable(change((sql.TOLD, row(destination, bed, seq))))

    def _noted(self, act: str, number: int, by: str | None, why: str, now_us: int) -> MessageRecord:
        """The act and its line among the dead letters."""
        self._last_dead += 1
        line = row(self._last_dead, by, why, now_us, number)
        return change((sql.noted(act), line), (act, row(why, now_us, number)))
