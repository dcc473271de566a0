"""Who steps away from a shared screen while badge and PIN are being asked has not stepped up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.awaited import held, nothing_sent, until
from tests.e2e.conftest import Console
from tests.e2e.signed_ward import SignedWard, at_home
from tests.e2e.test_sign_in_page import pause, sign_in
from tests.signin.memory import PIN

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def ward() -> Iterator[SignedWard]:
    with SignedWard() as ward:
        yield ward


def test_escape_while_it_is_asked_leaves_nobody_stepped_up_and_nothing_done(
    page: Page, ward: SignedWard, console: Console
) -> None:
    console.allow("the server responded with a status of 403")
    page.goto(ward.url)
    sign_in(page, "wall")
    at_home(page, "Wall 4B")
    ward.alarm("w-01", "SpO2 84 < 85 %")
    pause(page)
    asked = held(page, "**/session/step-up")
    fields = page.locator("dialog.step-up input")
    for field, text in ((fields.first, "klee"), (fields.last, PIN)):
        expect(field).to_be_focused()
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    until(page, lambda: asked)
    expect(page.locator("dialog.step-up button.main")).to_be_disabled()
    for _ in range(2):
        page.keyboard.press("Escape")
    expect(page.locator("dialog.step-up")).to_be_hidden()
    with nothing_sent(page):
        with page.expect_response("**/session/step-up"):
            asked[0].continue_()
        expect(page.locator("dialog.step-up")).to_have_count(0)
        assert page.locator(".account.person").count() == 0
    assert ward.submitted == []
