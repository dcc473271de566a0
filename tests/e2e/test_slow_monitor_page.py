"""What the ward page makes of a monitor that reports seldom, and of sensors that were never connected."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Page

from pumpd.device.facts import Quality
from pumpd.safety.view import ValueView
from tests.e2e.bench_ward import BenchWard
from tests.e2e.conftest import digits, open_ward, size, wait_digits, wait_state

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def change(ward: BenchWard, signal: str, **changes: Any) -> None:
    values = dict(ward.beds["w-01"].values)
    ward.set("w-01", values={**values, signal: replace(values[signal], **changes)})


def cell(page: Page, signal: str) -> str:
    return page.locator(f'[data-bed="w-01"] [data-signal="{signal}"]').inner_text()


@pytest.mark.req("QUA-01", "QUA-02")
def test_a_value_of_a_slow_monitor_is_live_grey_and_blank_at_the_monitors_own_pace(page: Page, ward: BenchWard) -> None:
    change(ward, "rr", at_ms=ward.now_ms(), pace=(75_000, 150_000))
    open_ward(page, ward)
    ward.turn(15_500)  # and a minute in which this may be looked at
    wait_state(page, "w-01", "spo2", "gone")
    wait_state(page, "w-01", "rr", "live")
    assert digits(page, "w-01", "rr") == "14"
    ward.turn(60_000)
    wait_state(page, "w-01", "rr", "grey")
    assert digits(page, "w-01", "rr") == "14"
    ward.turn(75_000)
    wait_state(page, "w-01", "rr", "gone")
    assert digits(page, "w-01", "rr") == "--"


@pytest.mark.req("QUA-01")
def test_a_sensor_that_was_never_there_is_not_measured_and_one_that_is_gone_has_lost_its_signal(
    page: Page, ward: BenchWard
) -> None:
    open_ward(page, ward)
    change(ward, "etco2", value_milli=None, quality=Quality.STALE, at_ms=None)
    change(ward, "rr", value_milli=None, quality=Quality.STALE, at_ms=ward.now_ms() - 20_000)
    wait_digits(page, "w-01", "etco2", "--")
    wait_digits(page, "w-01", "rr", "--")
    assert "not measured" in cell(page, "etco2")
    assert "no signal" in cell(page, "rr")


def test_without_an_oximeters_pulse_its_place_has_the_heart_rate_of_the_ecg(page: Page, ward: BenchWard) -> None:
    values = {name: value for name, value in ward.beds["w-01"].values.items() if name != "pulse"}
    hr = ValueView(81_000, "/min", Quality.OK, ward.now_ms(), "w-01-m1")
    ward.set("w-01", values={**values, "hr": hr})
    open_ward(page, ward)
    wait_digits(page, "w-01", "hr", "81")
    assert page.locator('[data-bed="w-01"] [data-signal="pulse"]').count() == 0
    ward.vitals("w-01", pulse=80)
    wait_digits(page, "w-01", "pulse", "80")


SIZES = ((1920, 1080), (1366, 768), (800, 1280), (390, 844))
ROOM_PX = """() => {
  const cell = document.querySelector('[data-bed="w-01"] [data-signal="etco2"]');
  const range = document.createRange();
  range.selectNodeContents(cell.querySelector(".digits"));
  return cell.getBoundingClientRect().right - range.getBoundingClientRect().right;
}"""


def test_a_value_with_a_decimal_has_room_for_every_digit(
    page: Page, ward: BenchWard, subtests: pytest.Subtests
) -> None:
    open_ward(page, ward)
    for etco2, (width, height) in product((39.9, 103.5), SIZES):
        with subtests.test(etco2=etco2, width=width):
            ward.vitals("w-01", etco2=etco2)
            wait_digits(page, "w-01", "etco2", str(etco2))
            size(page, width, height)
            assert page.evaluate(ROOM_PX) >= -1
