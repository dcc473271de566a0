"""Every driver passes every check that is for it. A driver joins by its entry point, its captures and its simulator."""

from __future__ import annotations

import pytest

from pumpd.registry import drivers
from pumpd.sim.catalog import CATALOG
from pumpd.sim.conformance import CHECKS, Case, Check
from tests.drivers.conformance.cases import CASES, FOLDER

SHOWS = {
    "flipped_bits": ("QUA-04",),
    "cut_frames": ("QUA-04",),
    "bytes_lost": ("QUA-04",),
    "no_value_is_never_a_number": ("QUA-01",),
    "who_it_is": ("QUA-05",),
    "another_serial_is_refused": ("QUA-05",),
    "stop_waits_for_nothing": ("INT-01", "INT-02"),
    "stop_that_fails_is_seen": ("INT-01",),
    "late_replies": ("INT-01",),
    "no_command_twice": ("INT-04",),
    "lease_is_kept_and_lost": ("INT-06",),
    "control_is_handed_back": ("INT-06",),
    "rates_within_the_ceiling": ("CEI-03",),
}

ROWS = [
    pytest.param(
        case,
        check,
        id=f"{case.name}-{check.name}",
        marks=[pytest.mark.req(*SHOWS[check.name])] if check.name in SHOWS else [],
    )
    for case in CASES
    for check in CHECKS
    if check.applies(case)
]


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
