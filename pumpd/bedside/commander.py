"""Carries the kernel's decisions about pumps to the pumps.

A stop does not wait for anything: when `stop` returns, its bytes have been given to the line. A rate waits until
the decision is durable; a stop of the same pump overtakes it and it never leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from pumpd.bedside.ports import Commandable
from pumpd.device import CommandOutcome, Outcome, PumpOrder, SetRateOrder, StopOrder
from pumpd.device import ReadStatus as ReadStatusOrder
from pumpd.journal import JournalUnavailable
from pumpd.safety.decisions import ReadStatus, SetRate, StopPump
from pumpd.safety.events import Event, Heard


class Commander:
    """Of one bed. What happened to an order is posted as an event on a later turn of the loop, never from inside."""

    def __init__(
        self,
        pumps: Mapping[str, Commandable],
        post_soon: Callable[[Event], object],
        durable: Callable[[int], asyncio.Future[None]],
        durable_ms: int,
    ) -> None:
        self._pumps = pumps
        self._post_soon = post_soon
        self._durable = durable
        self._durable_ms = durable_ms
        self._stops: dict[str, int] = {}
        self._waiting: set[asyncio.Task[None]] = set()

    def stop(self, decision: StopPump) -> None:
        """No await, no journal, no screen before the bytes."""
        self._stops[decision.pump] = self._stops.get(decision.pump, 0) + 1
        self._give(decision.pump, StopOrder(decision.order_id))

    def read(self, decision: ReadStatus) -> None:
        """Ask the pump for its status now, ahead of the poll."""
        self._give(decision.pump, ReadStatusOrder(decision.order_id))

    def set_rate(self, decision: SetRate, token: int) -> None:
        """The bytes leave when the journal record `token` is durable; else the outcome is REFUSED with the reason."""
        stops = self._stops.get(decision.pump, 0)  # now: a stop may come before the task has begun
        task = asyncio.get_running_loop().create_task(self._set_when_durable(decision, token, stops))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    def close(self) -> None:
        """Rates that still wait will not leave."""
        for task in self._waiting:
            task.cancel()

    async def _set_when_durable(self, decision: SetRate, token: int, stops: int) -> None:
        try:
            async with asyncio.timeout(self._durable_ms / 1000):
                await self._durable(token)
        except (TimeoutError, JournalUnavailable) as error:
            self._refuse(decision, f"not recorded, so not sent: {error or 'the journal takes too long'}")
            return
        if stops != self._stops.get(decision.pump, 0):
            self._refuse(decision, "overtaken by a stop")
        else:
            self._give(decision.pump, SetRateOrder(decision.order_id, decision.rate_ul_h, decision.ceiling_ul_h))

    def _refuse(self, decision: SetRate, why: str) -> None:
        self._post_soon(Heard(decision.pump, CommandOutcome(decision.order_id, Outcome.REFUSED, why)))

    def _give(self, pump: str, order: PumpOrder) -> None:
        session = self._pumps.get(pump)
        events = session.command(order) if session is not None else _no_session(pump, order)
        for event in events:
            self._post_soon(event)


def _no_session(pump: str, order: PumpOrder) -> list[Event]:
    return [Heard(pump, CommandOutcome(order.order_id, Outcome.REFUSED, "no such device at this bed"))]
