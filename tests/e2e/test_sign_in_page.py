"""Signing in, stepping up at a shared screen and signing out, in a real browser with the real service."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pumpd.access.roles import Role
from pumpd.safety.events import AudioPaused, StopRequested
from tests.e2e.clean import axe
from tests.e2e.conftest import Console
from tests.e2e.signed_ward import SignedWard, at_home
from tests.signin.memory import PASSWORD, PIN

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def ward() -> Iterator[SignedWard]:
    with SignedWard() as ward:
        yield ward


def look(page: Page, name: str) -> None:
    """A picture for people, where one is asked for."""
    if folder := os.environ.get("PUMPD_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def clean(page: Page) -> None:
    found = axe(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def sign_in(page: Page, account: str, password: str = PASSWORD) -> None:
    page.get_by_label("Account").fill(account)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_whoever_is_not_signed_in_is_asked_who_they_are_and_comes_back(
    page: Page, ward: SignedWard, console: Console
) -> None:
    console.allow("the server responded with a status of 401")
    page.goto(f"{ward.url}?theme=dark")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_label("Account")).to_be_focused()
    clean(page)
    look(page, "sign-in-dark")
    sign_in(page, "klee", "not her password")
    expect(page.get_by_role("alert")).to_contain_text("do not fit together")
    expect(page.get_by_label("Password")).to_have_value("")
    ward.desk.now_ms += 5_000
    look(page, "sign-in-refused")
    sign_in(page, "klee")
    page.wait_for_url(f"{ward.url}?theme=dark")
    at_home(page, "Kim Lee RN")
    page.locator("details.account summary").click()
    look(page, "account-menu")
    clean(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("sign-in.html"))
    expect(page.get_by_label("Account")).to_be_visible()
    assert page.context.cookies() == []


@pytest.mark.req("SEC-03")
def test_the_page_of_a_session_that_is_ended_shows_the_ward_no_more(page: Page, ward: SignedWard) -> None:
    page.goto(ward.url)
    sign_in(page, "klee")
    at_home(page, "Kim Lee RN")
    (session,) = ward.desk.store.sessions
    ward.does(ward.desk.access.sign_out(session))
    expect(page).to_have_url(re.compile("sign-in.html"))
    expect(page.get_by_label("Account")).to_be_visible()


@pytest.mark.req("SEC-05")
def test_an_act_at_a_shared_screen_asks_who_acts_and_a_stop_does_not(
    page: Page, ward: SignedWard, console: Console
) -> None:
    console.allow("the server responded with a status of 403")
    page.goto(ward.url)
    sign_in(page, "wall")
    at_home(page, "Wall 4B")
    assert "Baker" not in page.content()
    page.get_by_role("button", name="Stop pump").first.click()
    page.get_by_role("button", name="STOP NOW").click()
    expect(page.get_by_text("Stop accepted").first).to_be_visible()
    ward.alarm("w-01", "SpO2 84 < 85 %")
    pause(page)
    expect(page.get_by_role("heading", name="Who acts?")).to_be_visible()
    look(page, "step-up")
    clean(page)
    page.keyboard.type("klee", delay=2)  # as a scanner does
    page.keyboard.press("Enter")
    expect(page.get_by_label("PIN")).to_be_focused()
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.locator("dialog.step-up .refused")).to_contain_text("do not fit together")
    ward.desk.now_ms += 5_000
    page.keyboard.type(PIN)
    page.keyboard.press("Enter")
    expect(page.locator(".account.person")).to_contain_text("Kim Lee RN")
    look(page, "stepped-up")
    expect(page.locator("dialog.act")).to_be_hidden()  # the act waited for it, and is done
    acts = [(type(event), getattr(event, "by", "")) for event in ward.submitted]
    assert acts[0] == (StopRequested, "Wall 4B (wall)")
    assert {by for kind, by in acts if kind is AudioPaused} == {"Kim Lee RN (klee) at wall"}


def pause(page: Page) -> None:
    """Sound off for the whole ward."""
    page.get_by_role("button", name="Pause sound").first.click()
    page.locator("dialog.act").get_by_role("button", name="Pause sound").click()


def test_the_first_account_of_a_ward_is_made_with_the_token_of_its_console(page: Page, console: Console) -> None:
    console.allow("the server responded with a status of 403")
    with SignedWard(people=False) as ward:
        ward.pages.append(page)
        page.set_viewport_size(PHONE)
        page.goto(f"{ward.url}?theme=light")
        expect(page.get_by_role("heading", name="First account")).to_be_visible()
        look(page, "first-account")
        clean(page)
        first = {"token": "wrong", "account": "ada", "name": "Ada Min", "password": PASSWORD}
        for name, text in first.items():
            page.locator(f"[name={name}]").fill(text)
        page.get_by_role("button", name="Make the account").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("Set-up token").fill(ward.desk.access.setup.token)
        page.get_by_label("Password").fill(PASSWORD)
        ward.desk.now_ms += 5_000
        page.get_by_role("button", name="Make the account").click()
        expect(page).to_have_url(re.compile(r"/(\?.*)?$"))
        expect(page.locator("details.account summary")).to_have_text("Ada Min")


def test_in_german_too_and_no_foreign_page_is_opened_after_it(page: Page, ward: SignedWard) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{ward.url}sign-in.html?lang=de&to=https%3A%2F%2Fevil.example%2F")
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    look(page, "sign-in-phone-german")
    page.get_by_label("Konto").fill("klee")
    page.get_by_label("Passwort").fill(PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    page.wait_for_url(ward.url)


def test_who_may_not_see_the_ward_is_told_so_and_an_auditor_gets_the_audit(page: Page, ward: SignedWard) -> None:
    ward.desk.store.accounts["bio"] = replace(ward.desk.store.accounts["bio"], roles=(Role.AUDITOR,))
    ward.desk.store.changed += 1
    ward.does(ward.desk.access.look())
    page.goto(ward.url)
    sign_in(page, "bio")
    expect(page).to_have_url(re.compile("why=view"))
    expect(page.get_by_text("Bo Ek may not see the ward.")).to_be_visible()
    look(page, "auditor")
    clean(page)
    with page.expect_download() as got:
        page.get_by_role("link", name="The audit as a table (CSV)").click()
    assert got.value.suggested_filename == "audit.csv"
