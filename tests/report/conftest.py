"""One course of five days, played once and written into a journal; every test reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pumpd.report.draw import made
from pumpd.report.model import CourseReport
from pumpd.report.page import page
from tests.report.played import PlayedBed, case_report

COURSE = "b1-c1"
T = TypeVar("T")


@dataclass(frozen=True)
class Recorded:
    """The journal of a played course, and what is reported of it."""

    url: str
    bed: PlayedBed
    report: CourseReport
    html: str


def aside(work: Coroutine[Any, Any, T]) -> T:
    """The result, by a loop of its own in another thread: a browser's tests have a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def record(folder: Path, script: Callable[[PlayedBed], None], generation: str = "demo") -> Recorded:
    bed = PlayedBed(folder)
    script(bed)
    url = f"sqlite+aiosqlite:///{folder}/journal.db"
    aside(bed.journal(url, generation))
    report = aside(made(url, COURSE))
    return Recorded(url, bed, report, page(report))


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The case report's course."""
    return record(tmp_path_factory.mktemp("case"), case_report)
