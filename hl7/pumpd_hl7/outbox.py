"""One destination's outbox: in order, one message in flight, again until it is answered or refused for good."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from pumpd.gateways import MessageStore, PeerState, Queued, SendSettings
from pumpd.journal import JournalUnavailable
from pumpd_hl7.client import Backoff, Client, NotDelivered

log = structlog.get_logger(__name__)
CHUNK = 50
RETRY_STORE_S = 1.0
Fault = Callable[[str, str, bool], None]
"""code, detail, active: a technical alarm of ours."""


class Outbox:
    """Sends what the store holds for a destination, for as long as run() runs.

    A negative answer for good (AE, AR, CR) takes a message to the dead letters and raises an alarm that lasts until
    somebody has settled them. CE, no answer and no connection leave it where it is, and it is tried again, later and
    later. Observations that have become stale meanwhile are thinned out; alarms never are, and go first.
    """

    def __init__(self, settings: SendSettings, store: MessageStore, now_us: Callable[[], int], fault: Fault) -> None:
        self.name = settings.id
        self._settings, self._store, self._now_us, self._fault = settings, store, now_us, fault
        self._client = Client(settings)
        self._backoff = Backoff()
        self._more = asyncio.Event()
        self._messages = 0
        self._last_us: int | None = None
        self._problem = self._last_problem = ""
        self._problem_us: int | None = None
        self._oldest_us: int | None = None
        self.depth = self.dead = 0

    def wake(self) -> None:
        """Something was queued, or a person sends a dead letter again."""
        self._more.set()

    def waiting_since_us(self) -> int | None:
        """Wall time since when the oldest message waits, as of the last look; None when none does."""
        return self._oldest_us

    def state(self) -> PeerState:
        return PeerState(
            self.name,
            "out",
            self._client.connected,
            self._last_us,
            self._messages,
            self.depth,
            self.dead,
            self._problem,
            self._last_problem,
            self._problem_us,
        )

    def _noted(self, problem: str) -> None:
        self._problem = self._last_problem = problem
        self._problem_us = self._now_us()

    async def run(self) -> None:
        """Until cancelled. What is not sent stays in the store."""
        try:
            while True:
                self._more.clear()
                try:
                    await self._send_all()
                except JournalUnavailable as error:
                    self._noted(f"nothing can be recorded: {error}")
                    await asyncio.sleep(RETRY_STORE_S)
                    continue
                await self._more.wait()
        finally:
            await self._client.end()

    async def _send_all(self) -> None:
        """Everything that waits; returns when nothing does."""
        while waiting := await self._look():
            for queued in waiting:
                if not await self._send(queued):
                    await asyncio.sleep(self._backoff.next_s())
                    break
                if self._more.is_set():  # something urgent may have come
                    self._more.clear()
                    break

    async def _look(self) -> list[Queued]:
        await self._store.thinned(self.name, self._now_us())
        waiting = list(await self._store.waiting(self.name, CHUNK))
        self.depth = await self._store.depth(self.name)
        self._oldest_us = min((queued.message.made_us for queued in waiting), default=None)
        await self._look_at_dead()
        return waiting

    async def _look_at_dead(self) -> None:
        dead = await self._store.dead(self.name)
        if (dead > 0) != (self.dead > 0):
            detail = f"{self.name} refused messages for good: see the integration page"
            self._fault(f"hl7_dead_letters_{self.name}", detail, dead > 0)
        self.dead = dead

    async def _send(self, queued: Queued) -> bool:
        """True when it is settled, one way or the other."""
        message = queued.message
        try:
            answer = await self._client.send(message.raw, message.id)
        except NotDelivered as error:
            return await self._failed(queued, str(error))
        self._last_us = self._now_us()
        if answer.positive:
            self._messages, self._problem = self._messages + 1, ""
            self._backoff.reset()
            await self._store.sent(queued.number, answer.code)
            return True
        why = f"{answer.code} {answer.text}".strip()
        if answer.again:
            return await self._failed(queued, why, answer.code)
        log.warning("a message was refused for good", destination=self.name, message=message.id, code=answer.code)
        self._noted(why)
        await self._store.refused(queued.number, why, self._now_us())
        await self._look_at_dead()
        return True

    async def _failed(self, queued: Queued, why: str, code: str = "") -> bool:
        """code: what the other side answered; its words may quote a patient, and stay out of the log."""
        if why != self._problem:
            log.warning("a message is not taken", destination=self.name, why=code or why)
        self._noted(why)
        await self._store.failed(queued.number, why)
        return False
