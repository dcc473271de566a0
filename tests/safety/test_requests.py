"""Rates asked for and soft overrides: refused with all reasons, rounded down, ended by themselves."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pumpd.device.facts import Outcome
from pumpd.safety.decisions import Permitted, Refused
from pumpd.safety.events import RateRequested, SoftOverride
from pumpd.safety.policy import Enforcement
from tests.safety.build import PUMP, Bed, bed_policy

REDUCE = {"enforcement": Enforcement.REDUCE}


def ask(bed: Bed, rate: Any, by: str = "nurse", reason: str = "pain") -> tuple[str, ...]:
    """Request a rate; the reasons of the refusal, or () when permitted."""
    out = bed.do(RateRequested("r1", PUMP, rate, by, reason), 10)
    refused = [decision for decision in out if isinstance(decision, Refused)]
    assert len(refused) == (0 if bed.rates() else 1)
    return refused[0].reasons if refused else ()


@pytest.mark.req("CEI-08")
def test_an_override_silences_soft_and_ends_when_the_rate_falls() -> None:
    bed = Bed()
    bed.pump(40_000)
    bed.do(SoftOverride(PUMP, "Dr A", "severe pain"), 10)
    assert bed.alarm("over_soft") is None
    assert bed.pump_view().override_by == "Dr A"
    bed.pump(35_000, after=1_000)
    assert bed.pump_view().override_by is None
    bed.pump(40_000, after=1_000)
    assert bed.is_active("over_soft")


@pytest.mark.req("CEI-08")
def test_an_override_ends_with_the_infusion() -> None:
    bed = Bed()
    bed.pump(40_000)
    bed.do(SoftOverride(PUMP, "Dr A", "severe pain"), 10)
    bed.pump(40_000, False, after=1_000)
    assert bed.pump_view().override_by is None


@pytest.mark.req("CEI-08")
def test_an_override_ends_after_its_longest_time() -> None:
    bed = Bed()
    bed.pump(40_000)
    bed.do(SoftOverride(PUMP, "Dr A", "severe pain"))
    bed.run(12 * 3_600_000 - 1)
    assert bed.alarm("over_soft") is None
    bed.run(1)
    assert bed.is_active("over_soft")


@pytest.mark.req("CEI-08")
@pytest.mark.parametrize(("by", "reason"), [("", "pain"), ("  ", "pain"), ("nurse", " ")])
def test_an_override_needs_a_name_and_a_reason(by: str, reason: str) -> None:
    bed = Bed()
    bed.pump(40_000)
    (refused,) = bed.do(SoftOverride(PUMP, by, reason), 10)
    assert isinstance(refused, Refused)
    assert bed.is_active("over_soft")


@pytest.mark.req("CEI-08")
def test_an_override_never_touches_the_hard_ceiling() -> None:
    bed = Bed()
    bed.pump(40_000)
    bed.do(SoftOverride(PUMP, "Dr A", "severe pain"), 10)
    bed.pump(70_001, after=1_000)
    assert bed.stops()


@pytest.mark.req("CEI-05")
def test_a_raise_is_refused_with_all_reasons() -> None:
    bed = Bed(bed_policy({"drug": None, "concentration_ug_ml": None}), weight_g=None)
    bed.pump(5_000)
    reasons = ask(bed, 6_000)
    assert {"the patient's weight is missing", "the concentration is missing"} <= set(reasons)
    assert any("drug" in reason for reason in reasons)


@pytest.mark.req("CEI-05")
def test_lowering_is_permitted_though_the_dose_cannot_be_judged() -> None:
    bed = Bed(weight_g=None)
    bed.pump(5_000)
    assert ask(bed, 4_000) == ()
    assert ask(unweighed(), 5_000) != ()


def unweighed() -> Bed:
    bed = Bed(weight_g=None)
    bed.pump(5_000)
    return bed


@pytest.mark.req("CEI-03", "CEI-04")
def test_a_request_is_rounded_down_and_says_so() -> None:
    bed = Bed()
    bed.pump(5_000)
    assert ask(bed, 6_019) == ()
    assert bed.rates()[0].rate_ul_h == 6_010
    permitted = next(decision for decision in bed.out if isinstance(decision, Permitted))
    assert "6.01 mL/h" in permitted.note


@pytest.mark.req("CEI-03")
@pytest.mark.parametrize("rate", [70_001, 70_010, 1_200_000, 10**30, 0, -1, math.nan, math.inf, -math.inf, True, "7"])
def test_a_request_that_is_no_rate_or_above_the_ceiling_is_refused(rate: Any) -> None:
    bed = Bed()
    bed.pump(5_000)
    assert ask(bed, rate)


@pytest.mark.req("CEI-03", "CEI-08")
def test_a_request_above_soft_needs_an_override_first() -> None:
    bed = Bed()
    bed.pump(5_000)
    assert any("soft" in reason for reason in ask(bed, 36_000))
    bed.do(SoftOverride(PUMP, "Dr A", "severe pain"), 10)
    bed.pump(5_000, after=1_000)
    assert ask(bed, 36_000) == ()


@pytest.mark.req("CEI-03")
def test_a_rate_never_starts_a_pump() -> None:
    bed = Bed()
    bed.pump(5_000, False)
    assert any("must not start" in reason for reason in ask(bed, 4_000))


@pytest.mark.req("INT-04")
@pytest.mark.parametrize("outcome", [None, Outcome.UNKNOWN])
def test_no_rate_is_permitted_while_nobody_knows_what_became_of_the_last_one(outcome: Outcome | None) -> None:
    bed = Bed()
    bed.pump(5_000)
    assert ask(bed, 6_000) == ()
    order_id = bed.rates()[0].order_id
    if outcome is not None:
        bed.outcome(order_id, outcome, after=10)
    assert ask(bed, 7_000) == ("the outcome of an earlier rate command is not known yet",)
    bed.outcome(order_id, Outcome.DONE, after=10)
    bed.pump(6_000, after=1_000, requested_ms=bed.now + 900)
    assert ask(bed, 7_000) == ()


@pytest.mark.req("CRS-08", "CEI-08")
def test_the_answer_to_an_override_names_the_ceiling_whose_it_is_and_why() -> None:
    bed = Bed()
    bed.pump(40_000)
    (permitted,) = (d for d in bed.do(SoftOverride(PUMP, "Dr A", "severe pain"), 10) if isinstance(d, Permitted))
    note = "soft ceiling 0.5 mg/kg/h (35 mL/h) set by library set aside: severe pain"
    assert permitted == Permitted("override", PUMP, "Dr A", note)
