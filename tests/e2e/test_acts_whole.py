"""Each act from a person's fingers to the byte at the pump or the row in the journal: the real daemon, simulated
devices on real lines, a real browser. One ward and one page for the whole file, whose tests go on from each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page

from pumpd.safety.decisions import InterlockState, Resume
from tests.e2e.conftest import PATIENCE_MS, Console
from tests.e2e.house_ward import HouseWard

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

BED = "demo-01"
PUMP = "demo-01-p1"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HouseWard]:
    with HouseWard(tmp_path_factory.mktemp("a ward"), beds=2) as ward:
        yield ward


@pytest.fixture(scope="module")
def screen(browser: Browser, whole: HouseWard) -> Iterator[Page]:
    console = Console()
    console.allow("409")  # what is refused on purpose
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.on("console", console.said)
    page.on("pageerror", lambda error: console.errors.append(str(error)))
    page.goto(whole.url)
    page.locator(".connection.live").wait_for()
    page.evaluate("sessionStorage.setItem('pumpd.user', 'RN-KL')")
    yield page
    context.close()
    assert console.errors == []


@pytest.fixture(autouse=True)
def nothing_open(screen: Page) -> None:
    """A test that failed leaves its dialog to nobody."""
    if screen.locator("dialog[open]").count():
        screen.keyboard.press("Escape")


def menu(page: Page, entry: str, bed: str = "Bed 1") -> Locator:
    """Open the bed's menu and one of its dialogs."""
    page.get_by_role("button", name=f"Chart: {bed}").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=entry, exact=True).first.click()
    assert bed in dialog.locator(".subject").inner_text()
    return dialog


def send(dialog: Locator, button: str) -> None:
    dialog.get_by_role("button", name=button, exact=True).last.click()


def confirmed(page: Page, act: str) -> None:
    """The server has answered, the dialog is gone, and the page says so."""
    page.locator(".told", has_text=f"Confirmed: {act}").wait_for()
    page.locator("dialog[open]").wait_for(state="detached")


def refusals(dialog: Locator) -> list[str]:
    dialog.locator("ul.refused li").first.wait_for()
    return dialog.locator("ul.refused li").all_inner_texts()


def pump_tile(page: Page) -> Locator:
    return page.locator(f'[data-pump="{PUMP}"]')


@pytest.mark.req("CEI-03")
def test_a_rate_is_checked_while_it_is_typed_and_set_at_the_pump(screen: Page, whole: HouseWard) -> None:
    dialog = menu(screen, "Set rate")
    rate, verdict = dialog.get_by_label("New rate"), dialog.locator(".verdict")
    rate.fill("1.1")
    dialog.locator('[data-verdict="hard"]').wait_for()
    assert "ABOVE THE HARD CEILING of 1 mg/kg/h" in verdict.inner_text()
    rate.fill("0.6")
    dialog.locator('[data-verdict="soft"]').wait_for()
    rate.fill("0.1")
    dialog.locator('[data-verdict="ok"]').wait_for()
    assert dialog.locator(".live-rate .figure").inner_text() == "0.1 mg/kg/h = 7.2 mL/h"
    dialog.get_by_label("Reason").fill("weaning")
    before = whole.heard("INF_RATE")
    send(dialog, "Set rate")
    confirmed(screen, "Set rate")
    whole.until(lambda house: house.pump.rate_ul_h == 7200)
    assert whole.heard("INF_RATE") > before
    assert "weaning" in whole.journal("RateRequested")[-1]
    pump_tile(screen).locator(".dose", has_text="7.2 mL/h").wait_for()


@pytest.mark.req("CEI-03", "CEI-05")
def test_a_rate_above_the_ceiling_is_refused_with_every_reason_and_never_reaches_the_pump(
    screen: Page, whole: HouseWard
) -> None:
    dialog = menu(screen, "Set rate")
    dialog.get_by_label("New rate").fill("1.1")
    dialog.get_by_label("Reason").fill("pain")
    before = whole.heard("INF_RATE")
    send(dialog, "Set rate")
    said = refusals(dialog)
    assert any("above the hard ceiling" in reason for reason in said)
    assert dialog.locator("input[name=rate]").input_value() == "1.1", "what was typed stays"
    dialog.get_by_role("button", name="Cancel").click()
    assert whole.heard("INF_RATE") == before


