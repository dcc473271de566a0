"""What a test waits for: what a screen asked the ward to do, what the ward was told, what has reached the screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Request, Route

from pumpd.safety.events import Event
from tests.e2e.bench_ward import BenchWard

PATIENCE_S = 60.0
LOOK_MS = 10.0  # the page is not evaluated in meanwhile: that would count as a touch


def until(page: Page, holds: Callable[[], object], said: Callable[[], object] = lambda: "it never held") -> None:
    """Looks again and again until it holds, while page and server go on."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, said()
        page.wait_for_timeout(LOOK_MS)


def asked(page: Page, ward: BenchWard, *wanted: Event) -> None:
    """Waits until the ward was asked for so many acts; they are these and no other."""
    until(page, lambda: len(ward.submitted) >= len(wanted), lambda: ward.submitted)
    assert ward.submitted == list(wanted)


@contextmanager
def nothing_sent(page: Page) -> Iterator[None]:
    """Whatever is done meanwhile, the page sends no act. It is watched at the page, for one that is still under way
    has not reached the ward."""
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.method != "GET":
            sent.append(f"{request.method} {request.url}")

    page.on("request", note)
    yield
    page.evaluate("0")  # whatever it sent before this answer has been told
    page.remove_listener("request", note)
    assert sent == []


def held(page: Page, where: str) -> list[Route]:
    """From now on what the page asks for there waits in this list until the test lets it go on."""
    routes: list[Route] = []

    def hold(route: Route) -> None:
        routes.append(route)

    page.route(where, hold)
    return routes


def sounds(page: Page, ward: BenchWard, sound: str) -> None:
    """Waits until the ward was told this of its only screen."""

    def told() -> list[str]:
        return [screen.sound for screen in tuple(ward.hub.clients)]

    until(page, lambda: told() == [sound], told)


ARRIVED = """([alarms, courses, rates, interlocks]) => {
  const all = (what) => [...document.querySelectorAll(what)];
  return all('.alarm').length === alarms
    && (all('.sector').length || all('.course').length === courses)
    && all('.vital.rr .digits').every((e, n) => e.textContent === rates[n] || e.textContent === '--')
    && all('.tile').every((e, n) =>
      (e.querySelector('[data-interlock]')?.dataset.interlock ?? 'armed') === interlocks[n]);
}"""


def expected(ward: BenchWard) -> list[object]:
    """What the page shows when all of the ward has reached it: alarms, courses, and of each bed RR and interlock."""
    beds = list(ward.beds.values())
    rates = [bed.values["rr"].value_milli for bed in beds]
    shown = ["--" if rate is None else str(rate // 1000) for rate in rates]
    courses = sum(bed.course is not None for bed in beds)
    return [sum(len(bed.alarms) for bed in beds), courses, shown, [bed.pumps[0].interlock.value for bed in beds]]


def arrived(page: Page, ward: BenchWard) -> None:
    """Waits until all that the ward was set to has reached the page."""
    until(page, lambda: page.evaluate(ARRIVED, expected(ward)), lambda: expected(ward))
