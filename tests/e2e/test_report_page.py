"""The report of a course in a real browser: axe finds nothing, no letter is cut, and it prints on A4."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.e2e.test_evaluation_page import overlap
from tests.report.conftest import Recorded, record
from tests.report.played import case_report
from tests.report.test_rough_course import rough

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
LEAST_PX = 11.0
A4_PT = (595, 842)
ANSWERS = {"case report": case_report, "rough": rough}


@pytest.fixture(scope="module", params=ANSWERS)
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    found: Recorded = record(folder, ANSWERS[request.param])
    path = folder / "report.html"
    path.write_text(found.html, encoding="utf-8")
    return path


def opened(browser: Browser, file: Path, width: int) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(file.as_uri())
    return page


@pytest.mark.req("REP-01")
@pytest.mark.parametrize("width", [400, 1100])
def test_axe_finds_nothing_and_the_page_fits(browser: Browser, file: Path, width: int) -> None:
    page = opened(browser, file, width)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


@pytest.mark.req("REP-01")
def test_no_text_of_a_drawing_is_cut_or_lies_on_another_and_none_is_tiny(browser: Browser, file: Path) -> None:
    page = opened(browser, file, 1100)
    for svg in page.locator("svg[role=img]").all():
        frame = svg.bounding_box()
        assert frame is not None
        boxes = [text.bounding_box() for text in svg.locator("text").all()]
        for box in boxes:
            assert box is not None
            assert frame["x"] <= box["x"] + 0.5
            assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 0.5
            assert frame["y"] <= box["y"] + 3
            assert min(box["height"], box["width"]) >= min(LEAST_PX, box["width"])
        assert not [(one, other) for at, one in enumerate(boxes) for other in boxes[:at] if overlap(one, other)]
    page.context.close()


@pytest.mark.req("REP-01")
def test_it_prints_on_a4_and_nothing_is_wider_than_the_paper(browser: Browser, file: Path, tmp_path: Path) -> None:
    page = opened(browser, file, 1100)
    target = tmp_path / "report.pdf"
    page.pdf(path=target, prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", target.read_bytes())
    assert 4 <= len(sizes) <= 20
    assert {(round(float(width)), round(float(height))) for width, height in sizes} == {A4_PT}
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 695, "height": 900})  # 184 mm: A4 less its margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 695
    page.context.close()