def test_a_rate_in_what_is_probably_another_unit_is_a_question_and_cancelling_sets_nothing(
    screen: Page, whole: HouseWard
) -> None:
    dialog = menu(screen, "Set rate")
    dialog.get_by_label("New rate").fill("0.1")
    dialog.get_by_label("mL/h", exact=True).check()
    dialog.get_by_label("Reason").fill("weaning")
    send(dialog, "Set rate")
    dialog.locator(".question").wait_for()
    assert "Was 0.1 mg/min or 0.1 mg/kg/h meant?" in dialog.locator(".question").inner_text()
    dialog.get_by_role("button", name="Yes, this is meant").wait_for()
    dialog.get_by_role("button", name="Cancel").click()
    assert whole.pump.rate_ul_h == 7200


def test_pain_sedation_and_oxygen_are_written_with_three_taps(screen: Page, whole: HouseWard) -> None:
    for group, value, event, body in (
        ("Pain now (NRS)", "7", "Charted", '"nrs":7'),
        ("Sedation (POSS)", "2 - slightly drowsy", "Assessed", '"poss":2'),
        ("Sedation (RASS)", "-1", "Assessed", '"rass":-1'),
        ("Supplemental oxygen", "on oxygen", "Assessed", '"oxygen":true'),
    ):
        screen.get_by_role("button", name="Pain score: Bed 1").click()
        dialog = screen.get_by_role("dialog")
        dialog.get_by_role("group", name=group).get_by_role("radio", name=value, exact=True).check()
        send(dialog, "Save")
        confirmed(screen, "Pain, sedation, oxygen")
        assert body in whole.journal(event)[-1].replace(" ", "")
    assert whole.view.oxygen is not None
    assert whole.view.oxygen.by == "RN-KL"


def test_an_opioid_and_the_plan_of_an_infusion_are_written_into_the_journal(screen: Page, whole: HouseWard) -> None:
    dialog = menu(screen, "Opioid given")
    dialog.get_by_label("Opioid", exact=True).fill("morphine")
    dialog.get_by_label("oral", exact=True).check()
    dialog.get_by_label("Amount").fill("10")
    dialog.get_by_label("mg", exact=True).check()
    send(dialog, "Save")
    confirmed(screen, "Opioid given")
    assert "morphine" in whole.journal("Charted")[-1]
    dialog = menu(screen, "Plan infusion")
    dialog.get_by_label("Dose of the infusion (mg/kg)").fill("0.5")
    dialog.get_by_label("Rate to begin with (mg/kg/h)").fill("0.1")
    send(dialog, "Plan")
    said = refusals(dialog)
    assert said, "what is missing is listed"
    dialog.get_by_role("button", name="Cancel").click()


@pytest.mark.req("CEI-08", "ALA-03", "ALA-04")
def test_a_rate_above_soft_is_confirmed_its_sound_paused_and_another_alarm_acknowledged(
    screen: Page, whole: HouseWard
) -> None:
    whole.do(lambda house: house.bed.pump.panel.set_rate(43_200, house.bed.now_ms()))
    confirm = pump_tile(screen).get_by_role("button", name="Confirm above soft")
    confirm.wait_for()
    screen.get_by_role("button", name="Pause sound: Bed 1").first.click()
    screen.get_by_role("dialog").get_by_role("button", name="Pause sound").click()
    confirmed(screen, "Pause sound")
    assert whole.view.audio_paused_by == "RN-KL"
    confirm.click()
    dialog = screen.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("breakthrough pain")
    send(dialog, "Confirm rate")
    assert "set aside: breakthrough pain" in dialog.locator(".noted").inner_text(), "it says what that means"
    send(dialog, "Close")
    confirmed(screen, "Confirm rate above soft ceiling")
    assert whole.pump.override_by == "RN-KL"
    screen.get_by_role("button", name="Acknowledge: Bed 1").first.click()
    dialog.get_by_label("Patient care in progress").check()
    send(dialog, "Acknowledge")
    confirmed(screen, "Acknowledge alarm")
    assert "care_in_progress" in whole.journal("Acknowledged")[-1]


