"""What a bed's policy leaves quiet: per signal the values that no rule can catch, per pump its lower ceiling. Pure.

Made once for a bed and its policy, for pumpd.safety.glance, which asks it about every frame and writes down there what
the frames of a chain have moved on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pumpd.device.facts import Reading
from pumpd.device.signals import SIGNALS
from pumpd.safety.bed_alarms import watches
from pumpd.safety.ceiling import concentration_reason, drug_reason, is_governed
from pumpd.safety.course_state import Flow
from pumpd.safety.decisions import InterlockState
from pumpd.safety.freshness import live_ms, withdraw_ms
from pumpd.safety.given import is_tracked
from pumpd.safety.policy import AlarmProfile, BedPolicy, Breathing, MonitorPolicy, PumpPolicy, WeightRange
from pumpd.safety.pump import first_state
from pumpd.safety.pump_alarms import scope
from pumpd.safety.quality import EPISODIC, RESPIRATORY, pump_stale_ms
from pumpd.safety.rules import watch_of
from pumpd.safety.state import BedState, Dose, Lock, Report

NEVER_MS = 2**62
KEPT = 1024  # policies; a ward has one for each bed

Span = tuple[int, int, int]  # lowest and highest quiet value, and how far it may move in one frame


@dataclass(slots=True, eq=False)
class CalmMonitor:
    """One monitor. sees: signals of which one has to be there; co2: of which one shows CO2; required: INT-03.

    fresh_ms: how long after its last frame nothing happens by itself.

    Of the chain of quiet frames (see pumpd.safety.glance) with this number: the names of its signals and their values
    before; readings: its last frame, () before the first; without: places of signals that were never measured; off_ms:
    since when they say off; steady: all of `required` have values; moved: it was heard, last at heard_ms, and the
    chain's state does not have that yet.
    """

    device: str
    serial: str | None
    model: str | None
    spans: Mapping[str, Span]
    sees: tuple[str, ...]
    co2: tuple[str, ...]
    required: tuple[str, ...]
    fresh_ms: int
    chain: int = 0
    moved: bool = False
    steady: bool = False
    heard_ms: int = 0
    readings: tuple[Reading, ...] = ()
    without: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    values: tuple[int | None, ...] = ()
    off_ms: list[int | None] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class CalmPump:
    """One pump. limit_ug_kg_h: its lower ceiling; None where its dose cannot be judged. lock: with which it begins.

    chain: the number of the chain of quiet frames in which it was found calm; flow: what was told of its flow then;
    report, dose, serial: what is known of it now; moved: the chain's state does not have them yet.
    """

    device: str
    policy: PumpPolicy
    scope: str
    lock: Lock
    can_stop: bool
    governed: bool
    limit_ug_kg_h: int | None
    weight: WeightRange
    stale_ms: int
    counter_step_nl: int
    shown_step_ul_h: int
    chain: int = 0
    moved: bool = False
    flow: Flow | None = None
    report: Report | None = None
    dose: Dose = field(default_factory=Dose)
    serial: str | None = None


@dataclass(slots=True, eq=False)
class Calm:
    """A bed, as far as it is calm. monitors: those whose frames can be passed over at a glance. alone: it has one pump.

    state: the bed, but for what has moved since in the chain of quiet frames with this number, which has begun with it
    or not yet. now_ms: of the newest frame; due_ms: when something happens by itself then, the first of what monitors,
    pumps and the rest want; said_vitals_due_ms, said_pumps_due_ms, steady_ms: as the state will have them.
    """

    policy: BedPolicy
    devices: frozenset[str]
    monitors: Mapping[str, CalmMonitor]
    pumps: Mapping[str, CalmPump]
    alone: bool
    tracked: bool
    state: BedState | None = None
    begun: bool = False
    moved: bool = False
    chain: int = 0
    now_ms: int = 0
    due_ms: int = 0
    vitals_due_ms: int = NEVER_MS
    pumps_due_ms: int = NEVER_MS
    other_due_ms: int = NEVER_MS
    said_vitals_due_ms: int | None = None
    said_pumps_due_ms: int | None = None
    steady_ms: int | None = None


KNOWN: dict[int, Calm] = {}  # by identity: hashing a policy costs more than judging a bed


def calm_of(policy: BedPolicy) -> Calm:
    """The same policy always gives the same answer, whatever is remembered here."""
    known = KNOWN.get(id(policy))
    if known is not None and known.policy is policy:
        return known
    if len(KNOWN) >= KEPT:
        KNOWN.clear()
    calm = KNOWN[id(policy)] = calm_policy(policy)
    return calm


def calm_policy(policy: BedPolicy) -> Calm:
    pumps = {pump.device: calm_pump(policy, pump) for pump in policy.pumps}
    monitors = {one.device: one for one in (calm_monitor(policy, monitor) for monitor in policy.monitors) if one}
    devices = frozenset(policy.device_ids())
    odd = len(devices) != len(policy.pumps) + len(policy.monitors)  # one name twice
    if odd or any(pump.stale_ms <= 0 for pump in pumps.values()):
        devices = frozenset()  # no bed has these
    # two monitors have a word on each other: the long way hears both
    only = monitors if len(policy.monitors) == 1 else {}
    return Calm(policy, devices, only, pumps, len(policy.pumps) == 1, is_tracked(policy))


def calm_monitor(policy: BedPolicy, monitor: MonitorPolicy) -> CalmMonitor | None:
    """None where its values need not be fresh, which leaves nothing to be sure of."""
    fresh_ms = min(live_ms(policy.times, monitor), withdraw_ms(policy.times, monitor))
    if fresh_ms <= 0:
        return None
    return CalmMonitor(
        monitor.device,
        monitor.serial,
        monitor.model,
        spans_of(policy.profile, policy.breathing),
        tuple(sorted(RESPIRATORY | (watches(policy) - EPISODIC))),
        ("etco2",),
        policy.resume_vitals,
        fresh_ms,
    )


_spans: dict[tuple[int, int], tuple[AlarmProfile, Breathing, Mapping[str, Span]]] = {}


def spans_of(profile: AlarmProfile, breathing: Breathing) -> Mapping[str, Span]:
    """The quiet spans, the same ones for all beds under one profile: what a ward has once stays near."""
    key = (id(profile), id(breathing))
    known = _spans.get(key)
    if known is not None and known[0] is profile and known[1] is breathing:
        return known[2]
    if len(_spans) >= KEPT:
        _spans.clear()
    spans = quiet_spans(profile, breathing)
    _spans[key] = (profile, breathing, spans)
    return spans


def quiet_spans(profile: AlarmProfile, breathing: Breathing) -> dict[str, Span]:
    """Of every signal: in the sensor's range, outside every rule, no missing breath (RSP-05), no jump (RSP-06)."""
    spans = {}
    quiet = {name: (low, high) for name, low, high in watch_of(profile, breathing).quiet}
    jumps = {jump.signal: jump.milli for jump in breathing.jumps}
    quietest = {"no_breath": (0, 0), "no_breath_s": (0, breathing.held_after_ms - 1), "rr": (1, 2**62)}
    for name, signal in SIGNALS.items():
        low, high = signal.min_milli, signal.max_milli
        for bounds in (quiet, quietest):
            if name in bounds:
                low, high = max(low, bounds[name][0]), min(high, bounds[name][1])
        spans[name] = (low, high, jumps.get(name, signal.max_milli - signal.min_milli))
    return spans


def calm_pump(policy: BedPolicy, pump: PumpPolicy) -> CalmPump:
    lock = first_state(pump).lock
    return CalmPump(
        pump.device,
        pump,
        scope(pump),
        lock,
        lock.state is InterlockState.ARMED,
        is_governed(pump),
        lower_ceiling(pump),
        policy.weight,
        pump_stale_ms(policy, pump),
        pump.capabilities.counter_step_nl,
        pump.capabilities.shown_rate_step_ul_h,
    )


def lower_ceiling(pump: PumpPolicy) -> int | None:
    """In ug/kg/h; None where the dose cannot be judged (CEI-05)."""
    drug = pump.drug
    if drug is None or drug.hard is None or concentration_reason(pump) is not None or drug_reason(pump) is not None:
        return None
    return drug.hard.ug_kg_h if drug.soft is None else min(drug.hard.ug_kg_h, drug.soft.ug_kg_h)
