"""Builders for kernel tests: policies, facts, and a bed that is driven event by event in virtual time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pumpd.device.facts import (
    CommandOutcome,
    Control,
    ControlState,
    Integrity,
    Outcome,
    PumpStatus,
    Quality,
    Reading,
    Vitals,
)
from pumpd.device.info import PumpCapabilities
from pumpd.safety import kernel
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.calm_policy import calm_policy
from pumpd.safety.decisions import AlarmChanged, Decision, InterlockState, ReadStatus, SetRate, StopPump
from pumpd.safety.events import Event, Heard, Patient, PatientBound, Sex, Tick
from pumpd.safety.limits import Limit
from pumpd.safety.policy import (
    AlarmProfile,
    BedPolicy,
    DrugPolicy,
    Enforcement,
    EscalationStep,
    MonitorPolicy,
    Op,
    Priority,
    PumpPolicy,
    Rule,
    Term,
    Times,
    WeightRange,
)
from pumpd.safety.quiet_frame import settled, take
from pumpd.safety.state import BedState
from pumpd.safety.view import BedView, PumpView

PUMP, MONITOR, BED = "b1-p1", "b1-m1", "b1"
SIGNALS = ("rr", "spo2", "etco2", "pulse", "no_breath", "no_breath_s", "poss")
CAPS = PumpCapabilities(
    can_stop=True, can_set_rate=True, can_read_back=True, lease=True, rate_step_ul_h=10, rate_max_ul_h=1_200_000
)
HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW


def term(signal: str, op: str, limit: int) -> Term:
    """A term whose limit is in whole units."""
    return Term(signal, Op(op), limit * 1000)


def rule(name: str, priority: Priority, terms: Iterable[Term], seconds: int, **more: Any) -> Rule:
    defaults: dict[str, Any] = {"condition": name, "interlock": False, "text": name.replace("_", " ")}
    return Rule(id=name, priority=priority, all_of=tuple(terms), delay_ms=seconds * 1000, **{**defaults, **more})


RR_BAD = (term("spo2", "<", 90), term("etco2", ">", 50), term("poss", ">=", 3))
ADULT_RULES = (
    rule("no_breath_flag", HIGH, [term("no_breath", ">=", 1)], 0, interlock=True, condition="apnoea"),
    rule("no_breath_s", HIGH, [term("no_breath_s", ">=", 30)], 0, interlock=True, condition="apnoea"),
    rule(
        "rr_zero",
        HIGH,
        [term("rr", "=", 0)],
        20,
        interlock=True,
        condition="apnoea",
        absent=("no_breath", "no_breath_s"),
    ),
    rule("rr_very_low", HIGH, [term("rr", ">=", 1), term("rr", "<=", 5)], 30, interlock=True),
    rule("rr_low", MEDIUM, [term("rr", ">=", 1), term("rr", "<", 8)], 60),
    rule("spo2_very_low", HIGH, [term("spo2", "<", 85)], 10, interlock=True, condition="spo2"),
    rule("spo2_low", MEDIUM, [term("spo2", "<", 90)], 15, condition="spo2"),
    rule("rr_and_spo2", HIGH, [term("rr", "<=", 5), term("spo2", "<", 90)], 5, interlock=True),
    rule("rr_and_any", HIGH, [term("rr", "<", 8)], 15, interlock=True, any_of=RR_BAD),
    rule("etco2_high", HIGH, [term("etco2", ">=", 60)], 60),
    rule("etco2_low", MEDIUM, [term("etco2", ">=", 1), term("etco2", "<=", 15)], 60),
    rule("rr_high", LOW, [term("rr", ">", 30)], 30),
    rule("pulse_low", LOW, [term("pulse", "<", 45)], 15),
    rule("pulse_high", LOW, [term("pulse", ">", 130)], 15),
)
PROFILE = AlarmProfile(
    id="adult",
    rules=ADULT_RULES,
    latch=(HIGH,),
    realarm_high_ms=120_000,
    realarm_medium_ms=300_000,
    realarm_low_ms=600_000,
    audio_pause_max_ms=120_000,
)
LADDER = (EscalationStep(0, "bedside"), EscalationStep(30_000, "charge nurse"), EscalationStep(120_000, "ward"))
TIMES = Times(
    vitals_live_ms=5_000,
    vitals_withdraw_ms=15_000,
    pump_stale_polls=2,
    pump_stale_min_ms=5_000,
    stop_repeat_ms=1_000,
    stop_unconfirmed_ms=5_000,
    verify_read_ms=500,
    soft_override_max_ms=12 * 3_600_000,
    monitoring_lost_ms=30_000,
)
KETAMINE = DrugPolicy("ketamine", "ketamine", True, Limit(1_000, "library"), Limit(500, "library"), 500, 10_000)


def pump_policy(**overrides: Any) -> PumpPolicy:
    """One Asena-like pump with ketamine 1 mg/mL; any field may be overridden."""
    fields: dict[str, Any] = {
        "device": PUMP,
        "driver": "alaris_asena",
        "drug": KETAMINE,
        "concentration_ug_ml": 1_000,
        "enforcement": Enforcement.STOP,
        "capabilities": CAPS,
        "poll_ms": 1_000,
        "serial": None,
        "model": None,
        "syringe_volume_ul": 50_000,
    }
    return PumpPolicy(**{**fields, **overrides})


def monitor_policy(**overrides: Any) -> MonitorPolicy:
    fields: dict[str, Any] = {
        "device": MONITOR,
        "driver": "capnostream20",
        "signals": SIGNALS,
        "period_ms": 1_000,
        "serial": None,
        "model": None,
    }
    return MonitorPolicy(**{**fields, **overrides})


def bed_policy(pump: dict[str, Any] | None = None, **overrides: Any) -> BedPolicy:
    """A bed with one pump (its fields in `pump`) and one monitor under the adult profile."""
    fields: dict[str, Any] = {
        "bed": BED,
        "label": "Bed 1",
        "pumps": (pump_policy(**(pump or {})),),
        "monitors": (monitor_policy(),),
        "profile": PROFILE,
        "times": TIMES,
        "weight": WeightRange(20_000, 300_000),
    }
    return BedPolicy(**{**fields, **overrides})


def only_rules(*ids: str) -> AlarmProfile:
    return replace(PROFILE, rules=tuple(r for r in ADULT_RULES if r.id in ids))


def patient(mrn: str = "M1", weight_g: int | None = 70_000) -> Patient:
    return Patient(mrn, "Doe", "Jo", "1970-01-01", Sex.UNKNOWN, weight_g)


def status(rate_ul_h: int | None, infusing: bool | None = True, **more: Any) -> PumpStatus:
    """A crc16 status report; rate in µL/h."""
    fields: dict[str, Any] = {"volume_ul": None, "requested_ms": None, "integrity": Integrity.CRC16}
    return PumpStatus(infusing=infusing, rate_ul_h=rate_ul_h, **{**fields, **more})


def vitals(**values: float | Quality | None) -> Vitals:
    """Readings in whole units; None is invalid, a Quality is a reading of that quality."""
    return Vitals(tuple(reading(name, value) for name, value in values.items()))


def reading(name: str, value: float | Quality | None) -> Reading:
    if isinstance(value, Quality):
        return Reading(name, None, value)
    return Reading(name, None, Quality.INVALID) if value is None else Reading(name, round(value * 1000))


def at_once(state: BedState, event: Event, now: int, policy: BedPolicy) -> str | None:
    """The order whose stop would leave before the step."""
    if isinstance(event, Heard) and isinstance(event.fact, PumpStatus):
        return kernel.stop_at_once(state, event.device, event.fact, now, policy)
    return None


def first_order(decisions: Iterable[Decision]) -> str | None:
    """The id of the first order, if that is a stop."""
    orders = [decision for decision in decisions if isinstance(decision, StopPump | SetRate | ReadStatus)]
    return orders[0].order_id if orders and isinstance(orders[0], StopPump) else None


class Lazy:
    """A bed as its shell has it: what is passed over at a glance is in no state until somebody looks. Nobody does
    before a frame that takes a step."""

    def __init__(self, state: BedState, policy: BedPolicy) -> None:
        self.calm = calm_policy(policy)
        take(self.calm, state)
        self.before = state
        self.passed = 0

    def follow(self, event: Event, now: int, after: BedState) -> None:
        """after: the state that the long way makes of the event. Else than by itself nothing may have changed it."""
        if isinstance(event, Heard) and kernel.passes_over(self.calm, event, now):
            self.passed += 1
        else:
            assert settled(self.calm) == self.before, "a chain of quiet frames ends elsewhere than its steps"
            take(self.calm, after)
        self.before = after

    def look(self) -> None:
        """Somebody looks: the chain goes on after that."""
        assert settled(self.calm) == self.before, "a chain of quiet frames ends elsewhere than its steps"


class Bed:
    """A bed under test. Each act steps the kernel at `now`; `out` holds the decisions of the newest act."""

    def __init__(self, policy: BedPolicy | None = None, *, weight_g: int | None = 70_000, bound: bool = True) -> None:
        self.policy = policy or bed_policy()
        self.state: BedState = kernel.initial_state(self.policy)
        self.now = 1_000
        self.out: tuple[Decision, ...] = ()
        self.log: list[tuple[int, Decision]] = []
        self.lazy = Lazy(self.state, self.policy)
        self.do(Tick())
        if bound:
            self.do(PatientBound(patient(weight_g=weight_g), "nurse"))
        if self.policy.pumps:
            self.control()

    def do(self, event: Event, after: int = 0) -> tuple[Decision, ...]:
        """One step `after` ms later. What would have left at once is always what the step then decides first,
        and the shortcut of a quiet frame ends where the long way does."""
        self.now += after
        self.at_once = at_once(self.state, event, self.now, self.policy)
        closely = kernel.step_closely(self.state, event, self.now, self.policy)
        self.state, self.out = kernel.step(self.state, event, self.now, self.policy)
        assert (self.state, self.out) == closely
        self.lazy.follow(event, self.now, self.state)
        assert self.at_once in (None, first_order(self.out))
        self.log += [(self.now, decision) for decision in self.out]
        return self.out

    def run(self, ms: int) -> list[Decision]:
        """Let time pass; ticks at every deadline, as the shell does. Returns what was decided."""
        end = self.now + ms
        decided: list[Decision] = []
        while (due := kernel.next_deadline(self.state, self.policy)) is not None and due <= end:
            assert due > self.now, "a deadline must lie in the future"
            self.now = due
            decided += self.do(Tick())
        self.now = end
        decided += self.do(Tick())
        return decided

    def control(self, state: ControlState = ControlState.GRANTED) -> tuple[Decision, ...]:
        return self.do(Heard(PUMP, Control(state)))

    def pump(self, rate: int | None, infusing: bool | None = True, after: int = 0, **more: Any) -> tuple[Decision, ...]:
        return self.do(Heard(PUMP, status(rate, infusing, **more)), after)

    def outcome(self, order_id: str, outcome: Outcome = Outcome.DONE, after: int = 0) -> tuple[Decision, ...]:
        return self.do(Heard(PUMP, CommandOutcome(order_id, outcome)), after)

    def vitals(self, after: int = 0, **values: Any) -> tuple[Decision, ...]:
        return self.do(Heard(MONITOR, vitals(**values)), after)

    def breathe(self, seconds: int, **values: Any) -> list[Decision]:
        """One frame at once and one each second, for `seconds`; a tick at every deadline between."""
        decided = list(self.vitals(**values))
        for _ in range(seconds):
            decided += self.run(1_000)
            decided += self.vitals(**values)
        return decided

    def stop_by_breach(self, rate: int = 700_000) -> StopPump:
        self.pump(rate)
        return self.stops()[-1]

    def verified_stop(self) -> None:
        """Trip, ack, and an independent read that says: not infusing."""
        stop = self.stop_by_breach()
        self.outcome(stop.order_id, after=50)
        self.pump(0, False, after=50, requested_ms=self.now + 20)
        assert self.lock() is InterlockState.STOP_VERIFIED

    def view(self) -> BedView:
        return kernel.view(self.state, self.now, self.policy)

    def pump_view(self) -> PumpView:
        return self.view().pumps[0]

    def lock(self) -> InterlockState:
        return self.pump_view().interlock

    def stops(self) -> list[StopPump]:
        return [decision for decision in self.out if isinstance(decision, StopPump)]

    def rates(self) -> list[SetRate]:
        return [decision for decision in self.out if isinstance(decision, SetRate)]

    def reads(self) -> list[ReadStatus]:
        return [decision for decision in self.out if isinstance(decision, ReadStatus)]

    def alarm(self, condition: str) -> Alarm | None:
        """The live alarm of this condition."""
        return next((alarm for alarm in self.view().alarms if alarm.condition == condition), None)

    def the(self, condition: str) -> Alarm:
        """The live alarm of this condition, which must exist."""
        alarm = self.alarm(condition)
        assert alarm is not None, f"no alarm {condition}"
        return alarm

    def is_active(self, condition: str) -> bool:
        alarm = self.alarm(condition)
        return alarm is not None and alarm.state is AlarmState.ACTIVE

    def changes(self) -> list[AlarmChanged]:
        return [decision for decision in self.out if isinstance(decision, AlarmChanged)]
