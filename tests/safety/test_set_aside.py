"""A rule that a named person sets aside: which one, for how long, and what it never touches."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pumpd.safety.decisions import InterlockState, Permitted
from pumpd.safety.protocol_policy import ProtocolRule
from tests.safety.course import ALL, HOUR, LDK, MIN, CourseBed, course_policy, ready


@pytest.mark.req("CRS-08")
@pytest.mark.parametrize("rule", ["plan", "checklist", "infusion_count", "course_window", "nonsense", ""])
def test_a_rule_that_the_protocol_does_not_name_cannot_be_set_aside(rule: str) -> None:
    bed = ready()
    (reason,) = bed.set_aside(rule)
    assert ("may not be set aside" in reason and LDK in reason) or reason.startswith("there is no rule")
    assert bed.course().set_aside == ()


@pytest.mark.req("CRS-08")
def test_setting_aside_needs_a_name_and_a_reason_and_a_patient() -> None:
    bed = CourseBed(bound=False)
    reasons = bed.set_aside("adjunct", " ", "")
    assert reasons == ("a named user is required", "a reason is required", "no patient is bound")


@pytest.mark.req("CRS-08")
@pytest.mark.parametrize("rule", ProtocolRule)
def test_the_answer_names_the_limit_its_source_and_the_reason(rule: ProtocolRule) -> None:
    bed = CourseBed(course_policy(overridable=ALL))
    bed.set_aside(rule.value, "Dr A", "pain crisis")
    (permitted,) = bed.out
    assert isinstance(permitted, Permitted)
    assert permitted.by == "Dr A"
    assert permitted.note.startswith("set aside for infusion 1: ")
    assert LDK in permitted.note
    assert permitted.note.endswith("because: pain crisis")


@pytest.mark.req("CRS-08")
def test_what_is_set_aside_holds_for_one_infusion() -> None:
    bed = ready()
    bed.set_aside("start_rate")
    assert bed.plan(100, 200) == ()
    bed.flow(200)
    assert bed.alarm("started_without") is None
    assert bed.course().set_aside == (("start_rate", "Dr A"),)
    bed.rest()
    assert bed.course().set_aside == ()
    assert bed.plan(100, 200) == (f"start rate 0.2 mg/kg/h is above 0.1 mg/kg/h set by {LDK}",)


@pytest.mark.req("CRS-08")
def test_a_rule_is_set_aside_once_by_the_last_person() -> None:
    bed = ready()
    bed.set_aside("adjunct", "Dr A")
    bed.set_aside("adjunct", "Dr B")
    assert bed.course().set_aside == (("adjunct", "Dr B"),)


@pytest.mark.req("CRS-08", "CEI-09")
def test_setting_everything_aside_touches_neither_caps_nor_ceilings() -> None:
    bed = ready(overridable=ALL)
    for rule in ProtocolRule:
        bed.set_aside(rule.value)
    assert len(bed.plan(600, 1_200)) == 2
    bed.flow(1_200)
    assert bed.lock() is InterlockState.TRIPPED


@pytest.mark.req("CRS-08")
def test_what_is_set_aside_for_an_infusion_that_does_not_begin_lapses_after_a_while() -> None:
    policy = course_policy()
    bed = CourseBed(replace(policy, times=replace(policy.times, soft_override_max_ms=HOUR)))
    bed.ready()
    assert bed.set_aside("adjunct") == ()
    bed.run(HOUR - 1)
    assert bed.course().set_aside == (("adjunct", "Dr A"),)
    bed.run(1)
    assert bed.course().set_aside == ()
    assert bed.set_aside("adjunct") == ()
    bed.flow(100)
    bed.keep(61 * MIN, 5, 4_900)
    assert bed.course().set_aside == (("adjunct", "Dr A"),)
