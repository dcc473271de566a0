"""What a person may do about a pump's guard from the tile, and the ward's own time on the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page

from pumpd.safety.alarms import AlarmState, Phase
from pumpd.safety.decisions import InterlockState, Resume
from pumpd.safety.events import InterlockReset, ResumeRequested, SoftOverride
from pumpd.safety.policy import AlarmKind, Priority
from tests.e2e.awaited import nothing_sent
from tests.e2e.bench_ward import BenchWard
from tests.e2e.conftest import Console, open_ward

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def sign(page: Page, button: str) -> Locator:
    """Fill the open dialog in and send it."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("checked with Dr. Adler")
    dialog.get_by_label("Your name or initials").fill("RN-KL")
    dialog.get_by_role("button", name=button).click()
    return dialog


@pytest.mark.req("INT-03")
def test_a_verified_stop_is_rearmed_by_a_named_person_and_starts_nothing(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    pump = page.locator('[data-pump="w-01-p1"]')
    assert pump.get_by_role("button", name="Reset interlock").count() == 0
    ward.pump("w-01", interlock=InterlockState.STOP_VERIFIED, infusing=False, interlock_cause="over hard ceiling")
    pump.get_by_role("button", name="Reset interlock").click()
    dialog = page.get_by_role("dialog")
    assert "starts nothing" in dialog.inner_text()
    assert "Tripped by: over hard ceiling" in dialog.inner_text()
    with nothing_sent(page):
        dialog.get_by_role("button", name="Reset interlock").click()
    sign(page, "Reset interlock")
    pump.locator('[data-interlock="armed"]').wait_for()
    assert ward.submitted == [InterlockReset("w-01-p1", "RN-KL", "checked with Dr. Adler")]
    assert "not infusing" in pump.locator(".infusing").inner_text()


@pytest.mark.req("INT-03")
def test_a_pump_that_was_reset_says_not_resumed_until_a_named_person_asked_with_a_reason(
    page: Page, ward: BenchWard, console: Console
) -> None:
    open_ward(page, ward)
    pump = page.locator('[data-pump="w-01-p1"]')
    assert pump.get_by_role("button", name="Resume").count() == 0
    ward.pump("w-01", infusing=False, resume=Resume.NEEDED, resume_reasons=("RR is missing or not live",))
    pump.get_by_text("RESET, NOT RESUMED").wait_for()
    assert pump.locator(".interlock").get_attribute("title") == "RR is missing or not live"
    ward.refusals = ("RR is missing or not live", "the pump's status is not live")
    console.allow("409")
    pump.get_by_role("button", name="Resume").click()
    dialog = sign(page, "Resume")
    dialog.locator("ul.refused li").first.wait_for()
    assert dialog.locator("ul.refused li").all_inner_texts() == list(ward.refusals)
    ward.refusals = ()
    dialog.get_by_role("button", name="Resume").click()
    pump.get_by_text("RESUME ALLOWED UNTIL").wait_for()
    assert ward.submitted == [ResumeRequested("w-01-p1", "RN-KL", "checked with Dr. Adler")] * 2
    assert pump.get_by_role("button", name="Resume").count() == 0
    assert "not infusing" in pump.locator(".infusing").inner_text()


@pytest.mark.req("INT-03")
def test_a_refused_reset_shows_every_reason_and_stays_tripped(page: Page, ward: BenchWard, console: Console) -> None:
    open_ward(page, ward)
    ward.pump("w-01", interlock=InterlockState.STOP_UNCONFIRMED)
    ward.refusals = ("the stop is not verified", "the rate is still above the ceiling")
    console.allow("409")
    page.get_by_role("button", name="Reset interlock: w-01-p1").click()
    dialog = sign(page, "Reset interlock")
    dialog.locator("ul.refused li").first.wait_for()
    assert dialog.locator("ul.refused li").all_inner_texts() == list(ward.refusals)
    assert page.locator('[data-pump="w-01-p1"] [data-interlock="stop_unconfirmed"]').count() == 1


@pytest.mark.req("CEI-08")
def test_a_rate_above_the_soft_ceiling_is_confirmed_with_name_and_reason(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    assert page.get_by_role("button", name="Confirm above soft").count() == 0
    subject = {"condition": "over_soft", "device": "w-01-p1", "kind": AlarmKind.TECHNICAL}
    ward.alarm("w-01", "ketAMINE 0.6 mg/kg/h > 0.5 mg/kg/h", priority=Priority.MEDIUM, **subject)
    page.get_by_role("button", name="Confirm above soft").click()
    page.get_by_role("heading", name="Confirm rate above soft ceiling").wait_for()
    sign(page, "Confirm rate")
    page.get_by_text("above soft: confirmed by RN-KL").wait_for()
    assert ward.submitted == [SoftOverride("w-01-p1", "RN-KL", "checked with Dr. Adler")]
    assert page.get_by_role("button", name="Confirm above soft").count() == 0


def test_times_are_the_wards_and_an_unknown_end_has_none(page: Page) -> None:
    with BenchWard(beds=1, timezone="Asia/Tokyo") as ward:
        open_ward(page, ward)
        over = {"state": AlarmState.LATCHED, "present": False, "phase": Phase.LATCH}
        known = ward.alarm("w-01", "no breath", ended_ms=ward.now_ms(), **over)
        ward.alarm("w-01", "SpO2 84 % < 85 %", **over)
        page.locator(".alarm").nth(1).wait_for()
        there = datetime.now(UTC).astimezone(ZoneInfo("Asia/Tokyo"))
        near = {(there - timedelta(minutes=back)).strftime("%H:%M") for back in (0, 1)}
        assert page.locator(".ward .time").inner_text() in near
        state = page.locator(".alarm .state")
        said = dict(zip(page.locator(".alarm .text").all_inner_texts(), state.all_inner_texts(), strict=True))
    assert said["SpO2 84 % < 85 %"].strip() == "ended"
    assert said[known.text].strip() in {f"ended {time}" for time in near}
