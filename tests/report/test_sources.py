"""Whose limits and which drivers stood behind a course."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

from pumpd.journal.stays import PolicyRow
from pumpd.report.sources import policy_texts, unverified
from pumpd.safety.policy import BedPolicy
from tests.safety.breath import breath_policy


def with_monitor_under_development(bed: BedPolicy) -> BedPolicy:
    monitor = replace(bed.monitors[0], driver="my_monitor", unverified=True)
    return replace(bed, monitors=(monitor, *bed.monitors[1:]))


def test_a_driver_under_development_stands_among_what_was_in_force() -> None:
    bed = breath_policy()
    assert not [text for text in policy_texts(bed) if "UNVERIFIED" in text]
    device = bed.monitors[0].device
    found = policy_texts(with_monitor_under_development(bed))
    assert f"{device}: UNVERIFIED driver my_monitor" in list(found)


def test_one_that_was_replaced_in_the_course_is_told_and_one_before_it_is_not() -> None:
    bed = breath_policy()
    device = bed.monitors[0].device
    wall = datetime(2026, 1, 15, tzinfo=UTC)
    rows = tuple(
        PolicyRow(1, now_ms, wall, "sha", one)
        for now_ms, one in ((0, with_monitor_under_development(bed)), (100, bed), (300, bed))
    )
    assert unverified(SimpleNamespace(raw=SimpleNamespace(policies=rows), opened_ms=200)) == ()  # type: ignore[arg-type]
    told = unverified(SimpleNamespace(raw=SimpleNamespace(policies=rows), opened_ms=50))  # type: ignore[arg-type]
    assert told == (f"{device} (my_monitor)",)
