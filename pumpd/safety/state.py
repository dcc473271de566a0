"""What the kernel remembers of one bed: BedState, its parts, and the private draft of one step. Pure.

BedState and everything in it is frozen; its mappings are never written to (a step copies them into a
`Draft`, works on the draft, and freezes it again), so that `step` stays a pure function. They are msgspec Structs
because a frozen dataclass takes five times as long to make, and a step makes several. None of them can be part of a
cycle, hence gc=False.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from pumpd.device.facts import AlarmCode, ControlState, Integrity, Outcome
from pumpd.safety.alarms import Alarm
from pumpd.safety.course_state import Course, Given
from pumpd.safety.decisions import Decision, InterlockState, Resume
from pumpd.safety.events import LinkState, Patient
from pumpd.safety.policy import BedPolicy, MonitorPolicy, PumpPolicy
from pumpd.safety.told_state import Told
from pumpd.safety.vital_state import Breath, RuleState, Sample


class DeviceState(Struct, frozen=True, gc=False):
    """heard_ms: last PumpStatus or Vitals (or the start of watching). lost: silent for too long since then."""

    link: LinkState = LinkState.DOWN
    since_ms: int | None = None
    detail: str = ""
    garbled: int = 0
    heard_ms: int | None = None
    lost: bool = False
    serial: str | None = None
    model: str | None = None
    alarms: tuple[AlarmCode, ...] = ()


class Report(Struct, frozen=True, array_like=True, gc=False):
    """The part of a PumpStatus that is judged, and when it was received."""

    infusing: bool | None
    rate_ul_h: int | None
    volume_ul: int | None
    at_ms: int
    requested_ms: int | None
    integrity: Integrity
    serial: str | None


class Lock(Struct, frozen=True, gc=False):
    """One pump's interlock. orders: the newest stop orders of this trip, oldest first.

    resume: may a person start it after the reset (INT-03)? resume_until_ms, resume_by: of a permission.
    """

    state: InterlockState = InterlockState.ARMED
    cause: str | None = None
    tripped_ms: int | None = None
    acked_ms: int | None = None
    stop_due_ms: int | None = None
    read_due_ms: int | None = None
    orders: tuple[str, ...] = ()
    resume: Resume = Resume.NOT_NEEDED
    resume_until_ms: int | None = None
    resume_by: str | None = None


class Command(Struct, frozen=True, gc=False):
    """A rate command that no status read has resolved yet (INT-04). done_ms: when its outcome came."""

    order_id: str
    rate_ul_h: int
    at_ms: int
    reduce: bool
    outcome: Outcome | None = None
    done_ms: int | None = None


class Override(Struct, frozen=True, gc=False):
    """A soft override (CEI-08). used: the rate has been above soft since; it ends when the rate falls again."""

    by: str
    reason: str
    at_ms: int
    used: bool


class Dose(Struct, frozen=True, gc=False):
    """Delivered (at least, at most); see pumpd.safety.dose.

    *_ng: finished concentration segments. *_nl: this segment. anchor_ul..count_ul: the present run of the
    pump's counter. run_rate_nl: what the reported rates say of that run. unsure: a gap of unknown length.
    conc_ug_ml: the concentration of this segment, None while nobody has said. slack_nl: what at most already holds of
    the present counter step. straddles: what is counted until the next report may belong to before a mark.
    step_nl: the step in which the counter of this run moves.
    """

    low_ng: int = 0
    high_ng: int = 0
    low_nl: int = 0
    high_nl: int = 0
    anchor_ul: int | None = None
    count_ul: int | None = None
    run_rate_nl: int = 0
    unsure: bool = False
    conc_ug_ml: int | None = None
    slack_nl: int = 0
    straddles: bool = False
    step_nl: int = 1000


class PumpState(Struct, frozen=True, gc=False):
    """report: the last one heard (kept when stale, for doubt); live: it may be shown.

    over_ms: over the hard ceiling since; over_sure: confirmed (CEI-06). reduce_ms: the reduction was commanded.
    changed, refused: text of a change at the pump, of a refused command, until acknowledged.
    """

    lock: Lock = Lock()
    report: Report | None = None
    live: bool = False
    control: ControlState | None = None
    over_ms: int | None = None
    over_sure: bool = False
    reduce_ms: int | None = None
    override: Override | None = None
    commands: tuple[Command, ...] = ()
    changed: str | None = None
    refused: str | None = None
    dose: Dose = Dose()


class BedState(Struct, frozen=True, gc=False):
    """Everything the kernel knows. due_ms: the next time at which something happens by itself
    (vitals_due_ms, pumps_due_ms: its two larger parts, kept so that a vital sign need not ask the pumps).

    blind_ms: no respiratory source is live since then. stop_rule: the active interlock rule, in words.
    audio_ward: the audio pause is one of the whole ward. steady_ms: every vital sign that a resume requires has
    been live and in limits since then (INT-03).
    """

    bed: str
    now_ms: int
    patient: Patient | None
    devices: Mapping[str, DeviceState]
    samples: Mapping[str, Mapping[str, Sample]]
    rules: Mapping[str, RuleState]
    pumps: Mapping[str, PumpState]
    alarms: Mapping[str, Alarm]
    faults: Mapping[str, str]
    alarm_n: int = 0
    order_n: int = 0
    audio_until_ms: int | None = None
    audio_by: str | None = None
    blind_ms: int | None = None
    stop_rule: str | None = None
    started: bool = False
    due_ms: int | None = None
    vitals_due_ms: int | None = None
    pumps_due_ms: int | None = None
    audio_ward: bool = False
    breath: Breath = Breath()
    steady_ms: int | None = None
    given: Given = Given()
    course: Course = Course()
    told: Told = Told()


class Draft(Struct):
    """The private, mutable working copy of one step."""

    policy: BedPolicy
    now: int
    bed: str
    patient: Patient | None
    devices: dict[str, DeviceState]
    samples: dict[str, Mapping[str, Sample]]
    rules: dict[str, RuleState]
    pumps: dict[str, PumpState]
    alarms: dict[str, Alarm]
    faults: dict[str, str]
    alarm_n: int
    order_n: int
    audio_until_ms: int | None
    audio_by: str | None
    blind_ms: int | None
    stop_rule: str | None
    vitals_due_ms: int | None
    pumps_due_ms: int | None
    audio_ward: bool = False
    breath: Breath = Breath()
    steady_ms: int | None = None
    given: Given = Given()
    course: Course = Course()
    told: Told = Told()
    out: list[Decision] = []

    def order_id(self) -> str:
        """The next order id: deterministic, never reused."""
        self.order_n += 1
        return order_name(self.bed, self.order_n)


def order_name(bed: str, number: int) -> str:
    """The id of the bed's order of that number, counted from 1."""
    return f"{bed}-o{number}"


