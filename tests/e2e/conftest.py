"""A real Chromium, a page whose console must stay clean, and the ward it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, ViewportSize, expect, sync_playwright

from tests.conftest import need
from tests.e2e.bench_ward import BenchWard, look_away

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",  # as a kiosk has it; test_sound_page tries without
)
WALL: ViewportSize = {"width": 1920, "height": 1080}
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
FONTS = "async () => { await document.fonts.ready; }"  # text of another font has another size
PATIENCE_MS = 60_000  # of a loaded machine; what is there at once is not waited for
SOON_MS = 12_000  # three heartbeats are missed, and the machine stood still: sooner than any value is withdrawn
FORGET = "() => { try { localStorage.clear(); sessionStorage.clear(); } catch { /* nothing is kept here */ } }"

expect.set_options(timeout=PATIENCE_MS)


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
        if message.location.get("url", "").endswith("/icon.svg"):
            return  # Chromium asks for it anew when a page begins to sound, here of a server that a test has killed
        if message.type in ("error", "warning") and not any(words in message.text for words in self._allowed):
            self.errors.append(message.text)

    @contextmanager
    def listening(self, page: Page) -> Iterator[Page]:
        """Hears the page from here on; at the end it complained about nothing."""
        page.on("console", self.said)
        page.on("pageerror", self._thrown)
        yield page
        page.remove_listener("console", self.said)
        page.remove_listener("pageerror", self._thrown)
        assert self.errors == []

    def _thrown(self, error: Error) -> None:
        self.errors.append(str(error))


@pytest.fixture
def console() -> Console:
    return Console()


def new_screen(browser: Browser) -> Page:
    context = browser.new_context(viewport=WALL)
    context.set_default_timeout(PATIENCE_MS)
    return context.new_page()


@pytest.fixture(scope="session")
def screen(browser: Browser) -> Iterator[Page]:
    """The one page that tests use in turn: a new one for each would be a new process and half of their time."""
    page = new_screen(browser)
    yield page
    page.context.close()


def leave(page: Page) -> None:
    """Whatever a test did with the page is undone, and it looks at nothing."""
    page.evaluate(FORGET)
    look_away(page)
    page.unroute_all(behavior="ignoreErrors")
    page.context.unroute_all(behavior="ignoreErrors")
    page.context.clear_cookies()
    page.emulate_media(media="null", color_scheme="light", reduced_motion="no-preference")
    page.mouse.move(0, 0)
    if page.viewport_size != WALL:
        page.set_viewport_size(WALL)


def look_first(request: pytest.FixtureRequest) -> None:
    """The ward that the page will look at is there before it, so that the page leaves before the ward closes."""
    if "ward" in request.fixturenames:
        request.getfixturevalue("ward")


@pytest.fixture
def page(screen: Page, console: Console, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A wall screen as new. At the end of each test its console holds no error."""
    look_first(request)
    with console.listening(screen):
        yield screen
        leave(screen)


@pytest.fixture
def own_page(browser: Browser, console: Console, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A wall screen for this test alone, for what cannot be undone: scripts, sockets and clocks of its own."""
    look_first(request)
    page = new_screen(browser)
    with console.listening(page):
        yield page
        page.context.close()


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
    page.evaluate(FONTS)


def size(page: Page, width: int, height: int) -> None:
    """Another screen; the page has drawn itself for it."""
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(DRAWN)


def theme(page: Page, name: str) -> None:
    """As if the page were opened with it."""
    page.evaluate("name => { document.documentElement.dataset.theme = name; }", name)


def digits(page: Page, bed: str, signal: str) -> str:
    return page.locator(f'[data-bed="{bed}"] [data-signal="{signal}"] .digits').inner_text()


def wait_digits(page: Page, bed: str, signal: str, text: str) -> None:
    page.locator(f'[data-bed="{bed}"] [data-signal="{signal}"] .digits', has_text=text).wait_for()


def wait_state(page: Page, bed: str, signal: str, state: str) -> None:
    """live, grey or gone."""
    page.wait_for_selector(f'[data-bed="{bed}"] [data-signal="{signal}"][data-state="{state}"]')
