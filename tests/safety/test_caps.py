"""Dose caps (CEI-09): everything counts, a warning before, a stop on reaching, and what is needed after it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed

from pumpd.device.facts import CommandOutcome, Outcome
from pumpd.safety.course_state import Manual, Plan
from pumpd.safety.decisions import InterlockState, Refused, StopPump
from pumpd.safety.events import (
    Heard,
    InterlockReset,
    LinkChanged,
    LinkState,
    PatientBound,
    RateRequested,
    Restarted,
    ResumeRequested,
)
from pumpd.safety.limits import Cap, DoseCaps
from pumpd.safety.policy import Enforcement, Priority
from tests.safety.build import PUMP, patient
from tests.safety.dosed import CAP_NG, HOUR, MIN, PROTOCOL, TWO, DosedBed, capped, dosed_policy

FAST = 35_000  # 0.5 mg/kg/h: the cap of one infusion in an hour
TENTH = DoseCaps(Cap(50, "ward 4B"))  # 3.5 mg: 6 min at that rate


def run_to_the_cap(bed: DosedBed, rate: int = FAST) -> None:
    bed.start(rate)
    while bed.alarm("cap_reached") is None:
        bed.pass_time(1_000)


def obey(bed: DosedBed, name: str = PUMP) -> None:
    """The pump takes its stop, and says so when it is asked."""
    order = [d for _, d in bed.log if isinstance(d, StopPump) and d.pump == name][-1].order_id
    bed.pumps[name].infusing = False
    bed.do(Heard(name, CommandOutcome(order, Outcome.DONE)), 50)
    bed.now += 50
    bed.poll(name, requested_ms=bed.now)


def stopped_by_the_cap(caps: DoseCaps = TENTH, **policy: object) -> DosedBed:
    bed = DosedBed(dosed_policy(caps, resume_vitals=(), **policy))
    run_to_the_cap(bed)
    obey(bed)
    bed.do(InterlockReset(PUMP, "nurse", "looked at the patient"))
    return bed


def refusals(bed: DosedBed) -> tuple[str, ...]:
    return next((d.reasons for d in bed.out if isinstance(d, Refused)), ())


def plan(bed: DosedBed, entry: str) -> None:
    made = Plan(entry, 500, 100, "physician", bed.now)
    bed.state = changed(bed.state, course=changed(bed.state.course, plan=made))


@pytest.mark.req("CEI-09")
def test_a_warning_from_ninety_per_cent_names_value_limit_and_whose_it_is() -> None:
    bed = DosedBed(dosed_policy(TENTH))
    bed.start(FAST)
    bed.pass_time(int(6 * MIN * 0.89))
    assert bed.alarm("cap_near:infusion") is None
    bed.pass_time(6_000)
    alarm = bed.the("cap_near:infusion")
    assert alarm.priority is Priority.MEDIUM
    assert alarm.text == "ketamine near its dose cap per infusion: 90 % of 3.5 mg (0.05 mg/kg for 70 kg) set by ward 4B"


@pytest.mark.req("CEI-09")
def test_reaching_the_cap_stops_the_pump_with_a_high_alarm_and_ends_the_infusion() -> None:
    bed = DosedBed(dosed_policy(TENTH))
    run_to_the_cap(bed)
    text = "ketamine dose cap per infusion reached: 3.49 mg of 3.5 mg (0.05 mg/kg for 70 kg) set by ward 4B"
    assert (bed.the("cap_reached").text, bed.the("cap_reached").priority) == (text, Priority.HIGH)
    assert next(d.cause for _, d in bed.log if isinstance(d, StopPump)) == text
    assert bed.infusion().phase == "stopped_by_cap"
    obey(bed)
    assert (bed.infusion().phase, bed.infusion().ended_ms) == ("stopped_by_cap", bed.now)
    assert bed.lock() is InterlockState.STOP_VERIFIED
    assert not bed.the("cap_reached").present  # latched until somebody has seen it
    assert bed.one.nl() <= CAP_NG // 10


@pytest.mark.req("CEI-09")
def test_the_cap_trips_between_two_polls_when_time_alone_reaches_it() -> None:
    bed = DosedBed(dosed_policy(TENTH, pump={"poll_ms": 60_000}))
    bed.start(FAST)
    bed.run(5 * MIN)
    assert bed.alarm("cap_reached") is None
    decided = bed.run(MIN)
    tripped = next(at for at, d in bed.log if isinstance(d, StopPump))
    assert any(isinstance(d, StopPump) for d in decided)
    assert 1_000 + 6 * MIN - 1_200 <= tripped <= 1_000 + 6 * MIN - 1_000  # a second of flight, a counter step


@pytest.mark.req("CEI-09")
def test_exactly_at_the_cap_is_reached() -> None:
    """One nanogram less is not: the stop's flight counts to the nanogram."""
    for cap_ul, reached in ((100, True), (101, False)):  # 100 µL given, 1 µL of counter doubt, no flight
        ug_kg = cap_ul + 1
        bed = DosedBed(dosed_policy(DoseCaps(Cap(ug_kg, "w")), conc=1_000), weight_g=None)
        bed.do(PatientBound(replace(patient(), weight_g=1_000 * 20), "nurse"))
        cap_ng = ug_kg * 20_000
        bed.start(0)
        bed.one.bolus(cap_ng // 1_000 - (1 if reached else 2))
        bed.poll()
        assert (bed.alarm("cap_reached") is not None) is reached


@pytest.mark.req("CEI-09")
def test_a_bolus_that_only_the_counter_shows_counts() -> None:
    bed = DosedBed(dosed_policy(TENTH))
    bed.start(1_000)
    bed.one.bolus(3_500)
    bed.one.run(1_000)
    bed.now += 1_000
    bed.poll()
    assert bed.is_active("cap_reached")


@pytest.mark.req("CEI-09")
def test_doubt_counts_a_lost_pump_reaches_the_cap_by_what_it_may_give() -> None:
    bed = DosedBed(dosed_policy(TENTH))
    bed.start(FAST)
    bed.pass_time(3 * MIN)
    bed.do(LinkChanged(PUMP, LinkState.DOWN, "cable"))
    bed.run(2 * MIN)
    assert bed.alarm("cap_reached") is None
    bed.run(MIN)
    assert bed.is_active("cap_reached")
    assert bed.lock() is not InterlockState.ARMED


@pytest.mark.req("CEI-09", "DOS-02")
def test_what_ran_while_the_daemon_was_away_counts() -> None:
    bed = DosedBed(dosed_policy(TENTH))
    bed.start(FAST)
    bed.pass_time(3 * MIN)
    bed.do(Restarted(4 * MIN, True), 4 * MIN)
    assert bed.is_active("cap_reached")


@pytest.mark.req("CEI-09")
def test_doses_by_hand_count_while_the_infusion_runs_in_the_course_and_in_the_window() -> None:
    caps = DoseCaps(Cap(500, "a"), Cap(500, "b"), Cap(500, "c"))
    bed = DosedBed(dosed_policy(caps))
    bed.start(7_000)
    bed.pass_time(MIN)
    before = {span: bed.cap(span).high_ng for span in ("infusion", "course", "window")}
    hand = (Manual("e1", bed.now, 5_000_000), Manual("e0", 500, 2_000_000))  # now, and before the infusion
    bed.state = changed(bed.state, given=changed(bed.state.given, manual=hand))
    more = {span: bed.cap(span).high_ng - before[span] for span in before}
    assert more == {"infusion": 5_000_000, "course": 5_000_000, "window": 7_000_000}


@pytest.mark.req("CEI-09")
def test_the_course_cap_counts_all_infusions_and_the_window_forgets_what_is_old() -> None:
    caps = DoseCaps(None, Cap(1_000, "protocol"), Cap(60, "ward"), HOUR)
    bed = DosedBed(dosed_policy(caps))
    bed.start(FAST)
    bed.pass_time(5 * MIN)
    bed.stop()
    given_ng = bed.one.nl()
    bed.pass_time(2 * HOUR, 30_000)
    assert bed.infusion().phase == "completed"
    bed.start(7_000)
    bed.pass_time(16 * MIN, 5_000)
    assert bed.cap("course").high_ng >= bed.one.nl() > given_ng
    assert bed.cap("window").high_ng < given_ng


@pytest.mark.req("CEI-09")
def test_the_cap_that_is_nearest_to_being_reached_is_shown_first_with_its_time() -> None:
    bed = DosedBed(dosed_policy(DoseCaps(Cap(500, "a"), Cap(400, "b"), Cap(900, "c"))))
    bed.start(7_000)
    bed.pass_time(MIN)
    caps = bed.course().caps
    assert [cap.span for cap in caps] == ["course", "infusion", "window"]
    left_ng = caps[0].limit_ng - caps[0].high_ng
    assert caps[0].reached_ms == bed.now + -(-left_ng * HOUR // 7_000_000)
    bed.stop()
    assert bed.course().caps[0].reached_ms is None


@pytest.mark.req("CEI-09")
def test_every_governed_pump_of_the_bed_is_stopped() -> None:
    bed = DosedBed(dosed_policy(TENTH, pumps=2))
    bed.start(10_000, TWO)
    run_to_the_cap(bed, 10_000)
    assert {d.pump for _, d in bed.log if isinstance(d, StopPump)} == {PUMP, TWO}


@pytest.mark.req("CEI-09")
def test_where_pumpd_can_only_alarm_the_alarm_says_stop_it_by_hand() -> None:
    bed = DosedBed(dosed_policy(TENTH, pump={"enforcement": Enforcement.ALARM}))
    run_to_the_cap(bed)
    assert bed.the("cap_reached").text.endswith("ALARM ONLY (the ward's setting is alarm only): stop b1-p1 by hand")
    assert not [d for _, d in bed.log if isinstance(d, StopPump)]
    bed.pass_time(MIN)
    assert bed.is_active("cap_reached")
    assert len(bed.course().infusions) == 1


@pytest.mark.req("CEI-09")
def test_a_pump_that_is_started_again_without_a_new_plan_is_stopped_again() -> None:
    bed = stopped_by_the_cap(protocol=PROTOCOL)
    bed.start(7_000)
    assert len(bed.course().infusions) == 1
    assert bed.infusion().phase == "stopped_by_cap"
    assert bed.infusion().ended_ms is None
    assert bed.stops()
    assert bed.is_active("cap_reached")


@pytest.mark.req("CEI-09", "INT-03")
def test_a_resume_and_a_rate_are_refused_while_the_cap_forbids_them() -> None:
    bed = stopped_by_the_cap(protocol=PROTOCOL)
    bed.do(ResumeRequested(PUMP, "nurse", "pain"))
    cap = "ketamine dose cap per infusion reached: 3.49 mg of 3.5 mg (0.05 mg/kg for 70 kg) set by ward 4B"
    assert f"{cap}; another infusion must be planned first" in refusals(bed)
    bed.do(RateRequested("r", PUMP, 7_000, "nurse", "pain"))
    assert f"{cap}; another infusion must be planned first" in refusals(bed)


@pytest.mark.req("CEI-09", "INT-03")
def test_a_new_plan_a_resume_and_a_start_make_the_next_infusion() -> None:
    bed = stopped_by_the_cap(protocol=PROTOCOL)
    plan(bed, "e2")
    bed.do(ResumeRequested(PUMP, "nurse", "the next infusion"))
    assert refusals(bed) == ()
    bed.start(7_000)
    assert (bed.infusion(2).phase, len(bed.course().infusions)) == ("running", 2)
    assert (bed.infusion(2).high_ng or 0) <= 2_000
    assert bed.stops() == []


@pytest.mark.req("CRS-04")
def test_a_pump_that_runs_on_after_its_planned_dose_is_told_of_until_it_stands_or_the_cap_stops_it() -> None:
    bed = DosedBed(dosed_policy(protocol=PROTOCOL))
    bed.state = changed(bed.state, course=changed(bed.state.course, plan=Plan("e1", 300, 100, "physician", bed.now)))
    bed.start(21_000)  # 0.3 mg/kg in an hour
    bed.pass_time(59 * MIN)
    assert bed.alarm("plan_given") is None
    bed.pass_time(61_000)
    alarm = bed.alarm("plan_given")
    assert alarm is not None
    assert (alarm.priority, alarm.text) == (
        Priority.MEDIUM,
        "the planned dose is given, the pump still runs: 21.01 mg of 21 mg planned",
    )
    bed.pass_time(2 * MIN)
    assert "21.71 mg of 21 mg" in bed.alarm("plan_given").text  # type: ignore[union-attr]
    bed.stop()
    assert bed.alarm("plan_given") is None
    assert bed.infusion().why == "the planned dose is given"


@pytest.mark.req("CEI-09", "INT-03")
def test_where_nobody_can_plan_a_resume_does_for_the_plan() -> None:
    bed = stopped_by_the_cap()
    bed.do(ResumeRequested(PUMP, "nurse", "the next infusion"))
    assert refusals(bed) == ()
    bed.start(7_000)
    assert bed.infusion(2).phase == "running"


@pytest.mark.req("CEI-09", "INT-03")
def test_a_reached_window_forbids_a_resume_until_enough_of_it_is_past() -> None:
    bed = stopped_by_the_cap(DoseCaps(None, None, Cap(50, "ward 4B"), HOUR))
    bed.do(ResumeRequested(PUMP, "nurse", "pain"))
    assert any("in 1 h reached" in reason for reason in refusals(bed))
    bed.pass_time(HOUR + 16 * MIN, 30_000)
    bed.do(ResumeRequested(PUMP, "nurse", "pain"))
    assert refusals(bed) == ()


@pytest.mark.req("CEI-09", "CEI-05")
def test_without_a_weight_caps_are_not_judged_and_the_alarm_says_so() -> None:
    bed = DosedBed(dosed_policy(TENTH), weight_g=None)
    bed.start(FAST)
    bed.pass_time(7 * MIN)
    assert bed.course().caps == ()
    assert "its dose caps cannot be judged" in bed.the("not_verified").text
    bed.do(PatientBound(patient(), "nurse"))
    assert bed.is_active("cap_reached")


@pytest.mark.req("CEI-09", "CEI-05")
def test_an_unnamed_concentration_shows_no_mass_and_no_cap() -> None:
    bed = DosedBed(dosed_policy(TENTH, conc=None))
    bed.start(FAST)
    bed.pass_time(MIN)
    assert bed.course().caps == ()
    assert (bed.infusion().low_ng, bed.infusion().high_ng) == (None, None)
    assert "its dose caps cannot be judged" in bed.the("not_verified").text


@pytest.mark.req("CEI-09")
def test_the_tightest_cap_of_two_pumps_binds_both() -> None:
    policy = dosed_policy(TENTH, pumps=2)
    loose = replace(policy.pumps[1], drug=capped(DoseCaps(Cap(500, "library"), None, Cap(900, "ward"))))
    bed = DosedBed(replace(policy, pumps=(policy.pumps[0], loose)))
    bed.start(1_000)
    assert {(cap.span, cap.set_by) for cap in bed.course().caps} == {("infusion", "ward 4B"), ("window", "ward")}
