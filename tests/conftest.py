"""Shared by all tests: how a missing tool is skipped plainly, or turned into a failure (PUMPD_REQUIRE=all)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("pumpd", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pumpd")


E2E = Path(__file__).parent / "e2e"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser comes last: its driver keeps a loop running in this thread, beside which no async test can run."""
    items.sort(key=lambda item: E2E in item.path.parents)


def need(present: bool, what: str, how: str) -> None:
    """Skip the test unless present, saying what is missing and how to get it; with PUMPD_REQUIRE=all fail."""
    if present:
        return
    message = f"{what} is not installed ({how})"
    if os.environ.get("PUMPD_REQUIRE") == "all":
        pytest.fail(message)
    pytest.skip(message)
