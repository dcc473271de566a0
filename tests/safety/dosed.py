"""Beds with dose caps and, where asked for, a protocol, beside true pumps that are driven through them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from msgspec.structs import replace as changed

from pumpd.device.facts import CommandOutcome, Outcome
from pumpd.safety.course_state import Plan
from pumpd.safety.decisions import CourseChanged, FlowChanged, InfusionChanged
from pumpd.safety.events import Heard
from pumpd.safety.limits import Cap, DoseCaps, Limit
from pumpd.safety.policy import BedPolicy, DrugPolicy
from pumpd.safety.protocol_policy import ProtocolPolicy
from pumpd.safety.view import CapView, CourseView, InfusionView
from tests.safety.build import KETAMINE, PUMP, Bed, bed_policy, pump_policy, status

TWO = "b1-p2"
CAPS = DoseCaps(Cap(500, "source B"), None, None)
MIN, HOUR = 60_000, 3_600_000
RATE = 7_000  # 0.1 mg/kg/h for 70 kg at 1 mg/mL
CAP_NG = 500 * 70_000  # 35 mg: 0.5 mg/kg for 70 kg
NL_UNITS = 3_600  # a true pump counts in units of 1/3600 nl, so that rate x time is exact


def capped(caps: DoseCaps | None = CAPS, **drug: Any) -> DrugPolicy:
    return replace(KETAMINE, caps=caps, **drug)


PROTOCOL = ProtocolPolicy(
    id="ldk",
    version="1",
    approved_by="board",
    set_by="protocol ldk",
    max_infusions=3,
    course_ms=120 * HOUR,
    pause_ends_ms=2 * HOUR,
    extra_stop=False,
    start=Limit(100, "protocol ldk"),
    step=Limit(100, "protocol ldk"),
    step_interval_ms=30 * MIN,
    start_vitals=(),
    observations=(),
    observation_grace_ms=10 * MIN,
    nrs_every_ms=4 * HOUR,
    nrs_grace_ms=30 * MIN,
    adjunct_required=False,
    adjuncts=(),
    contraindications=(),
    overridable=(),
    sub_anaesthetic_low_ug_kg=100,
    sub_anaesthetic_high_ug_kg=900,
    sub_anaesthetic_source="label",
)


def dosed_policy(caps: DoseCaps | None = CAPS, pumps: int = 1, **fields: Any) -> BedPolicy:
    """A bed whose ketamine has caps. conc: of every pump, in µg/mL."""
    conc = fields.pop("conc", 1_000)
    pump = fields.pop("pump", {})
    names = (PUMP, TWO)[:pumps]
    made = tuple(pump_policy(device=n, drug=capped(caps), concentration_ug_ml=conc, **pump) for n in names)
    return bed_policy(**{"pumps": made, "monitors": (), **fields})


@dataclass
class TruePump:
    """What a pump really does. cleared: where its own counter was set to 0.

    step_ul: in which that counter moves; 0: it has none. shown_ul_h: to which it rounds the rate that it shows.
    """

    device: str = PUMP
    rate_ul_h: int = 0
    infusing: bool = False
    units: int = 0
    cleared: int = 0
    factor_percent: int = 100  # what it really gives of its rate
    step_ul: int = 1
    shown_ul_h: int = 1

    def run(self, ms: int) -> None:
        if self.infusing:
            self.units += self.rate_ul_h * ms * self.factor_percent // 100

    def bolus(self, ul: int) -> None:
        self.units += ul * 1_000 * NL_UNITS

    def clear(self) -> None:
        self.cleared = self.units

    def counter_ul(self) -> int | None:
        return (self.units - self.cleared) // (1_000 * NL_UNITS * self.step_ul) * self.step_ul if self.step_ul else None

    def shown_rate_ul_h(self) -> int:
        return (self.rate_ul_h + self.shown_ul_h // 2) // self.shown_ul_h * self.shown_ul_h

    def nl(self) -> int:
        return self.units // NL_UNITS


class DosedBed(Bed):
    """A bed whose true pumps are polled."""

    def __init__(self, policy: BedPolicy | None = None, **more: Any) -> None:
        super().__init__(policy or dosed_policy(), **more)
        self.pumps = {pump.device: TruePump(pump.device) for pump in self.policy.pumps}
        self.poll_all()

    @property
    def one(self) -> TruePump:
        return self.pumps[PUMP]

    def poll(self, name: str = PUMP, **more: Any) -> None:
        pump = self.pumps[name]
        said = {"volume_ul": pump.counter_ul(), "requested_ms": self.now, **more}
        self.do(Heard(name, status(pump.shown_rate_ul_h(), pump.infusing, **said)))

    def poll_all(self) -> None:
        for name in self.pumps:
            self.poll(name)

    def pass_time(self, ms: int, poll_ms: int = 1_000) -> None:
        """Time passes for the pumps and for the kernel, with a poll of every pump each poll_ms."""
        for _ in range(ms // poll_ms):
            for pump in self.pumps.values():
                pump.run(poll_ms)
            self.run(poll_ms)
            self.poll_all()

    def start(self, rate_ul_h: int, name: str = PUMP) -> None:
        pump = self.pumps[name]
        pump.rate_ul_h, pump.infusing = rate_ul_h, True
        self.poll(name)

    def stop(self, name: str = PUMP) -> None:
        self.pumps[name].infusing = False
        self.poll(name)

    def course(self) -> CourseView:
        course = self.view().course
        assert course is not None
        return course

    def infusion(self, number: int = 1) -> InfusionView:
        return next(one for one in self.course().infusions if one.number == number)

    def cap(self, span: str = "infusion") -> CapView:
        return next(one for one in self.course().caps if one.span == span)

    def phases(self) -> list[tuple[int, str]]:
        """(number, phase) of every change of an infusion, in order."""
        return [(d.number, d.phase.value) for _, d in self.log if isinstance(d, InfusionChanged)]

    def told(self) -> list[FlowChanged]:
        return [d for _, d in self.log if isinstance(d, FlowChanged)]

    def courses(self) -> list[CourseChanged]:
        return [d for _, d in self.log if isinstance(d, CourseChanged)]


def planned_bed(dose_ug_kg: int, **policy: object) -> DosedBed:
    """A bed in whose course an infusion of that dose is planned."""
    bed = DosedBed(dosed_policy(**policy)) if policy else DosedBed()
    plan = Plan("e1", dose_ug_kg, 100, "physician", bed.now)
    bed.state = changed(bed.state, course=changed(bed.state.course, plan=plan))
    return bed


def verified_stop(bed: DosedBed, order: str) -> None:
    bed.one.infusing = False
    bed.do(Heard(PUMP, CommandOutcome(order, Outcome.DONE)), 50)
    bed.run(50)
    bed.poll(requested_ms=bed.now)
