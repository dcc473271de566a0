"""Every driver passes every check that is for it. A driver joins by its entry point, its captures and its simulator."""

from __future__ import annotations

import pytest

from pumpd.registry import drivers
from pumpd.sim.catalog import CATALOG
from pumpd.sim.conformance import CHECKS, Case, Check
from tests.drivers.conformance.cases import CASES, FOLDER

ROWS = [
    pytest.param(case, check, id=f"{case.name}-{check.name}")
    for case in CASES
    for check in CHECKS
    if check.applies(case)
]


@pytest.mark.req("QUA-04")
@pytest.mark.parametrize(("case", "check"), ROWS)
def test_driver_conforms(case: Case, check: Check) -> None:
    assert check.findings(case) == []


def test_no_driver_is_left_out() -> None:
    names = set(drivers())
    assert names <= set(CATALOG), "a driver without a simulator"
    assert names == {path.name for path in FOLDER.iterdir() if any(path.glob("*.txt"))}, "captures and drivers differ"


def test_every_driver_has_its_line_in_quality() -> None:
    lines = (FOLDER.parent / "QUALITY.md").read_text(encoding="utf-8").splitlines()
    for name in drivers():
        assert [line for line in lines if f"`{name}`" in line], f"{name} is not in drivers/QUALITY.md"
