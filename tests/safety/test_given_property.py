"""Whatever happens at a bed, what truly went in lies within (at least, at most): of infusion, course and window.

The world: two true pumps of one bed whose counters move in jumps; people change rates, start, stop, give boluses, clear
counters, swap pumps and syringes; polls are lost, the daemon dies. The kernel is held to account whenever every pump
has just been heard, which is when it can know.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpd.device.info import PumpCapabilities
from pumpd.safety.decisions import CourseChanged, InfusionChanged, InfusionPhase
from pumpd.safety.events import PatientBound, PatientReleased, PolicyReplaced, Restarted
from pumpd.safety.given import course_given, infusion_given, untold, window_given
from pumpd.safety.infusions import running_infusion
from pumpd.safety.limits import Cap, DoseCaps
from pumpd.safety.policy import BedPolicy, WeightRange
from pumpd.safety.state import Draft, open_draft
from tests.safety.build import CAPS, PUMP, patient
from tests.safety.dosed import MIN, TWO, DosedBed, TruePump, capped, dosed_policy

POLL_MS, WINDOW_MS = 30_000, 40 * MIN
FAR = Cap(10**9, "nobody")
FAR_CAPS = DoseCaps(FAR, FAR, FAR, WINDOW_MS)
NAMES = (PUMP, TWO)
CONCENTRATIONS = (500, 1_000, 2_000, 10_000)


class Grain(NamedTuple):
    """How coarsely the bed's pumps tell: the step of their counters (0: they have none), and of the rate they show."""

    step_ul: int
    shown_ul_h: int

    def of_pump(self) -> PumpCapabilities:
        shown = self.shown_ul_h if self.shown_ul_h > 1 else 0
        return replace(CAPS, counter_step_nl=max(1, self.step_ul) * 1_000, shown_rate_step_ul_h=shown)


FINE = Grain(1, 1)
GRAINS = (FINE, Grain(10, 1), Grain(100, 1), Grain(1_000, 1_000), Grain(0, 1), Grain(0, 1_000), Grain(1, 1_000))


def policy(conc: int = 1_000, pumps: int = 2, grain: Grain = FINE) -> BedPolicy:
    pump = {"poll_ms": POLL_MS, "capabilities": grain.of_pump()}
    made = dosed_policy(FAR_CAPS, pumps, conc=conc, pump=pump, weight=WeightRange(20_000, 300_000))
    return replace(made, pumps=tuple(replace(p, drug=capped(FAR_CAPS, hard=None, soft=None)) for p in made.pumps))


@dataclass
class TrueMass(TruePump):
    """Also in nanograms, at the concentrations that flowed. heard: what it had given at its newest report."""

    conc_ug_ml: int = 1_000
    mass: int = 0  # in 1/3600 ng x 1000
    heard: int = 0
    serial: int = 1

    def run(self, ms: int) -> None:
        before = self.units
        super().run(ms)
        self.mass += (self.units - before) * self.conc_ug_ml

    def bolus(self, ul: int) -> None:
        before = self.units
        super().bolus(ul)
        self.mass += (self.units - before) * self.conc_ug_ml


@dataclass
class World:
    """The bed beside its truth; masses in 1/3,600,000 ng."""

    grain: Grain = FINE
    bed: DosedBed = field(init=False)
    infusion_base: int = 0
    course_base: int = 0
    patient_base: int = 0
    gone: int = 0  # what pumps that left had given
    seen: int = 0  # decisions that were looked at
    history: list[tuple[int, int]] = field(default_factory=list)  # (kernel time, truth): straight lines between

    def __post_init__(self) -> None:
        self.bed = DosedBed(policy(grain=self.grain))
        self.bed.pumps = {name: self.new_pump(name) for name in self.bed.pumps}
        self.note()

    def new_pump(self, name: str, conc: int = 1_000) -> TrueMass:
        return TrueMass(name, step_ul=self.grain.step_ul, shown_ul_h=self.grain.shown_ul_h, conc_ug_ml=conc)

    @property
    def pumps(self) -> dict[str, TrueMass]:
        return self.bed.pumps  # type: ignore[return-value]

    def truth(self) -> int:
        return self.gone + sum(pump.mass for pump in self.pumps.values())

    def heard(self) -> int:
        return self.gone + sum(pump.heard for pump in self.pumps.values())

    def note(self) -> None:
        self.history.append((self.bed.now, self.truth()))

    def pass_time(self, ms: int) -> None:
        for pump in self.pumps.values():
            pump.run(ms)
        self.bed.run(ms)
        self.note()
        self.look(self.heard())

    def poll(self, name: str) -> None:
        pump, before = self.pumps[name], self.heard()
        self.bed.poll(name, serial=f"S{pump.serial}")
        pump.heard = pump.mass
        self.look(before)

    def poll_all(self) -> None:
        for name in self.pumps:
            self.poll(name)
        self.check()

    def look(self, before: int) -> None:
        """An infusion or a course that begins with a report begins after the reports before it."""
        for _, decision in self.bed.log[self.seen :]:
            if isinstance(decision, InfusionChanged) and decision.phase is InfusionPhase.RUNNING:
                current = self.bed.state.given.infusions[-1]
                if current.started_ms == self.bed.now and current.number == decision.number:
                    self.infusion_base = max(before, self.patient_base)
            if isinstance(decision, CourseChanged) and decision.open and decision.why.startswith("an infusion"):
                self.course_base = max(before, self.patient_base)
        self.seen = len(self.bed.log)

    def truth_at(self, then_ms: int) -> int:
        before = [(at, mass) for at, mass in self.history if at <= then_ms]
        after = [(at, mass) for at, mass in self.history if at >= then_ms]
        if not before or not after:
            return self.patient_base
        (t0, m0), (t1, m1) = before[-1], after[0]
        return m0 if t1 == t0 else m0 + (m1 - m0) * (then_ms - t0) // (t1 - t0)

    def check(self) -> None:
        d: Draft = open_draft(self.bed.state, self.bed.policy, self.bed.now)
        if untold(d):
            return
        truth, current, course = self.truth(), running_infusion(d), course_given(d)
        if current is not None:
            inside("infusion", infusion_given(d, current), truth - self.infusion_base)
        if course is not None:
            inside("course", course, truth - self.course_base)
        from_ms = self.bed.now - WINDOW_MS
        in_window = truth - max(self.patient_base, self.truth_at(from_ms))
        inside("window", window_given(d, WINDOW_MS), in_window)


