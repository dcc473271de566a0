"""A cap stops the pump: what goes in beyond it is at most what flows in one poll interval and until the pump obeys."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpd.device.facts import CommandOutcome, Outcome
from pumpd.safety import kernel
from pumpd.safety.decisions import InterlockState, StopPump
from pumpd.safety.events import Heard, Restarted, Tick
from pumpd.safety.limits import Cap, DoseCaps
from tests.safety.build import CAPS, PUMP, TIMES
from tests.safety.dosed import NL_UNITS, TWO, DosedBed, dosed_policy

POLL_MS = 2_000
NAMES = (PUMP, TWO)
MG = 1_000_000


class ObeyingBed(DosedBed):
    """Its pumps stop a while after the order, and say so at the next poll."""

    def __init__(self, stop_ms: int, caps: DoseCaps, conc: int, step_ul: int = 1, shown_ul_h: int = 1) -> None:
        shown = shown_ul_h if shown_ul_h > 1 else 0
        able = replace(CAPS, counter_step_nl=max(1, step_ul) * 1_000, shown_rate_step_ul_h=shown)
        super().__init__(dosed_policy(caps, 2, conc=conc, pump={"poll_ms": POLL_MS, "capabilities": able}))
        for pump in self.pumps.values():
            pump.step_ul, pump.shown_ul_h = step_ul, shown_ul_h
        self.stop_ms, self.conc = stop_ms, conc
        self.pending: dict[str, tuple[int, str]] = {}
        self.seen, self.last_rates = 0, 0
        self.steepest_ul_h = 0  # the greatest flow of both at any time

    def given_ng(self) -> int:
        return sum(pump.units for pump in self.pumps.values()) * self.conc // (1_000 * NL_UNITS)

    def flow_ul_h(self) -> int:
        return sum(pump.rate_ul_h for pump in self.pumps.values() if pump.infusing)

    def advance(self, ms: int) -> None:
        """Time passes, from one of the kernel's deadlines to the next; a stop is obeyed stop_ms after its order."""
        end = self.now + ms
        while self.now < end:
            self.steepest_ul_h = max(self.steepest_ul_h, self.flow_ul_h())
            due = kernel.next_deadline(self.state, self.policy) or end
            passing = min([end, due, *(at for at, _ in self.pending.values())]) - self.now
            for pump in self.pumps.values():
                pump.run(passing)
            self.do(Tick(), passing)
            self.notice()
            self.obey()

    def notice(self) -> None:
        for _, decision in self.log[self.seen :]:
            if isinstance(decision, StopPump):
                self.pending.setdefault(decision.pump, (self.now + self.stop_ms, decision.order_id))
        self.seen = len(self.log)

    def obey(self) -> None:
        for name, (at, order) in list(self.pending.items()):
            if at <= self.now:
                self.pumps[name].infusing = False
                del self.pending[name]
                self.do(Heard(name, CommandOutcome(order, Outcome.DONE)))

    def poll_once(self, heard: bool) -> None:
        self.advance(POLL_MS)
        if heard:
            self.poll_all()
            self.notice()


SMALL = Cap(50, "ward")
CAP_NG = 50 * 70_000
caps = st.sampled_from([DoseCaps(SMALL), DoseCaps(None, SMALL), DoseCaps(None, None, SMALL)])
ROUNDS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(1_000, 17_000), st.booleans(), st.integers(2, 60)),
    min_size=1,
    max_size=12,
)


def play(bed: ObeyingBed, rounds: list[tuple[str, int, bool, int]], lost_every: int, restart_at: int | None) -> None:
    """Rates change at the panels, seen by the next poll; some polls are lost, the daemon may die once."""
    for number, (name, rate, infusing, polls) in enumerate([*rounds, (PUMP, 17_000, True, 750)]):
        if bed.state.given.stop is not None or any(i.capped for i in bed.state.given.infusions):
            break  # nobody starts it again
        bed.pumps[name].rate_ul_h, bed.pumps[name].infusing = rate, infusing
        if number == restart_at:
            bed.do(Restarted(500, gap_certain=True))
        for poll in range(polls):
            if any(i.capped for i in bed.state.given.infusions):
                break
            bed.poll_once(heard=poll % lost_every != lost_every - 1)
    for _ in range(3):
        bed.poll_once(heard=True)


