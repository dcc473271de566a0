"""The page of a bed at the real daemon: curve and past of a simulated Capnostream, through driver, hub and journal."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import SERVER_DOWN, Console
from tests.e2e.pixels import PIXELS
from tests.e2e.test_whole_daemon import Demo

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MEASURED = """() => {
  const data = PIXELS(document.querySelector("canvas.sweep"));
  let found = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i] > 120 && data[i + 2] < 90 && data[i + 3] > 100) found += 1;
  return found > 150;
}""".replace("PIXELS", PIXELS)


@pytest.fixture
def demo(tmp_path: Path, console: Console) -> Iterator[Demo]:
    running = Demo("cable", 10, tmp_path / "demo.log")
    yield running
    console.allow(SERVER_DOWN)
    console.allow("Failed to load resource")
    running.end(signal.SIGTERM)


@pytest.mark.req("QUA-02")
def test_curve_and_past_come_from_the_devices_and_end_with_the_daemon(page: Page, demo: Demo, console: Console) -> None:
    page.goto(demo.url)
    page.locator('[data-bed="demo-01"] h2 a').click()
    page.wait_for_selector('[data-wave="live"] canvas', timeout=60_000)
    page.wait_for_function(MEASURED)
    page.get_by_text("This stay since").wait_for()
    page.locator(".happenings").get_by_text("patient bound").wait_for()
    page.wait_for_selector('[data-panel="rr"] .uplot canvas')
    page.get_by_role("button", name="Whole stay").click()
    page.get_by_text("This stay since").wait_for()
    console.allow(SERVER_DOWN)
    console.allow("Failed to load resource")
    demo.end(signal.SIGKILL)
    page.wait_for_selector(".banner.lost")
    page.wait_for_selector('[data-wave="gone"]')
    assert set(page.locator(".vital .digits, .dose .figure").all_inner_texts()) == {"--"}
