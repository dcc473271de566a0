"""What the page says of breathing beyond the numbers: held, jump, source, assessments, oxygen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page

from pumpd.device.facts import Quality
from pumpd.device.info import Origin
from pumpd.safety.view import OxygenView, ValueView
from tests.e2e.bench_ward import BenchWard
from tests.e2e.conftest import open_ward, wait_digits

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def put(ward: BenchWard, **values: ValueView) -> None:
    ward.set("w-01", values={**ward.beds["w-01"].values, **values})


@pytest.mark.req("RSP-05")
def test_a_held_value_prints_no_digit_and_says_held(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    put(ward, etco2=ValueView(None, "mmHg", Quality.STALE, ward.now_ms() - 12_000, "w-01-m1", Origin.CO2, "held"))
    wait_digits(page, "w-01", "etco2", "--")
    cell = page.locator('[data-bed="w-01"] [data-signal="etco2"]')
    assert cell.locator(".note").inner_text().strip() == "held"
    assert cell.get_attribute("title") == "w-01-m1 (CO2)"


@pytest.mark.req("RSP-06")
def test_a_jump_is_marked_with_its_reason(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    put(ward, spo2=ValueView(70_000, "%", Quality.QUESTIONABLE, ward.now_ms(), "w-01-m1", None, "jump"))
    wait_digits(page, "w-01", "spo2", "70")
    said = page.locator('[data-bed="w-01"] [data-signal="spo2"] .questionable').get_attribute("title")
    assert said is not None
    assert "faster than it can" in said


@pytest.mark.req("RSP-02", "RSP-08")
def test_what_a_person_assessed_stands_beside_the_name(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    before = page.locator('[data-bed="w-01"] .patient').inner_text()
    put(
        ward,
        poss=ValueView(0, "", Quality.OK, ward.now_ms(), "RN-KL", text="S"),
        rass=ValueView(-2_000, "", Quality.OK, ward.now_ms(), "RN-KL"),
    )
    ward.beds["w-01"] = replace(ward.beds["w-01"], oxygen=OxygenView(True, "RN-KL", 0))
    ward.set("w-01")
    page.get_by_text(f"{before} · POSS S · RASS -2 · O2").wait_for()