def test_the_sound_of_the_whole_ward_is_paused(screen: Page, whole: HouseWard) -> None:
    screen.get_by_role("button", name="Pause sound of the ward").click()
    dialog = screen.get_by_role("dialog")
    assert "Whole ward" in dialog.locator(".subject").inner_text()
    send(dialog, "Pause sound")
    confirmed(screen, "Pause sound")
    assert whole.view.audio_paused_ward
    assert len(whole.journal("AudioPaused")) == 3, "one of the bed, and one at each bed"


@pytest.mark.req("INT-01", "INT-03")
def test_a_stop_that_is_held_down_reaches_the_pump_and_the_way_back_is_two_acts(screen: Page, whole: HouseWard) -> None:
    before = whole.heard("INF_STOP")
    pump_tile(screen).locator("button.stop").hover()
    screen.mouse.down()
    whole.until(lambda house: house.pump.interlock is InterlockState.STOP_VERIFIED)
    screen.mouse.up()
    assert whole.heard("INF_STOP") > before
    pump_tile(screen).get_by_role("button", name="Reset interlock").click()
    dialog = screen.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("looked at the patient")
    send(dialog, "Reset interlock")
    confirmed(screen, "Reset interlock")
    pump_tile(screen).get_by_role("button", name="Resume").click()
    dialog.get_by_label("Reason").fill("awake, breathing well")
    send(dialog, "Resume")
    said = refusals(dialog)
    assert any("in limits" in reason for reason in said), said
    dialog.get_by_role("button", name="Cancel").click()
    assert "awake, breathing well" in whole.journal("ResumeRequested")[-1]
    assert whole.pump.resume is Resume.NEEDED
    assert whole.pump.infusing is False


@pytest.mark.req("QUA-06")
def test_a_patient_is_released_and_another_one_bound_after_a_look_at_the_wristband(
    screen: Page, whole: HouseWard
) -> None:
    dialog = menu(screen, "Release patient", "Bed 2")
    dialog.get_by_label("Reason").fill("discharged")
    send(dialog, "Check")
    dialog.get_by_label("This patient has left Bed 2").check()
    send(dialog, "Release patient")
    confirmed(screen, "Release patient")
    assert "discharged" in whole.journal("PatientReleased")[-1]
    # a chart opened before the page hears of it is the former patient's, and says so instead of offering anything
    screen.locator('[data-bed="demo-02"] .patient', has_text="no patient").wait_for()
    dialog = menu(screen, "Bind patient", "Bed 2")
    for label, text in (("Family name", "Okafor"), ("Given name", "Ada"), ("Record number (MRN)", "4711")):
        dialog.get_by_label(label).fill(text)
    dialog.get_by_label("Date of birth").fill("1951-04-30")
    dialog.get_by_label("female", exact=True).check()
    dialog.get_by_label("Weight today (kg)").fill("7.2")
    send(dialog, "Check")
    assert "7.2 kg is an unusual weight" in dialog.locator(".review").inner_text()
    send(dialog, "Back")
    dialog.get_by_label("Weight today (kg)").fill("72")
    send(dialog, "Check")
    assert not any("Okafor" in body for body in whole.journal("PatientBound")), "nothing was sent yet"
    dialog.get_by_label("Name and date of birth are those on the patient's wristband").check()
    dialog.get_by_label("This patient lies in Bed 2").check()
    send(dialog, "This is the right patient")
    confirmed(screen, "Bind patient")
    assert "Okafor" in whole.journal("PatientBound")[-1]