def inside(what: str, given_so_far: tuple[int, int], truth: int) -> None:
    low, high = given_so_far
    true_ng = truth / 3_600_000
    assert low <= true_ng <= high, f"{what}: {low} <= {true_ng} <= {high}"


# --- what can happen


def panel(world: World, name: str, rate: int) -> None:
    """Somebody sets a rate, or starts the pump with it; 0 stops it. Nobody hears it before the next poll."""
    if name in world.pumps:
        world.pumps[name].rate_ul_h, world.pumps[name].infusing = rate or world.pumps[name].rate_ul_h, rate > 0


def bolus(world: World, name: str, rate: int) -> None:
    """Beside the rate that is reported: only a counter tells of it."""
    if name in world.pumps and world.grain.step_ul:
        world.pumps[name].bolus((rate // 1_000 + 1) * max(1, world.grain.step_ul // 10))
        world.note()


def clear(world: World, name: str, rate: int) -> None:
    """The counter is set to 0 at a pump that was just heard."""
    if name in world.pumps:
        world.poll(name)
        world.pumps[name].clear()


def another_pump(world: World, name: str, rate: int) -> None:
    """The pump is replaced by another one of its kind: it stands still, its counter shows something else."""
    if name in world.pumps:
        world.poll(name)
        pump = world.pumps[name]
        pump.serial, pump.infusing, pump.cleared = pump.serial + 1, False, pump.units - rate * 10**6
        world.poll(name)


def other_syringe(world: World, name: str, rate: int) -> None:
    """Another concentration flows from now on, and somebody says so."""
    conc = CONCENTRATIONS[rate % len(CONCENTRATIONS)]
    world.bed.policy = policy(conc, len(world.pumps), world.grain)
    world.bed.do(PolicyReplaced(world.bed.policy, "pharmacist"))
    for pump in world.pumps.values():
        pump.conc_ug_ml = conc


def second_pump(world: World, name: str, rate: int) -> None:
    """The second pump is taken from the bed as it stands, or comes to it."""
    conc = world.pumps[PUMP].conc_ug_ml
    if TWO in world.pumps:
        world.poll(TWO)
        world.pumps[TWO].infusing = False
        world.poll(TWO)
        world.gone += world.pumps.pop(TWO).mass
    else:
        world.pumps[TWO] = world.new_pump(TWO, conc)
    world.bed.policy = policy(conc, len(world.pumps), world.grain)
    world.bed.do(PolicyReplaced(world.bed.policy, "technician"))
    if TWO in world.pumps:
        world.poll(TWO)


def restart(world: World, name: str, rate: int) -> None:
    """The daemon is away for a while; the pumps go on."""
    gap_ms = 10 * rate
    for pump in world.pumps.values():
        pump.run(gap_ms)
    world.bed.do(Restarted(gap_ms, gap_certain=True), gap_ms)
    world.note()


def other_patient(world: World, name: str, rate: int) -> None:
    world.poll_all()
    world.bed.do(PatientReleased("nurse", "discharged"))
    world.patient_base = world.infusion_base = world.course_base = world.truth()
    world.bed.do(PatientBound(patient(f"M{rate}"), "nurse"))
    world.look(world.heard())


def wait(world: World, name: str, rate: int) -> None:
    """Nothing happens for some minutes but polls."""
    for _ in range(rate // 1_000):
        world.pass_time(POLL_MS)
        world.poll_all()


def silence(world: World, name: str, rate: int) -> None:
    """No poll comes through for a while."""
    world.pass_time(rate * 5)


def poll_one(world: World, name: str, rate: int) -> None:
    if name in world.pumps:
        world.poll(name)


DEEDS = (
    panel,
    panel,
    panel,
    wait,
    wait,
    bolus,
    clear,
    another_pump,
    other_syringe,
    second_pump,
    restart,
    other_patient,
)
DEEDS += (silence, poll_one)
MOVES = st.lists(
    st.tuples(st.sampled_from(DEEDS), st.sampled_from(NAMES), st.integers(0, 60_000), st.integers(1, 45_000)),
    max_size=25,
)


@pytest.mark.req("CEI-09", "DOS-01", "DOS-02")
@settings(max_examples=240)
@given(MOVES, st.sampled_from(GRAINS))
def test_what_truly_went_in_lies_within_the_pair_of_infusion_course_and_window(
    moves: list[tuple[object, str, int, int]], grain: Grain
) -> None:
    world = World(grain)
    panel(world, PUMP, 7_000)
    world.pass_time(POLL_MS)
    world.poll_all()
    for deed, name, rate, ms in moves:
        world.pass_time(ms // 3)
        deed(world, name, rate)  # type: ignore[operator]
        world.pass_time(ms)
        world.poll_all()
