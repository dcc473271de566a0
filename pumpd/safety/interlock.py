"""One pump's interlock: the transition table, the stop that is repeated until verified (INT-01..05). Pure.

Every function takes the pump's state and gives the new one back; decisions go to the draft. No function here,
or anywhere in the kernel, can start a pump: there is no such decision.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec.structs import replace

from pumpd.device.facts import CommandOutcome, ControlState, Outcome, PumpStatus
from pumpd.safety.decisions import InterlockChanged, InterlockState, ReadStatus, Resume, StopPump
from pumpd.safety.policy import Enforcement, PumpPolicy
from pumpd.safety.quality import is_refused
from pumpd.safety.state import Draft, Lock, PumpState

AGAIN = "running again after a stop"
KEPT_ORDERS = 8  # stop orders whose outcome still counts; repeats go out every stop_repeat_ms


class Move(StrEnum):
    TRIP = "trip"
    ACK = "ack"
    VERIFY = "verify"
    TIMEOUT = "timeout"
    RESET = "reset"
    DISABLE = "disable"
    ENABLE = "enable"


_S = InterlockState
TRANSITIONS: dict[tuple[InterlockState, Move], InterlockState] = {
    (_S.ARMED, Move.TRIP): _S.TRIPPED,
    (_S.ARMED, Move.DISABLE): _S.ALARM_ONLY,
    (_S.ALARM_ONLY, Move.ENABLE): _S.ARMED,
    (_S.TRIPPED, Move.ACK): _S.STOP_ACKED,
    (_S.TRIPPED, Move.TIMEOUT): _S.STOP_UNCONFIRMED,
    (_S.STOP_ACKED, Move.TIMEOUT): _S.STOP_UNCONFIRMED,
    (_S.STOP_ACKED, Move.VERIFY): _S.STOP_VERIFIED,
    (_S.STOP_UNCONFIRMED, Move.VERIFY): _S.STOP_VERIFIED,
    (_S.STOP_VERIFIED, Move.TRIP): _S.TRIPPED,  # it infuses again: somebody pressed start
    (_S.STOP_VERIFIED, Move.RESET): _S.ARMED,
}
STOPPING = frozenset({_S.TRIPPED, _S.STOP_ACKED, _S.STOP_UNCONFIRMED})


def cannot_stop(pump: PumpPolicy, p: PumpState) -> str | None:
    """Why pumpd can only alarm at this pump, in words, or None (CEI-07)."""
    caps = pump.capabilities
    if pump.enforcement is Enforcement.ALARM:
        return "the ward's setting is alarm only"
    if not (caps.can_stop and caps.can_read_back):
        return "pumpd cannot stop this model and read it back"
    if p.control is ControlState.REFUSED:
        return "the pump refuses remote control"
    return None


def step_to(d: Draft, pump: PumpPolicy, p: PumpState, move: Move, cause: str | None) -> PumpState:
    """Walk one edge of the table and say so; an edge that is not there does nothing."""
    state = TRANSITIONS.get((p.lock.state, move))
    if state is None:
        return p
    d.out.append(InterlockChanged(pump.device, state, cause or ""))
    return replace(p, lock=replace(p.lock, state=state, cause=cause))


def arm(d: Draft, pump: PumpPolicy, p: PumpState) -> PumpState:
    """ARMED or ALARM ONLY, as the pump's capabilities and its remote control say now."""
    reason = cannot_stop(pump, p)
    if reason is not None:
        return step_to(d, pump, p, Move.DISABLE, reason) if p.lock.state is _S.ARMED else p
    return step_to(d, pump, p, Move.ENABLE, None) if p.lock.state is _S.ALARM_ONLY else p


def trip(d: Draft, pump: PumpPolicy, p: PumpState, cause: str) -> PumpState:
    """Stop now and until verified; nothing if a stop is under way or pumpd can only alarm."""
    if (p.lock.state, Move.TRIP) not in TRANSITIONS:
        return p
    p = step_to(d, pump, p, Move.TRIP, cause)
    lock = Lock(_S.TRIPPED, cause, tripped_ms=d.now, stop_due_ms=d.now)
    return replace(p, lock=send_stop(d, pump, lock))


