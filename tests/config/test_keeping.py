"""[journal.keep]: for good unless somebody says otherwise, and never the events before their readings."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.config.load import Loaded, inspect_ward
from tests.config.conftest import WARD


def inspected(folder: Path, text: str) -> Loaded:
    path = folder / "ward.toml"
    path.write_text(f"{WARD}\n[journal.keep]\n{text}\n", encoding="utf-8")
    return inspect_ward(path)


def test_everything_is_kept_for_good_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    ward = inspected(tmp_path, "").ward
    assert ward is not None
    assert (ward.samples_days, ward.record_days) == (0, 0)


def test_days_that_were_asked_for_are_taken_and_less_than_ten_years_is_said(tmp_path: Path) -> None:
    loaded = inspected(tmp_path, "samples_days = 90\nrecord_days = 400")
    assert loaded.ward is not None
    assert (loaded.ward.samples_days, loaded.ward.record_days) == (90, 400)
    said = [problem.message for problem in loaded.warnings if problem.key == "journal.keep.record_days"]
    assert len(said) == 1
    assert "removed for good" in said[0]
    long = inspected(tmp_path, "samples_days = 90\nrecord_days = 3653")
    assert [problem for problem in long.warnings if problem.key.startswith("journal.keep")] == []


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("samples_days = 29", "samples_days", "expected 0 (for good) or at least 30, found 29"),
        ("samples_days = 1\nrecord_days = 364", "record_days", "expected 0 (for good) or at least 365, found 364"),
        ("record_days = 400", "record_days", "needs samples_days = 30 to 400"),
        ("samples_days = 500\nrecord_days = 400", "record_days", "400 is less than samples_days = 500"),
        ("samples_days = -1", "samples_days", "should be greater than or equal to 0"),
        ('record_days = "10 a"', "record_days", "expected a whole number"),
        ("events_days = 9", "events_days", "unknown key"),
    ],
)
def test_what_cannot_be_kept_so_is_said_with_its_line(tmp_path: Path, text: str, key: str, says: str) -> None:
    loaded = inspected(tmp_path, text)
    assert loaded.ward is None
    found = [problem for problem in loaded.problems if problem.key == f"journal.keep.{key}"]
    assert any(says in problem.message for problem in found), loaded.problems
    assert all(problem.line > len(WARD.splitlines()) for problem in found)
