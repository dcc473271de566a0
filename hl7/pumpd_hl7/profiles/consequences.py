"""Which messages a step of a bed leads to: alarms, events of delivery, administrations. Pure but for what flowed last.

Ids follow from the step, so that making them again after a restart makes the same message. An alarm's first message has
the alarm's own id; what follows names it (OBR-29). What tells of a patient who has just left is about that patient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pumpd.safety.alarms import Alarm, Phase
from pumpd.safety.decisions import AlarmChanged, Decision, FlowChanged, InfusionChanged, InfusionPhase
from pumpd.safety.events import Patient
from pumpd.safety.view import BedView, PumpView
from pumpd_hl7.profiles.outgoing import Sender
from pumpd_hl7.profiles.pcd01_out import Scene, monitor_message, pump_message
from pumpd_hl7.profiles.pcd04_out import AlarmChange, alarm_message
from pumpd_hl7.profiles.pcd10_out import Delivery, DeliveryEvent, event_message
from pumpd_hl7.profiles.pump_rows import WallOf
from pumpd_hl7.profiles.ras_out import RateChange, rate_message

Write = Callable[[Sender, int], bytes | None]
"""The message for a sender at a wall time (microseconds since 1970); None where it would tell of nobody."""

SWITCHING, ALARMING, NOT_SAID = "pump-stopped-switching-source", "pump-stopped-alarming", "pump-stopped-not-specified"


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that is to be written. id: its MSH-10 (the same for every destination)."""

    kind: str
    id: str
    write: Write
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What was decided. patient: who was in the bed BEFORE it; view: the bed after it; location: its PV1-3.

    volumes_ul: by pump its own counter at that moment, of those that report one.
    """

    bed: str
    seq: int
    now_ms: int
    decisions: tuple[Decision, ...]
    patient: Patient | None
    view: BedView
    location: str
    wall_of: WallOf
    volumes_ul: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flow:
    """What a pump was last known to do; of an unknown state nothing is concluded."""

    infusing: bool
    rate_ul_h: int


class Consequences:
    """Keeps what each pump of the ward did last, because a change is one only beside what was before."""

    def __init__(self) -> None:
        self._flows: dict[str, Flow] = {}

    def of(self, step: Step) -> list[Draft]:
        """In the order of the decisions."""
        found: list[Draft] = []
        for idx, decision in enumerate(step.decisions):
            if isinstance(decision, AlarmChanged):
                found.append(alarm_draft(step, idx, decision))
            elif isinstance(decision, FlowChanged):
                found += self._flow(step, idx, decision)
            elif isinstance(decision, InfusionChanged) and decision.phase is InfusionPhase.COMPLETED:
                found += _complete(step, idx, decision)
        return found

    def know(self, changed: FlowChanged) -> None:
        """What a pump did before the first step that is told: nothing is said of it."""
        flow = _flow_of(changed)
        if flow is not None:
            self._flows[changed.pump] = flow

    def known(self) -> Mapping[str, Flow]:
        """What each pump did last."""
        return dict(self._flows)

    def take_over(self, flows: Mapping[str, Flow]) -> None:
        """Go on from what somebody else has told."""
        self._flows |= flows

    def _flow(self, step: Step, idx: int, changed: FlowChanged) -> Iterator[Draft]:
        pump, now = _pump(step, changed.pump), _flow_of(changed)
        if now is None:
            return
        before, self._flows[changed.pump] = self._flows.get(changed.pump), now
        if pump is None or before == now:
            return
        if before is not None:  # what is first seen infusing has not started now
            yield from _deliveries(step, idx, pump, before, now)
            if pump.drug is not None:
                yield _administration(step, idx, pump, now)
        yield pump_draft(step, pump, f"{_id(step, idx)}.p")


def _flow_of(changed: FlowChanged) -> Flow | None:
    if changed.infusing is None or changed.rate_ul_h is None:
        return None
    return Flow(changed.infusing, changed.rate_ul_h if changed.infusing else 0)


def _deliveries(step: Step, idx: int, pump: PumpView, before: Flow, now: Flow) -> Iterator[Draft]:
    """START, STOP, or both where a running infusion goes on at another rate."""
    if before.infusing:
        reason = SWITCHING if now.infusing else _why(pump)
        standing = replace(pump, infusing=False)
        yield _delivery(step, f"{_id(step, idx)}.x", standing, Delivery.STOP, reason)
    if now.infusing:
        yield _delivery(step, f"{_id(step, idx)}.s", pump, Delivery.START)


def _why(pump: PumpView) -> str:
    """Why it stands: pumpd's interlock is an alarm; who pressed stop at the pump is not known."""
    return ALARMING if pump.interlock_cause else NOT_SAID


