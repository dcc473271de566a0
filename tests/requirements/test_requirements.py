"""Every requirement on alarms, breathing, the interlock and data quality has a test that goes red when it is broken."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.requirements.broken import BROKEN
from tests.requirements.fresh import ROOT, Broken, run, world_with

CHAPTERS = ("alarms", "respiration", "interlock", "quality")
TOO = {"CEI-09", "CRS-02", "CRS-03", "CRS-04", "CRS-05", "CRS-08", "LIB-02", "MME-04", "REP-06", "UNIT-04"}
WITNESSES = sorted({row.test for row in BROKEN})


def required() -> set[str]:
    """The ids of these chapters that are built, and of others those that a patient's safety hangs on most."""
    table = tomllib.loads((ROOT / "docs/requirements.toml").read_text(encoding="utf-8"))
    return TOO | {key for chapter in CHAPTERS for key, value in table[chapter].items() if isinstance(value, str)}


def test_no_requirement_is_without_a_way_to_break_it() -> None:
    assert required() - {row.requirement for row in BROKEN} == set()


@pytest.mark.timeout(90)  # a broken world may go round for ever
@pytest.mark.parametrize("row", BROKEN, ids=[f"{row.requirement}-{n}" for n, row in enumerate(BROKEN)])
def test_a_broken_requirement_turns_its_test_red(row: Broken, tmp_path: Path) -> None:
    with (
        world_with(row),
        pytest.raises((AssertionError, LookupError, ValueError, TypeError, AttributeError, StopIteration)),
    ):
        run(row.test, tmp_path)


@pytest.mark.parametrize("test", WITNESSES)
def test_the_witness_is_green_with_the_real_source(test: str, tmp_path: Path) -> None:
    """Else its red would prove nothing; run just as the broken ones are."""
    run(test, tmp_path)
