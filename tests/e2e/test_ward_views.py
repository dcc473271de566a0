"""The ward page on its screens and in its languages: many beds, few beds, night, German, eyes that see no red."""

from __future__ import annotations

import re
from itertools import combinations

import pytest
from msgspec.structs import replace as changed
from playwright.sync_api import Browser, Page

from pumpd.safety.alarms import AlarmState, Phase
from pumpd.safety.policy import AlarmKind, Priority
from tests.dashboard.page_words import german
from tests.e2e import scenes
from tests.e2e.awaited import arrived
from tests.e2e.bench_views import LASTING
from tests.e2e.bench_ward import BenchWard
from tests.e2e.clean import assert_clean
from tests.e2e.conftest import Console, open_ward, size, theme, wait_digits
from tests.e2e.course_scene import show
from tests.e2e.test_wall_layout import CUT_OFF, OVERLAPPING, digit_px
from tests.live.course_fakes import course

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

THEMES = ("dark", "night", "light")
CUT_CELLS = """() => [...document.querySelectorAll('.digits')].filter(e => {
  const [own, cell] = [e.getBoundingClientRect(), e.closest('.vital').getBoundingClientRect()];
  const range = document.createRange(); range.selectNodeContents(e);
  return range.getBoundingClientRect().right > cell.right + 1 || own.left < cell.left - 1;
}).length"""
# deuteranopia, Machado et al. 2009, severity 1
DEUTAN = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))


def linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def luminance_and_hue(colour: str) -> tuple[float, float]:
    """Relative luminance, and blue against yellow, as a deuteranope sees them."""
    rgb = [linear(int(part) / 255) for part in re.findall(r"\d+", colour)[:3]]
    r, g, b = (sum(k * c for k, c in zip(row, rgb, strict=True)) for row in DEUTAN)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b, b - (r + g) / 2


FLOORS = [
    (64, ((1920, 1080, 27), (3840, 2160, 54), (390, 844, 28))),
    (32, ((1920, 1080, 38),)),
    (16, ((1300, 800, 35),)),
]


@pytest.mark.parametrize(("beds", "screens"), FLOORS)
def test_of_many_beds_each_is_a_small_sector_that_can_be_read(
    page: Page, beds: int, screens: tuple[tuple[int, int, int], ...], subtests: pytest.Subtests
) -> None:
    with BenchWard(beds=beds, pace=LASTING) as ward:
        size(page, *screens[0][:2])
        open_ward(page, ward)
        assert page.locator(".sector").count() == beds
        for bed in ward.beds:
            ward.vitals(bed, spo2=100)
        wait_digits(page, f"w-{beds:02}", "spo2", "100")
        for width, height, least_px in screens:
            with subtests.test("calm", width=width):
                size(page, width, height)
                assert digit_px(page) >= least_px
                assert page.evaluate(CUT_OFF) == []
                assert page.evaluate(OVERLAPPING) == 0
                assert page.evaluate(CUT_CELLS) == 0
        scenes.storm(ward)
        arrived(page, ward)
        for width, height, _ in screens:
            with subtests.test("storm", width=width):
                size(page, width, height)
                storm_is_read(page)
                assert page.evaluate("document.documentElement.scrollWidth") <= width


def storm_is_read(page: Page) -> None:
    page.locator('[data-bed="w-04"] [data-interlock="stop_unconfirmed"]').wait_for()
    assert page.locator('[data-bed="w-04"] [data-interlock]').inner_text() == "STOP NOT CONFIRMED"
    assert page.locator('[data-bed="w-03"] .vital.offending').get_attribute("data-signal") == "pulse"
    page.locator('[data-bed="w-07"]').get_by_text("may still be infusing", exact=False).first.wait_for()


def test_a_wall_of_64_fits_without_scrolling_and_keeps_every_bed_in_its_place(page: Page) -> None:
    with BenchWard(beds=64) as ward:
        open_ward(page, ward)
        order = page.locator(".tile").evaluate_all("all => all.map(e => e.dataset.bed)")
        floor = page.locator(".floor")
        assert floor.evaluate("e => e.scrollHeight - e.clientHeight") <= 1
        scenes.storm(ward)
        arrived(page, ward)
        assert page.locator(".tile").evaluate_all("all => all.map(e => e.dataset.bed)") == order == list(ward.beds)


def test_at_a_desk_many_notices_of_a_course_leave_the_digits_their_size(page: Page) -> None:
    page.set_viewport_size({"width": 1300, "height": 800})
    with BenchWard(beds=4, pace=LASTING) as ward:
        open_ward(page, ward)
        show(ward)
        page.locator('[data-bed="w-01"] .notices').wait_for()
        few = digit_px(page)
        missing = tuple(f"vital sign number {n} was not known before the start of it" for n in range(9))
        ward.set("w-01", course=course(ward.now_ms(), missing=missing))
        page.get_by_text("number 8 was not known").wait_for()
        assert digit_px(page) >= few >= 40
        assert page.evaluate(CUT_OFF) == []


def test_every_word_of_a_busy_ward_is_german_where_german_is_wanted(page: Page) -> None:
    english = {key for key, said in german() if key != said and len(key) > 3}
    with BenchWard(beds=4) as ward:
        open_ward(page, ward, "?lang=de")
        scenes.with_courses(ward)
        scenes.storm(ward)
        arrived(page, ward)
        page.get_by_text("STOPP NICHT BESTÄTIGT").first.wait_for()
        assert page.evaluate("document.documentElement.lang") == "de"
        texts = page.evaluate(
            "() => { const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); const found = [];"
            " while (walk.nextNode()) found.push(walk.currentNode.data.trim()); return found }"
        )
        spoken = page.locator("[aria-label], [title]").evaluate_all(
            "all => all.flatMap(e => [e.ariaLabel, e.title]).filter(Boolean)"
        )
        assert sorted({text for text in (*texts, *spoken) if text in english}) == []
        assert (
            page.locator('[data-bed="w-01"] .bar .cause').inner_text() == "*** Apnoe: keine Atmung erkannt: AF 0 /min"
        )
        assert page.locator('[data-bed="w-01"] [data-signal="rr"] abbr').get_attribute("title") == "Atemfrequenz"
        page.get_by_role("button", name="English").click()
        page.get_by_text("STOP NOT CONFIRMED - STOP PUMP BY HAND").wait_for()