@pytest.mark.req("CEI-09")
@settings(max_examples=30)
@given(
    ROUNDS,
    caps,
    st.integers(0, 1_500),
    st.sampled_from([1_000, 2_000]),
    st.integers(2, 9),
    st.integers(0, 20),
    st.sampled_from([(1, 1), (10, 1), (100, 1), (1_000, 1), (0, 1), (1, 1_000), (0, 1_000)]),
)
def test_what_goes_in_beyond_a_cap_is_at_most_one_poll_interval_and_the_stop_time(
    rounds: list[tuple[str, int, bool, int]],
    cap: DoseCaps,
    stop_ms: int,
    conc: int,
    lost_every: int,
    restart_at: int,
    grain: tuple[int, int],
) -> None:
    bed = ObeyingBed(stop_ms, cap, conc, *grain)
    play(bed, rounds, lost_every, restart_at)
    assert any(infusion.capped for infusion in bed.state.given.infusions)
    assert not any(pump.infusing for pump in bed.pumps.values())
    unheard_ms = 2 * POLL_MS  # a poll, and one that is lost
    allowed = bed.steepest_ul_h * conc * (unheard_ms + stop_ms) // 3_600_000
    assert bed.given_ng() <= CAP_NG + allowed


@pytest.mark.req("CEI-09")
@pytest.mark.parametrize(
    ("rate", "poll_ms"), [(3_500, 500), (3_500, 4_000), (7_000, 1_000), (34_990, 500), (69_990, 1_000)]
)
def test_at_a_steady_rate_the_cap_is_met_and_not_passed(rate: int, poll_ms: int) -> None:
    """It is missed by what flows while the stop is in flight, by a counter step or two, and by a rounding a poll."""
    bed = DosedBed(dosed_policy(conc=1_000, caps=DoseCaps(SMALL), pump={"poll_ms": poll_ms}))
    bed.start(rate)
    polls = 0
    while not bed.stops():
        due = kernel.next_deadline(bed.state, bed.policy) or bed.now + poll_ms
        ms = min(due, bed.now + poll_ms) - bed.now
        bed.one.run(ms)
        bed.do(Tick(), ms)
        if not bed.stops() and ms == poll_ms:
            bed.poll()
            polls += 1
    at_the_stop_ng = bed.one.nl() + rate * TIMES.stop_flight_ms // 3_600
    assert CAP_NG - 3_000 - polls <= at_the_stop_ng <= CAP_NG
    assert bed.lock() is InterlockState.TRIPPED


@pytest.mark.req("CEI-09")
def test_the_worst_is_a_rate_that_jumps_to_the_ceiling_just_after_a_poll() -> None:
    """In mg, at 1 mg/mL: 70 mL/h (1 mg/kg/h for 70 kg) for a poll of 2 s and a stop of 1 s is 0.058 mg beyond a cap."""
    ceiling_ul_h, stop_ms, worst_ng = 69_990, 1_000, 0
    for before_ng in range(16_000, 40_000, 2_000):
        bed = ObeyingBed(stop_ms, DoseCaps(SMALL), 1_000)
        pump = bed.pumps[PUMP]
        pump.rate_ul_h, pump.infusing = 34_000, True
        bed.poll_all()
        while bed.given_ng() < CAP_NG - 60_000:
            bed.poll_once(heard=True)
        pump.rate_ul_h = 3_500
        while pump.infusing and bed.given_ng() < CAP_NG - before_ng:
            bed.poll_once(heard=True)
        pump.rate_ul_h = ceiling_ul_h
        while pump.infusing:
            bed.poll_once(heard=True)
        worst_ng = max(worst_ng, bed.given_ng() - CAP_NG)
    assert worst_ng <= ceiling_ul_h * (POLL_MS + stop_ms) // 3_600
    assert worst_ng > 30_000  # the jump did meet the edge
