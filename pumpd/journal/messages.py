"""The journal as a gateway's MessageStore (pumpd.gateways): one per journal, beside the beds' steps.

Everything that changes goes through the journal's one stream, so that a message's mark never overtakes the steps that
it led to, and many connections share one commit. Messages are not kept in shared memory as steps are: nobody is told
that a message is stored before it is committed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pumpd.journal import message_query as query
from pumpd.journal.inbound import Inbound
from pumpd.journal.journal import Journal
from pumpd.journal.message_query import Decided
from pumpd.journal.outbound import Outbound


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

    async def decisions_after(self, bed: str, seq: int) -> Sequence[Decided]:
        """See MessageStore.decisions_after."""
        return await self._journal.ask(partial(query.find_decided, bed=bed, seq=seq))
