"""The ward page in a real browser over the real hub: what a nurse sees of values, ages, pumps and the connection."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from pumpd.device.facts import Quality
from pumpd.safety.decisions import InterlockState
from pumpd.safety.events import LinkState, StopRequested
from pumpd.safety.policy import Enforcement
from tests.e2e.awaited import nothing_sent
from tests.e2e.bench_ward import BenchWard
from tests.e2e.conftest import SERVER_DOWN, SOON_MS, Console, digits, open_ward, wait_digits, wait_state
from tests.e2e.course_scene import show

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

COUNT_SOCKETS = """() => {
  const Real = WebSocket;
  window.sockets = 0;
  window.WebSocket = class extends Real {
    constructor(url) { super(url); window.sockets += 1; }
  };
}"""
SIGNALS = ("rr", "spo2", "etco2", "pulse")


def test_values_move(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    assert [digits(page, "w-01", one) for one in SIGNALS] == ["14", "97", "38", "72"]
    ward.vitals("w-01", rr=11, spo2=95)
    wait_digits(page, "w-01", "rr", "11")
    wait_digits(page, "w-01", "spo2", "95")
    assert digits(page, "w-02", "rr") == "14"


@pytest.mark.req("QUA-01", "QUA-02")
def test_a_silent_source_turns_grey_with_its_age_and_then_blank(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    ward.refresh()
    ward.link("w-01", "m1", LinkState.DOWN)
    ward.turn(6_000)
    expect(page.locator('[data-bed="w-01"] .links')).to_contain_text("link down")
    wait_state(page, "w-01", "rr", "grey")
    cell = page.locator('[data-bed="w-01"] [data-signal="rr"]')
    assert re.search(r"\d+\s+s\s+ago", cell.inner_text())
    ward.turn(10_000)
    wait_state(page, "w-01", "rr", "gone")
    assert [digits(page, "w-01", one) for one in SIGNALS] == ["--"] * 4


@pytest.mark.req("QUA-01")
def test_no_quality_but_ok_and_questionable_prints_a_digit(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    for spo2, quality in enumerate((Quality.STALE, Quality.INVALID, Quality.OFF), start=94):
        ward.vitals("w-01", quality, spo2=97)
        wait_digits(page, "w-01", "spo2", "--")
        ward.vitals("w-01", Quality.QUESTIONABLE, spo2=spo2)
        wait_digits(page, "w-01", "spo2", str(spo2))
        page.wait_for_selector('[data-bed="w-01"] [data-signal="spo2"] .questionable')


@pytest.mark.req("RSP-03")
def test_zero_breaths_are_a_value_and_their_seconds_are_shown(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    ward.vitals("w-01", rr=0, no_breath_s=24)
    wait_digits(page, "w-01", "rr", "0")
    page.get_by_text("no breath 24 s").wait_for()


@pytest.mark.req("CEI-07", "CEI-02")
def test_the_dose_is_printed_as_the_server_wrote_it_with_its_guard(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    pump = page.locator('[data-pump="w-01-p1"]')
    assert pump.locator(".figure").inner_text() == "0.1 mg/kg/h = 1.8 mL/h"
    assert pump.locator(".basis").inner_text() == "4 mg/mL · 72 kg"
    assert pump.locator(".badge").inner_text() == "over ceiling: STOP"
    assert "set by drug library" in pump.locator(".ceiling").inner_text()
    ward.pump("w-01", enforcement=Enforcement.ALARM, interlock=InterlockState.ALARM_ONLY)
    pump.locator(".badge", has_text="ALARM ONLY").wait_for()
    assert pump.locator("button.stop").count() == 0


def test_a_pump_that_is_not_heard_shows_no_dose_and_may_still_be_infusing(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    ward.link("w-01", "p1", LinkState.DOWN)
    ward.pump("w-01", infusing=None, rate_ul_h=None, rate_quality=Quality.STALE, dose_mg_kg_h=None)
    pump = page.locator('[data-pump="w-01-p1"]')
    pump.get_by_text("link lost - pump may still be infusing").wait_for()
    assert pump.locator(".figure").inner_text() == "--"


@pytest.mark.req("CEI-05")
def test_an_infusion_without_a_weight_is_shown_without_a_dose(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    ward.pump("w-01", dose_mg_kg_h=None, not_verified=("the patient's weight is not known",))
    pump = page.locator('[data-pump="w-01-p1"]')
    pump.get_by_text("Dose not verified: the patient's weight is not known").wait_for()
    assert pump.locator(".figure").inner_text() == "1.8 mL/h"


@pytest.mark.req("INT-01")
def test_the_interlock_speaks_in_words(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    for state, words in (
        (InterlockState.TRIPPED, "TRIPPED - STOP SENT"),
        (InterlockState.STOP_ACKED, "STOP ACKNOWLEDGED - VERIFYING"),
        (InterlockState.STOP_VERIFIED, "STOP VERIFIED"),
        (InterlockState.STOP_UNCONFIRMED, "STOP NOT CONFIRMED - STOP PUMP BY HAND"),
    ):
        ward.pump("w-01", interlock=state, infusing=False, rate_ul_h=0, dose_mg_kg_h=Decimal(0))
        page.wait_for_selector(f'[data-pump="w-01-p1"] [data-interlock="{state.value}"]')
        assert page.locator('[data-pump="w-01-p1"] .interlock').inner_text() == words


def test_a_bed_without_a_kernel_is_shown_as_not_monitored(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    ward._on_loop(lambda: ward.hub.lost("w-03"))
    page.locator('[data-bed="w-03"]').get_by_text("NOT MONITORED").wait_for()
    wait_digits(page, "w-03", "rr", "--")
    assert digits(page, "w-01", "rr") == "14"


@pytest.mark.req("QUA-01")
def test_a_dead_server_blanks_every_digit_and_says_so(page: Page, ward: BenchWard, console: Console) -> None:
    open_ward(page, ward)
    console.allow(SERVER_DOWN)
    ward.close()
    page.wait_for_selector(".banner.lost", timeout=SOON_MS)
    shown = page.locator(".vital .digits, .dose .figure").all_inner_texts()
    assert len(shown) == 20
    assert set(shown) == {"--"}
    assert "CONNECTION LOST" in page.locator(".banner.lost").inner_text()
    assert not re.search(r"\d", page.locator(".alarms").inner_text())


def test_the_page_comes_back_by_itself_with_fresh_values(page: Page, console: Console) -> None:
    console.allow(SERVER_DOWN)
    with BenchWard(beds=1) as first:
        open_ward(page, first)
        first.pages.clear()  # this one looks on while its server goes
    page.wait_for_selector(".banner.lost")
    with BenchWard(beds=1, port=first.port) as second:
        second.vitals("w-01", rr=9)
        wait_digits(page, "w-01", "rr", "9")
        page.locator(".banner.lost").wait_for(state="detached")


def test_a_page_that_slept_trusts_nothing_before_a_new_snapshot(own_page: Page, ward: BenchWard) -> None:
    own_page.clock.install()
    open_ward(own_page, ward)
    own_page.evaluate(COUNT_SOCKETS)
    own_page.clock.fast_forward(60_000)
    own_page.wait_for_function("window.sockets === 1")
    own_page.wait_for_selector(".connection.live")
    wait_digits(own_page, "w-01", "rr", "14")


UNNAMED = "ward page (no name given)"


def test_stop_is_two_presses_in_the_same_place_and_nothing_is_typed(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    pump = page.locator('[data-pump="w-02-p1"]')
    button = pump.locator("button.stop")
    with nothing_sent(page):
        button.click()
        pump.get_by_role("button", name="STOP NOW").wait_for()
    button.click()
    pump.get_by_text("TRIPPED - STOP SENT").wait_for()
    assert ward.submitted == [StopRequested("w-02-p1", UNNAMED, "stopped from the ward page")]


def test_stop_held_down_stops_at_once_with_mouse_or_key_and_by_whom_is_known(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    page.evaluate("sessionStorage.setItem('pumpd.user', 'RN-KL')")
    button = page.locator('[data-pump="w-02-p1"] button.stop')
    button.hover()
    page.mouse.down()
    page.locator('[data-pump="w-02-p1"] [data-interlock="tripped"]').wait_for()
    page.mouse.up()
    page.locator('[data-pump="w-03-p1"] button.stop').focus()
    page.keyboard.down("Enter")
    page.locator('[data-pump="w-03-p1"] [data-interlock="tripped"]').wait_for()
    page.keyboard.up("Enter")
    assert ward.submitted == [StopRequested(f"w-0{n}-p1", "RN-KL", "stopped from the ward page") for n in (2, 3)]
    assert page.get_by_role("button", name="STOP NOW").count() == 0


def test_a_press_of_space_asks_a_second_one_stops_and_keep_takes_it_back(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    pump = page.locator('[data-pump="w-02-p1"]')
    with nothing_sent(page):
        pump.locator("button.stop").focus()
        page.keyboard.press("Space")
        pump.get_by_role("button", name="Keep").click()
        pump.get_by_role("button", name="Stop pump").wait_for()
    pump.locator("button.stop").focus()
    page.keyboard.press("Space")
    pump.get_by_role("button", name="STOP NOW").wait_for()
    page.keyboard.press("Space")
    pump.get_by_text("TRIPPED - STOP SENT").wait_for()
    assert len(ward.submitted) == 1


def test_a_pump_is_stopped_from_within_a_dialog_about_its_bed(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    show(ward, "w-02")
    page.get_by_role("button", name="Chart: Bed 2").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Set rate").click()
    dialog.locator("button.stop").click()
    dialog.get_by_role("button", name="STOP NOW").click()
    dialog.get_by_text("Stop accepted").wait_for()
    assert isinstance(ward.submitted[0], StopRequested)


def test_a_refused_stop_shows_every_reason(page: Page, ward: BenchWard, console: Console) -> None:
    open_ward(page, ward)
    ward.refusals = ("remote control is refused", "the pump does not answer")
    console.allow("409")
    pump = page.locator('[data-pump="w-02-p1"]')
    pump.get_by_role("button", name="Stop pump").click()
    pump.get_by_role("button", name="STOP NOW").click()
    answer = pump.locator(".answer.refused")
    answer.wait_for()
    assert answer.inner_text() == "Stop refused: remote control is refused; the pump does not answer"
    assert pump.locator('[data-interlock="armed"]').count() == 1


def test_names_are_initials_until_asked_otherwise(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    who = page.locator('[data-bed="w-01"] .patient')
    assert who.inner_text() == "AB"
    page.get_by_role("button", name="Names:").click()
    page.get_by_text("Baker, Ann").wait_for()
    page.get_by_role("button", name="Names:").click()
    who.wait_for(state="detached")