def open_draft(state: BedState, policy: BedPolicy, now: int) -> Draft:
    return Draft(
        policy,
        now,
        state.bed,
        state.patient,
        dict(state.devices),
        dict(state.samples),
        dict(state.rules),
        dict(state.pumps),
        dict(state.alarms),
        dict(state.faults),
        state.alarm_n,
        state.order_n,
        state.audio_until_ms,
        state.audio_by,
        state.blind_ms,
        state.stop_rule,
        state.vitals_due_ms,
        state.pumps_due_ms,
        state.audio_ward,
        state.breath,
        state.steady_ms,
        state.given,
        state.course,
        state.told,
    )


def freeze(d: Draft, due_ms: int | None) -> BedState:
    return BedState(
        d.bed,
        d.now,
        d.patient,
        d.devices,
        d.samples,
        d.rules,
        d.pumps,
        d.alarms,
        d.faults,
        d.alarm_n,
        d.order_n,
        d.audio_until_ms,
        d.audio_by,
        d.blind_ms,
        d.stop_rule,
        True,
        due_ms,
        d.vitals_due_ms,
        d.pumps_due_ms,
        d.audio_ward,
        d.breath,
        d.steady_ms,
        d.given,
        d.course,
        d.told,
    )


def refreshed(device: DeviceState, now: int, serial: str | None) -> DeviceState:
    """The device, heard now. (Spelled out: the generic replace takes twice as long.)"""
    return DeviceState(
        device.link, device.since_ms, device.detail, device.garbled, now, False, serial, device.model, device.alarms
    )


def pump_policy(policy: BedPolicy, device: str) -> PumpPolicy | None:
    for pump in policy.pumps:
        if pump.device == device:
            return pump
    return None


def monitor_policy(policy: BedPolicy, device: str) -> MonitorPolicy | None:
    for monitor in policy.monitors:
        if monitor.device == device:
            return monitor
    return None


def mismatch(serial: str | None, model: str | None, device: DeviceState) -> str | None:
    """Why the device on the line is not the configured one, in words, or None (QUA-05)."""
    if serial is not None and device.serial is not None and serial != device.serial:
        return f"serial number {device.serial} is not the configured {serial}"
    if model is not None and device.model is not None and model.casefold() != device.model.casefold():
        return f"model {device.model} is not the configured {model}"
    return None
