"""What a pump gave is counted and told as it flowed, whoever was bound, named or watching by then."""

from __future__ import annotations

import pytest

from pumpd.safety.events import Heard, PatientBound, PatientReleased, PolicyReplaced, Restarted, Tick
from pumpd.safety.limits import Cap, DoseCaps
from pumpd.safety.wire import state_from_bytes, state_to_bytes
from tests.safety.build import KETAMINE, PUMP, bed_policy, patient, pump_policy, status
from tests.safety.dosed import HOUR, MIN, RATE, TWO, DosedBed, capped, dosed_policy


@pytest.mark.req("CEI-09", "QUA-06")
def test_what_ran_before_anybody_was_bound_may_have_gone_into_the_first_patient() -> None:
    bed = DosedBed(bound=False)
    bed.start(RATE)
    bed.pass_time(10 * MIN)
    bed.do(PatientBound(patient("M1"), "nurse"))
    low, high = bed.infusion().low_ng, bed.infusion().high_ng
    assert (low, high) == (0, high)
    assert (high or 0) >= bed.one.nl()
    assert bed.courses()[-1].mrn == "M1"


@pytest.mark.req("CEI-09")
def test_without_caps_and_protocol_nothing_is_accounted_for() -> None:
    bed = DosedBed(bed_policy(pumps=(pump_policy(drug=KETAMINE),), monitors=()))
    bed.start(RATE)
    bed.pass_time(MIN)
    assert (bed.phases(), bed.told(), bed.view().course) == ([], [], None)


@pytest.mark.req("CEI-09")
def test_when_the_caps_are_taken_away_nothing_stays_behind() -> None:
    bed = DosedBed()
    bed.start(RATE)
    bed.pass_time(MIN)
    bed.policy = bed_policy(pumps=(pump_policy(drug=capped(None)),), monitors=())
    bed.do(PolicyReplaced(bed.policy, "pharmacist"))
    assert bed.state.given.flows == {}
    assert bed.courses()[-1].open is False


@pytest.mark.req("CEI-09")
def test_every_change_of_a_flow_is_told_and_a_mark_each_quarter_of_an_hour() -> None:
    bed = DosedBed(dosed_policy(DoseCaps(None)))
    bed.start(RATE)
    bed.pass_time(31 * MIN)
    bed.start(2 * RATE)
    bed.stop()
    flows = [(f.infusing, f.rate_ul_h, f.infusion) for f in bed.told()]
    run = (True, RATE, 1)
    assert flows == [(False, 0, 0), run, run, run, (True, 2 * RATE, 1), (False, 2 * RATE, 1)]
    assert (bed.told()[-1].low_ng or 0) <= bed.one.nl() <= (bed.told()[-1].high_ng or 0)


@pytest.mark.req("CEI-09")
def test_a_second_pump_that_was_switched_off_long_ago_does_not_stop_the_window_from_sliding() -> None:
    bed = DosedBed(dosed_policy(DoseCaps(None, None, Cap(500, "ward"), HOUR), pumps=2))
    silent = bed.pumps.pop(TWO)
    assert not silent.infusing
    bed.start(RATE)
    bed.pass_time(3 * HOUR, 5_000)
    assert bed.cap("window").high_ng <= RATE * 1_000 * 5 // 4 + 10_000


@pytest.mark.req("CEI-09")
def test_a_lost_pumps_flow_is_told_as_unknown() -> None:
    bed = DosedBed()
    bed.start(RATE)
    bed.run(10_000)
    assert (bed.told()[-1].infusing, bed.told()[-1].rate_ul_h) == (None, None)


def test_a_report_that_changes_nothing_is_passed_over() -> None:
    """The cheap way through a step: the state of the accounting stays the very same object."""
    bed = DosedBed()
    bed.start(RATE)
    bed.pass_time(2_000)
    before = bed.state.given
    for _ in range(60):
        bed.one.run(1_000)
        bed.now += 1_000
        bed.poll()
    assert bed.state.given is before
    bed.do(Tick())
    assert bed.state.given is not before


