"""What an observer asks of the stops of one pump: repeated until proven, announced when not, never re-armed alone."""

from __future__ import annotations

from pumpd.device.facts import CommandOutcome, Outcome, PumpStatus
from pumpd.safety import decisions as de
from pumpd.safety import events as ev
from pumpd.safety.decisions import InterlockState as State
from pumpd.safety.policy import Times

UNDER_WAY = (State.TRIPPED, State.STOP_ACKED, State.STOP_UNCONFIRMED)
RESTING = (State.ARMED, State.ALARM_ONLY)


class StopWatch:
    """Hears every step of the bed; raises AssertionError in words."""

    def __init__(self, pump: str, times: Times) -> None:
        self.pump, self.times = pump, times
        self.state = State.ARMED
        self._orders: set[str] = set()
        self._tripped_ms = self._stopped_ms = 0
        self._acked_ms: int | None = None

    def hear(self, now: int, event: ev.Event, out: tuple[de.Decision, ...], refused: bool) -> None:
        """One step; refused: the device on the line is not the configured one, and gets no command."""
        self._hear_ack(now, event)
        before = self.state
        for decision in out:
            if isinstance(decision, de.StopPump) and decision.pump == self.pump:
                self._orders.add(decision.order_id)
                self._stopped_ms = now
            elif isinstance(decision, de.InterlockChanged) and decision.pump == self.pump:
                self._change(now, event, decision.state)
        if before is State.STOP_VERIFIED and self._runs(event) and not refused:
            assert self.state in UNDER_WAY, "it runs again after a verified stop, and is let run"
        if self.state in UNDER_WAY and not refused:
            assert now - self._stopped_ms <= self.times.stop_repeat_ms, "an unverified stop is not repeated"
        if self.state in (State.TRIPPED, State.STOP_ACKED):
            assert now - self._tripped_ms < self.times.stop_unconfirmed_ms, "STOP NOT CONFIRMED does not come"

    def _hear_ack(self, now: int, event: ev.Event) -> None:
        if isinstance(event, ev.Heard) and event.device == self.pump and isinstance(event.fact, CommandOutcome):
            ours = event.fact.outcome is Outcome.DONE and event.fact.order_id in self._orders
            if ours and self._acked_ms is None and self.state in UNDER_WAY:
                self._acked_ms = now

    def _runs(self, event: ev.Event) -> bool:
        fact = event.fact if isinstance(event, ev.Heard) and event.device == self.pump else None
        return isinstance(fact, PumpStatus) and fact.infusing is True

    def _change(self, now: int, event: ev.Event, new: State) -> None:
        before, self.state = self.state, new
        if new is State.TRIPPED:
            self._tripped_ms, self._acked_ms, self._orders = now, None, set()
        elif new is State.STOP_VERIFIED:
            self._must_be_proof(event)
        elif new in RESTING and before not in RESTING:
            assert isinstance(event, ev.InterlockReset), f"{before} -> {new} by itself, on {type(event).__name__}"

    def _must_be_proof(self, event: ev.Event) -> None:
        """A status that was asked for after the ack and says: not infusing."""
        fact = event.fact if isinstance(event, ev.Heard) and event.device == self.pump else None
        assert isinstance(fact, PumpStatus), f"verified on {type(event).__name__}"
        assert fact.infusing is False, "verified, and it infuses"
        assert self._acked_ms is not None, "verified, and no stop was acknowledged"
        assert fact.requested_ms is not None, "verified by a report that nobody asked for"
        assert fact.requested_ms > self._acked_ms, "verified by a report that was asked for before the ack"