def _complete(step: Step, idx: int, changed: InfusionChanged) -> Iterator[Draft]:
    pump = _pump(step, changed.pump)
    if pump is not None:
        yield _delivery(step, f"{_id(step, idx)}.c", replace(pump, infusing=False), Delivery.COMPLETE)


def _delivery(step: Step, control_id: str, pump: PumpView, kind: Delivery, reason: str = "") -> Draft:
    event = DeliveryEvent(kind, step.wall_of(step.now_ms), reason)

    def write(sender: Sender, now_us: int) -> bytes | None:
        return event_message(_scene(step, now_us), pump, event, sender, control_id)

    return Draft("PCD-10", control_id, write)


def _administration(step: Step, idx: int, pump: PumpView, now: Flow) -> Draft:
    control_id = f"{_id(step, idx)}.r"
    change = RateChange(now.rate_ul_h, step.wall_of(step.now_ms))

    def write(sender: Sender, now_us: int) -> bytes | None:
        if step.patient is None:
            return None
        return rate_message(step.patient, step.location, pump, change, sender, control_id, now_us)

    return Draft("RAS", control_id, write)


def alarm_draft(step: Step, idx: int, changed: AlarmChanged) -> Draft:
    """One change of an alarm; its own id is that of its first message."""
    alarm = changed.alarm
    first = changed.phase is Phase.START
    control_id = alarm.id if first else f"{alarm.id}.{step.seq}.{idx}"
    return _alarm(step, alarm, changed.phase, control_id, "" if first else alarm.id)


def standing_draft(step: Step, alarm: Alarm) -> Draft:
    """An alarm that stands already when a destination is heard of for the first time."""
    return _alarm(step, alarm, Phase.START, alarm.id, "")


def _alarm(step: Step, alarm: Alarm, phase: Phase, control_id: str, first_id: str) -> Draft:
    paused = step.view.audio_paused_until_ms is not None
    at_us, onset_us = step.wall_of(step.now_ms), step.wall_of(alarm.onset_ms)

    def write(sender: Sender, now_us: int) -> bytes | None:
        change = AlarmChange(alarm, phase, step.patient, step.location, at_us, now_us, onset_us, first_id, paused)
        return alarm_message(change, sender, control_id)

    return Draft("PCD-04", control_id, write, urgent=True)


def pump_draft(step: Step, pump: PumpView, control_id: str) -> Draft:
    """What a pump reports, now."""

    def write(sender: Sender, now_us: int) -> bytes | None:
        return pump_message(_scene(step, now_us), pump, sender, control_id)

    return Draft("PCD-01", control_id, write)


def observations_of(step: Step, turn: str) -> list[Draft]:
    """What every device of the bed reports; turn: distinguishes this occasion from all others of the bed."""
    drafts = [pump_draft(step, pump, f"{step.bed}.{turn}.{pump.id}") for pump in step.view.pumps]
    sources = sorted({value.source for value in step.view.values.values() if value.source is not None})
    return drafts + [_monitor(step, source, f"{step.bed}.{turn}.{source}") for source in sources]


def _monitor(step: Step, device: str, control_id: str) -> Draft:
    def write(sender: Sender, now_us: int) -> bytes | None:
        return monitor_message(_scene(step, now_us), device, sender, control_id)

    return Draft("PCD-01", control_id, write)


def _scene(step: Step, now_us: int) -> Scene:
    """The bed as the step left it, with the patient of whom the step tells."""
    return Scene(replace(step.view, patient=step.patient), step.location, now_us, step.wall_of, step.volumes_ul)


def _pump(step: Step, pump: str) -> PumpView | None:
    return next((one for one in step.view.pumps if one.id == pump), None)


def _id(step: Step, idx: int) -> str:
    return f"{step.bed}.{step.seq}.{idx}"
