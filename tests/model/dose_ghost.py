"""The ghost of doses: two true pumps with ketamine, caps of a few minutes, and what must hold of them.

The observer knows what truly flowed, what was reported, and what the kernel decided and shows; nothing of its memory.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from pumpd.clinical import entries
from pumpd.device.facts import Control, ControlState, Integrity, PumpStatus
from pumpd.safety import decisions as de
from pumpd.safety import events as ev
from pumpd.safety import policy as po
from pumpd.safety.limits import Cap, DoseCaps, Limit
from pumpd.safety.protocol_policy import ProtocolPolicy
from pumpd.units import Ms
from tests.model.search import Violation
from tests.model.world import CAPABLE, patient

ONE, TWO = "p1", "p2"
MIN, POLL_MS, FLIGHT_MS = 60_000, 30_000, 1_000
WEIGHT_G, CAP_UG_KG = 70_000, 50
CAP_NG = CAP_UG_KG * WEIGHT_G  # 3.5 mg: six minutes at 35 mL/h of 1 mg/mL
WINDOW_MS = 40 * MIN
UNITS_NL = 3_600
CAPS = DoseCaps(Cap(CAP_UG_KG, "ward"), Cap(3 * CAP_UG_KG, "ward"), Cap(2 * CAP_UG_KG, "ward"), WINDOW_MS)
CAP_OF = {"infusion": CAP_NG, "course": 3 * CAP_NG, "window": 2 * CAP_NG}
OVER = (de.InfusionPhase.COMPLETED, de.InfusionPhase.ABORTED, de.InfusionPhase.STOPPED_BY_CAP)
LIMIT = Limit(1_000, "library")
PROTOCOL = ProtocolPolicy(
    *("ldk", "1", "board", "protocol", 3, 120 * 60 * MIN, 10 * MIN, False, LIMIT, LIMIT, 0),
    start_vitals=(),
    observations=(),
    observation_grace_ms=MIN,
    nrs_every_ms=240 * MIN,
    nrs_grace_ms=30 * MIN,
    adjunct_required=False,
    adjuncts=(),
    contraindications=(),
    overridable=(),
    sub_anaesthetic_low_ug_kg=1,
    sub_anaesthetic_high_ug_kg=900,
    sub_anaesthetic_source="label",
)


def policy(conc: int = 1_000, pumps: tuple[str, ...] = (ONE, TWO)) -> po.BedPolicy:
    drug = po.DrugPolicy("ketamine", "ketAMINE", True, LIMIT, None, 500, 10_000, caps=CAPS)
    made = tuple(
        po.PumpPolicy(name, "test", drug, conc, po.Enforcement.STOP, CAPABLE, POLL_MS, None, None, 50_000)
        for name in pumps
    )
    profile = po.AlarmProfile("dose", (), (po.Priority.HIGH,), 60_000, 120_000, 300_000, 120_000)
    times = po.Times(5_000, 15_000, 2, 5_000, 1_000, 5_000, 250, 43_200_000, 30_000, stop_flight_ms=FLIGHT_MS)
    return po.BedPolicy(
        *("b1", "Bed 1", made, (), profile, times, po.WeightRange(20_000, 250_000)), resume_vitals=(), protocol=PROTOCOL
    )


@dataclass
class TruePump:
    """units of 1/3600 nl; mass in 1/3600 pg. heard: its mass at its newest report."""

    rate_ul_h: int = 0
    infusing: bool = False
    units: int = 0
    mass: int = 0
    cleared: int = 0
    percent: int = 100
    heard: int = 0
    said: tuple[bool, int] | None = None

    def flow(self, units: int, conc: int) -> None:
        self.units += units
        self.mass += units * conc

    def count_ul(self) -> int:
        return (self.units - self.cleared) // (1_000 * UNITS_NL)


@dataclass
class World:
    """One point of the search; copied for every branch."""

    kernel: ModuleType
    policy: po.BedPolicy = field(default_factory=policy)
    word: tuple[str, ...] = ()
    now: int = 0
    conc: int = 1_000
    state: Any = None
    pumps: dict[str, TruePump] = field(default_factory=lambda: {ONE: TruePump(), TWO: TruePump()})
    orders: dict[str, str] = field(default_factory=dict)
    alarms: dict[str, Any] = field(default_factory=dict)
    locks: dict[str, de.InterlockState] = field(default_factory=dict)
    phase: tuple[int, de.InfusionPhase] | None = None
    told: dict[str, tuple[bool | None, int | None]] = field(default_factory=dict)
    base: dict[str, int] = field(default_factory=lambda: {"infusion": 0, "course": 0, "patient": 0})
    hand: list[tuple[int, int]] = field(default_factory=list)  # (time, ng)
    began_ms: int = 0
    opened_ms: int = 0
    history: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])
    planned: bool = False  # an infusion is planned that has not begun
    capped: bool = False  # the newest infusion was stopped by its cap
    entries: int = 0
    leaks_since: int | None = None
    honest_since: int = 0
    flowed_ms: int = 0  # the last report of a pump that infuses
    unheard: bool = False  # something happened that no report has told yet

    def __deepcopy__(self, memo: dict[int, Any]) -> World:
        twin = copy.copy(self)
        for name in ("orders", "alarms", "locks", "told", "base", "hand", "history"):
            setattr(twin, name, copy.copy(getattr(self, name)))
        twin.pumps = {name: copy.copy(pump) for name, pump in self.pumps.items()}
        return twin

    # acting

    def begin(self) -> World:
        self.state = self.kernel.initial_state(self.policy)
        self.do(ev.PatientBound(patient(), "RN"))
        for name in self.pumps:
            self.do(ev.Heard(name, Control(ControlState.GRANTED)))
        self.poll_all()
        return self

    def do(self, event: ev.Event) -> None:
        before = self.heard()
        try:
            shortcut = self.kernel.glance(self.state, event, Ms(self.now), self.policy)
            self.state, decisions = self.kernel.step_closely(self.state, event, Ms(self.now), self.policy)
        except Exception as error:
            raise Violation(self.word, [f"the kernel raises {error!r}"]) from error
        wrong = [words for decision in decisions for words in self.see(event, decision, before)]
        if shortcut is not None and (shortcut != self.state or decisions):
            wrong.append("the shortcut of a quiet frame ends elsewhere than its step")
        if wrong:
            raise Violation(self.word, wrong)

    def pass_time(self, ms: int) -> None:
        """Ticks exactly at the kernel's deadlines."""
        end = self.now + ms
        for _ in range(5_000):
            due = self.kernel.next_deadline(self.state, self.policy)
            if due is None or due > end:
                break
            if due <= self.now:
                raise Violation(self.word, ["a deadline that does not move on (Zeno)"])
            self.flow(due - self.now)
            self.do(ev.Tick())
        self.flow(end - self.now)
        self.history.append((self.now, self.truth()))

    def flow(self, ms: int) -> None:
        for pump in self.pumps.values():
            if pump.infusing:
                pump.flow(pump.rate_ul_h * ms * pump.percent // 100, self.conc)
        self.now += ms

    def poll(self, name: str) -> None:
        pump = self.pumps[name]
        fact = PumpStatus(pump.infusing, pump.rate_ul_h, pump.count_ul(), Ms(self.now), Integrity.CRC16)
        if pump.said != (pump.infusing, pump.rate_ul_h):
            self.compare_anew()
        mass, pump.said = pump.mass, (pump.infusing, pump.rate_ul_h)
        if pump.infusing:
            self.flowed_ms = self.now
        self.do(ev.Heard(name, fact))
        pump.heard = mass

    def poll_all(self) -> None:
        for name in self.pumps:
            self.poll(name)
        self.unheard = False
        self.check()

    def watch(self, ms: int) -> None:
        for _ in range(ms // POLL_MS):
            self.pass_time(POLL_MS)
            self.poll_all()

    def compare_anew(self) -> None:
        """Counter and rate cannot be compared over what just happened."""
        self.leaks_since = None if self.leaks_since is None else self.now

    # what it sees

    def truth(self) -> int:
        return sum(pump.mass for pump in self.pumps.values())

    def heard(self) -> int:
        return sum(pump.heard for pump in self.pumps.values())

    def flowing(self) -> list[str]:
        """As reported."""
        return [name for name, pump in self.pumps.items() if pump.said is not None and pump.said[0]]

    def see(self, event: ev.Event, decision: de.Decision, before: int) -> list[str]:
        if isinstance(decision, de.AlarmChanged):
            self.alarms[decision.alarm.condition] = decision.alarm
        elif isinstance(decision, de.InterlockChanged):
            self.locks[decision.pump] = decision.state
        elif isinstance(decision, de.FlowChanged):
            self.told[decision.pump] = (decision.infusing, decision.rate_ul_h)
        elif isinstance(decision, de.StopPump):
            self.orders[decision.pump] = decision.order_id
            return self.judge_stop(decision)
        elif isinstance(decision, de.CourseChanged) and decision.open and not self.is_adopted(decision):
            self.base["course"], self.opened_ms = max(before, self.base["patient"]), self.now
            self.phase = None
        elif isinstance(decision, de.PatientClosed):
            self.base = dict.fromkeys(self.base, self.truth())
            self.phase, self.capped, self.planned = None, False, False
            self.hand.clear()
        elif isinstance(decision, de.InfusionChanged):
            return self.judge_phase(event, decision, before)
        elif isinstance(decision, de.Permitted):
            return self.judge_permission(event, decision)
        return []

    def is_adopted(self, decision: de.CourseChanged) -> bool:
        return "after it had begun" in decision.why or "bound" in decision.why

    def judge_stop(self, decision: de.StopPump) -> list[str]:
        """A cap is no reason to stop while nothing is near it."""
        if "dose cap" not in decision.cause or "running again" in decision.cause or self.capped:
            return []
        flight = sum(p.rate_ul_h * self.conc * FLIGHT_MS for p in self.pumps.values()) // 3_600_000 + 1
        caps = self.kernel.view(self.state, Ms(self.now), self.policy).course.caps  # before this step
        near = [cap for cap in caps if cap.high_ng + flight + 50_000 >= cap.limit_ng]
        late = self.now - min([self.now, *(at for at, _ in self.history[-1:])])
        return [] if near or late > 0 else ["a stop for a cap that is not reached"]

    def judge_phase(self, event: ev.Event, decision: de.InfusionChanged, before: int) -> list[str]:
        number, phase = decision.number, decision.phase
        old = self.phase
        self.phase = (number, phase)
        if phase is de.InfusionPhase.STOPPED_BY_CAP and "per infusion" in decision.why and not self.capped:
            self.capped = True
            return ["the cap is passed before a stop is sent"] if self.is_passed() else []
        short = self.now - self.flowed_ms < PROTOCOL.pause_ends_ms and self.true_ng("infusion") < 0.95 * CAP_NG
        if phase in (de.InfusionPhase.COMPLETED, de.InfusionPhase.ABORTED) and short:
            return [] if isinstance(event, ev.PatientReleased) else [f"an infusion is {phase} that was only paused"]
        begins = old is None or number != old[0]
        if begins:
            wrong = [] if number == (1 if old is None else old[0] + 1) else ["an infusion with a number out of order"]
            wrong += ["the next infusion begins although a cap stopped the last and nothing is planned"] * (
                self.capped and not self.planned
            )
            self.capped = self.planned = False
            self.base["infusion"], self.began_ms = max(before, self.base["patient"]), self.now
            return wrong + ([] if phase is de.InfusionPhase.RUNNING else ["an infusion begins as over"])
        if phase is de.InfusionPhase.PAUSED and self.flowing():
            return ["an infusion is paused while a pump infuses"]
        if old is not None and old[1] in OVER and phase not in (old[1], de.InfusionPhase.RUNNING):
            return [f"an infusion that is {old[1]} becomes {phase}"]
        return []

    def is_passed(self) -> bool:
        """Will more than the cap have been given when the stop arrives, of what the reports could tell?"""
        flow = sum(p.rate_ul_h * p.percent // 100 for p in self.pumps.values() if p.infusing) * self.conc
        flight = flow * FLIGHT_MS / 3_600_000
        return not self.unheard and self.leaks_since is None and self.true_ng("infusion") + flight > CAP_NG + 1

    def judge_permission(self, event: ev.Event, decision: de.Permitted) -> list[str]:
        if decision.act in ("resume", "rate") and self.capped and not self.planned:
            return [f"a {decision.act} is permitted although the cap of the infusion is reached"]
        if decision.act == "chart" and isinstance(event, ev.Charted):
            if isinstance(event.entry, entries.InfusionPlan):
                self.planned = True
            elif isinstance(event.entry, entries.KetamineGiven):
                self.hand.append((self.now, event.entry.amount_ug * 1_000))
        return []

    # what must hold whenever every pump has just been heard

    def check(self) -> None:
        wrong = self.pairs() + self.duties() + self.sums() + self.errors() + self.timeline()
        stood = self.now - self.flowed_ms >= PROTOCOL.pause_ends_ms + POLL_MS
        if stood and self.phase is not None and self.phase[1] not in OVER:
            wrong.append(f"nothing has flowed for long, and the infusion is {self.phase[1]}")
        if wrong:
            raise Violation(self.word, wrong)

    def true_ng(self, span: str) -> float:
        """Truly given in that span, hand doses among it."""
        from_ms = {"infusion": self.began_ms, "course": self.opened_ms, "window": self.now - WINDOW_MS}[span]
        base = max(self.base["patient"], self.truth_at(from_ms)) if span == "window" else self.base[span]
        return (self.truth() - base) / 3_600_000 + sum(ng for at, ng in self.hand if at >= from_ms)

    def truth_at(self, then: int) -> int:
        before = [point for point in self.history if point[0] <= then] or [(0, 0)]
        after = [point for point in self.history if point[0] >= then] or [(self.now, self.truth())]
        (t0, m0), (t1, m1) = before[-1], after[0]
        return m0 if t1 == t0 else m0 + (m1 - m0) * (then - t0) // (t1 - t0)

    def pairs(self) -> list[str]:
        course = self.kernel.view(self.state, Ms(self.now), self.policy).course
        if course is None:
            return ["no course is shown"]
        wrong = []
        for cap in course.caps:
            true = self.true_ng(cap.span)
            if not cap.low_ng <= true <= cap.high_ng:
                wrong.append(f"{cap.span}: {cap.low_ng} <= {true} <= {cap.high_ng} does not hold")
            if cap.limit_ng != CAP_OF[cap.span]:
                wrong.append(f"the cap {cap.span} is {cap.limit_ng}")
        spans = {cap.span for cap in course.caps}
        if "window" not in spans or (self.flowing() and spans != set(CAP_OF)):
            wrong.append(f"only {spans} of the caps are shown")
        return wrong

    def duties(self) -> list[str]:
        """A cap that is truly reached has stopped every pump, and a HIGH alarm says so; near it a warning stands."""
        running, wrong = self.flowing(), []
        if not running:
            return []
        reached = [span for span, cap in CAP_OF.items() if self.true_ng(span) >= cap]
        if reached or self.capped:
            alarm = self.alarms.get("cap_reached")
            if alarm is None or not alarm.present or alarm.priority is not po.Priority.HIGH:
                wrong.append(f"a cap is reached ({reached}) and no HIGH alarm says so")
            wrong += [
                f"a cap is reached and {name} is not stopped"
                for name in running
                if self.locks.get(name, de.InterlockState.ARMED) is de.InterlockState.ARMED
            ]
        for span, cap in CAP_OF.items():
            if 0.91 * cap <= self.true_ng(span) < 0.97 * cap and not self.is_told(f"cap_near:{span}", "cap_reached"):
                wrong.append(f"{span} is near its cap and nothing says so")
        return wrong

    def is_told(self, *names: str) -> bool:
        return any(name in self.alarms and self.alarms[name].present for name in names)

    def sums(self) -> list[str]:
        running = self.flowing()
        wrong = [] if len(running) < 2 or self.is_told("two_channels") else ["two pumps run and nothing says so"]
        total = sum(self.pumps[name].rate_ul_h for name in running) * self.conc
        if len(running) > 1 and total > LIMIT.ug_kg_h * WEIGHT_G:
            loose = [n for n in running if self.locks.get(n, de.InterlockState.ARMED) is de.InterlockState.ARMED]
            wrong += ["the sum is above the hard ceiling and a pump is not stopped"] if loose else []
            wrong += [] if self.is_told("sum_over_hard", "over_hard") else ["the sum is above, and nothing says so"]
        elif len(running) > 1 and self.is_told("sum_over_hard"):
            wrong.append("the sum is said to be above the hard ceiling, and is not")
        return wrong

    def errors(self) -> list[str]:
        leaks = self.leaks_since is not None and self.now - self.leaks_since >= 17 * MIN
        told = self.is_told(f"over_infusion:{ONE}")
        if leaks and ONE in self.flowing() and not told:
            return ["a pump gives more than it says and nothing says so"]
        if self.leaks_since is None and self.now - self.honest_since > 20 * MIN:
            kinds = ("over_infusion", "under_infusion", "free_flow")
            names = (f"{kind}:{name}" for kind in kinds for name in self.pumps)
            return ["a pump that gives what it says is said to be wrong"] if self.is_told(*names) else []
        return []

    def timeline(self) -> list[str]:
        """The timeline's newest word is what the pump has just reported."""
        said = {name: pump.said for name, pump in self.pumps.items()}
        return [f"{n} reports {s}, told is {self.told.get(n)}" for n, s in said.items() if self.told.get(n) != s]
