"""The session ends while something must not go unnoticed: the ward is gone from the screen, the alarm is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from pumpd.safety.policy import Priority
from tests.e2e.conftest import Console
from tests.e2e.signed_ward import SignedWard, at_home
from tests.e2e.test_sign_in_page import clean, look, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def ward() -> Iterator[SignedWard]:
    with SignedWard() as ward:
        yield ward


@pytest.fixture
def nurse(page: Page, ward: SignedWard) -> Page:
    page.goto(ward.url)
    sign_in(page, "klee")
    at_home(page, "Kim Lee RN")
    return page


def end_sessions(ward: SignedWard) -> None:
    for session in [*ward.desk.store.sessions]:
        ward.does(ward.desk.access.sign_out(session))


@pytest.mark.parametrize("where", ["", "bed.html?bed=w-01"])
def test_a_page_that_is_signed_out_while_an_alarm_sounds_blanks_says_so_and_sounds_on(
    nurse: Page, ward: SignedWard, console: Console, where: str
) -> None:
    console.allow("503")  # this ward keeps no past
    console.allow("401")
    nurse.goto(ward.url + where)
    at_home(nurse, "Kim Lee RN")
    ward.alarm("w-01", "no breath for 22 s", condition="no_breath")
    expect(nurse.locator(".tile.high").first).to_be_visible()
    end_sessions(ward)
    expect(nurse.get_by_text("SIGNED OUT - no alarms are shown on this screen")).to_be_visible()
    expect(nurse.get_by_role("button", name=re.compile("Pause the tone"))).to_be_visible()
    assert nurse.locator(".tile, .vital, dialog[open]").count() == 0
    assert "no breath" not in nurse.inner_text("body")
    clean(nurse)
    look(nurse, "signed-out-with-an-alarm")
    nurse.get_by_role("button", name="Sign in").click()
    expect(nurse).to_have_url(re.compile("sign-in.html"))
    ward.desk.now_ms += 60_000
    sign_in(nurse, "klee")
    expect(nurse.locator(".tile.high").first).to_be_visible()


def test_a_stop_that_comes_after_the_session_is_seen_to_be_refused(
    nurse: Page, ward: SignedWard, console: Console
) -> None:
    console.allow("401")
    nurse.route("**/stop", lambda route: (end_sessions(ward), route.continue_())[1])
    nurse.get_by_role("button", name="Stop pump").first.click()
    nurse.get_by_role("button", name="STOP NOW").first.click()
    expect(nurse.get_by_role("alert").filter(has_text="Stop refused")).to_be_visible()
    assert ward.submitted == []


def test_a_page_without_anything_to_be_noticed_goes_to_the_sign_in_page(nurse: Page, ward: SignedWard) -> None:
    ward.alarm("w-01", "NRS overdue", condition="nrs_overdue", priority=Priority.LOW)
    end_sessions(ward)
    expect(nurse).to_have_url(re.compile("sign-in.html"))
