"""The bench's verdicts. (No test measures time: that is what `make bench` is for.)"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.bench.report import Row, markdown, median_of_rounds, percentile, save


@pytest.mark.parametrize(
    ("product", "allowed", "at_least", "verdict"),
    [
        (30.0, 3.0, False, "pass"),
        (30.1, 3.0, False, "FAIL"),
        (6.0, 0.6, True, "pass"),
        (5.9, 0.6, True, "FAIL"),
        (99.0, None, False, "info"),
        (math.inf, 3.0, False, "FAIL"),
        (math.nan, 3.0, False, "FAIL"),
        (math.nan, 0.6, True, "FAIL"),
    ],
)
def test_a_goal_fails_beyond_its_ratio_and_whenever_nothing_was_measured(
    product: float, allowed: float | None, at_least: bool, verdict: str
) -> None:
    assert Row("G", "what", product, 10.0, "us", allowed, at_least=at_least).verdict == verdict


def test_percentiles_are_measured_values_and_an_empty_round_is_no_number() -> None:
    assert [percentile([3, 1, 2, 4], share) for share in (0.0, 0.5, 0.99)] == [1, 3, 4]
    assert math.isnan(percentile([], 0.5))
    assert median_of_rounds([9.0, 1.0, 5.0]) == 5.0


def test_the_table_and_the_files_hold_every_row_beside_its_limit(tmp_path: Path) -> None:
    rows = [Row("G1", "p50", 150.0, 100.0, "us", 1.5), Row("G5", "parser", 5.0, 10.0, "1/s", 0.6, at_least=True)]
    assert "| G1 | p50 | 150 | 100 | us | 1.50x | <= 1.5x | pass |" in markdown(rows)
    save(rows, tmp_path)
    assert "FAIL" in (tmp_path / "report.md").read_text()
    assert [row["verdict"] for row in json.loads((tmp_path / "report.json").read_text())] == ["pass", "FAIL"]
