"""The page of `pumpd evaluate --html` in a real browser: axe finds nothing, nothing is cut, no letter is tiny."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pumpd.evaluation.picture import page as document
from tests.e2e.clean import axe
from tests.evaluate.library import lines_of
from tests.evaluate.recordings import ADULT, candidate, changed, during, rows, study_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
LEAST_PX = 11.0


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    quieter = changed("rr-critical", None)
    studies = [
        study_of(lines_of("bradypnoea-on-oxygen"), ADULT, quieter, name="slow breathing.csv"),
        study_of(rows(7200, during(3000, 3100, rr="4", spo2="")), ADULT, quieter, name="two hours.csv"),
    ]
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(document(studies, [candidate(ADULT), candidate(quieter)], 60_000), encoding="utf-8")
    return path


def opened(browser: Browser, file: Path, scheme: str, width: int) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
def test_axe_finds_nothing_and_the_page_fits(browser: Browser, file: Path, scheme: str, width: int) -> None:
    page = opened(browser, file, scheme, width)
    found = axe(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_no_text_of_a_drawing_is_cut_or_lies_on_another_and_none_is_tiny(browser: Browser, file: Path) -> None:
    page = opened(browser, file, "light", 1400)
    for svg in page.locator("svg[role=img]").all():
        frame = svg.bounding_box()
        assert frame is not None
        boxes = [text.bounding_box() for text in svg.locator("text:not(.letter)").all()]
        for box in boxes:
            assert box is not None
            assert frame["x"] <= box["x"]
            assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 0.5
            assert box["height"] >= LEAST_PX
        assert not [(one, other) for at, one in enumerate(boxes) for other in boxes[:at] if overlap(one, other)]
    page.context.close()


def overlap(one: object, other: object) -> bool:
    """Whether two boxes share more than the room that a font keeps above and below its letters."""
    assert isinstance(one, dict)
    assert isinstance(other, dict)
    across = min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"])
    down = min(one["y"] + one["height"], other["y"] + other["height"]) - max(one["y"], other["y"])
    return bool(across > 1 and down > 4)
