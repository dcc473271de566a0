"""Accounts, tokens and sessions as an administrator looks after them, and everybody's own account: the real service."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from pumpd.access.roles import Role
from tests.e2e.awaited import held, until
from tests.e2e.clean import assert_clean
from tests.e2e.conftest import Console, theme
from tests.e2e.signed_ward import SignedWard
from tests.e2e.test_sign_in_page import sign_in
from tests.signin.memory import PASSWORD

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def ward() -> Iterator[SignedWard]:
    with SignedWard(beds=1) as ward:
        yield ward


def enter(page: Page, ward: SignedWard, account: str, at: str, password: str = PASSWORD) -> None:
    ward.desk.now_ms += 60_000  # nobody waits for the rate limit here
    page.goto(f"{ward.url}sign-in.html?lang=en")
    sign_in(page, account, password)
    page.wait_for_selector(".connection")
    page.goto(f"{ward.url}{at}")


def test_an_account_is_made_changed_and_disabled_and_the_servers_reasons_are_read(
    page: Page, ward: SignedWard, console: Console
) -> None:
    console.allow("status of 409")
    enter(page, ward, "admin", "accounts.html")
    page.get_by_role("button", name="New account").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Account", exact=True).fill("mtan")
    dialog.get_by_label("Name, as the record writes it").fill("Mei Tan RN")
    dialog.get_by_label("nurse", exact=True).check()
    dialog.get_by_label("First password").fill("short")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_role("alert")).to_contain_text("12")
    assert_clean(page)
    dialog.get_by_label("First password").fill("  a password with blanks ")
    dialog.get_by_role("button", name="Add").click()
    card = page.locator('[data-account="mtan"]')
    expect(card).to_contain_text("nurse")
    page.get_by_role("button", name="Roles: Mei Tan RN").click()
    expect(dialog.get_by_label("nurse", exact=True)).to_be_checked()
    dialog.get_by_label("biomedical engineer").check()
    dialog.get_by_role("button", name="Save").click()
    expect(card).to_contain_text("nurse, biomedical engineer")
    assert ward.desk.store.accounts["mtan"].roles == (Role.NURSE, Role.BIOMED)
    page.get_by_role("button", name="Disable: Mei Tan RN").click()
    dialog.get_by_role("button", name="Disable").click()
    expect(card).to_contain_text("disabled")
    page.get_by_role("button", name="Remove: Ada Min").click()
    dialog.get_by_role("button", name="Remove").click()
    expect(dialog.get_by_role("alert")).to_contain_text("last administrator")


def test_a_token_is_told_once_and_opens_nothing_once_revoked(page: Page, ward: SignedWard) -> None:
    enter(page, ward, "admin", "accounts.html#tokens")
    page.get_by_role("button", name="New token").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What uses it").fill("prometheus")
    dialog.get_by_label("see the ward").check()
    dialog.get_by_role("button", name="Add").click()
    secret = page.locator(".secret-told").inner_text()
    assert_clean(page)
    headers = {"authorization": f"Bearer {secret}"}
    assert httpx.get(f"{ward.url}api/v1/ward", headers=headers).status_code == 200
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("[data-token]")).to_contain_text("see the ward")
    expect(page.locator(".secret-told")).to_have_count(0)
    assert secret not in page.content()
    page.get_by_role("button", name="Revoke: prometheus").click()
    dialog.get_by_role("button", name="Revoke").click()
    expect(page.locator("[data-token]")).to_have_count(0)
    assert httpx.get(f"{ward.url}api/v1/ward", headers=headers).status_code == 401


def test_somebodys_session_is_ended_from_here(page: Page, ward: SignedWard) -> None:
    ward.desk.now_ms += 60_000
    other = ward.does(ward.desk.access.sign_in("charge", PASSWORD, "10.0.0.9"))
    enter(page, ward, "admin", "accounts.html#sessions")
    page.get_by_role("button", name="End the session: Ana Ruiz RN, 10.0.0.9").click()
    page.get_by_role("dialog").get_by_role("button", name="End the session").click()
    expect(page.get_by_role("button", name="End the session: Ana Ruiz RN")).to_have_count(0)
    assert not ward.desk.access.valid(other.principal.session)


def test_everybody_changes_their_own_password_with_the_one_that_holds_now(
    page: Page, ward: SignedWard, console: Console
) -> None:
    console.allow("status of 409")
    console.allow("status of 401")
    enter(page, ward, "klee", "")
    page.locator(".account summary").click()
    page.get_by_role("link", name="My account").click()
    form = page.locator('[data-own="password"]')

    def change(current: str, fresh: str, again: str) -> None:
        for label, text in (("Password now", current), ("New password", fresh), ("Once more", again)):
            form.get_by_label(label).fill(text)
        form.get_by_role("button", name="Change").click()

    change(PASSWORD, "an even longer night", "another one")
    expect(form.get_by_role("alert")).to_contain_text("not the same")
    change("not it", "an even longer night", "an even longer night")
    expect(form.get_by_role("alert")).to_contain_text("not the password that holds now")
    assert_clean(page)
    ward.desk.now_ms += 60_000
    going = held(page, "**/sign-in.html*")
    change(PASSWORD, "an even longer night", "an even longer night")
    expect(form.get_by_role("status")).to_contain_text("Changed")
    until(page, lambda: going)  # it says so for a moment only; until it has been read here, it stays
    going[0].continue_()
    page.unroute("**/sign-in.html*")
    expect(page).to_have_url(re.compile("sign-in.html"))
    enter(page, ward, "klee", "account.html", "an even longer night")
    expect(page.locator("main")).to_contain_text("Kim Lee RN")


def test_who_may_not_look_after_accounts_is_told_so_and_asks_nothing(page: Page, ward: SignedWard) -> None:
    enter(page, ward, "bio", "accounts.html")
    expect(page.locator("main")).to_contain_text("may not see this page")
    expect(page.get_by_role("link", name="Accounts")).to_have_count(0)


def test_on_a_phone_nothing_is_wider_than_the_screen_and_axe_finds_nothing(
    page: Page, ward: SignedWard, subtests: pytest.Subtests
) -> None:
    page.set_viewport_size(PHONE)
    enter(page, ward, "admin", "")
    for part, there in (
        ("accounts.html", "[data-account]"),
        ("accounts.html#sessions", "[data-session]"),
        ("account.html", "[data-own]"),
    ):
        page.goto(f"{ward.url}{part.replace('html', 'html?lang=de')}")
        page.locator(there).first.wait_for()
        for name in ("dark", "light", "night"):
            with subtests.test(part, theme=name):
                theme(page, name)
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                assert_clean(page)
