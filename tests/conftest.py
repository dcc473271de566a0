"""Shared by all tests: how a missing tool is skipped plainly, or turned into a failure (PUMPD_REQUIRE=all)."""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

# byte code is kept whatever the machine's habit: else each worker and each daemon of a test compiles all of it
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# the same examples every time, however slow the machine is; new ones are looked for with PUMPD_HYPOTHESIS_MINUTES
settings.register_profile(
    "pumpd",
    deadline=None,
    max_examples=60,
    derandomize="PUMPD_HYPOTHESIS_MINUTES" not in os.environ,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("pumpd")


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """What a command chose for its own process is not left behind: its stream is closed when the next test begins."""
    before, handlers = structlog.get_config(), list(logging.getLogger().handlers)
    yield
    structlog.configure(**before)
    logging.getLogger().handlers[:] = handlers


HERE = Path(__file__).parent
E2E = HERE / "e2e"
EARLY = (HERE / "hub", HERE / "soak", HERE / "day", HERE / "acceptance", HERE / "chaos", HERE / "peers")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser comes last: its driver keeps a loop running in this thread, beside which no async test can run.

    Of the browser's files the one with the most tests comes first, so that no core waits long for the other's last.
    What takes long or waits for real time begins early, and first of all what changes the machine's network: a browser
    that is loading a page just then gives up.
    """
    tests_in = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[int, int, str]:
        if E2E in item.path.parents:
            return (len(EARLY) + 1, -tests_in[item.path], item.path.name)
        return (next((n for n, folder in enumerate(EARLY) if folder in item.path.parents), len(EARLY)), 0, "")

    items.sort(key=place)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Thousands of collected tests stay to the end: the garbage collector need not look at them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def need(present: bool, what: str, how: str) -> None:
    """Skip the test unless present, saying what is missing and how to get it; with PUMPD_REQUIRE=all fail."""
    if present:
        return
    message = f"{what} is not installed ({how})"
    if os.environ.get("PUMPD_REQUIRE") == "all":
        pytest.fail(message)
    pytest.skip(message)
