"""The page as a wall screen: digits readable from 4 m, alarm texts whole, nothing moves when alarms come and go."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace as changed
from playwright.sync_api import Page

from pumpd.safety.alarms import Alarm, AlarmState, Phase
from pumpd.safety.policy import AlarmKind, Priority
from tests.e2e.bench_views import LASTING
from tests.e2e.bench_ward import BenchWard
from tests.e2e.conftest import open_ward, size, wait_digits

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# Inter's cap height, which is that of its digits: 1490 of 2048 units
GLYPH = 1490 / 2048
OVER_HARD = (
    "ketAMINE over hard ceiling: 1.5 mg/kg/h (108 mL/h) > 1 mg/kg/h (72 mL/h)"
    " set by drug library 2026.2, palliative-adult"
)
CUT_OFF = """() => [
  ...[...document.querySelectorAll('.tile .body, .pump')].filter(
    e => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1),
  ...[...document.querySelectorAll('.bar .cause')].filter(
    e => e.getBoundingClientRect().bottom > e.closest('.words').getBoundingClientRect().bottom + 1),
].map(e => e.className)"""
PLACES = """() => [...document.querySelectorAll('.tile, .bar, .vital, .vital .digits, .pump')].map(
  e => { const b = e.getBoundingClientRect(); return [b.x, b.y, b.width, b.height].map(Math.round).join(); })"""

OVERLAPPING = """() => [...document.querySelectorAll('.vital')].filter(cell => {
  const [a, b] = ['abbr', '.digits'].map(part => cell.querySelector(part).getBoundingClientRect());
  return a.right > b.left + 1 && b.right > a.left + 1 && a.bottom > b.top + 1 && b.bottom > a.top + 1;
}).length"""


@pytest.fixture
def ward() -> Iterator[BenchWard]:
    with BenchWard(beds=4, pace=LASTING) as ward:
        yield ward


def digit_px(page: Page) -> float:
    """Height of the smallest vital digit on the screen."""
    sizes = page.evaluate(
        "[...document.querySelectorAll('.digits')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    return float(min(sizes)) * GLYPH


def over_hard(ward: BenchWard) -> Alarm:
    ward.vitals("w-01", spo2=100)
    return ward.alarm("w-01", OVER_HARD, condition="over_hard", kind=AlarmKind.TECHNICAL)


@pytest.mark.parametrize(
    ("beds", "walls"),
    [(4, ((1920, 1080, 110), (3840, 2160, 220))), (8, ((1920, 1080, 60),)), (16, ((1920, 1080, 45),))],
)
def test_digits_are_large_and_an_alarms_cause_value_and_limit_whole(
    page: Page, beds: int, walls: tuple[tuple[int, int, int], ...], subtests: pytest.Subtests
) -> None:
    with BenchWard(beds=beds, pace=LASTING) as ward:
        open_ward(page, ward)
        alarm = over_hard(ward)
        page.wait_for_selector(".bar.high")
        wait_digits(page, "w-01", "spo2", "100")
        for width, height, _ in walls:
            with subtests.test("alone", width=width):
                size(page, width, height)
                assert page.evaluate(CUT_OFF) == []
        ward.alarm("w-01", "demo-01-p1 changed at the pump", priority=Priority.LOW)
        over = changed(alarm, state=AlarmState.LATCHED, present=False, ended_ms=ward.now_ms())
        ward.put(over, Phase.LATCH)
        page.wait_for_selector(".bar.high.latched")
        for width, height, least_px in walls:
            with subtests.test("beside another", width=width):
                size(page, width, height)
                assert digit_px(page) >= least_px
                assert page.evaluate(CUT_OFF) == []
        assert OVER_HARD in page.locator(".bar.high").inner_text()


@pytest.mark.parametrize("beds", [4, 16, 20, 24])
def test_no_label_stands_in_the_digits(page: Page, beds: int) -> None:
    with BenchWard(beds=beds, pace=LASTING) as ward:
        open_ward(page, ward)
        assert page.evaluate(OVERLAPPING) == 0


def test_nothing_moves_when_alarms_come_and_go(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    before = page.evaluate(PLACES)
    over_hard(ward)
    soon = ward.alarm("w-02", "PR 44 /min < 45 /min", priority=Priority.LOW)
    page.wait_for_selector(".bar.high")
    page.wait_for_selector(".bar.low")
    wait_digits(page, "w-01", "spo2", "100")
    ward.vitals("w-01", spo2=97)
    wait_digits(page, "w-01", "spo2", "97")
    assert page.evaluate(PLACES) == before
    ward.put(changed(soon, state=AlarmState.ENDED, present=False), Phase.END)
    page.wait_for_selector(".bar.low", state="detached")
    assert page.evaluate(PLACES) == before


@pytest.mark.req("ALA-07")
def test_high_flashes_at_2_hz_medium_at_0_6_hz_and_low_not_at_all(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    for bed, priority in (("w-01", Priority.HIGH), ("w-02", Priority.MEDIUM), ("w-03", Priority.LOW)):
        ward.alarm(bed, "no breath", priority=priority)
        page.wait_for_selector(f'[data-bed="{bed}"] .bar.{priority.value}')
    seconds = "[...document.querySelectorAll('button.bar')].map(e => getComputedStyle(e).animationDuration)"
    assert page.evaluate(seconds) == ["0.5s", "1.6667s", "0s"]
