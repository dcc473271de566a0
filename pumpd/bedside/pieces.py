"""A bed's work that may wait for later turns of the loop, in its order and before anything that comes after it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pumpd.device import CommandOutcome, DeviceAlarms, Kind, Out, Outcome
from pumpd.turns import turns

Piece = Callable[[], object]


def stops_nothing(fact: Out, of: Kind) -> bool:
    """An order is done, or a pump alarms: what a bed makes of it may wait for the loop's next turns."""
    done = isinstance(fact, CommandOutcome) and fact.outcome is Outcome.DONE
    return done or (isinstance(fact, DeviceAlarms) and of is Kind.PUMP)


class Pieces:
    """The queue of one bed. Each piece has a turn of its own, for another bed's stop may be due."""

    def __init__(self) -> None:
        self.waiting: deque[Piece | None] = deque()  # asked of every frame; None: so far somebody catches up

    def add(self, piece: Piece) -> None:
        """After all that waits."""
        self.waiting.append(piece)
        turns().soon(self._one)

    def first(self, piece: Piece) -> None:
        """Before all that waits: the second half of what is being done."""
        self.waiting.appendleft(piece)
        turns().soon(self._one)

    def catch_up(self) -> None:
        """All that waits now: something else comes, and it may not come before. What that adds waits again."""
        self.waiting.append(None)
        try:
            while (piece := self.waiting.popleft()) is not None:
                piece()
        except BaseException:
            self.waiting.remove(None)  # else it would take the turn of a piece, which then has none
            raise

    def _one(self) -> None:
        if self.waiting and (piece := self.waiting.popleft()) is not None:  # else somebody has caught up
            piece()
