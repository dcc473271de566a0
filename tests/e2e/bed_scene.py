"""A bench ward whose first bed has a past: a journal of some hours, played through the real kernel, that ends now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace as changed
from playwright.sync_api import Page

from tests.e2e.bench_views import LASTING
from tests.e2e.bench_ward import BenchWard
from tests.history.conftest import two_patients
from tests.report.played import PATIENT, ZERO, PlayedBed

BED = "b1"


def played(folder: Path) -> PlayedBed:
    """Two patients one after the other; the present one's stay ends this moment."""
    bed = PlayedBed(folder)
    two_patients(bed)
    shift_ns = (datetime.now(UTC) - (ZERO + timedelta(milliseconds=bed.now))) // timedelta(microseconds=1) * 1000
    bed.steps = [changed(step, wall_ns=step.wall_ns + shift_ns) for step in bed.steps]
    return bed


def kept(folder: Path) -> tuple[str, PlayedBed]:
    """(the journal's URL, the bed)."""
    bed, url = played(folder), f"sqlite+aiosqlite:///{folder}/journal.db"
    with ThreadPoolExecutor(1) as thread:  # a browser's tests have a loop in this thread
        thread.submit(asyncio.run, bed.journal(url)).result()
    return url, bed


@contextmanager
def ward_with_a_past(folder: Path, timezone: str = "UTC") -> Iterator[BenchWard]:
    """Bed b1 with its past, and three that have none; what is measured stays live for as long as a test looks."""
    url, bed = kept(folder)
    ward = BenchWard(beds=4, journal_url=url, timezone=timezone, pace=LASTING)
    first = ward.beds.pop("w-01")
    ward.beds = {BED: replace(first, id=BED, patient=PATIENT), **ward.beds}
    ward.policies[BED] = bed.policy
    with ward:
        yield ward


def open_bed(page: Page, ward: BenchWard, query: str = "") -> None:
    """Go to the bed's page and wait until its digits are live and its past is drawn."""
    ward.refresh()
    ward.pages.append(page)
    page.goto(f"{ward.url}bed.html?bed={BED}{query}")
    page.wait_for_selector(".connection.live")
    page.wait_for_selector('[data-panel="rr"] .uplot canvas')
    page.get_by_text("This stay since").wait_for()
