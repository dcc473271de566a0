"""axe on every page that the ward serves, in every theme, while beds alarm: a page that is added is looked at too."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

import pumpd.dashboard
from pumpd.access.audit import AuditEntry, AuditQuery, AuditRow, What
from pumpd.access.port import AccountChange
from pumpd.access.roles import Role
from pumpd.safety.policy import Priority
from tests.e2e.clean import assert_clean
from tests.e2e.conftest import Console
from tests.e2e.signed_ward import NotedOnly, SignedWard
from tests.e2e.test_sign_in_page import sign_in
from tests.signin.memory import PASSWORD

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

FOLDER = Path(next(iter(pumpd.dashboard.__path__)))
NOT_THE_WARDS = {"hub.html"}  # the hub's own page, served and looked at with a hub (test_hub_page)
PAGES = sorted(page.name for page in FOLDER.glob("*.html") if page.name not in NOT_THE_WARDS)
THERE = {"audit.html": "tbody tr", "index.html": ".alarm"}
"""What must stand on the page before it is looked at; of the others the main part."""


class OneRow(NotedOnly):
    async def search(self, query: AuditQuery) -> tuple[AuditRow, ...]:
        return (
            AuditRow(1, 1_750_000_000_000_000, AuditEntry(What.ACT, "nurse klee", subject="POST /beds/w-01/reset")),
        )


@pytest.mark.parametrize("theme", ["dark", "light", "night"])
def test_axe_finds_nothing_on_any_page_while_beds_alarm(page: Page, console: Console, theme: str) -> None:
    console.allow("status of 404")  # the bench's ward has no workshop and no gateway: its pages say so
    console.allow("status of 503")
    with SignedWard(beds=2) as ward:
        ward.audit.search = OneRow().search  # type: ignore[method-assign]
        everything = (Role.CHARGE, Role.BIOMED, Role.AUDITOR, Role.ADMIN)
        admin = ward.does(ward.desk.access.sign_in("admin", PASSWORD, "10.0.0.1")).principal
        ward.does(ward.desk.access.accounts.change_account("charge", AccountChange(roles=everything), admin))
        ward.alarm("w-01", "no breath", condition="no_breath")
        ward.alarm("w-02", "SpO2 88 % < 90 %", priority=Priority.MEDIUM)
        page.goto(f"{ward.url}sign-in.html?lang=en&theme={theme}")
        assert_clean(page)
        sign_in(page, "charge", PASSWORD)
        page.wait_for_selector(".connection")
        for name in PAGES:
            page.goto(f"{ward.url}{name}?bed=w-01&lang=en&theme={theme}")
            page.locator(THERE.get(name, "main")).first.wait_for()
            assert_clean(page)
        page.goto("about:blank")
