"""A bed's history is of the present patient alone, and says what was measured and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from pumpd.device.facts import Vitals
from pumpd.history.shapes import Kind
from pumpd.safety.events import Heard, PatientBound
from tests.history.conftest import FORMER, Kept, told
from tests.report.played import NURSE, PATIENT, ZERO


def at(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def bound_at(kept: Kept) -> datetime:
    """When the present patient was bound."""
    steps = [step for step in kept.bed.steps if isinstance(step.event, PatientBound)]
    return ZERO + timedelta(milliseconds=steps[-1].now_ms)


def expected(kept: Kept, found: Any, signal: str) -> dict[int, list[float]]:
    """Values by bucket, from the events, that nobody held back."""
    values: dict[int, list[float]] = {}
    for step in kept.bed.steps:
        wall = ZERO + timedelta(milliseconds=step.now_ms)
        if wall < bound_at(kept) or not isinstance(step.event, Heard) or not isinstance(step.event.fact, Vitals):
            continue
        readings = {one.signal: one.value_milli for one in step.event.fact.readings}
        if readings.get("no_breath") and signal in ("rr", "etco2"):
            continue
        bucket = (wall - at(found["start"])) // timedelta(milliseconds=found["step_ms"])
        if readings.get(signal) is not None:
            values.setdefault(bucket, []).append((readings[signal] or 0) / 1000)
    return values


@pytest.mark.parametrize("signal", ["rr", "spo2", "etco2", "pulse"])
async def test_each_bucket_has_lowest_mean_and_highest_of_what_was_measured(kept: Kept, signal: str) -> None:
    found = await told(kept.url, Kind.VITALS)
    series, values = found["series"][signal], expected(kept, found, signal)
    for bucket, row in values.items():
        assert series["min"][bucket] == min(row)
        assert series["max"][bucket] == max(row)
        assert series["mean"][bucket] == pytest.approx(sum(row) / len(row), abs=0.06)
    assert sum(value is not None for value in series["mean"]) <= len(values) + 3  # a value counts for its live time


async def test_time_without_the_monitor_is_a_gap_and_never_bridged(kept: Kept) -> None:
    found = await told(kept.url, Kind.VITALS)
    gap = next(step.now_ms for step in kept.bed.steps if getattr(step.event, "detail", "") == "cable pulled")
    first = (ZERO + timedelta(milliseconds=gap, minutes=2) - at(found["start"])) // timedelta(
        milliseconds=found["step_ms"]
    )
    few = 7 * 60_000 // found["step_ms"]
    assert found["series"]["spo2"]["mean"][first : first + few] == [None] * few


@pytest.mark.req("RSP-05")
async def test_a_rate_that_the_monitor_holds_is_not_drawn_and_others_are(kept: Kept) -> None:
    found = await told(kept.url, Kind.VITALS)
    assert 9 not in found["series"]["rr"]["min"]
    assert 44 not in found["series"]["etco2"]["max"]
    assert 91 in found["series"]["spo2"]["min"]


@pytest.mark.req("QUA-06")
@pytest.mark.parametrize("kind", list(Kind))
async def test_the_former_patient_is_in_no_answer(kept: Kept, kind: Kind) -> None:
    found = await told(kept.url, kind)
    assert found["stay"] == "s1"
    assert at(found["since"]) == bound_at(kept)
    assert at(found["start"]) >= bound_at(kept) - timedelta(milliseconds=found.get("step_ms", 0))
    if kind is Kind.VITALS:
        assert 81 not in found["series"]["spo2"]["min"]
    if kind is Kind.EVENTS:
        assert all(at(one["t"]) >= bound_at(kept) for one in found["events"])
        assert all(one["alarm"]["value"] != "81" for one in found["alarms"])


@pytest.mark.req("QUA-06")
@pytest.mark.parametrize("mrn", [None, FORMER.mrn, "nobody-knows"])
async def test_while_kernel_and_journal_disagree_on_who_lies_there_nothing_is_told(kept: Kept, mrn: str | None) -> None:
    for kind in Kind:
        found = await told(kept.url, kind, mrn=mrn)
        assert found["stay"] is None
        assert not any(found.get(part) for part in ("series", "pumps", "given", "events", "alarms", "nrs", "mme"))


async def test_what_was_given_encloses_the_truth_and_starts_from_nothing(kept: Kept) -> None:
    found = await told(kept.url, Kind.DOSES)
    given = [point for point in found["given"] if point["infusion"] == 1]
    assert (given[0]["low_mg"], given[0]["high_mg"]) == (0, 0)
    assert given[-1]["low_mg"] <= 3.5 <= given[-1]["high_mg"]  # 0.1 mg/kg/h, 70 kg, half an hour
    assert [point["low_mg"] for point in given] == sorted(point["low_mg"] for point in given)


async def test_rates_ceilings_caps_pain_and_opioids_are_those_of_the_record(kept: Kept) -> None:
    found = await told(kept.url, Kind.DOSES)
    (pump,) = found["pumps"]
    rates = [point["mg_kg_h"] for point in pump["points"]]
    assert pump["governed"]
    assert 0.1 in rates
    assert rates[-1] == 0
    drug = kept.bed.policy.pumps[0].drug
    assert drug is not None
    assert drug.hard is not None
    assert drug.caps is not None
    assert drug.caps.per_infusion is not None
    assert found["ceilings"][0]["hard_mg_kg_h"] == drug.hard.ug_kg_h / 1000
    assert found["ceilings"][0]["hard_set_by"] == drug.hard.set_by
    caps = {cap["span"]: cap for cap in found["caps"]}
    assert caps["infusion"]["limit_mg"] == drug.caps.per_infusion.ug_kg * 70 / 1000
    assert [(point["nrs"], point["by"]) for point in found["nrs"]][-1] == (4, NURSE)
    assert found["mme"][-1]["low"] == 60  # 40 mg of oxycodone by the CDC's factor of 1.5


async def test_events_are_words_with_who_and_the_link_that_was_lost(kept: Kept) -> None:
    found = await told(kept.url, Kind.EVENTS)
    said = {(one["kind"], one["text"], one["by"]) for one in found["events"]}
    assert ("opioid", "oxycodone oral 40 mg", NURSE) in said
    assert ("assessment", "NRS 4", NURSE) in said
    assert ("rate", "b1-p1 infuses 7 mL/h", "") in said
    assert ("link", "b1-m1 link lost: cable pulled", "") in said
    assert [one["t"] for one in found["events"]] == sorted(one["t"] for one in found["events"])
    assert PATIENT.family_name not in str(found)


async def test_alarms_say_who_answered_them(kept: Kept) -> None:
    found = await told(kept.url, Kind.EVENTS)
    answered = [one for one in found["alarms"] if one["alarm"]["acknowledged"] or one["reset_by"]]
    assert answered
    assert {(one["alarm"]["acknowledged"] or {}).get("by", NURSE) for one in answered} == {NURSE}
    assert len({one["alarm"]["id"] for one in found["alarms"]}) == len(found["alarms"])


async def test_an_hour_is_the_last_hour(kept: Kept) -> None:
    found = await told(kept.url, Kind.VITALS, hours=1)
    assert at(found["to"]) - at(found["start"]) <= timedelta(hours=1, milliseconds=found["step_ms"])
    assert found["start"] > found["since"]
