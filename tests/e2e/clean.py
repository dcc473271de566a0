"""axe on a page: its script of half a megabyte is parsed once for each page and not for each look."""

from __future__ import annotations

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe()


def axe(page: Page) -> AxeResults:
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.axe_script)
    return AxeResults(page.evaluate("axe.run({ resultTypes: ['violations'] })"))


def assert_clean(page: Page) -> None:
    found = axe(page)
    assert found.violations_count == 0, found.generate_report()
