"""Delivered dose: (at least, at most) encloses a true pump through lost acks, resets, gaps and panel changes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.device.facts import Outcome
from pumpd.device.info import PumpCapabilities
from pumpd.safety.dose import CommandKind, after_command
from pumpd.safety.events import PatientBound, PolicyReplaced, RateRequested, Restarted
from pumpd.safety.view import DoseView
from tests.safety.build import PUMP, Bed, bed_policy, patient


def delivered(bed: Bed) -> DoseView:
    given_so_far = bed.pump_view().delivered
    assert given_so_far is not None
    return given_so_far


def real_rates(kind: CommandKind, before: int, commanded: int, applied: bool) -> int:
    """The rate that a real pump runs at when it did, or did not, take the command."""
    if not applied or kind is CommandKind.BOLUS:
        return before
    return 0 if kind is CommandKind.STOP else commanded


@pytest.mark.req("DOS-03")
@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize(
    ("kind", "before", "commanded"),
    [
        (CommandKind.INCREASE, 5_000, 9_000),
        (CommandKind.DECREASE, 9_000, 5_000),
        (CommandKind.BOLUS, 5_000, 5_000),
        (CommandKind.STOP, 5_000, 0),
    ],
)
def test_whatever_the_pump_really_did_lies_within_what_is_assumed(
    kind: CommandKind, before: int, commanded: int, outcome: Outcome
) -> None:
    (low, high), (extra_low, extra_high) = after_command(kind, before, commanded, 400_000, outcome)
    possible = {Outcome.REFUSED: [False]}.get(outcome, [True, False])
    for applied in possible:
        assert low <= real_rates(kind, before, commanded, applied) <= high
        extra = 400_000 if applied and kind is CommandKind.BOLUS else 0
        assert extra_low <= extra <= extra_high


@pytest.mark.req("DOS-03")
def test_an_ack_alone_never_lowers_what_may_be_flowing() -> None:
    assert after_command(CommandKind.STOP, 5_000, 0, 0, Outcome.DONE)[0] == (0, 5_000)
    assert after_command(CommandKind.DECREASE, 9_000, 5_000, 0, Outcome.DONE)[0] == (5_000, 9_000)


@pytest.mark.req("DOS-01")
def test_a_steady_infusion_is_known_to_a_counter_step() -> None:
    bed = Bed()
    for second in range(3_601):
        bed.pump(36_000, after=1_000, volume_ul=10 * second)
    dose = delivered(bed)
    assert dose.at_least_ng <= 36_000_000 <= dose.at_most_ng
    assert dose.at_most_ng - dose.at_least_ng <= 4_000


@pytest.mark.req("DOS-01")
def test_time_since_the_last_report_counts_as_possible_delivery() -> None:
    bed = Bed()
    bed.pump(36_000, volume_ul=0)
    before = delivered(bed)
    bed.run(4_000)
    after = delivered(bed)
    assert after.at_most_ng - before.at_most_ng == 40_000
    assert after.at_least_ng == before.at_least_ng


@pytest.mark.req("DOS-01")
@pytest.mark.parametrize("counted", [None, 100])
def test_an_unread_rate_of_a_pump_that_declares_no_greatest_one_may_be_that_of_any_pump(counted: int | None) -> None:
    """A pump that is only read has no range to be commanded in; its rate is not nought for that."""
    bed = Bed(bed_policy(pump={"capabilities": PumpCapabilities(can_read_back=True)}))
    bed.pump(None, volume_ul=counted)
    before = delivered(bed)
    bed.run(3_000)
    assert delivered(bed).at_most_ng - before.at_most_ng >= 1_000_000  # 1200 mL/h
    bed.pump(None, volume_ul=counted)
    bed.pump(None, False, volume_ul=counted)
    assert delivered(bed).at_most_ng - before.at_most_ng >= 1_000_000


@pytest.mark.req("DOS-02")
def test_a_gap_counts_at_the_last_rate_up_to_the_syringe() -> None:
    short, long = Bed(), Bed()
    for bed, gap_ms in ((short, 600_000), (long, 100 * 3_600_000)):
        bed.pump(36_000, volume_ul=0)
        bed.do(Restarted(gap_ms, True), gap_ms)
        bed.pump(36_000, volume_ul=0, after=1_000)
    assert delivered(short).at_most_ng >= 6_000_000
    assert 50_000_000 <= delivered(long).at_most_ng <= 50_000_000 + 2_000_000
    assert delivered(short).at_least_ng == delivered(long).at_least_ng == 0


@pytest.mark.req("DOS-02")
def test_a_gap_of_uncertain_length_counts_as_the_whole_syringe() -> None:
    bed = Bed()
    bed.pump(36_000, volume_ul=0)
    bed.do(Restarted(1_000, False), 1_000)
    assert delivered(bed).at_most_ng >= 50_000_000
    bed.pump(36_000, volume_ul=20, after=1_000)
    assert delivered(bed).at_most_ng >= 50_000_000


@pytest.mark.req("DOS-02")
def test_a_counter_that_goes_on_after_a_gap_is_evidence_again() -> None:
    bed = Bed()
    bed.pump(36_000, volume_ul=0)
    bed.run(60_000)
    bed.pump(36_000, volume_ul=600)
    assert delivered(bed).at_least_ng == 599_000


@pytest.mark.req("DOS-02")
def test_a_counter_that_is_cleared_loses_nothing() -> None:
    bed = Bed()
    for second in range(11):
        bed.pump(36_000, after=1_000, volume_ul=10 * second)
    before = delivered(bed)
    bed.pump(36_000, after=1_000, volume_ul=0)
    after = delivered(bed)
    assert after.at_most_ng >= before.at_most_ng
    assert after.at_least_ng >= before.at_least_ng


@pytest.mark.req("DOS-02")
def test_another_pump_on_the_line_keeps_what_the_first_one_gave() -> None:
    bed = Bed()
    for second in range(11):
        bed.pump(36_000, after=1_000, volume_ul=10 * second, serial="1")
    before = delivered(bed)
    bed.pump(36_000, after=1_000, volume_ul=40_000, serial="2")
    after = delivered(bed)
    assert before.at_least_ng <= after.at_least_ng <= before.at_least_ng + 1
    assert before.at_most_ng <= after.at_most_ng <= before.at_most_ng + 20_000


@pytest.mark.req("DOS-01")
def test_a_new_concentration_applies_only_to_what_flows_from_then_on() -> None:
    bed = Bed()
    for second in range(101):
        bed.pump(36_000, after=1_000, volume_ul=10 * second)
    at_least = delivered(bed).at_least_ng
    bed.policy = bed_policy({"concentration_ug_ml": 10_000})
    bed.do(PolicyReplaced(bed.policy, "pharmacist"), 10)
    assert abs(delivered(bed).at_least_ng - at_least) <= 1
    bed.pump(36_000, after=990, volume_ul=1_020)
    assert delivered(bed).at_least_ng - at_least <= 100_000


@pytest.mark.req("DOS-01", "QUA-06")
def test_the_dose_belongs_to_the_patient() -> None:
    bed = Bed()
    for second in range(101):
        bed.pump(36_000, after=1_000, volume_ul=10 * second)
    bed.do(PatientBound(patient("M2"), "nurse"))
    assert delivered(bed).at_least_ng == 0
    assert delivered(bed).at_most_ng <= 1_000


@dataclass
class TruePump:
    """A pump that really delivers: its rate may change at the panel, its counter may be cleared. In nanolitres."""

    rate_ul_h: int = 0
    infusing: bool = False
    true_units: int = 0  # 1/3600 nl
    cleared_units: int = 0
    seen: list[tuple[int, int]] = field(default_factory=list)

    def run(self, ms: int) -> None:
        if self.infusing:
            self.true_units += self.rate_ul_h * ms

    def counter_ul(self) -> int:
        return (self.true_units - self.cleared_units) // 3_600_000

    def true_ng(self) -> float:
        return self.true_units / 3_600  # at 1 mg/mL a nanolitre is a nanogram


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["poll", "poll", "poll", "ask", "lost", "taken", "clear", "gap", "panel"]),
        st.integers(1, 3_000),
        st.integers(1, 6_000).map(lambda tenth: tenth * 10),
    ),
    max_size=40,
)


@pytest.mark.req("DOS-01", "DOS-02", "DOS-03")
@given(MOVES, st.booleans())
def test_the_pair_encloses_a_true_pump_and_never_shrinks(moves: list[tuple[str, int, int]], counted: bool) -> None:
    bed, pump = Bed(), TruePump(5_000, True)
    before = (0, 0)

    def poll() -> None:
        bed.pump(pump.rate_ul_h, pump.infusing, volume_ul=pump.counter_ul() if counted else None, requested_ms=bed.now)

    poll()
    for act, ms, rate in moves:
        passed_ms = ms * 20 if act == "gap" else ms
        bed.run(passed_ms)
        pump.run(passed_ms)
        if act in ("ask", "lost", "taken"):
            bed.do(RateRequested("r", PUMP, rate, "nurse", "pain"))
            if bed.rates():
                order = bed.rates()[0]
                if act != "lost":
                    pump.rate_ul_h = order.rate_ul_h
                bed.outcome(order.order_id, Outcome.DONE if act == "ask" else Outcome.UNKNOWN)
        elif act == "clear" and counted:
            poll()
            pump.cleared_units = pump.true_units
        elif act == "panel":
            poll()
            pump.rate_ul_h = rate
            poll()
        elif act in ("poll", "gap"):
            poll()
        dose = delivered(bed)
        assert dose.at_least_ng <= pump.true_ng() <= dose.at_most_ng
        assert dose.at_least_ng >= before[0]
        assert dose.at_most_ng >= before[1]
        before = (dose.at_least_ng, dose.at_most_ng)
