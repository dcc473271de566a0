"""The devices page and the audit page at a whole daemon with simulated devices on real lines and a real journal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pumpd.access.audit import AuditEntry, What
from tests.daemon.house import House
from tests.e2e.clean import assert_clean
from tests.e2e.conftest import theme
from tests.e2e.house_ward import HouseWard

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PARTS = ("devices", "limits", "profiles", "drivers", "captures", "files")
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HouseWard]:
    with HouseWard(tmp_path_factory.mktemp("ward")) as ward:
        yield ward


def opened(page: Page, ward: HouseWard, part: str, query: str = "?lang=en") -> None:
    page.goto(f"{ward.url}devices.html{query}#{part}")
    page.wait_for_selector("main.office h2, main.office h3, main.office table")


def pump_card(page: Page) -> str:
    return f'[data-device="{page.locator("[data-device]").first.get_attribute("data-device")}"]'


def test_a_device_says_its_driver_its_line_and_how_old_what_it_says_is(page: Page, ward: HouseWard) -> None:
    opened(page, ward, "devices")
    card = page.locator(pump_card(page))
    expect(card).to_contain_text("alaris_asena")
    expect(card).to_contain_text("(simulated)")
    expect(card).to_contain_text("38400 8N1, CRC-16")
    expect(card).to_contain_text("held by pumpd")
    expect(card.locator(".link-state")).to_contain_text("line up")
    expect(card.locator(".ages dd")).to_have_text([re.compile(r"^[0-9.]+ s$")] * 3)


def test_the_last_bytes_of_a_line_come_with_what_the_driver_said_and_go_on_coming(page: Page, ward: HouseWard) -> None:
    opened(page, ward, "devices")
    card = page.locator(pump_card(page))
    card.get_by_text("Last bytes of the line").click()
    expect(card.locator(".frames .sent .hex").first).to_have_text(re.compile(r"^([0-9a-f]{2} )+0d$"))
    expect(card.locator(".frames .facts-of", has_text="PumpStatus: infusing").first).to_be_visible()
    newest = card.locator(".frames li .sub").first.inner_text()
    expect(card.locator(".frames li .sub").first).not_to_have_text(newest)
    assert_clean(page)


def test_limits_are_shown_with_who_set_them_and_profiles_with_every_rule(page: Page, ward: HouseWard) -> None:
    opened(page, ward, "limits")
    expect(page.locator("[data-limits]")).to_contain_text("Hard ceiling")
    expect(page.locator("[data-limits]")).to_contain_text("drug library")
    page.get_by_role("link", name="Alarm profiles").click()
    expect(page.locator('[data-profile="adult"] tbody tr', has_text="spo2-low")).to_contain_text("spo2 <")
    page.get_by_role("button", name="Run pumpd check").click()
    expect(page.locator("[data-check] pre")).to_contain_text("Total response time of each rule", timeout=60_000)
    expect(page.locator('[data-check="0"]')).to_contain_text("the files may be used")
    assert_clean(page)


def test_a_capture_is_taken_away_and_the_audit_says_so(page: Page, ward: HouseWard, tmp_path: Path) -> None:
    ward.until(lambda house: house.daemon.capture is not None and house.daemon.capture.bytes_written > 0)
    opened(page, ward, "captures")
    with page.expect_download() as download:
        page.locator("[data-captures] a").first.click()
    download.value.save_as(tmp_path / "line.txt")
    assert (tmp_path / "line.txt").read_text().startswith("# pumpd capture 1")

    page.goto(f"{ward.url}audit.html?lang=en")
    row = page.locator('tr[data-what="export"]')
    expect(row).to_contain_text("took away a file: raw bytes of a line")
    page.get_by_label("What").select_option("system")
    page.get_by_role("button", name="Search").click()
    expect(row).to_have_count(0)
    expect(page.locator('tr[data-what="system"]').first).to_contain_text("pumpd")
    page.get_by_label("Text").fill("no such words anywhere")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("main")).to_contain_text("No entry fits")
    page.get_by_role("button", name="Verify the chain").click()
    expect(page.locator('[data-verdict="good"]')).to_contain_text("unbroken")
    with page.expect_download() as download:
        page.get_by_role("link", name="As CSV").click()
    assert download.value.suggested_filename == "audit.csv"


def test_the_audit_goes_back_page_by_page(page: Page, ward: HouseWard) -> None:
    def note(house: House) -> None:
        for number in range(130):
            house.daemon.reception.audit.note(
                AuditEntry(What.ACT, f"nurse {number}", subject="POST /beds/b/pumps/p/stop")
            )

    ward.do(note)
    page.goto(f"{ward.url}audit.html?lang=en&theme=light")
    page.get_by_label("What").select_option("act")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody tr")).to_have_count(100)
    expect(page.locator("tbody tr").first).to_contain_text("did: stop a pump")
    page.get_by_role("button", name="Older entries").click()
    expect(page.locator("tbody tr")).to_have_count(130)
    expect(page.locator("main")).to_contain_text("These are all.")
    assert_clean(page)


def test_on_a_phone_no_part_is_wider_than_the_screen_and_axe_finds_nothing(
    page: Page, ward: HouseWard, subtests: pytest.Subtests
) -> None:
    page.set_viewport_size(PHONE)
    for part in PARTS:
        opened(page, ward, part, "?lang=de")
        for name in ("dark", "light", "night"):
            with subtests.test(part, theme=name):
                theme(page, name)
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                assert_clean(page)
