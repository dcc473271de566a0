"""The report of a course in a real browser: axe finds nothing, no letter is cut, and it prints on A4."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.clean import assert_clean
from tests.e2e.conftest import size
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


@pytest.fixture(scope="module")
def paper(browser: Browser, file: Path) -> Iterator[Page]:
    """The report is of no script: nothing that one test does to it stays."""
    context = browser.new_context(viewport={"width": 1100, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(file.as_uri())
    yield page
    context.close()


@pytest.mark.req("REP-01")
def test_axe_finds_nothing_and_the_page_fits(paper: Page, subtests: pytest.Subtests) -> None:
    for width in (400, 1100):
        with subtests.test(width=width):
            size(paper, width, 900)
            assert_clean(paper)
            assert paper.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.req("REP-01")
def test_no_text_of_a_drawing_is_cut_or_lies_on_another_and_none_is_tiny(paper: Page) -> None:
    size(paper, 1100, 900)
    for svg in paper.locator("svg[role=img]").all():
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


@pytest.mark.req("REP-01")
def test_it_prints_on_a4_and_nothing_is_wider_than_the_paper(paper: Page, tmp_path: Path) -> None:
    size(paper, 1100, 900)
    target = tmp_path / "report.pdf"
    paper.pdf(path=target, prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", target.read_bytes())
    assert 4 <= len(sizes) <= 20
    assert {(round(float(width)), round(float(height))) for width, height in sizes} == {A4_PT}
    paper.emulate_media(media="print")
    size(paper, 695, 900)  # 184 mm: A4 less its margins
    assert paper.evaluate("document.documentElement.scrollWidth") <= 695
    paper.emulate_media(media="null")
