"""The rows of the suite: every installed driver, with its captures and its simulator."""

from __future__ import annotations

from pathlib import Path

from pumpd.registry import drivers
from pumpd.sim.catalog import CATALOG
from pumpd.sim.conformance import Case, case_of

FOLDER = Path(__file__).parents[3] / "drivers" / "captures"

CASES: tuple[Case, ...] = tuple(
    case_of(driver, FOLDER / name, CATALOG[name]) for name, driver in sorted(drivers().items()) if name in CATALOG
)
