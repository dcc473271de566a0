"""Somebody else lies in the bed while a dialog about it is open: nothing that was meant for the former is done."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from pumpd.safety.events import Patient, Sex, StopRequested
from tests.e2e.awaited import held, until
from tests.e2e.bench_ward import BenchWard
from tests.e2e.conftest import DRAWN, Console, open_ward
from tests.e2e.course_scene import show

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
NEXT = Patient("SYN-9", "Next", "Nora", "1980-01-01", Sex.FEMALE, 48_000)


def fill_a_score(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    show(ward)
    page.get_by_role("button", name="Pain score: Bed 1").click()
    page.locator("label.step", has_text="7").click()
    page.get_by_role("dialog").get_by_label("Your name or initials").fill("RN-KL")


@pytest.mark.req("QUA-06")
def test_a_dialog_is_for_who_lay_there_when_it_was_opened_and_its_stop_for_whoever_lies_there(
    page: Page, ward: BenchWard
) -> None:
    fill_a_score(page, ward)
    ward.set("w-01", patient=NEXT)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("ANOTHER PATIENT")
    expect(dialog.locator("button[type=submit]")).to_have_count(0)
    dialog.locator("[data-stop]").first.press("Enter")
    dialog.locator("[data-stop]").first.press("Enter")
    expect(dialog.get_by_text("Stop accepted").first).to_be_visible()
    assert [type(event) for event in ward.submitted] == [StopRequested]
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


@pytest.mark.req("QUA-06")
def test_a_page_that_has_not_heard_of_the_next_patient_is_refused_by_the_server(
    page: Page, ward: BenchWard, console: Console
) -> None:
    console.allow("409")
    fill_a_score(page, ward)
    page.route("**/api/v1/**", lambda route: (ward.set("w-01", patient=NEXT), route.continue_())[1])
    with page.expect_response(lambda answer: answer.request.method == "POST") as refused:
        page.get_by_role("dialog").locator("button[type=submit]").click()
    assert refused.value.status == 409
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    assert ward.submitted == []


@pytest.mark.req("QUA-06")
def test_the_chart_that_was_read_of_the_former_patient_closes(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    show(ward)
    page.get_by_role("button", name="Chart: Bed 1").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Set rate")).to_be_visible()
    ward.set("w-01", patient=NEXT)
    expect(dialog.get_by_role("alert")).to_contain_text("ANOTHER PATIENT")
    expect(dialog.get_by_role("button", name="Opioid given")).to_have_count(0)


@pytest.mark.req("QUA-06")
def test_a_chart_that_is_read_slowly_never_takes_the_place_of_the_one_that_was_asked_for_after_it(
    page: Page, ward: BenchWard
) -> None:
    open_ward(page, ward)
    for bed in ("w-01", "w-02"):
        show(ward, bed)
    slow = held(page, "**/beds/w-01/chart")
    page.get_by_role("button", name="Chart: Bed 1").click()
    until(page, lambda: slow)
    page.get_by_role("button", name="Chart: Bed 2").click()
    title = page.get_by_role("dialog").get_by_role("heading", name="Chart: Bed")
    expect(title).to_have_text("Chart: Bed 2")
    with page.expect_event("requestfinished", lambda request: request.url.endswith("/w-01/chart")):
        slow[0].continue_()
    page.evaluate(DRAWN)
    expect(title).to_have_text("Chart: Bed 2")
