"""axe finds nothing on the page: dark and light, calm and alarming, lost, dialog open, wall and phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from pumpd.device.facts import Quality
from pumpd.safety.alarms import AlarmState, Phase
from pumpd.safety.decisions import InterlockState
from pumpd.safety.events import LinkState
from pumpd.safety.policy import AlarmKind, Priority
from tests.e2e.awaited import arrived
from tests.e2e.bench_ward import BenchWard
from tests.e2e.clean import assert_clean
from tests.e2e.conftest import SERVER_DOWN, Console, open_ward, theme, wait_state

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


Scene = Callable[[Page, BenchWard, Console], None]


def busy(page: Page, ward: BenchWard, _: Console) -> None:
    """Every kind of alarm and tile at once."""
    ward.alarm("w-01", "no breath", condition="no_breath")
    ward.alarm("w-02", "SpO2 88 % < 90 %", priority=Priority.MEDIUM)
    ward.alarm("w-03", "PR 44 /min < 45 /min", priority=Priority.LOW, condition="pulse_low")
    ward.alarm("w-04", "ended long ago", state=AlarmState.LATCHED, present=False, phase=Phase.LATCH)
    soft = {"condition": "over_soft", "device": "w-04-p1", "kind": AlarmKind.TECHNICAL}
    ward.alarm("w-04", "over soft ceiling", priority=Priority.MEDIUM, **soft)
    ward.pump("w-01", interlock=InterlockState.STOP_UNCONFIRMED)
    ward.pump("w-02", interlock=InterlockState.STOP_VERIFIED, not_verified=("no weight",), dose_mg_kg_h=None)
    ward.pump("w-03", interlock=InterlockState.TRIPPED, infusing=None, rate_ul_h=None, rate_quality=Quality.STALE)
    arrived(page, ward)


def stale(page: Page, ward: BenchWard, _: Console) -> None:
    ward.link("w-01", "m1", LinkState.DOWN)
    ward.link("w-02", "p1", LinkState.SILENT)
    ward.set("w-03", monitored=False)
    ward.turn(8_000)
    wait_state(page, "w-01", "rr", "grey")


def asking(page: Page, ward: BenchWard, _: Console) -> None:
    ward.alarm("w-01", "no breath", condition="no_breath")
    page.get_by_role("button", name="Acknowledge: Bed 1").click()
    page.get_by_label("Other (say what)").check()


def lost(page: Page, ward: BenchWard, console: Console) -> None:
    console.allow(SERVER_DOWN)
    ward.close()
    page.wait_for_selector(".banner.lost")


@pytest.mark.parametrize("scene", [busy, stale, asking, lost])
def test_axe_finds_no_violation_dark_or_light(page: Page, ward: BenchWard, console: Console, scene: Scene) -> None:
    open_ward(page, ward)
    scene(page, ward, console)
    assert_clean(page)
    theme(page, "light")
    assert_clean(page)


def test_axe_finds_no_violation_on_a_phone_and_alarms_come_first(page: Page, ward: BenchWard, console: Console) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_ward(page, ward)
    busy(page, ward, console)
    assert_clean(page)
    alarms, first = page.locator(".alarms").bounding_box(), page.locator(".tile").first.bounding_box()
    assert alarms is not None
    assert first is not None
    assert alarms["y"] < first["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_every_button_is_large_enough_to_hit(page: Page, ward: BenchWard, console: Console) -> None:
    open_ward(page, ward)
    busy(page, ward, console)
    for box in (one.bounding_box() for one in page.get_by_role("button").all()):
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
