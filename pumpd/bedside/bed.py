"""One bed: one inbox, one kernel state, one timer. Every event goes through `post`, a frame through its two halves.

The order of what a step decides is the safety of this file: stop bytes, then the journal, then everything else; nothing
in between waits. The stop of a report that surely stops its pump (`stop_at_once`) leaves before its step, which waits
for the loop's next turns, as do events that stop nothing (`post_soon`): judged on one turn, carried out on the next,
for another bed's stop may be due. Whatever else this bed hears comes after them. What stops is copied into shared
memory before its bytes leave, so that not even a kill -9 in between loses why.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

import structlog

from pumpd.bedside.commander import Commander
from pumpd.bedside.kernel_faults import KernelFaults
from pumpd.bedside.lateness import Lateness
from pumpd.bedside.parts import Parts, Stepped
from pumpd.bedside.pieces import Pieces
from pumpd.bedside.ports import Commandable
from pumpd.bedside.telling import Telling
from pumpd.bedside.timer import DeadlineTimer
from pumpd.device import PumpStatus
from pumpd.journal import Marked, StepRecord
from pumpd.safety.calm_policy import calm_policy
from pumpd.safety.decisions import Decision, ReadStatus, SetRate, StopPump
from pumpd.safety.events import Event, Heard, HistoryKept, PolicyReplaced, SelfFault, Tick
from pumpd.safety.interlock import STOPPING
from pumpd.safety.policy import BedPolicy
from pumpd.safety.quiet_frame import settled, take
from pumpd.safety.state import BedState
from pumpd.safety.view import BedView
from pumpd.safety.wire import state_to_bytes
from pumpd.units import Ms

log = structlog.get_logger(__name__)
T = TypeVar("T")


class BedRuntime:
    """The kernel of one bed, its inbox and its clock. Lives on one event loop; no locks."""

    __slots__ = (
        "_calm", "_clock", "_commander", "_faults", "_hub", "_inbox", "_journal", "_kernel", "_pieces", "_retry_ms",
        "_shell", "_stepping", "_stop_left", "_telling", "_token", "_waiting", "id", "lateness", "now_ms", "policy",
        "seq", "timer",
    )  # fmt: skip

    def __init__(
        self,
        policy: BedPolicy,
        state: BedState,
        parts: Parts,
        pumps: Mapping[str, Commandable],
        *,
        seq: int = 0,
        now_ms: int = 0,
    ) -> None:
        """seq and now_ms: of the last step that is in `state`. pumps may be filled later, before the first event."""
        self.id, self.policy, self._calm = policy.bed, policy, calm_policy(policy)
        self.state = state
        self.seq, self.now_ms = seq, Ms(now_ms)
        self.lateness = Lateness(parts.shell.kernel_late_ms, parts.shell.late_clear_ms)
        self._kernel, self._clock, self._journal, self._hub = parts.kernel, parts.clock, parts.journal, parts.hub
        self._telling = Telling(policy.bed, parts)
        self._shell = parts.shell
        self._commander = Commander(pumps, self.post_soon, parts.journal.durable, parts.shell.durable_ms)
        self.timer = DeadlineTimer(parts.clock, self._deadline, self._due)
        self._inbox: deque[Event] = deque()
        self._stepping, self._pieces = False, Pieces()
        self._waiting = self._pieces.waiting  # asked of every frame
        self._stop_left = ""  # for which pump, before its step
        self._faults = KernelFaults(policy.bed, parts, self.post)
        self._retry_ms = self._token = 0  # token: of the last quiet frame's record

    @property
    def failed(self) -> bool:
        """The kernel has, and nothing of the bed is monitored."""
        return self._faults.active

    @property
    def state(self) -> BedState:
        """After everything that was heard; made of it where somebody looks."""
        state = settled(self._calm)
        assert state is not None
        return state

    @state.setter
    def state(self, state: BedState) -> None:
        take(self._calm, state)

    def view(self) -> BedView:
        """What a screen may show now."""
        return self._kernel.view(self.state, Ms(max(self.now_ms, self._clock.now_ms())), self.policy)

    def post(self, event: Event) -> Stepped | None:
        """Put an event into the inbox and carry out what it causes, before returning.

        None when called from inside a step (it is then carried out after that step), when the kernel failed on it,
        or when it waits for the next turns: its stop has left, or the stop of its pump is under way.
        """
        if type(event) is Heard and self.hear(event, self._clock.now_ms()):
            return Stepped((), self._token)
        return self.judge(event)

    def judge(self, event: Event) -> Stepped | None:
        """`post`, for what `hear` was given already."""
        if self._stepping:
            self._inbox.append(event)
            return None
        if self._waiting:
            if type(event) is Heard and type(event.fact) is PumpStatus and self._is_stopping(event.device):
                self._later(event, self._clock.now_ms(), None)
                return None
            self._pieces.catch_up()
        return self._run(self._step, event)

    def post_soon(self, event: Event) -> None:
        """As `post`, but on the next turns of the loop, or before what comes next: for what stops no pump."""
        now = self._clock.now_ms()
        if not (type(event) is Heard and self.hear(event, now)):
            self._later(event, now, None)

    def hear(self, heard: Heard, now: Ms) -> bool:
        """The step of a quiet frame, nearly each of them, the short way: it decides nothing. now: the kernel's time.

        False: it has to be judged, or comes after what waits; nothing has happened.
        """
        if self._stepping or self._waiting:
            return False
        calm = self._calm
        try:
            if not self._kernel.passes_over(calm, heard, now):
                return False
        except Exception as error:  # noqa: BLE001 - supervision boundary: the step itself still decides
            self._faults.happened("glance", error)
            return False
        self.now_ms, self.seq = now, self.seq + 1
        self._token = self._journal.append(StepRecord(self.id, self.seq, now, self._clock.wall_ns(), heard, ()))
        try:
            self._hub.mark(self.id)
        except Exception:  # supervision boundary, as in Telling: what screens cannot show must not stop the bed
            log.exception("screens failed", bed=self.id)
        timer, due = self.timer, calm.due_ms
        if due < timer.armed_ms or now >= timer.renew_ms:
            timer.arm_at(due)
        return True

    def _later(self, event: Event, heard_ms: Ms, sent: str | None) -> None:
        """Its step on a turn of its own, as of heard_ms. sent: the order that has left already."""
        self._pieces.add(partial(self._run, self._judge, event, heard_ms, sent))

    def _is_stopping(self, device: str) -> bool:
        """Has a stop left for this pump, which is not verified? Then nothing that it reports is in a hurry."""
        pump = self.state.pumps.get(device)
        return device == self._stop_left or (pump is not None and pump.lock.state in STOPPING)

    def _run(self, work: Callable[..., T], *of: object) -> T:
        """One step or a piece of one, then the events that it has put into the inbox."""
        self._stepping = True
        try:
            done = work(*of)
            while self._inbox and not self._waiting:  # else they follow what waits
                self._step(self._inbox.popleft())
        finally:
            self._stepping = False
        self.timer.arm()
        return done

    def keep(self, kept: HistoryKept) -> None:
        """Take over what the record says, at the time of the last recorded step; call before anything else."""
        self._decide(kept, self.now_ms, None)

    def relive(self, marked: Marked, recorded_seq: int) -> None:
        """Decide again on a report whose stop left just before the daemon was killed; call before anything but `keep`.

        recorded_seq: the last step that the journal has. A report that it has after all is passed over.
        """
        if marked.seq > recorded_seq:
            self._decide(marked.event, Ms(max(self.now_ms, marked.now_ms)), None)

    def checkpoint(self) -> None:
        """Hand the present state to the journal, so that a restart has little to replay."""
        self._pieces.catch_up()
        self._journal.checkpoint(self.id, self.seq, self.now_ms, state_to_bytes(self.state))

    def look(self) -> None:
        """Once a second or so: tell when the kernel's timer was late, and when it no longer is."""
        change = self.lateness.change(self._clock.now_ms())
        if change is not None:
            worst_ms = self.lateness.worst_ms
            self.post(SelfFault("kernel_late", f"decisions came up to {worst_ms} ms late", active=change))

    def stopping(self) -> frozenset[str]:
        """Pumps whose stop is under way and not verified."""
        self._pieces.catch_up()
        return frozenset(name for name, pump in self.state.pumps.items() if pump.lock.state in STOPPING)

    def close(self) -> None:
        """Stop deciding: no timer, no waiting rates, no recovery."""
        self._pieces.catch_up()
        self.timer.cancel()
        self._commander.close()
        self._faults.cancel()

    # one step

    def _step(self, event: Event) -> Stepped | None:
        now: Ms = max(self.now_ms, self._clock.now_ms())  # a call of Ms() for every frame would cost more than this
        if type(event) is Heard and type(event.fact) is PumpStatus and self._stop_at_once(event, now):
            return None
        return self._decide(event, now, None)

    def _stop_at_once(self, event: Heard, now: Ms) -> bool:
        """Send the stop that the step is going to decide, if that is certain already, and hold the step."""
        assert isinstance(event.fact, PumpStatus)
        try:
            order_id = self._kernel.stop_at_once(self.state, event.device, event.fact, now, self.policy)
        except Exception as error:  # noqa: BLE001 - supervision boundary: the step itself still decides
            self._faults.happened("stop at once", error)
            return False
        if order_id is None:
            return False
        self._journal.foresee_event(self.id, self.seq + 1, now, event)
        self._stop_left = event.device
        self._later(event, now, order_id)  # as of the mark, and before what becomes of the order
        self._commander.stop(StopPump(event.device, order_id, "at once"))
        return True

    def _judge(self, event: Event, heard_ms: Ms, sent: str | None) -> None:
        """A step as of then; it is carried out on the next turn."""
        now = max(self.now_ms, heard_ms)
        if sent is not None:
            self._stop_left = ""
        decisions = self._think(event, now)
        if decisions is not None:
            self._pieces.first(partial(self._run, self._carry_out, event, decisions, now, sent))

    def _decide(self, event: Event, now: Ms, sent: str | None) -> Stepped | None:
        decisions = self._think(event, now)
        return None if decisions is None else Stepped(decisions, self._carry_out(event, decisions, now, sent))

    def _think(self, event: Event, now: Ms) -> tuple[Decision, ...] | None:
        """The bed after the event, and what is to be done; None: the kernel failed on it."""
        try:
            state, decisions = self._kernel.step_closely(self.state, event, now, self.policy)  # no glance: had already
        except Exception as error:  # noqa: BLE001 - supervision boundary: our bug must not stop other beds
            self._faults.happened(type(event).__name__, error)
            return None
        self.state, self.now_ms = state, now
        self.seq += 1
        if isinstance(event, PolicyReplaced):  # the step itself still needs the old one: it counts from the next
            self.policy, self._calm = event.policy, calm_policy(event.policy)
            self.state = state
        return decisions

    def _carry_out(self, event: Event, decisions: tuple[Decision, ...], now: Ms, sent: str | None) -> int:
        record = StepRecord(self.id, self.seq, now, self._clock.wall_ns_of(now), event, decisions)
        if decisions or sent is not None:  # not the frame of every second
            self._stop(record, sent)
        token = self._journal.append(record)
        for decision in decisions:
            if isinstance(decision, ReadStatus):
                self._commander.read(decision)
            elif isinstance(decision, SetRate):
                self._commander.set_rate(decision, token)
        self._telling.decided(self.seq, event, decisions, now)
        return token

    def _stop(self, record: StepRecord, sent: str | None) -> None:
        """Every stop of the step but the one that has left already."""
        stops = [decision for decision in record.decisions if isinstance(decision, StopPump)]
        waiting = [stop for stop in stops if stop.order_id != sent]
        if waiting:
            self._journal.foresee(record)
        for stop in waiting:
            self._commander.stop(stop)
        if sent is not None and len(waiting) == len(stops):
            log.error("a stop left that its step did not decide", bed=self.id, order=sent)
            self._inbox.append(SelfFault("kernel_disagrees", f"the stop {sent} left unexplained", active=True))

    # the kernel's time

    def _deadline(self) -> int | None:
        try:
            due = self._kernel.next_deadline(self.state, self.policy)
        except Exception as error:  # noqa: BLE001 - supervision boundary, as in _step
            self._faults.happened("next deadline", error)
            return None
        return None if due is None else max(due, self._retry_ms)

    def _due(self, due: Ms) -> None:
        self.lateness.note(self._clock.now_ms() - due, self._clock.now_ms())
        if self.post(Tick()) is None:  # it is due still: other beds must not starve while it fails
            self._retry_ms = self._clock.now_ms() + self._shell.restart_first_ms