def send_stop(d: Draft, pump: PumpPolicy, lock: Lock) -> Lock:
    """One more stop order; none to a device that is not the configured one (QUA-05).

    A stop that may not leave stays due, so that it leaves in the very step in which the right pump is heard again.
    """
    if is_refused(pump, d.devices[pump.device]):
        return lock
    due_ms = d.now + d.policy.times.stop_repeat_ms
    order_id = d.order_id()
    d.out.append(StopPump(pump.device, order_id, lock.cause or ""))
    return replace(lock, stop_due_ms=due_ms, orders=(*lock.orders, order_id)[-KEPT_ORDERS:])


def send_read(d: Draft, pump: PumpPolicy) -> None:
    if not is_refused(pump, d.devices[pump.device]):
        d.out.append(ReadStatus(pump.device, d.order_id()))


def acked(d: Draft, pump: PumpPolicy, p: PumpState, fact: CommandOutcome) -> PumpState:
    """The pump acknowledged a stop of this trip: read its status at once; an ack alone verifies nothing."""
    lock = p.lock
    if fact.outcome is not Outcome.DONE or fact.order_id not in lock.orders or lock.state not in STOPPING:
        return p
    if lock.acked_ms is not None:
        return p
    send_read(d, pump)
    due_ms = d.now + d.policy.times.verify_read_ms
    p = replace(p, lock=replace(lock, acked_ms=d.now, read_due_ms=due_ms))
    return step_to(d, pump, p, Move.ACK, lock.cause)


def heard(d: Draft, pump: PumpPolicy, p: PumpState, status: PumpStatus) -> PumpState:
    """What a status says about a trip: verified if requested after the ack and not infusing; else stop again."""
    lock = p.lock
    if lock.state is _S.STOP_VERIFIED and status.infusing is not False:
        return trip(d, pump, p, running_again(lock.cause or ""))
    if lock.acked_ms is None or status.requested_ms is None or status.infusing is not False:
        return p
    if lock.state not in STOPPING or status.requested_ms <= lock.acked_ms:
        return p
    p = step_to(d, pump, p, Move.VERIFY, lock.cause)
    return replace(p, lock=replace(p.lock, stop_due_ms=None, read_due_ms=None, orders=()))


def running_again(cause: str) -> str:
    """The first cause stays the one that is named, however often the pump is started."""
    return cause if cause.startswith(AGAIN) else f"{AGAIN} ({cause})"


def drive(d: Draft, pump: PumpPolicy, p: PumpState) -> PumpState:
    """What time alone does to a stop under way: time-out, repetition, verifying reads."""
    if p.lock.state not in STOPPING:
        return p
    times = d.policy.times
    if p.lock.tripped_ms is not None and d.now - p.lock.tripped_ms >= times.stop_unconfirmed_ms:
        p = step_to(d, pump, p, Move.TIMEOUT, p.lock.cause)
    lock = p.lock
    if lock.stop_due_ms is not None and lock.stop_due_ms <= d.now:
        lock = send_stop(d, pump, lock)
    if lock.read_due_ms is not None and lock.read_due_ms <= d.now:
        send_read(d, pump)
        lock = replace(lock, read_due_ms=d.now + times.verify_read_ms)
    return p if lock is p.lock else replace(p, lock=lock)


def reset(d: Draft, pump: PumpPolicy, p: PumpState) -> PumpState:
    """Re-arm after a verified stop; starts nothing, and permits nobody to (INT-03)."""
    p = step_to(d, pump, p, Move.RESET, None)
    return replace(p, lock=Lock(p.lock.state, resume=Resume.NEEDED if needs_resume(pump) else Resume.NOT_NEEDED))


def needs_resume(pump: PumpPolicy) -> bool:
    """Its drug depresses breathing, or nobody knows what it is: a person must ask before it is started again."""
    return pump.drug is None or pump.drug.governed or pump.drug.opioid


def without_permission(lock: Lock) -> Lock:
    """The lock with a granted resume taken back."""
    if lock.resume is not Resume.ALLOWED:
        return lock
    return replace(lock, resume=Resume.NEEDED, resume_until_ms=None, resume_by=None)


def due(d: Draft, p: PumpState) -> list[int | None]:
    """When time alone will next do something to this interlock."""
    lock = p.lock
    if lock.state not in STOPPING:
        return []
    timeout = None
    if lock.state is not _S.STOP_UNCONFIRMED and lock.tripped_ms is not None:
        timeout = lock.tripped_ms + d.policy.times.stop_unconfirmed_ms
    return [timeout, lock.stop_due_ms, lock.read_due_ms]
