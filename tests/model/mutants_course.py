"""Deliberate bugs in courses, starts, titration, schedules and doses by hand, each with the test that sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.model.mutate import Mutant
from tests.safety import test_chart_corrections as corrections
from tests.safety import test_chart_kept as kept
from tests.safety import test_charting as charting
from tests.safety import test_course as course
from tests.safety import test_extra_infusion as extra
from tests.safety import test_infusion_plan as planned
from tests.safety import test_routes as routes
from tests.safety import test_schedule as schedule
from tests.safety import test_set_aside as aside
from tests.safety import test_started_without as started
from tests.safety import test_titration as titration


class Caught(NamedTuple):
    """A bug and the test that must turn red with it."""

    mutant: Mutant
    by: Callable[[], None]


def bug(name: str, module: str, old: str, new: str, by: Callable[[], None]) -> Caught:
    return Caught(Mutant(name, module, old, new), by)


COURSE_MUTANTS = (
    bug(
        "a fourth infusion is the third",
        "start_checks",
        "    if len(starts) < protocol.max_infusions:\n",
        "    if len(starts) <= protocol.max_infusions:\n",
        extra.test_a_fourth_infusion_is_refused_high_and_stopped,
    ),
    bug(
        "the count begins anew with another course",
        "course",
        "judged=0, judged_course=course.number)",
        "judged=0, judged_course=course.number, starts_ms=())",
        extra.test_ending_the_course_does_not_begin_the_count_anew,
    ),
    bug(
        "the count never begins anew",
        "start_checks",
        "    return starts if starts and d.now - starts[0] < protocol.course_ms else ()\n",
        "    return starts\n",
        extra.test_the_count_begins_anew_when_the_time_since_the_first_start_is_over,
    ),
    bug(
        "an infusion too many is left running",
        "start",
        "    if not extra or protocol is None or not protocol.extra_stop:\n",
        "    if True:\n",
        extra.test_a_fourth_infusion_is_refused_high_and_stopped,
    ),
    bug(
        "an infusion too many is stopped where the protocol wants an alarm",
        "start",
        "    if not extra or protocol is None or not protocol.extra_stop:\n",
        "    if not extra or protocol is None:\n",
        extra.test_a_fourth_infusion_is_only_told_of_where_the_protocol_says_so,
    ),
    bug(
        "a resume of an infusion too many is granted",
        "resume",
        "    found += start.forbids(d, pump)\n",
        "",
        extra.test_a_resume_of_the_fourth_infusion_is_refused_and_a_start_stopped_again,
    ),
    bug(
        "the course's time does not end what runs",
        "start",
        "    late = window_failing(d, protocol)\n",
        "    late = None\n",
        extra.test_an_infusion_that_runs_beyond_the_courses_time_is_high_and_stopped,
    ),
    bug(
        "a course is never over",
        "course",
        "    if ends is not None and ends <= d.now and ongoing(d) is None:\n",
        "    if False:\n",
        course.test_a_course_is_over_with_its_time_after_the_first_start,
    ),
    bug(
        "a course's time begins with its opening",
        "start_checks",
        "    return (infusions[0].started_ms if infusions else course.opened_ms) + protocol.course_ms\n",
        "    return course.opened_ms + protocol.course_ms\n",
        course.test_a_course_is_over_with_its_time_after_the_first_start,
    ),
    bug(
        "the next patient keeps the chart",
        "course",
        "    d.course = Course(number=d.course.number)\n",
        "    pass\n",
        kept.test_the_chart_of_one_patient_is_not_the_next_ones,
    ),
    bug(
        "a plan is taken although vital signs are missing",
        "start_checks",
        "    vitals = vital_failings(d, protocol)\n",
        "    vitals: list[str] = []\n",
        planned.test_a_vital_sign_that_is_stale_is_missing,
    ),
    bug(
        "a plan is refused with the first reason only",
        "planning",
        "    return found if weight is None or d.patient is None else [*found, weight]\n",
        "    return found[:1]\n",
        planned.test_a_plan_is_refused_with_every_reason,
    ),
    bug(
        "an old answer beats the newest",
        "chart_facts",
        "sorted(lists, key=lambda noted: noted.at_ms)",
        "sorted(lists, key=lambda noted: -noted.at_ms)",
        planned.test_a_present_contra_indication_is_named_and_a_later_answer_counts,
    ),
    bug(
        "a cap leaves room for what it has not",
        "planning",
        "        left_ng = max(0, span.cap_ng - span.given[1])\n",
        "        left_ng = span.cap_ng\n",
        routes.test_doses_by_hand_use_up_the_window_that_a_plan_needs,
    ),
    bug(
        "a start is not judged",
        "start",
        "        missing=binding(d, start_failings(d, infusion, protocol)),\n",
        "",
        started.test_a_start_without_anything_lists_all_of_it_in_one_medium_alarm,
    ),
    bug(
        "what is supplied is not seen",
        "start",
        "    return rule in care_failings(d, protocol) if still is None else still(d, protocol)\n",
        "    return True\n",
        started.test_the_alarm_stands_until_each_is_supplied,
    ),
    bug(
        "a first rate that comes late is not judged",
        "course",
        "        start.note_first_rate(d, protocol)\n",
        "",
        started.test_a_first_rate_that_becomes_known_later_is_judged_then,
    ),
    bug(
        "any rule can be set aside",
        "set_aside",
        "    if known in protocol.overridable:\n",
        "    if True:\n",
        lambda: aside.test_a_rule_that_the_protocol_does_not_name_cannot_be_set_aside("plan"),
    ),
    bug(
        "what is set aside between two infusions is for the one that is over",
        "set_aside",
        "    return last.number if last.ended_ms is None else last.number + 1\n",
        "    return last.number\n",
        extra.test_a_fourth_infusion_is_one_that_a_named_person_may_allow_where_the_protocol_lets_him,
    ),
    bug(
        "a step that is too great is no rise",
        "titration",
        "    if weight is not None and step_ng_h > limit_ng_h(protocol.step.ug_kg_h, weight):\n",
        "    if False:\n",
        titration.test_a_rise_that_is_both_too_great_and_too_early_says_both,
    ),
    bug(
        "an increase is never too early",
        "titration",
        "    if since_ms is not None and since_ms < protocol.step_interval_ms:\n",
        "    if False:\n",
        titration.test_the_interval_begins_again_with_each_increase,
    ),
    bug(
        "the interval does not begin again",
        "titration",
        "course, last_ng_h=flow, last_rise_ms=d.now, steep=steep",
        "course, last_ng_h=flow, steep=steep",
        titration.test_the_interval_begins_again_with_each_increase,
    ),
    bug(
        "lowering is a rise",
        "titration",
        "    if now_ul_h is None or rate_ul_h <= now_ul_h:\n",
        "    if now_ul_h is None:\n",
        titration.test_a_lower_rate_may_always_be_asked_for,
    ),
    bug(
        "a requested rise is not held against the protocol",
        "requests",
        "    return ceiling_reasons(d, pump, p, rate) + caps.forbids(d, pump, rate) + protocol\n",
        "    return ceiling_reasons(d, pump, p, rate) + caps.forbids(d, pump, rate)\n",
        titration.test_a_requested_rise_is_refused_with_every_reason,
    ),
    bug(
        "half the way back is back",
        "titration",
        "and flow <= course.steep_from_ng_h\n",
        "and flow <= course.last_ng_h\n",
        titration.test_the_alarm_ends_when_the_rate_comes_back,
    ),
    bug(
        "two pumps count one by one",
        "titration",
        "            total += flow\n",
        "            total = max(total, flow)\n",
        titration.test_two_pumps_count_together,
    ),
    bug(
        "no score is ever overdue",
        "schedule",
        "    if nrs_ms is not None and nrs_ms <= d.now:\n",
        "    if False:\n",
        schedule.test_a_pain_score_is_due_every_four_hours_and_overdue_after_the_grace,
    ),
    bug(
        "a reminder is not woken for",
        "course",
        "        due += [*schedule.due_times(d, protocol), ends_ms(d, protocol)]\n",
        "        due += [ends_ms(d, protocol)]\n",
        schedule.test_reminders_wake_the_kernel_at_their_own_time,
    ),
    bug(
        "an observation before the start is one after it",
        "schedule",
        "    since = infusion.started_ms if last is None else max(last, infusion.started_ms)\n",
        "    since = infusion.started_ms if last is None else last\n",
        schedule.test_what_was_seen_before_the_start_is_no_observation_after_it,
    ),
    bug(
        "the first stage of the schedule never ends",
        "schedule",
        "offset_ms < stage.until_ms:",
        "stage.until_ms > 0:",
        schedule.test_observations_are_due_by_the_stage_of_the_schedule,
    ),
    bug(
        "a dose by hand of an unknown route counts for nothing",
        "hand_doses",
        "if policy.route == entry.route), PPM)",
        "if policy.route == entry.route), 0)",
        routes.test_without_a_protocol_a_dose_by_hand_is_charted_and_counts_in_full,
    ),
    bug(
        "a dose by hand that was taken back still counts",
        "hand_doses",
        "if dose.entry != entry_id))",
        "))",
        corrections.test_a_corrected_dose_by_hand_counts_as_corrected_and_one_that_was_never_given_not_at_all,
    ),
    bug(
        "an anaesthetic dose is ordered",
        "start_checks",
        "    if ug_kg <= protocol.sub_anaesthetic_high_ug_kg:\n",
        "    if True:\n",
        routes.test_an_order_above_the_band_is_refused_with_the_numbers_and_the_anaesthetic_dose,
    ),
    bug(
        "a dose that was given is not counted because it was great",
        "hand_doses",
        "    if event.at_ms is not None or event.corrects is not None:\n",
        "    if event.corrects is not None:\n",
        routes.test_a_dose_that_was_given_already_is_always_counted_and_told_of,
    ),
    bug(
        "a dose by hand may pass a cap",
        "hand_doses",
        "if span.given[1] + ng > span.cap_ng]",
        "if False]",
        routes.test_an_order_that_passes_a_dose_cap_is_refused_and_a_dose_that_was_given_is_counted_and_told_of,
    ),
    bug(
        "the end of a course lifts the cap that stopped its last infusion",
        "infusions",
        '    return last.why if last.capped == INFUSION else ""\n',
        '    return ""\n',
        course.test_ending_the_course_does_not_lift_a_cap_another_infusion_must_be_planned,
    ),
    bug(
        "a route warns again and again",
        "course",
        "        if infusion.number > d.course.judged:\n            note_route(d, PUMP_ROUTE, infusion.started_ms)\n",
        "        note_route(d, PUMP_ROUTE, infusion.started_ms)\n        if infusion.number > d.course.judged:\n",
        routes.test_a_route_that_was_charted_while_ketamine_runs_warns_once,
    ),
    bug(
        "the highest model decides",
        "prediction",
        "band[0] <= level",
        "band[1] <= level",
        routes.test_an_advisory_stands_while_even_the_lowest_model_is_above_the_level,
    ),
    bug(
        "a prediction of long ago is one of now",
        "prediction",
        "    if gone is not None and gone <= d.now:\n",
        "    if False:\n",
        routes.test_the_advisory_ends_after_five_minutes_without_a_prediction,
    ),
    bug(
        "a correction needs no reason",
        "charting",
        "    found, old, kind = unexplained(event.reason), d",
        "    found, old, kind = [], d",
        corrections.test_a_correction_needs_a_reason_and_a_known_entry_of_this_patient,
    ),
    bug(
        "a refusal forgets who asked",
        "answers",
        "    d.out.append(Refused(act, subject, tuple(reasons), by, why))\n",
        "    d.out.append(Refused(act, subject, tuple(reasons)))\n",
        charting.test_every_act_that_is_refused_keeps_its_person_and_the_reason_that_was_given,
    ),
    bug(
        "a benzodiazepine is not told of",
        "course",
        '        found["course/benzodiazepine"] =',
        "        _ =",
        planned.test_a_benzodiazepine_is_said_at_the_plan_and_stands_while_ketamine_runs,
    ),
)
