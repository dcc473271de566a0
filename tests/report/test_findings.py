"""Across a course: pain by day, side effects by dose rate, medicines to think of; tables as the ward chose them."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from pumpd.config.defaults import default_dir
from pumpd.report.tables import tables_of
from tests.config.conftest import WARD
from tests.report.conftest import Recorded


@pytest.mark.req("CHA-04")
def test_pain_has_a_mean_for_each_day_with_every_score_that_it_is_made_of(case: Recorded) -> None:
    days = case.report.pain_days
    assert [day.day for day in days] == sorted(day.day for day in days)
    assert len(days) >= 5
    assert sum(day.asked for day in days) == sum(
        1 for point in case.report.nrs if case.report.head.opened <= point.at <= case.report.head.until
    )
    first, last = days[0].mean.value, days[-1].mean.value
    assert first is not None
    assert last is not None
    assert last < first
    assert all(len(day.mean.refs) == day.asked for day in days)
    assert "Pain by day" in case.html


@pytest.mark.req("CHA-04")
def test_side_effects_stand_by_dose_rate_with_the_worst_that_was_found_there(case: Recorded) -> None:
    (row,) = [one for one in case.report.effect_rates if one.name == "dissociation" and one.worst]
    assert row.psychomimetic
    assert (row.dose.value, row.words) == (Decimal("0.3"), "mild")
    assert "severity 1" in row.dose.origin
    assert "Side effects by dose rate" in case.html


@pytest.mark.req("CHA-05")
def test_gabapentin_is_to_be_thought_of_and_a_beta_blocker_too(case: Recorded) -> None:
    texts = [flag.text for flag in case.report.flags]
    assert any(text.startswith("gabapentin: adds to sedation") for text in texts)
    assert any(text.startswith("metoprolol: a beta-blocker: the heart rate may not rise") for text in texts)
    assert all(flag.by and flag.ref.startswith("entry ") for flag in case.report.flags)
    assert "Because of other medicines" in case.html


def read_by(*paths: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.mark.req("MME-02")
def test_the_report_counts_with_the_table_that_the_ward_had_chosen(tmp_path: Path) -> None:
    ward = tmp_path / "ward.toml"
    ward.write_text(f'{WARD}\n[opioids]\nfile = "opioids.toml"\ntable = "cdc-2016"\n', encoding="utf-8")
    files = read_by(ward, default_dir() / "opioids.toml", default_dir() / "drug_library.toml")
    assert tables_of(files).opioids.chosen == "cdc-2016"
    ward.write_text(WARD, encoding="utf-8")
    assert tables_of(files).opioids.chosen == "cdc-2022"
    assert tables_of(None).opioids.chosen == "cdc-2022"


@pytest.mark.req("MME-04")
def test_what_is_no_opioid_in_the_drug_library_counts_nothing_in_the_report_either() -> None:
    found = tables_of(read_by(default_dir() / "drug_library.toml")).opioids.find("haloperidol")
    assert found is not None
    assert not found.counts
