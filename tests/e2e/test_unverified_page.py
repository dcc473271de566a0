"""A driver under development on the ward page: whoever sees its device, a value or an alarm of it is told so."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from playwright.sync_api import Page, expect

from pumpd.safety.policy import Priority
from pumpd.safety.view import BedView
from tests.e2e.bench_views import LASTING
from tests.e2e.bench_ward import BenchWard
from tests.e2e.clean import assert_clean
from tests.e2e.conftest import open_ward, size, theme

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MARK = ".unproven"


def under_development(ward: BenchWard, bed: str, device: str) -> BedView:
    """The bed's device of that id gets a driver under development."""
    devices = tuple(
        replace(one, driver="my_monitor", unverified=True) if one.id == f"{bed}-{device}" else one
        for one in ward.beds[bed].devices
    )
    ward.set(bed, devices=devices)
    return ward.beds[bed]


def test_a_page_without_such_a_driver_says_nothing_of_it(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    expect(page.locator(MARK)).to_have_count(0)


def test_a_monitor_under_development_is_marked_at_the_top_at_the_device_and_at_each_value(
    page: Page, ward: BenchWard
) -> None:
    open_ward(page, ward)
    under_development(ward, "w-02", "m1")
    tile = page.locator('[data-bed="w-02"]')
    expect(tile.locator(".links .unproven")).to_have_text("UNVERIFIED")
    for signal in ("rr", "spo2", "etco2", "pulse"):
        cell = tile.locator(f'[data-signal="{signal}"]')
        expect(cell.locator(MARK)).to_have_text("UNVERIFIED")
        expect(cell.locator(MARK)).to_be_visible()
    expect(page.locator(".ward .unproven")).to_have_text("UNVERIFIED driver: Bed 2")
    expect(page.locator('[data-bed="w-01"]').locator(MARK)).to_have_count(0)
    expect(tile.locator(".pump .unproven")).to_have_count(0)


def test_a_pump_under_development_is_marked_where_its_dose_stands(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    under_development(ward, "w-01", "p1")
    pump = page.locator('[data-pump="w-01-p1"]')
    expect(pump.locator(MARK)).to_have_text("UNVERIFIED")
    expect(page.locator('[data-bed="w-01"] .vital .unproven')).to_have_count(0)


def test_an_alarm_that_rests_on_its_values_is_marked_in_the_list_and_in_the_bar(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    under_development(ward, "w-01", "m1")
    ward.alarm("w-01", "SpO2 84 % is below 88 %", condition="spo2_low")
    ward.alarm("w-02", "SpO2 83 % is below 88 %", condition="spo2_low")
    expect(page.locator('[data-bed="w-01"] .bar')).to_contain_text("UNVERIFIED")
    expect(page.locator('[data-alarm="w-01-1"] .unproven')).to_have_text("UNVERIFIED driver")
    expect(page.locator('[data-alarm="w-02-1"]')).to_be_visible()
    expect(page.locator('[data-alarm="w-02-1"] .unproven')).to_have_count(0)


PAST_THE_TILE = """all => all.filter(
  e => e.getBoundingClientRect().right > e.closest('.tile').getBoundingClientRect().right).length"""


def test_the_mark_is_read_in_every_theme_and_size_without_being_cut(page: Page, subtests: pytest.Subtests) -> None:
    with BenchWard(beds=4, pace=LASTING) as ward:
        open_ward(page, ward)
        the_marks_are_read(page, ward, subtests)


def the_marks_are_read(page: Page, ward: BenchWard, subtests: pytest.Subtests) -> None:
    for device in ("m1", "p1"):
        under_development(ward, "w-01", device)
    marks = page.locator('[data-bed="w-01"]').locator(MARK)
    expect(marks).to_have_count(7)
    for name, (width, height) in product(("dark", "light"), ((1920, 1080), (1280, 720), (390, 844))):
        with subtests.test(theme=name, width=width):
            theme(page, name)
            size(page, width, height)
            assert marks.evaluate_all(PAST_THE_TILE) == 0
            for mark in marks.all():
                expect(mark).to_be_visible()


def test_axe_finds_no_violation_in_the_marks_beside_alarms_of_every_priority(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    for bed, priority in zip(("w-01", "w-02", "w-03"), Priority, strict=True):
        for device in ("m1", "p1"):
            under_development(ward, bed, device)
        ward.alarm(bed, "SpO2 84 % is below 88 %", condition="spo2_low", priority=priority)
    expect(page.locator(".alarm .unproven")).to_have_count(3)
    assert_clean(page)
    theme(page, "light")
    assert_clean(page)
