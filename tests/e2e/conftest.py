"""A real Chromium, a page whose console must stay clean, and the ward it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.conftest import need
from tests.e2e.bench_ward import BenchWard

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    need(CHROMIUM.exists(), "Chromium", "Debian package chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield chromium
        chromium.close()


class Console:
    """What the page complained about. `allow` names what a test provokes on purpose."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self._allowed: list[str] = []

    def allow(self, words: str) -> None:
        self._allowed.append(words)

    def said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(words in message.text for words in self._allowed):
            self.errors.append(message.text)


@pytest.fixture
def console() -> Console:
    return Console()


@pytest.fixture
def page(browser: Browser, console: Console, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A wall screen. At the end of each test its console holds no error. It closes before the ward that it looks at."""
    if "ward" in request.fixturenames:
        request.getfixturevalue("ward")
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.on("console", console.said)
    page.on("pageerror", lambda error: console.errors.append(str(error)))
    yield page
    context.close()
    assert console.errors == []


@pytest.fixture
def ward() -> Iterator[BenchWard]:
    with BenchWard(beds=4) as ward:
        yield ward


SERVER_DOWN = "WebSocket connection"


def open_ward(page: Page, ward: BenchWard, query: str = "") -> None:
    """Go to the page and wait until its digits are live."""
    ward.refresh()
    ward.pages.append(page)
    page.goto(ward.url + query)
    page.wait_for_selector(".connection.live")
    page.wait_for_selector(".tile")


def digits(page: Page, bed: str, signal: str) -> str:
    return page.locator(f'[data-bed="{bed}"] [data-signal="{signal}"] .digits').inner_text()


def wait_digits(page: Page, bed: str, signal: str, text: str) -> None:
    page.locator(f'[data-bed="{bed}"] [data-signal="{signal}"] .digits', has_text=text).wait_for()


def wait_state(page: Page, bed: str, signal: str, state: str) -> None:
    """live, grey or gone."""
    page.wait_for_selector(f'[data-bed="{bed}"] [data-signal="{signal}"][data-state="{state}"]')
