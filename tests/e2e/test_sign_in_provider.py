"""Signing in by the hospital's identity provider, in a real browser, with a real provider on another site."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.clean import axe
from tests.e2e.conftest import Console
from tests.e2e.signed_ward import SignedWard
from tests.signin.provider import Provider
from tests.signin.vouched import NAME, vouching

pytestmark = pytest.mark.req("SEC-07")


class VouchedWard(SignedWard):
    """A signed ward for whose people a provider vouches."""

    def __init__(self, provider: Provider) -> None:
        super().__init__()
        self.provider, self._folder = provider, tempfile.TemporaryDirectory()
        provider.redirects.add(f"{self.url}sign-in.html")

    async def _parts(self) -> dict[str, Any]:
        parts = await super()._parts()
        folder = Path(self._folder.name)
        vouched, self.oidc = await vouching(self.desk, self.provider, folder, timeout_s=4.0)  # slow is not away
        return {**parts, "provider": vouched}


@pytest.fixture
def ward() -> Iterator[VouchedWard]:
    with Provider() as provider, VouchedWard(provider) as ward:
        yield ward
        ward.does(ward.oidc.close())
        ward._folder.cleanup()


def look(page: Page, name: str) -> None:
    """A picture for people, where one is asked for."""
    if folder := os.environ.get("PUMPD_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_with_the_hospitals_login_one_comes_to_the_page_that_was_asked_for(
    page: Page, ward: VouchedWard, console: Console
) -> None:
    """Who has no role is told so on the page, and the address keeps nothing of what the provider said."""
    console.allow("the server responded with a status of 403")
    page.goto(f"{ward.url}?theme=light")
    button = page.get_by_role("button", name=f"Sign in with {NAME}")
    expect(button).to_be_visible()
    look(page, "provider-light")
    assert axe(page).response["violations"] == []
    button.click()
    expect(page).to_have_url(re.compile(rf"^{ward.provider.issuer}/authorize"))
    page.get_by_label("Who").fill("vera")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_have_text("the identity provider gave no role that this site knows")
    look(page, "provider-refused")
    assert "code=" not in page.url
    assert "state=" not in page.url
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    ward.desk.now_ms += 5_000
    page.get_by_role("button", name=f"Sign in with {NAME}").click()
    page.get_by_label("Who").fill("pat")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{ward.url}?theme=light")
    expect(page.locator(".connection.live")).to_be_visible()
    expect(page.locator("details.account summary")).to_have_text("Pat Ruiz RN")
    assert [cookie["name"] for cookie in page.context.cookies(ward.url)] == ["__Host-sid"]


def test_a_provider_that_is_away_is_told_and_an_account_here_opens_the_ward(
    page: Page, ward: VouchedWard, console: Console
) -> None:
    console.allow("the server responded with a status of 503")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{ward.url}?lang=de&theme=dark")
    ward.provider.held.clear()
    page.get_by_role("button", name=f"Anmelden mit {NAME}").click()
    expect(page.get_by_role("alert")).to_have_text(
        f"{NAME} antwortet nicht. Melden Sie sich mit Konto und Passwort an."
    )
    look(page, "provider-away-german")
    page.get_by_label("Konto").fill("klee")
    page.get_by_label("Passwort").fill("a long night shift")
    page.get_by_role("button", name="Anmelden", exact=True).click()
    page.wait_for_url(f"{ward.url}?lang=de&theme=dark")
