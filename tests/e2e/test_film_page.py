"""A demo whose time is simulated: the page shows that time and says so; a real ward never claims another time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page

from tests.e2e.bench_ward import BenchWard
from tests.e2e.conftest import open_ward

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
AHEAD = timedelta(days=5)


class FilmWard(BenchWard):
    """Five days ahead of whoever looks at it."""

    def wall_of(self, now_ms: int) -> datetime:
        return super().wall_of(now_ms) + AHEAD


def head_time(page: Page) -> str:
    return page.locator("header .time").inner_text()


@pytest.mark.req("DEM-01")
def test_the_time_of_a_film_is_shown_as_simulated(page: Page) -> None:
    before = datetime.now(UTC) + AHEAD
    with FilmWard(1, generation="demo") as ward:
        open_ward(page, ward)
        page.get_by_text("DEMO - simulated patients").wait_for()
        shown = head_time(page)
    after = datetime.now(UTC) + AHEAD
    assert shown.startswith(tuple(f"simulated {then:%a} {then.day} {then:%b}, " for then in (before, after)))


def test_a_demo_in_this_screens_time_shows_the_time_alone(page: Page) -> None:
    with BenchWard(1, generation="demo") as ward:
        open_ward(page, ward)
        assert "simulated" not in head_time(page)


def test_a_real_ward_whose_clock_is_wrong_is_not_called_simulated(page: Page) -> None:
    with FilmWard(1) as ward:
        open_ward(page, ward)
        assert "simulated" not in head_time(page)
