"""The course on the tile: what a nurse reads of it at a glance, and that nothing is shown that nobody measured."""

from __future__ import annotations

from itertools import product

import pytest
from playwright.sync_api import Page

from pumpd.device.facts import Quality
from pumpd.safety.policy import AlarmKind, Priority
from tests.e2e.awaited import arrived
from tests.e2e.bench_views import LASTING
from tests.e2e.bench_ward import BenchWard
from tests.e2e.clean import assert_clean
from tests.e2e.conftest import Console, open_ward, size, theme, wait_digits
from tests.e2e.course_scene import BED, busy, show, strip
from tests.e2e.test_wall_layout import OVERLAPPING
from tests.live.course_fakes import KG_72, MINUTE_MS, cap, clinical, concentration, mme

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.mark.req("CEI-09")
def test_the_tile_says_how_far_the_course_is_and_what_was_given_of_whose_cap(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    show(ward)
    said = strip(page)
    assert said.locator(".where").inner_text().startswith("infusion 2 of 3 · day 3 · running")
    given = said.locator(".cap").inner_text()
    assert "12.3 to 12.51 mg of 36 mg" in given
    assert "set by drug library 2026.2, palliative-adult" in given
    assert "cap in 37 min" in given or "cap in 38 min" in given
    bar = said.get_by_role("img", name="12.3 to 12.51 mg of 36 mg given")
    assert bar.locator("rect.sure").last.get_attribute("width") == "34"
    assert bar.locator("rect.maybe").get_attribute("width") == "1"


@pytest.mark.req("CEI-09")
def test_a_cap_that_may_be_reached_is_said_so(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    show(ward, caps=(cap(ward.now_ms(), low_ng=KG_72 - 2_000_000, high_ng=KG_72, reached_ms=None),))
    assert "CAP REACHED" in strip(page).locator(".cap").inner_text()


@pytest.mark.req("CRS-04", "CRS-08")
def test_what_is_missing_and_what_was_set_aside_stands_there_in_words(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    show(ward)
    notices = strip(page).locator(".notices").inner_text()
    assert "no adjunct is recorded (protocol ldk 2026.1)" in notices
    assert "set aside: vital signs before a start, Dr. Adler" in notices
    assert "no increase before" in notices


@pytest.mark.req("CRS-09")
def test_pain_is_shown_with_its_age_and_is_due_then_overdue(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    show(ward)
    nrs = strip(page).locator(".nrs dd")
    assert nrs.inner_text().split()[0] == "5"
    assert "2 h 25 min ago · next 1 h 3" in nrs.inner_text()
    show(ward, nrs_due_ms=ward.now_ms() - 5 * MINUTE_MS)
    page.locator(f"{BED} .nrs .due", has_text="due since").wait_for()
    late = {"condition": "nrs_overdue", "priority": Priority.LOW, "kind": AlarmKind.ADVISORY}
    ward.alarm("w-01", "NRS overdue", **late)
    page.locator(f"{BED} .nrs .due", has_text="OVERDUE since").wait_for()


@pytest.mark.req("MME-02", "MME-04")
def test_an_incomplete_total_of_opioids_is_marked_and_its_table_named(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    now = ward.now_ms()
    partial = mme(now, incomplete=("buprenorphine has no factor in cdc-2022",), change_centi_percent=None)
    show(ward, clinical=clinical(now, mme=partial))
    fact = strip(page).locator(".mme")
    assert "310 MME/24 h incomplete" in fact.inner_text().replace("\n", " ")
    title = fact.get_attribute("title") or ""
    assert "table cdc-2022" in title
    assert "buprenorphine has no factor" in title


@pytest.mark.req("PK-05")
def test_a_predicted_band_says_predicted_names_its_models_and_is_never_one_number(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    now = ward.now_ms()
    doubtful = concentration(now, quality=Quality.QUESTIONABLE, doubts=("the pump was not heard for 3 min",))
    show(ward, clinical=clinical(now, concentration=doubtful))
    fact = strip(page).locator(".predicted")
    assert fact.inner_text().split("\n")[0].strip() == "Predicted"
    assert "40 to 75 ng/mL (4 models) doubtful" in fact.inner_text()
    title = fact.get_attribute("title") or ""
    assert "not measured" in title
    assert "Kamp 2020" in title
    assert "the pump was not heard" in title
    show(ward, clinical=clinical(now, concentration=None, why="no weight"))
    page.locator(f"{BED} .predicted", has_text="none: no weight").wait_for()


@pytest.mark.req("QUA-01")
def test_nothing_of_a_course_is_shown_when_the_page_cannot_be_believed(
    page: Page, ward: BenchWard, console: Console
) -> None:
    open_ward(page, ward)
    show(ward)
    strip(page)
    console.allow("WebSocket connection")
    ward.close()
    page.wait_for_selector(".banner.lost")
    assert page.locator(f"{BED} .course").inner_text() == "Course unknown"


def test_a_bed_without_a_protocol_shows_no_course(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    show(ward, "w-02")
    strip(page, "w-02")
    assert page.locator(f"{BED} .course").count() == 0


def test_axe_finds_no_violation_in_a_course(page: Page, ward: BenchWard, subtests: pytest.Subtests) -> None:
    open_ward(page, ward)
    busy(ward)
    arrived(page, ward)
    for name, width in product(("dark", "light"), (1920, 390)):
        with subtests.test(theme=name, width=width):
            theme(page, name)
            size(page, width, 1080)
            assert_clean(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width


CUT_OFF = """() => [...document.querySelectorAll('.tile .body, .pump, .course, .course .where')].filter(
  e => e.scrollHeight > e.clientHeight + 2 || e.scrollWidth > e.clientWidth + 1).map(e => e.className)"""


DIGITS_CUT = """() => [...document.querySelectorAll('.vital .digits')].filter(e => {
  const text = document.createRange();
  text.selectNodeContents(e);
  return text.getBoundingClientRect().right > e.closest('.vital').getBoundingClientRect().right + 1;
}).map(e => `${e.closest('.tile').dataset.bed} ${e.textContent}`)"""
WALLS = [
    (4, ((1920, 1080, 65), (3840, 2160, 130))),
    (8, ((1920, 1080, 45),)),
    (9, ((1280, 800, 40),)),
    (12, ((1920, 1080, 29),)),
    (16, ((1920, 1080, 38), (3840, 2160, 90))),
    (24, ((1920, 1080, 17),)),
]


@pytest.mark.parametrize(("beds", "walls"), WALLS)
def test_on_a_wall_a_course_leaves_the_vitals_readable_and_nothing_is_cut_off(
    page: Page, beds: int, walls: tuple[tuple[int, int, int], ...], subtests: pytest.Subtests
) -> None:
    with BenchWard(beds=beds, pace=LASTING) as ward:
        size(page, *walls[0][:2])
        open_ward(page, ward)
        busy(ward)
        for bed in ward.beds:
            ward.vitals(bed, spo2=100, pulse=130)
        arrived(page, ward)
        wait_digits(page, f"w-{beds:02}", "spo2", "100")
        sizes = "[...document.querySelectorAll('.digits')].map(e => parseFloat(getComputedStyle(e).fontSize))"
        for width, height, least_px in walls:
            with subtests.test(width=width):
                size(page, width, height)
                assert min(page.evaluate(sizes)) * 1490 / 2048 >= least_px
                assert page.evaluate(CUT_OFF) == []
                assert page.evaluate(OVERLAPPING) == 0
                assert page.evaluate(DIGITS_CUT) == []


def test_every_button_of_a_course_is_large_enough_to_hit(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    busy(ward)
    arrived(page, ward)
    for box in (one.bounding_box() for one in page.locator(".chart-acts button").all()):
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
