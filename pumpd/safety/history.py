"""What the record says of a bed, read along with a replay, and taken over where this software comes to something else.

Theory. A recorded decision is what people at the bedside saw and what they acted on: other software that judges the
same events later must not take it back. So while events are replayed the recorded decisions are folded into what
they say of the bed (`Record`): alarms that stand, interlocks, who is bound, the open course, doses by hand. Where all
recomputed decisions are the recorded ones the replayed state is the true one. Where any is not, the state takes over
what the record says (HistoryKept, an event like any other, so that the next replay does the same) and `at most` grows
by what it lacks; nothing else of the state is touched. What holds now by the new rules is judged by the next step,
with decisions of its own. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from pumpd.clinical.entries import KetamineGiven
from pumpd.safety import course, flow, interlock
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.course_state import Infusion, Manual, Mark
from pumpd.safety.decisions import (
    AlarmChanged,
    CourseChanged,
    Decision,
    FlowChanged,
    InfusionChanged,
    InfusionPhase,
    InterlockChanged,
    InterlockState,
    PatientClosed,
    Permitted,
    ReadStatus,
    Resume,
    SetRate,
    StopPump,
)
from pumpd.safety.events import Charted, Event, HistoryKept, PatientBound
from pumpd.safety.given import patient_total
from pumpd.safety.hand_doses import counted_ng
from pumpd.safety.infusions import INFUSION
from pumpd.safety.kept import Kept, KeptCourse, KeptInfusion, KeptLock
from pumpd.safety.policy import BedPolicy
from pumpd.safety.self_alarms import HISTORY
from pumpd.safety.state import BedState, Draft, Lock, PumpState, open_draft, pump_policy

READY: Final = frozenset({InterlockState.ARMED, InterlockState.ALARM_ONLY})  # which of both, the pump says
GOING_ON: Final = frozenset({InfusionPhase.PLANNED, InfusionPhase.RUNNING, InfusionPhase.PAUSED})


class Record:
    """What the record says of one bed; `take` every replayed step, then ask `against` the replayed state."""

    def __init__(self, state: BedState) -> None:
        """state: of the checkpoint that the replay begins with."""
        self.alarms: dict[str, Alarm] = dict(state.alarms)
        self.locks = {name: lock_of(name, p, state.now_ms) for name, p in state.pumps.items()}
        self.patient = state.patient
        self.alarm_n, self.order_n, self.course_n = state.alarm_n, state.order_n, state.course.number
        self.missing: dict[str, int] = {}
        self.doses = {dose.entry: dose for dose in state.given.manual}
        self.course = course_of(state)
        self.infusions = {i.number: infusion_of(i) for i in state.given.infusions}
        self.held = state.given.held

    def take(self, event: Event, now_ms: int, said: Iterable[Decision], after: BedState, policy: BedPolicy) -> None:
        """One step: what was decided by the record, and the state after it as it was replayed."""
        for decision in said:
            match decision:
                case AlarmChanged(alarm=alarm):
                    self._alarm(alarm, after)
                case InterlockChanged():
                    self._lock(decision, now_ms)
                case StopPump() | SetRate() | ReadStatus():
                    self.order_n = max(self.order_n, number_of(decision.order_id))
                case CourseChanged():
                    self._course(decision, now_ms)
                case InfusionChanged():
                    self._infusion(decision, now_ms)
                case FlowChanged(pump=pump, high_ng=int(high_ng)):
                    self.missing[pump] = high_ng - replayed_ng(after, now_ms, policy, pump)
                case PatientClosed():
                    self.patient, self.doses, self.missing = None, {}, {}
                case Permitted():
                    self._permitted(event, now_ms, policy)
                case _:
                    pass

    def _alarm(self, alarm: Alarm, after: BedState) -> None:
        self.alarm_n = max(self.alarm_n, number_of(alarm.id))
        key = next((key for key, known in self.alarms.items() if known.id == alarm.id), None)
        if alarm.state is AlarmState.ENDED:
            if key is not None:
                del self.alarms[key]
            return
        key = key or key_of(alarm, after)
        while key in self.alarms and self.alarms[key].id != alarm.id:
            key += "+"  # never one in the place of another
        self.alarms[key] = alarm

    def _lock(self, said: InterlockChanged, now_ms: int) -> None:
        before = self.locks.get(said.pump)
        trips = said.state is InterlockState.TRIPPED or before is None
        tripped_ms = now_ms if trips or before is None else before.tripped_ms
        self.locks[said.pump] = KeptLock(said.pump, said.state, said.cause, tripped_ms)

    def _course(self, said: CourseChanged, now_ms: int) -> None:
        self.course_n = max(self.course_n, number_of(said.course))
        if self.course is not None and self.course.id == said.course and said.open:
            return
        self.course = KeptCourse(said.course, now_ms, said.by) if said.open else None
        self.infusions = {}

    def _infusion(self, said: InfusionChanged, now_ms: int) -> None:
        if self.course is None or said.course != self.course.id:
            return
        before = self.infusions.get(said.number)
        started_ms, mark = (now_ms, None) if before is None else (before.started_ms, before.mark)
        self.infusions[said.number] = KeptInfusion(
            said.number, said.phase, said.pump, started_ms, now_ms, said.low_ng, said.high_ng, said.why, mark
        )
        self.held = said.why if said.phase is InfusionPhase.STOPPED_BY_CAP else ""

    def _permitted(self, event: Event, now_ms: int, policy: BedPolicy) -> None:
        if isinstance(event, PatientBound):
            self.patient = event.patient
        elif isinstance(event, Charted):
            old = self.doses.pop(event.corrects, None) if event.corrects is not None else None
            if isinstance(event.entry, KetamineGiven):
                at_ms = event.at_ms if event.at_ms is not None else now_ms if old is None else old.at_ms
                self.doses[event.id] = Manual(event.id, at_ms, counted_ng(event.entry, policy.protocol))

    def against(self, state: BedState) -> Kept:
        """What the replayed state has to take over."""
        counted = {dose.entry for dose in state.given.manual}
        other = self._course_against(state)
        capped = any(infusion.capped is not None for infusion in state.given.infusions[-1:]) or state.given.held
        return Kept(
            None if self.alarms == state.alarms else tuple(self.alarms.items()),
            tuple(
                lock for name, lock in self.locks.items() if name in state.pumps and differs(lock, state.pumps[name])
            ),
            self.alarm_n,
            self.order_n,
            self.course_n,
            tuple((pump, ng) for pump, ng in self.missing.items() if ng > 0 and pump in state.pumps),
            tuple(dose for dose in self.doses.values() if dose.entry not in counted),
            other,
            self.held if self.held and not capped and other is None else "",
        )

    def _course_against(self, state: BedState) -> KeptCourse | None:
        """The recorded course with its infusions, where the state has another one, or other infusions in it."""
        if self.course is None:
            return None
        infusions = tuple(infusion for _, infusion in sorted(self.infusions.items()))
        there = [(i.number, i.phase) for i in state.given.infusions]
        if self.course.id == state.course.id and [(i.number, i.phase) for i in infusions] == there:
            return None
        return replace(self.course, infusions=infusions)


def number_of(name: str) -> int:
    """The number in which an id ends ("bed-1-a12": 12); 0: it has none."""
    digits = name[len(name.rstrip("0123456789")) :]
    return int(digits) if digits else 0


def lock_of(name: str, p: PumpState, now_ms: int) -> KeptLock:
    lock = p.lock
    return KeptLock(name, lock.state, lock.cause or "", now_ms if lock.tripped_ms is None else lock.tripped_ms)


def course_of(state: BedState) -> KeptCourse | None:
    course = state.course
    return None if course.id is None else KeptCourse(course.id, course.opened_ms or state.now_ms, course.by)


def infusion_of(i: Infusion) -> KeptInfusion:
    """As it would have been told; what a running one has been given is told by its mark."""
    changed_ms = i.ended_ms or i.paused_ms or i.started_ms
    pump = i.pumps[-1] if i.pumps else ""
    return KeptInfusion(i.number, i.phase, pump, i.started_ms, changed_ms, i.low_ng or 0, i.high_ng or 0, i.why, i.mark)


def key_of(alarm: Alarm, state: BedState) -> str:
    """The key under which the kernel judges this alarm's condition, as far as that can be told.

    A key that no rule uses is no loss: the alarm latches, or ends, with a decision that is recorded.
    """
    for key, known in state.alarms.items():
        if (known.device, known.condition) == (alarm.device, alarm.condition):
            return key
    if alarm.device in state.pumps:
        return f"p:{alarm.device}/{alarm.condition}"
    return f"v/{alarm.condition}" if alarm.device is None else f"v/{alarm.condition}@{alarm.device}"


def differs(lock: KeptLock, p: PumpState | None) -> bool:
    return p is not None and p.lock.state is not lock.state and not {p.lock.state, lock.state} <= READY


def replayed_ng(state: BedState, now_ms: int, policy: BedPolicy, device: str) -> int:
    """`At most` of a pump in the replayed state; 0 where it cannot be told."""
    pump, p = pump_policy(policy, device), state.pumps.get(device)
    if pump is None or p is None:
        return 0
    mass = flow.mass_of(open_draft(state, policy, now_ms), pump, p)
    return 0 if mass is None else mass[1]


# --- the event


def history_kept(d: Draft, event: HistoryKept) -> None:
    """Take over what the record says; a person is told until somebody has seen it."""
    kept = event.kept
    d.alarm_n, d.order_n = max(d.alarm_n, kept.alarm_n), max(d.order_n, kept.order_n)
    d.course = replace(d.course, number=max(d.course.number, kept.course_n))
    d.patient = event.patient
    if d.patient is not None and d.course.bound_ms is None:
        course.patient_came(d)
    if kept.alarms is not None:
        d.alarms = dict(kept.alarms)
    for lock in kept.locks:
        take_lock(d, lock)
    for name, lacking_ng in kept.missing:
        if (p := d.pumps.get(name)) is not None:
            d.pumps[name] = replace(p, dose=replace(p.dose, high_ng=p.dose.high_ng + lacking_ng))
    manual = sorted((*d.given.manual, *kept.doses), key=lambda dose: dose.at_ms)
    d.given = replace(d.given, manual=tuple(manual), held=kept.held or d.given.held)
    if kept.course is not None:
        take_course(d, kept.course)
    d.faults[HISTORY] = event.detail


def take_lock(d: Draft, kept: KeptLock) -> None:
    """The recorded interlock. What a stop had reached is not known in detail: it goes out again, and is verified."""
    pump, p = pump_policy(d.policy, kept.pump), d.pumps.get(kept.pump)
    if pump is None or p is None:
        return
    stopping = kept.state in interlock.STOPPING
    stands = p.report is not None and p.report.infusing is False
    resume = Resume.NEEDED if kept.state in READY and stands and interlock.needs_resume(pump) else Resume.NOT_NEEDED
    lock = Lock(kept.state, resume=resume)
    if kept.state not in READY:
        lock = replace(lock, cause=kept.cause, tripped_ms=kept.tripped_ms, stop_due_ms=d.now if stopping else None)
    d.pumps[kept.pump] = replace(p, lock=lock)


def take_course(d: Draft, kept: KeptCourse) -> None:
    """The recorded course. Its doses are counted too high rather than too low: all of this patient's may be of it."""
    low_ng, high_ng = patient_total(d)
    if d.course.id != kept.id:
        d.course = replace(d.course, id=kept.id, opened_ms=kept.opened_ms, by=kept.by)
    before = d.given.course
    mark = Mark(kept.opened_ms, low_ng, 0) if before is None else before
    infusions = tuple(infusion_kept(i, low_ng, high_ng) for i in kept.infusions)
    d.given = replace(d.given, course=mark, infusions=infusions, held="")


def infusion_kept(i: KeptInfusion, low_ng: int, high_ng: int) -> Infusion:
    """low_ng, high_ng: the patient's totals now; without a mark its recorded dose lies between that and now."""
    capped = i.phase is InfusionPhase.STOPPED_BY_CAP
    over = i.phase not in GOING_ON and not capped
    return Infusion(
        i.number,
        i.phase,
        (i.pump,),
        i.started_ms,
        Mark(i.started_ms, low_ng, max(0, high_ng - i.high_ng)) if i.mark is None else i.mark,
        paused_ms=i.changed_ms if i.phase is InfusionPhase.PAUSED else None,
        ended_ms=i.changed_ms if over else None,
        low_ng=i.low_ng if over else None,
        high_ng=i.high_ng if over else None,
        why=i.why,
        capped=INFUSION if capped else None,
    )
