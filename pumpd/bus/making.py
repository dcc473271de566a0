"""From a bed's view to what leaves the ward of it. Pure: the last gate, nothing passes here that says who lies there.

What people type (notes, reasons, names) is left out whole; the kernel's own sentences go through `hush`, which takes
out the words by which the bed's patients are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from pumpd.bus.payload import Acked, AlarmNow, DevState, Frame, PumpNow, Vital
from pumpd.device.facts import Quality
from pumpd.live.amounts import number
from pumpd.live.stamp import Stamp
from pumpd.safety.alarms import Alarm
from pumpd.safety.decisions import (
    AlarmChanged,
    AudioChanged,
    CourseChanged,
    Decision,
    EpisodeChanged,
    FlowChanged,
    InfusionChanged,
    InterlockChanged,
    PatientClosed,
    SetRate,
    StopPump,
)
from pumpd.safety.events import LinkState
from pumpd.safety.view import BedView, DeviceView, PumpView, ValueView

Hush = Callable[[str], str]
BELIEVED = (Quality.OK, Quality.QUESTIONABLE)
LIVE_MS = 5_000
OTHERS_WORDS = ("hl7_", "wrong_patient")
ONLINE, DEGRADED, OFFLINE = "online", "degraded", "offline"


def frame_of(view: BedView, session: str, seq: int, stamp: Stamp, stay: str | None) -> Frame:
    """What the bed shows now. stay: of its patient, None where nobody lies there."""
    vitals = {name: _vital(value, stamp) for name, value in view.values.items() if value.at_ms is not None}
    pumps = tuple(_pump(pump, stamp) for pump in view.pumps)
    return Frame(session, seq, stamp.now_ms, stamp.text(stamp.now_ms), stay, view.monitored, vitals, pumps)


def _vital(view: ValueView, stamp: Stamp) -> Vital:
    known = view.quality in BELIEVED and view.value_milli is not None
    shown = number(view.value_milli, 1000) if known and view.value_milli is not None else None
    quality = view.quality if known or view.quality not in BELIEVED else Quality.INVALID
    live_ms = LIVE_MS if view.pace is None else view.pace[0]
    source = view.source if view.pace is not None else None  # who assessed is a person: not told
    return Vital(shown, quality.value, view.unit, stamp.maybe(view.at_ms), stamp.age(view.at_ms), source, live_ms)


def _pump(view: PumpView, stamp: Stamp) -> PumpNow:
    known = view.rate_quality in BELIEVED
    rate = number(view.rate_ul_h, 1000) if known and view.rate_ul_h is not None else None
    dose = _plain(view.dose_mg_kg_h) if rate is not None else None
    infusing, quality = view.infusing if known else None, view.rate_quality.value
    return PumpNow(view.id, view.drug, infusing, rate, dose, quality, stamp.age(view.at_ms), view.interlock.value)


def _plain(dose: Decimal | None) -> int | float | None:
    if dose is None or not dose.is_finite():
        return None
    return int(dose) if dose == dose.to_integral_value() else float(dose)


_STATES = {LinkState.UP: ONLINE, LinkState.SILENT: DEGRADED}


def device_of(view: DeviceView, bed: str, session: str, stamp: Stamp) -> DevState:
    """online: heard and believed."""
    state = _STATES.get(view.link, OFFLINE)
    return DevState(session, bed, view.id, state, stamp.maybe(view.since_ms), stamp.text(stamp.now_ms))


def alarm_of(alarm: Alarm, text_of: Callable[[int], str], hush: Hush, session: str = "") -> AlarmNow:
    """text_of: wall text of a kernel time."""
    ack = alarm.acknowledged
    return AlarmNow(
        id=alarm.id,
        bed=alarm.bed,
        device=alarm.device,
        condition=hush(alarm.condition),
        priority=alarm.priority.value,
        kind=alarm.kind.value,
        state=alarm.state.value,
        text=hush(_sentence(alarm)),
        value=None if alarm.value is None else hush(alarm.value),
        limit=None if alarm.limit is None else hush(alarm.limit),
        onset=text_of(alarm.onset_ms),
        present=alarm.present,
        acknowledged=None if ack is None else Acked(text_of(ack.at_ms), ack.reason.value),
        session=session,
    )


def _sentence(alarm: Alarm) -> str:
    """What another system said is in its own words, and may name anybody."""
    return alarm.text.partition(" (")[0] if alarm.condition.startswith(OTHERS_WORDS) else alarm.text


def event_of(decision: Decision, text_of: Callable[[int], str], hush: Hush) -> tuple[str, dict[str, Any]] | None:
    """(kind, body) of what is told of a decision; None: that is the ward's own business."""
    if isinstance(decision, AlarmChanged):
        alarm = alarm_of(decision.alarm, text_of, hush)
        told = {name: getattr(alarm, name) for name in AlarmNow.__struct_fields__ if name != "session"}
        return "alarm", {"phase": decision.phase.value, "alarm": told}
    kind = _KINDS.get(type(decision))
    return None if kind is None else (kind[0], dict(_fields(decision, kind[1])))


_KINDS: dict[type, tuple[str, tuple[str, ...]]] = {
    InterlockChanged: ("interlock", ("pump", "state")),
    StopPump: ("stop", ("pump", "order_id")),
    SetRate: ("rate", ("pump", "order_id", "rate_ul_h")),
    InfusionChanged: ("infusion", ("number", "phase", "pump", "low_ng", "high_ng")),
    CourseChanged: ("course", ("open",)),
    FlowChanged: ("flow", ("pump", "drug", "infusing", "rate_ul_h", "conc_ug_ml", "low_ng", "high_ng", "infusion")),
    EpisodeChanged: ("episode", ("number", "open", "signs")),
    AudioChanged: ("audio", ("until_ms", "ward")),
    PatientClosed: ("patient_closed", ()),
}
TOLD = (AlarmChanged, *_KINDS)


def _fields(decision: Decision, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name in names:
        yield name, getattr(decision, name)
