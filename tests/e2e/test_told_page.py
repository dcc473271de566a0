"""What other systems told of a bed, in its tile: a request with its verdict, an order beside the dose."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page

from pumpd.safety.told_events import AlarmReport, InfusionRequest, StandingOrder, ToldSettled
from pumpd.safety.told_state import Notice, Reported, Shown
from pumpd.safety.told_view import OrderView, ToldView
from tests.e2e.bench_ward import BenchWard
from tests.e2e.conftest import Console, open_ward

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
WHY = ("the pump infuses, or may infuse", "start rate 0.2 mg/kg/h is above 0.1 mg/kg/h set by protocol ldk")
REQUEST = InfusionRequest("RRG/1", "ehr", "w-01-p1", 1, "start ketAMINE 0.2 mg/kg/h = 3.5 mL/h", "O1", "N7", WHY)
ORDER = StandingOrder("ehr:O1", "ehr", "Ketamine", ("ketamine",), "7 mL/h", rate_ul_h=7_000)
OLD = Notice("n", "his", "ADT A01 of his is older than the present binding: not applied", 3, 1)


def tell(ward: BenchWard, told: ToldView) -> None:
    ward.set("w-01", told=told)


def test_a_request_stands_in_the_tile_with_its_verdict_and_is_declined_by_a_named_person(
    page: Page, ward: BenchWard
) -> None:
    open_ward(page, ward)
    bed = page.locator('[data-bed="w-01"]')
    differs = OrderView(ORDER, 1, ("w-01-p1",), ("the pump runs at 1.8 mL/h, ordered 7 mL/h",))
    tell(ward, ToldView((Shown(REQUEST, 1),), (differs,), (OLD,)))
    strip = bed.locator(".elsewhere")
    strip.wait_for()
    said = strip.inner_text()
    assert "start ketAMINE 0.2 mg/kg/h = 3.5 mL/h - refused: the pump infuses, or may infuse (+1)" in said
    assert "+2" in said
    assert "order 7 mL/h" in bed.locator(".ordered.differs").inner_text()
    strip.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    words = dialog.inner_text()
    for part in (*WHY, "No pump was set", "ordered 7 mL/h", "older than the present binding: not applied (3 times)"):
        assert part in words
    dialog.get_by_role("button", name="Decline").click()
    dialog.get_by_label("Reason").fill("another plan")
    dialog.get_by_label("Your name or initials").fill("RN-KL")
    dialog.get_by_role("button", name="Decline").click()
    dialog.wait_for(state="hidden")
    assert ward.submitted == [ToldSettled("RRG/1", "RN-KL", False, "another plan")]


def test_what_became_of_an_alarm_elsewhere_stands_beside_it_and_acknowledges_nothing(
    page: Page, ward: BenchWard
) -> None:
    open_ward(page, ward)
    alarm = ward.alarm("w-01", "SpO2 84")
    report = AlarmReport(alarm.id, "am", "Accepted", "Dr. Ash")
    tell(ward, ToldView(reports=(Reported(report, 1),)))
    item = page.locator(f'[data-alarm="{alarm.id}"]')
    item.locator(".reported").wait_for()
    assert item.locator(".reported").inner_text().startswith("accepted by Dr. Ash")
    assert item.get_attribute("data-state") == "active"
    assert page.locator('[data-bed="w-01"] .elsewhere').count() == 0


def test_on_the_bed_s_own_page_it_stands_in_the_tile_too(page: Page, ward: BenchWard, console: Console) -> None:
    console.allow("503")  # this ward keeps no past
    differs = OrderView(ORDER, 1, ("w-01-p1",), ("the pump runs at 1.8 mL/h, ordered 7 mL/h",))
    tell(ward, ToldView((Shown(REQUEST, 1),), (differs,), (OLD,)))
    open_ward(page, ward, "bed.html?bed=w-01")
    assert "refused: the pump infuses, or may infuse (+1)" in page.locator(".elsewhere").inner_text()
    assert page.locator(".elsewhere").bounding_box()["height"] > 20  # type: ignore[index]
    assert "order 7 mL/h" in page.locator(".ordered.differs").inner_text()
    page.locator(".elsewhere").get_by_role("button").click()
    assert "No pump was set" in page.get_by_role("dialog").inner_text()
    stop = page.get_by_role("dialog").locator("[data-stop]")
    for _ in range(2):
        stop.press("Enter")
    page.get_by_role("dialog").get_by_text("Stop accepted").wait_for()


@pytest.mark.parametrize("size", [(1920, 1080), (390, 844)])
def test_a_small_sector_has_a_mark_that_leads_to_it_and_keeps_its_figures(page: Page, size: tuple[int, int]) -> None:
    with BenchWard(beds=32) as ward:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        tell(ward, ToldView((Shown(REQUEST, 1),), (), (OLD,)))
        open_ward(page, ward)
        mark = page.locator('[data-bed="w-01"] .told-mark')
        assert mark.inner_text() == "▸ 2"
        box, sector = mark.bounding_box(), page.locator('[data-bed="w-01"]').bounding_box()
        assert box is not None
        assert sector is not None
        assert box["height"] >= 24
        assert box["x"] + box["width"] <= sector["x"] + sector["width"]
        if folder := os.environ.get("PUMPD_PICTURES"):
            page.screenshot(path=f"{folder}/told-{size[0]}.png")
        mark.click()
        assert "No pump was set" in page.get_by_role("dialog").inner_text()
        page.get_by_role("dialog").get_by_role("button", name="Close").click()
        assert page.locator('[data-bed="w-02"] .told-mark').count() == 0
        page.goto("about:blank")