@pytest.mark.req("DOS-02", "QUA-05", "CEI-09")
def test_a_pump_that_infuses_on_while_another_is_on_its_line_goes_on_counting() -> None:
    """By its own last report until its cap, and by its counter once it is back."""
    bed = DosedBed(dosed_policy(pump={"serial": "S1"}))
    bed.one.rate_ul_h, bed.one.infusing = 60_000, True
    bed.poll(serial="S1")
    for _ in range(10 * 60):
        bed.one.run(1_000)
        bed.run(1_000)
        bed.do(Heard(PUMP, status(0, False, serial="S2", volume_ul=0, requested_ms=bed.now)))
    assert bed.pump_view().rate_ul_h is None
    assert bed.infusion().phase == "running"
    assert bed.cap().high_ng >= bed.one.nl()
    bed.poll(serial="S1")
    assert bed.cap().low_ng <= bed.one.nl() <= bed.cap().high_ng
    assert bed.cap().low_ng >= bed.one.nl() - 2_000
    bed.do(Heard(PUMP, status(0, False, serial="S2", volume_ul=0, requested_ms=bed.now)))
    bed.run(30 * MIN)
    assert bed.the("cap_reached").priority == "high"


@pytest.mark.req("DOS-01", "CEI-09")
def test_what_flowed_before_anybody_named_the_concentration_is_no_proof_of_a_later_infusion() -> None:
    far = Cap(10**6, "nobody")
    bed = DosedBed(dosed_policy(DoseCaps(far, far, far), conc=None))
    bed.start(10_000)
    bed.pass_time(30 * MIN, 10_000)
    bed.stop()
    bed.pass_time(3 * HOUR, 10_000)
    before_nl = bed.one.nl()
    bed.start(10_000)
    bed.pass_time(MIN, 10_000)
    bed.policy = dosed_policy(DoseCaps(far, far, far))
    bed.do(PolicyReplaced(bed.policy, "pharmacist"))
    bed.pass_time(MIN, 10_000)
    second = bed.infusion(2)
    assert second.low_ng is not None
    assert second.high_ng is not None
    assert 100_000 < second.low_ng <= bed.one.nl() - before_nl <= second.high_ng
    assert bed.cap("course").high_ng >= bed.one.nl()


@pytest.mark.req("CEI-09", "DOS-01", "QUA-06")
def test_a_patient_who_comes_back_has_in_the_window_what_was_given_before() -> None:
    """A discharge that was a mistake makes no room for another dose; it proves nothing, and goes with its time."""
    bed = DosedBed(dosed_policy(DoseCaps(None, None, Cap(500, "ward"), 4 * HOUR)))
    bed.start(30_000)
    bed.pass_time(60 * MIN, 10_000)
    bed.stop()
    bed.do(PatientReleased("clerk", "mistake"), 10)
    bed.do(PatientBound(patient("M2"), "clerk"), 10)
    assert bed.cap("window").high_ng < 100_000
    bed.do(PatientReleased("clerk", "mistake"), 10)
    bed.state = state_from_bytes(state_to_bytes(bed.state))
    bed.do(PatientBound(patient(), "clerk"), 10)
    assert bed.cap("window").high_ng >= bed.one.nl() == 30_000_000
    assert bed.cap("window").low_ng == 0
    bed.start(30_000)
    bed.pass_time(10 * MIN, 10_000)
    assert bed.is_active("cap_reached")
    bed.stop()
    bed.run(4 * HOUR + 15 * MIN)
    assert bed.cap("window").high_ng < 100_000


@pytest.mark.req("CEI-09", "DOS-01")
@pytest.mark.parametrize("gap_ms", [0, 5_000])
def test_an_infusion_that_runs_when_caps_are_introduced_counts_from_where_it_may_have_begun(gap_ms: int) -> None:
    """By a new ward file while it runs, or with a restart of the daemon."""
    bed = DosedBed(dosed_policy(None))
    bed.start(30_000)
    bed.pass_time(60 * MIN, 10_000)
    assert bed.view().course is None
    bed.policy = dosed_policy()
    if gap_ms:
        bed.do(Restarted(gap_ms, gap_certain=True), gap_ms)
    bed.do(PolicyReplaced(bed.policy, "pharmacist"))
    assert bed.cap().high_ng >= bed.one.nl()
    bed.poll()
    assert [infusion.number for infusion in bed.course().infusions] == [1]
    assert bed.cap().high_ng >= bed.one.nl()
    assert bed.cap().low_ng < 10_000
    bed.pass_time(11 * MIN, 10_000)
    assert bed.is_active("cap_reached")
