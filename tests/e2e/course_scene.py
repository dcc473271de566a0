"""Beds with a course for the tests of the page, and the ways into its dialogs."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page

from pumpd.safety.events import Charted
from pumpd.safety.policy import AlarmKind, Priority
from tests.e2e.bench_ward import BenchWard
from tests.live.course_fakes import KG_72, MINUTE_MS, cap, clinical, course, infusion, mme, over

BED = '[data-bed="w-01"]'


def show(ward: BenchWard, bed: str = "w-01", **changes: Any) -> None:
    """The second infusion on the third day, or changes of it."""
    now = ward.now_ms()
    chart = changes.pop("clinical", clinical(now))
    ward.set(bed, course=course(now, **changes), clinical=chart)


def strip(page: Page, bed: str = "w-01") -> Locator:
    found = page.locator(f'[data-bed="{bed}"] .course')
    found.wait_for()
    return found


def act(page: Page, entry: str) -> Locator:
    """Open the bed's chart and one of its dialogs."""
    page.get_by_role("button", name="Chart: Bed 1").click()
    page.locator("dialog").get_by_role("button", name=entry, exact=True).click()
    return page.locator("dialog form")


def save(dialog: Locator, button: str = "Save") -> None:
    dialog.get_by_label("Your name or initials").fill("RN-KL")
    dialog.get_by_role("button", name=button, exact=True).click()


def charted(page: Page, ward: BenchWard) -> Charted:
    page.locator("dialog form").wait_for(state="detached")
    (event,) = [event for event in ward.submitted if isinstance(event, Charted)]
    assert event.by == "RN-KL"
    return event


def busy(ward: BenchWard) -> None:
    """One bed of every kind: running, overdue and incomplete, no course yet."""
    now = ward.now_ms()
    show(ward)
    late = course(
        now,
        day=4,
        infusions=(over(1, now), over(2, now), infusion(3, now, low_ng=33_500_000, high_ng=KG_72)),
        caps=(cap(now, low_ng=33_500_000, high_ng=KG_72, reached_ms=now),),
        nrs_due_ms=now - 40 * MINUTE_MS,
        observe_due_ms=now - 20 * MINUTE_MS,
    )
    ward.set("w-02", course=late, clinical=clinical(now, mme=mme(now, incomplete=("no factor",))))
    none = course(now, id=None, day=None, infusions=(), missing=(), set_aside=(), nrs_due_ms=None, observe_due_ms=None)
    ward.set("w-03", course=none, clinical=clinical(now, concentration=None, mme=None, nrs=None))
    ward.alarm("w-02", "NRS overdue", condition="nrs_overdue", priority=Priority.LOW, kind=AlarmKind.ADVISORY)
