"""The golden frames of drivers/captures, for tests of one driver."""

from __future__ import annotations

from pathlib import Path

from pumpd.sim.conformance.captures import Golden
from pumpd.sim.conformance.captures import read_captures as read_folder

FOLDER = Path(__file__).parents[2] / "drivers" / "captures"


def read_captures(driver: str) -> list[Golden]:
    """Frames of both directions, in the order of the files."""
    return [*read_folder(FOLDER / driver).goldens]