def test_a_screen_speaks_the_language_of_its_browser_until_somebody_chooses(browser: Browser, ward: BenchWard) -> None:
    context = browser.new_context(locale="de-AT", viewport={"width": 1300, "height": 800})
    page = context.new_page()
    open_ward(page, ward)
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="Theme: dark").wait_for()
    page.reload()
    page.get_by_role("button", name="Theme: dark").wait_for()
    page.goto("about:blank")
    context.close()


def test_what_the_server_says_in_words_that_no_table_knows_is_shown_as_it_is(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward, "?lang=de")
    ward.alarm("w-01", "Something new: 1,200 mL in 7 min", condition="new")
    page.get_by_text("Something new: 1\u202f200 mL in 7 min").first.wait_for()


@pytest.mark.req("ALA-08")
def test_that_nobody_watches_is_said_across_the_page_until_somebody_resets_it(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    text = "pumpd: a HIGH alarm, and nobody watches this bed"
    alarm = ward.alarm("w-02", text, condition="unwatched", kind=AlarmKind.TECHNICAL)
    banner = page.locator(".banner.unwatched")
    banner.wait_for()
    assert "NOBODY IS WATCHING: Bed 2" in banner.inner_text()
    assert_clean(page)
    ward.put(changed(alarm, state=AlarmState.LATCHED, present=False, ended_ms=ward.now_ms()), Phase.LATCH)
    page.get_by_text("NOBODY WAS WATCHING: Bed 2").wait_for()
    ward.put(changed(alarm, state=AlarmState.ENDED, present=False, ended_ms=ward.now_ms()), Phase.RESET)
    banner.wait_for(state="detached")


def test_priorities_are_told_apart_by_symbol_word_and_light_without_red_and_green(
    page: Page, ward: BenchWard, subtests: pytest.Subtests
) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_ward(page, ward)
    scenes.storm(ward)
    ward.alarm("w-02", "SpO2 low: SpO2 88 < 90 % for 15 s", priority=Priority.MEDIUM)
    arrived(page, ward)
    rows = {one: page.locator(f".alarm.{one}.active .top").first for one in ("high", "medium", "low")}
    assert [row.locator(".symbol").inner_text() for row in rows.values()] == ["***", "**", "*"]
    assert [row.locator("strong").inner_text() for row in rows.values()] == ["HIGH", "MEDIUM", "LOW"]
    assert page.evaluate("document.getAnimations().length") == 0, "asked for less motion, nothing flashes"
    for name in THEMES:
        with subtests.test(theme=name):
            theme(page, name)
            fills = [row.evaluate("e => getComputedStyle(e).backgroundColor") for row in rows.values()]
            for one, other in combinations(map(luminance_and_hue, fills), 2):
                ratio = (max(one[0], other[0]) + 0.05) / (min(one[0], other[0]) + 0.05)
                assert ratio >= 2 or abs(one[1] - other[1]) >= 0.25, fills
            assert_clean(page)


@pytest.mark.parametrize("scene", [scenes.storm, scenes.stale, scenes.with_courses])
def test_axe_finds_nothing_at_night_nor_in_small_sectors(page: Page, scene: scenes.Scene) -> None:
    with BenchWard(beds=32) as ward:
        open_ward(page, ward, "?theme=night")
        scene(ward)
        arrived(page, ward)
        assert_clean(page)


def test_night_is_dimmer_than_dark_and_never_lighter(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)

    def palette(name: str) -> dict[str, float]:
        theme(page, name)
        colours = page.evaluate(
            "names => Object.fromEntries(names.map(name => {"
            " const e = document.createElement('i'); e.style.color = `var(--${name})`; document.body.append(e);"
            " const said = getComputedStyle(e).color; e.remove(); return [name, said]; }))",
            ["page", "tile", "text", "label", "rr", "spo2", "pulse", "dose", "high", "medium", "low"],
        )
        return {name: sum(map(int, re.findall(r"\d+", said)[:3])) for name, said in colours.items()}

    dark, night = palette("dark"), palette("night")
    assert all(night[name] < dark[name] for name in dark), (dark, night)


def test_names_are_never_fuller_than_the_server_permits(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    names = page.evaluate("""async () => {
      const { Settings } = await import(`${location.origin}/js/settings.js`);
      localStorage.setItem("pumpd.names", "full");
      const settings = new Settings();
      return ["full", "initials", "none"].map(identity => {
        settings.identity = identity;
        return [settings.names, settings.mayChooseNames];
      });
    }""")
    assert names == [["full", True], ["initials", True], ["off", False]]


def test_a_beds_name_leads_to_its_own_page_where_its_pump_can_be_stopped_and_back(page: Page, console: Console) -> None:
    console.allow("503")  # the bench keeps no history
    with BenchWard(beds=32) as ward:
        open_ward(page, ward)
        page.get_by_role("link", name="Bed 5", exact=True).click()
        page.get_by_role("button", name="Stop pump").first.wait_for()
        assert page.url.endswith("bed.html?bed=w-05")
        page.get_by_role("link", name="Ward", exact=True).click()
        page.locator(".sector").nth(31).wait_for()
