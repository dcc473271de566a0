"""Messages that other systems send: each stored once, before anybody acknowledges it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from pumpd.gateways import Received
from pumpd.journal import message_query as query
from pumpd.journal import message_sql as sql
from pumpd.journal.inbox import REFUSED
from pumpd.journal.journal import Journal
from pumpd.journal.message_rows import Key, change, received_row, stored_key
from pumpd.journal.records import MessageRecord
from pumpd.journal.seen import Seen
from pumpd.journal.together import Together

REMEMBERED = 4096  # keys that were just found to be new, or just stored
READ_KEYS = 1000  # of earlier runs at once
MOST_BYTES = 64 << 20  # of messages on their way to the disk; more wait outside


class Inbound:
    """One half of JournalMessages. Used from the journal's event loop.

    A key is fresh once the database was asked for it and does not have it, until a message of it is on its way. So two
    messages of one key that come at the same time are one, without a lock and without a question within the commit.
    The database is not asked about a key that is certainly new: each of the first questions of a run also reads some
    of the keys of earlier runs, until all of them are known.
    """

    def __init__(self, journal: Journal, last_id: int) -> None:
        self._journal, self._last_id = journal, last_id
        self._find = Together(self._find_many)
        self._seen = Seen()
        self._read_to, self._read_until = 0, last_id
        self._fresh: dict[Key, None] = {}
        self._stored: dict[Key, None] = {}
        self._storing: dict[Key, asyncio.Future[None]] = {}
        self._withdrawn: dict[Key, int] = {}
        self._bytes = 0

    async def received(self, message: Received) -> Received:
        """See MessageStore.received."""
        key = stored_key(message.key)
        while key not in self._fresh or self._bytes > MOST_BYTES:
            if self._bytes > MOST_BYTES:
                await asyncio.wait(list(self._storing.values()), return_when=asyncio.FIRST_COMPLETED)
            elif (earlier := await self.answered_before(key)) is not None:
                return earlier
        del self._fresh[key]
        await self._store(message, key)
        return message

    async def answered_before(self, key: Key) -> Received | None:
        """See MessageStore.answered_before."""
        key = stored_key(key)
        while True:
            await self._arrived(key)
            if self._read_to >= self._read_until and key not in self._seen:
                _remember(self._fresh, key)
                return None
            if self._journal.is_durable(self._withdrawn.get(key, REFUSED)):
                self._withdrawn.pop(key, None)
            found = await self._find(key)
            if found is not None and key not in self._withdrawn:
                return found
            if key in self._storing or key in self._stored:  # it came while the database was asked: once more
                self._stored.pop(key, None)
                continue
            _remember(self._fresh, key)
            return None

    async def applied(self, *keys: Key) -> None:
        """See MessageStore.applied. It is noted as soon as the journal works again, even if this raises."""
        await self._journal.append_durable(MessageRecord(((sql.APPLIED, tuple(map(stored_key, keys))),)))

    async def unapplied(self) -> Sequence[Received]:
        """See MessageStore.unapplied."""
        return await self._journal.ask(query.find_unapplied)

    async def _find_many(self, keys: Sequence[Key]) -> dict[Key, Received]:
        if self._read_to < self._read_until:
            await self._read_keys()
        return await self._journal.ask(partial(query.find_received, keys=keys))

    async def _read_keys(self) -> None:
        more = partial(query.find_keys, after=self._read_to, until=self._read_until, most=READ_KEYS)
        found = await self._journal.ask(more)
        for _, key in found:
            self._seen.add(key)
        self._read_to = found[-1][0] if len(found) == READ_KEYS else self._read_until

    async def _arrived(self, key: Key) -> None:
        """A message of that key that was on its way is on the disk, or is not going to be."""
        while (storing := self._storing.get(key)) is not None:
            await asyncio.wait([storing])

    async def _store(self, message: Received, key: Key) -> None:
        self._journal.must_work()
        self._last_id += 1
        self._seen.add(key)
        record, size = change((sql.RECEIVED, received_row(self._last_id, message))), len(message.raw)
        self._storing[key] = done = asyncio.get_running_loop().create_future()
        self._bytes += size
        try:
            await self._commit(record, key)
        finally:
            self._bytes -= size
            del self._storing[key]
            done.set_result(None)

    async def _commit(self, record: MessageRecord, key: Key) -> None:
        try:
            await self._journal.append_durable(record)
        except BaseException:
            self._withdraw(key)  # it may still be committed, and nobody is going to acknowledge it
            raise
        _remember(self._stored, key)

    def _withdraw(self, key: Key) -> None:
        self._stored.pop(key, None)
        if len(self._withdrawn) >= REMEMBERED:
            self._withdrawn = {k: token for k, token in self._withdrawn.items() if not self._journal.is_durable(token)}
        self._withdrawn[key] = self._journal.append(change((sql.WITHDRAWN, key)))


def _remember(keys: dict[Key, None], key: Key) -> None:
    keys[key] = None
    if len(keys) > REMEMBERED:
        del keys[next(iter(keys))]
