"""Infusions and courses are derived from what pumps report: begun, paused, over, by what and with how much."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed

from pumpd.device.facts import CommandOutcome, Outcome
from pumpd.safety.course_state import Plan
from pumpd.safety.decisions import InterlockState
from pumpd.safety.events import (
    Heard,
    LinkChanged,
    LinkState,
    PatientBound,
    PatientReleased,
    PolicyReplaced,
    Restarted,
    StopRequested,
    Tick,
)
from pumpd.safety.limits import Cap, DoseCaps
from pumpd.safety.wire import state_from_bytes, state_to_bytes
from tests.safety.build import CAPS, KETAMINE, PUMP, bed_policy, patient, pump_policy, status
from tests.safety.dosed import HOUR, MIN, PROTOCOL, TWO, DosedBed, capped, dosed_policy

RATE = 7_000  # 0.1 mg/kg/h for 70 kg at 1 mg/mL


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


@pytest.mark.req("CEI-09")
def test_an_infusion_and_a_course_begin_when_a_pump_goes_to_infusing() -> None:
    bed = DosedBed()
    assert bed.course().infusions == ()
    bed.pass_time(10_000)
    bed.start(RATE)
    assert bed.phases() == [(1, "running")]
    assert [(c.course, c.open, c.mrn, c.by) for c in bed.courses()] == [("b1-c1", True, "M1", "pumpd")]
    assert bed.infusion().pumps == (PUMP,)


@pytest.mark.req("CEI-09")
def test_standing_still_is_a_pause_and_going_on_is_the_same_infusion() -> None:
    bed = DosedBed()
    bed.start(RATE)
    bed.pass_time(MIN)
    bed.stop()
    assert bed.infusion().phase == "paused"
    bed.pass_time(HOUR, 30_000)
    bed.start(RATE)
    bed.pass_time(MIN)
    assert bed.phases() == [(1, "running"), (1, "paused"), (1, "running")]
    assert (bed.infusion().low_ng or 0) <= bed.one.nl() <= (bed.infusion().high_ng or 0)


@pytest.mark.req("CEI-09")
def test_an_infusion_without_a_plan_is_completed_after_its_pause_to_the_millisecond() -> None:
    bed = DosedBed()
    bed.start(RATE)
    bed.pass_time(MIN)
    bed.stop()
    paused_ms = bed.now
    bed.pass_time(2 * HOUR - 30_000, 30_000)
    bed.run(29_999)
    assert bed.infusion().phase == "paused"
    bed.run(1)
    assert bed.infusion().phase == "completed"
    assert bed.infusion().ended_ms == paused_ms
    assert "stood still for 120 min" in bed.infusion().why


@pytest.mark.req("CEI-09")
def test_the_protocols_time_ends_a_pause_where_there_is_a_protocol() -> None:
    bed = DosedBed(dosed_policy(protocol=replace(PROTOCOL, pause_ends_ms=10 * MIN)))
    bed.start(RATE)
    bed.stop()
    bed.run(10 * MIN - 1)
    assert bed.infusion().phase == "paused"
    bed.run(1)
    assert bed.infusion().phase == "completed"


@pytest.mark.req("CEI-09")
@pytest.mark.parametrize("step_ul", [1, 10, 100, 1_000])
def test_a_planned_dose_that_is_given_is_complete_however_coarsely_the_pump_counts(step_ul: int) -> None:
    able = replace(CAPS, counter_step_nl=step_ul * 1_000)
    short, whole = (
        planned_bed(500, caps=DoseCaps(None), pump={"capabilities": able, "poll_ms": 10_000}) for _ in range(2)
    )
    for bed, minutes in ((short, 50), (whole, 60)):
        bed.one.step_ul = step_ul
        bed.start(10 * RATE // 2)
        bed.pass_time(minutes * MIN, 10_000)
        bed.stop()
    assert short.infusion().phase == "paused"
    assert whole.infusion().phase == "completed"


@pytest.mark.req("CEI-09")
def test_a_planned_dose_that_is_given_completes_the_infusion_when_the_pump_stops() -> None:
    bed = planned_bed(50)  # 3.5 mg: half an hour
    bed.start(RATE)
    bed.pass_time(30 * MIN)
    assert bed.infusion().phase == "running"
    bed.stop()
    assert bed.infusion().phase == "completed"
    assert bed.infusion().why == "the planned dose is given"


@pytest.mark.req("CEI-09")
def test_a_planned_dose_that_is_not_given_makes_an_aborted_infusion_of_a_long_pause() -> None:
    bed = planned_bed(50)
    bed.start(RATE)
    bed.pass_time(20 * MIN)
    bed.stop()
    assert bed.infusion().phase == "paused"
    bed.run(2 * HOUR)
    assert bed.infusion().phase == "aborted"
    assert "before the planned dose" in bed.infusion().why


@pytest.mark.req("CEI-09")
def test_a_stop_by_hand_aborts_the_infusion_with_its_cause_unless_it_goes_on() -> None:
    bed = DosedBed()
    bed.start(RATE)
    bed.pass_time(MIN)
    bed.do(StopRequested(PUMP, "nurse", "drowsy"))
    verified_stop(bed, bed.stops()[0].order_id)
    assert bed.lock() is InterlockState.STOP_VERIFIED
    assert bed.infusion().phase == "paused"
    bed.run(2 * HOUR)
    assert (bed.infusion().phase, bed.infusion().why) == ("aborted", "stopped by nurse: drowsy")


@pytest.mark.req("CEI-09")
def test_another_pump_that_takes_over_continues_the_infusion_and_both_are_counted() -> None:
    bed = DosedBed(dosed_policy(pumps=2))
    bed.start(RATE)
    bed.pass_time(10 * MIN)
    bed.stop()
    bed.pass_time(MIN)
    bed.start(RATE, TWO)
    bed.pass_time(10 * MIN)
    given_ng = bed.one.nl() + bed.pumps[TWO].nl()
    assert bed.infusion().pumps == (PUMP, TWO)
    assert (bed.infusion().low_ng or 0) <= given_ng <= (bed.infusion().high_ng or 0)
    assert (bed.infusion().high_ng or 0) - (bed.infusion().low_ng or 0) < 20_000


@pytest.mark.req("CEI-09")
def test_what_a_pump_gave_that_is_taken_from_the_bed_still_counts() -> None:
    bed = DosedBed(dosed_policy(pumps=2))
    bed.start(RATE, TWO)
    bed.pass_time(10 * MIN)
    bed.stop(TWO)
    before = bed.infusion()
    bed.policy = dosed_policy(pumps=1)
    bed.do(PolicyReplaced(bed.policy, "technician"))
    after = bed.infusion()
    assert (after.low_ng, after.high_ng) == (before.low_ng, before.high_ng)


@pytest.mark.req("CEI-09", "DOS-02")
def test_a_pump_that_is_lost_while_it_infuses_pauses_nothing_and_goes_on_counting() -> None:
    bed = DosedBed()
    bed.start(RATE)
    bed.pass_time(MIN)
    bed.do(LinkChanged(PUMP, LinkState.DOWN, "cable"))
    before = bed.infusion().high_ng or 0
    bed.run(10 * MIN)
    assert bed.infusion().phase == "running"
    assert (bed.infusion().high_ng or 0) - before == -(-RATE * 10 * MIN // 3_600)


@pytest.mark.req("CEI-09", "DOS-02")
def test_a_restart_changes_nothing_about_an_infusion_but_its_doubt() -> None:
    bed = DosedBed()
    bed.start(RATE)
    bed.pass_time(10 * MIN)
    bed.one.run(30_000)
    bed.do(Restarted(30_000, True), 30_000)
    bed.poll()
    assert bed.phases() == [(1, "running")]
    assert (bed.infusion().low_ng or 0) <= bed.one.nl() <= (bed.infusion().high_ng or 0)


@pytest.mark.req("CEI-09", "QUA-06")
def test_a_release_ends_the_infusion_and_the_course_and_the_next_patient_starts_with_nothing() -> None:
    bed = DosedBed()
    bed.start(RATE)
    bed.pass_time(10 * MIN)
    bed.do(PatientReleased("nurse", "home"))
    ended = [d for _, d in bed.log if getattr(d, "phase", None) == "aborted"]
    assert len(ended) == 1
    assert [(c.open, c.mrn) for c in bed.courses()][:2] == [(True, "M1"), (False, "M1")]
    bed.stop()
    bed.do(PatientBound(patient("M2"), "nurse"))
    assert bed.state.given.manual == ()
    assert (bed.infusion().high_ng or 0) <= 10_000  # what ran on for nobody until the pump stood still


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


@pytest.mark.req("CRS-02")
def test_what_stopped_another_pump_is_not_why_an_infusion_pauses() -> None:
    bed = DosedBed(dosed_policy(pumps=2))
    bed.start(RATE, TWO)
    bed.stop(TWO)
    bed.run(3 * HOUR)
    bed.do(StopRequested(TWO, "nurse", "old pump"))
    (stop,) = bed.stops()
    bed.do(Heard(TWO, CommandOutcome(stop.order_id, Outcome.DONE)), 50)
    bed.poll(TWO)
    bed.now += 50
    bed.poll(TWO)
    assert bed.view().pumps[1].interlock is InterlockState.STOP_VERIFIED
    bed.poll()
    bed.start(RATE)
    bed.pass_time(MIN, 10_000)
    bed.stop()
    assert (bed.infusion(2).phase, bed.infusion(2).why) == ("paused", "")
