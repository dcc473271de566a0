"""The journal as a gateway's MessageStore (pumpd.gateways): one per journal, beside the beds' steps.

Everything that changes goes through the journal's one stream, so that a message's mark never overtakes the steps that
it led to, and many connections share one commit. Messages are not kept in shared memory as steps are: nobody is told
that a message is stored before it is committed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from pumpd.device.facts import PumpStatus
from pumpd.gateways import Before
from pumpd.journal import expiry, past
from pumpd.journal import message_query as query
from pumpd.journal.inbound import Inbound
from pumpd.journal.journal import Journal
from pumpd.journal.outbound import Outbound
from pumpd.journal.records import MessageRecord
from pumpd.safety.decisions import Decision


class JournalMessages(Inbound, Outbound):
    """Made by `open`. All methods: from the journal's event loop; each raises JournalUnavailable."""

    def __init__(self, journal: Journal, last_id: int, last_number: int, last_dead: int) -> None:
        Inbound.__init__(self, journal, last_id)
        Outbound.__init__(self, journal, last_number, last_dead)

    @classmethod
    async def open(cls, journal: Journal) -> JournalMessages:
        """The message tables of an open journal: one object however often it is asked for, as it numbers their rows."""
        last = await journal.ask(query.last_numbers)
        if journal.messages is None:  # nobody else had it made meanwhile
            journal.messages = cls(journal, *last)
        return journal.messages

    async def decisions_after(self, bed: str, seq: int) -> Sequence[past.Decided]:
        """See MessageStore.decisions_after."""
        await self._written()
        return await self._journal.ask(partial(past.find_decided, bed=bed, seq=seq))

    async def last_step(self, bed: str) -> int:
        """See MessageStore.last_step."""
        await self._written()
        return await self._journal.ask(partial(past.last_step, bed=bed))

    async def step_before(self, bed: str, wall_us: int) -> int:
        """See MessageStore.step_before."""
        return await self._journal.ask(partial(past.step_before, bed=bed, wall_us=wall_us))

    async def pumps_before(self, bed: str, seq: int) -> Sequence[tuple[int, Decision]]:
        """See MessageStore.pumps_before."""
        return await self._journal.ask(partial(past.find_of_pumps, bed=bed, seq=seq))

    async def patients(self, bed: str) -> Sequence[past.Present]:
        """See MessageStore.patients."""
        await self._written()
        return await self._journal.ask(partial(past.find_patients, bed=bed))

    async def pump_report(self, bed: str, pump: str, seq: int, now_ms: int) -> PumpStatus | None:
        """See MessageStore.pump_report."""
        return await self._journal.ask(partial(past.find_report, bed=bed, pump=pump, seq=seq, now_ms=now_ms))

    async def expire(self, before: Before, keep: Collection[str]) -> int:
        """See MessageStore.expire."""
        return await expiry.expire(self._journal, before, keep)

    async def _written(self) -> None:
        """Everything that was appended before this was asked is in the database."""
        await self._journal.append_durable(MessageRecord(()))
