"""Shared by all tests: how a missing tool is skipped plainly, or turned into a failure (PUMPD_REQUIRE=all)."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("pumpd", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pumpd")


def need(present: bool, what: str, how: str) -> None:
    """Skip the test unless present, saying what is missing and how to get it; with PUMPD_REQUIRE=all fail."""
    if present:
        return
    message = f"{what} is not installed ({how})"
    if os.environ.get("PUMPD_REQUIRE") == "all":
        pytest.fail(message)
    pytest.skip(message)
