"""The hospital page at a real hub and a real broker: wards, alarms, silence, the way to a ward, nothing old as live.

PUMPD_SCREENSHOTS=folder keeps the pictures, as for the ward's page.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import SOON_MS, Console
from tests.e2e.hub_stage import HubStage, expected_ward
from tests.e2e.test_accessibility import assert_clean
from tests.hub.voices import SITE, Voice

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SIZES = {"wall": (1920, 1080), "workstation": (1300, 800), "phone": (390, 844)}
NOT_REACHED = "Failed to load resource"
FIGURES = re.compile(r"\d+ ?(/min|%|mmHg|mg/kg/h)")


def hospital() -> list[Voice]:
    """Some wards of a hospital: calm, alarming, simulated, with and without a way to them."""
    storm = Voice("4b", "Palliative care 4B", beds=6, page="https://ward-4b.example:8443/")
    storm.alarm("4b-02", "high", "no breath for 20 s")
    storm.alarm("4b-04", "medium", "SpO2 88 % < 90 %")
    quiet = Voice("5a", "Oncology 5A", beds=4, page="javascript:alert(1)")
    odd = Voice("2c", "Intermediate care 2C, Saint Bartholomew\u2019s building", beds=3, generation="demo")
    odd.alarm("2c-01", "low", "PR 44 /min < 45 /min")
    return [storm, quiet, odd, Voice("1d", "Surgery 1D", beds=8), Voice("3e", "Hospice 3E", beds=2, monitored=False)]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubStage]:
    expected = (expected_ward("6f", "Neurology 6F"),)
    with HubStage(tmp_path_factory.mktemp("hospital"), hospital(), expected) as stage:
        yield stage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kept = Path(os.environ.get("PUMPD_SCREENSHOTS", tmp_path))
    kept.mkdir(parents=True, exist_ok=True)
    return kept


def opened(page: Page, stage: HubStage, query: str = "?lang=en", ward: str = "") -> None:
    """Every ward has spoken."""
    page.goto(f"{stage.url}{query}{f'#{SITE}/{ward}' if ward else ''}")
    expect(page.locator(".card.live")).to_have_count(5)
    expect(page.locator(".alarm")).to_have_count(3)


def card(page: Page, ward: str) -> str:
    return f'.card[data-ward="{SITE}/{ward}"]'


def test_wards_come_the_most_urgent_first_and_alarms_the_highest_first(page: Page, stage: HubStage) -> None:
    opened(page, stage)
    names = [name.split(",")[0] for name in page.locator(".card h3").all_inner_texts()]
    assert names[:3] == ["Palliative care 4B", "Neurology 6F", "Intermediate care 2C"]
    assert [re.sub(r"\W", "", chip) for chip in page.locator(".alarm .chip").all_inner_texts()] == [
        "HIGH",
        "MEDIUM",
        "LOW",
    ]
    expect(page.locator(card(page, "6f"))).to_contain_text("SILENT")
    expect(page.locator(card(page, "6f"))).to_contain_text("Nothing was ever heard of this ward.")
    expect(page.locator(card(page, "2c"))).to_contain_text("SIMULATED")
    expect(page.locator(card(page, "4b"))).to_contain_text("6 of 6 beds live")
    expect(page.locator(".wards .count").first).to_have_text("5 of 6 live")


def test_a_ward_is_looked_into_bed_by_bed_and_its_own_page_is_one_step_away(page: Page, stage: HubStage) -> None:
    page.context.route("https://ward-4b.example:8443/**", lambda route: route.fulfill(body="the ward itself"))
    opened(page, stage)
    page.locator(card(page, "4b")).get_by_role("link", name="Beds").click()
    bed = page.locator('.bed[data-bed="4b-01"]')
    expect(bed).to_contain_text("13 /min")
    expect(bed).to_contain_text("0.1 mg/kg/h")
    expect(page.locator('.bed[data-bed="4b-02"] .chip')).to_contain_text("HIGH")
    assert page.locator(card(page, "5a")).locator("a.own").count() == 0  # what it says is no address of the web
    assert page.locator(card(page, "1d")).locator("a.own").count() == 0
    page.locator(".ward-beds").get_by_role("link", name="The ward's own page").click()
    expect(page.locator("body")).to_have_text("the ward itself")
    page.go_back()
    page.locator(card(page, "3e")).get_by_role("link", name="Beds").click()
    expect(page.locator(".bed").first).to_contain_text("not monitored")


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_no_violation_in_alarm_dark_or_light_and_nothing_is_wider_than_the_screen(
    page: Page, stage: HubStage, size: str, folder: Path
) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    opened(page, stage, ward="4b")
    expect(page.locator(".bed")).to_have_count(6)
    for theme in ("dark", "light", "night"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        assert_clean(page)
        page.screenshot(path=folder / f"hub-{size}-{theme}.png", full_page=size == "phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for link in page.locator(".ways a").all():
        box = link.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= (44 if size == "phone" else 24)


def test_on_a_phone_alarms_come_before_wards(page: Page, stage: HubStage) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, stage)
    alarms, wards = page.locator(".alarming").bounding_box(), page.locator(".wards").bounding_box()
    assert alarms is not None
    assert wards is not None
    assert alarms["y"] < wards["y"]


def test_in_german_no_word_of_ours_is_left_in_english(page: Page, stage: HubStage, folder: Path) -> None:
    opened(page, stage, "?lang=de", ward="3e")
    expect(page.locator(".bed").first).to_contain_text("nicht überwacht")
    page.get_by_role("button", name="English").wait_for()
    page.screenshot(path=folder / "hub-german.png")
    said = page.locator("body").inner_text()
    for word in ("STUMM", "Stationen", "Betten im Alarm", "Eigene Seite der Station", "SIMULIERT", "5 von 6 aktuell"):
        assert word in said
    for word in ("Wards", "SILENT", "own page", "Beds", "alarm ", "HIGH", "not monitored"):
        assert word not in said, word
    assert_clean(page)


def test_a_ward_that_hangs_is_stale_by_age_and_not_one_figure_of_it_is_left(
    page: Page, stage: HubStage, folder: Path
) -> None:
    opened(page, stage, ward="4b")
    expect(page.locator(".bed.live")).to_have_count(6)
    stage.voices["4b"].speaking = False
    expect(page.locator(f"{card(page, '4b')}.stale")).to_be_visible(timeout=SOON_MS)
    expect(page.locator(".bed.live")).to_have_count(0)  # the beds come with another answer
    assert not FIGURES.search(page.locator(".bed-list").inner_text())
    expect(page.locator(".alarm.stale")).to_have_count(2)  # they stay to be seen, and nobody knows
    expect(page.locator(".alarm.high")).to_contain_text("Nobody knows here whether it still stands.")
    for theme in ("dark", "light"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        assert_clean(page)
        page.screenshot(path=folder / f"hub-stale-{theme}.png")
    stage.voices["4b"].speaking = True
    expect(page.locator(".bed.live")).to_have_count(6)
    expect(page.locator(".alarm.stale")).to_have_count(0)


def test_a_hub_that_is_gone_leaves_nothing_on_the_page_and_one_that_is_back_everything(
    page: Page, stage: HubStage, console: Console, folder: Path
) -> None:
    console.allow(NOT_REACHED)
    opened(page, stage, ward="4b")
    expect(page.locator(".bed.live")).to_have_count(6)
    stage.end_hub()
    page.wait_for_selector(".banner.lost", timeout=SOON_MS)
    assert page.locator(".card, .bed, .alarm").count() == 0
    assert not re.search(r"\d", page.locator("main").inner_text())
    assert_clean(page)
    page.screenshot(path=folder / "hub-lost.png")
    stage.start_hub()
    expect(page.locator(".bed.live")).to_have_count(6)
    expect(page.locator(".banner.lost")).to_have_count(0)


AGED = """async () => {
  const { agedHospital, agedBeds, firstOld } = await import(`${location.origin}/js/hub-aged.js`);
  const vital = { v: 14, u: "/min", q: "ok", age_ms: 0, source: "m", fresh_ms: 2000 };
  const bed = { id: "b", label: "B", status: "live", why: "", fresh_ms: 4000, vitals: { rr: vital }, pumps: [] };
  const ward = { site: "s", id: "w", status: "live", why: "", live: 1, beds: 1, fresh_ms: 4000 };
  const alarm = { id: "a", site: "s", ward: "w", stale: false };
  const said = { wards: [ward], alarms: [alarm], alarms_more: 0 };
  const at = (ms) => {
    const [hospital, beds] = [agedHospital(said, ms), agedBeds({ ward, beds: [bed], alarms: [] }, ms).beds[0]];
    return [hospital.wards[0].status, hospital.alarms[0].stale, beds.status, beds.vitals.rr?.v ?? null];
  };
  const first = [0, 2000, 2001, 4001].map((ms) => String(firstOld(said, { beds: [bed] }, ms)));
  return [[at(2000), at(2001), at(4000), at(4001)], first];
}"""


def test_an_answer_grows_old_by_itself_each_value_in_its_own_time(page: Page, stage: HubStage) -> None:
    opened(page, stage)
    aged, first = page.evaluate(AGED)
    assert aged == [
        ["live", False, "live", 14],
        ["live", False, "live", None],
        ["live", False, "live", None],
        ["stale", True, "stale", None],
    ]
    assert first == ["2000", "2000", "4000", "Infinity"]
