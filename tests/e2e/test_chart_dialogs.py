"""What is charted from the page with a few taps, and what the page says of the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from pumpd.clinical.chart import Chart, Noted, noted
from pumpd.clinical.entries import (
    Assessment,
    Checklist,
    Comedication,
    InfusionPlan,
    KetamineGiven,
    OpioidGiven,
    PatchOff,
    PatchOn,
    Route,
    SideEffect,
)
from pumpd.safety.events import Assessed, ProtocolOverride
from tests.api.test_chart import WORDS
from tests.e2e.bench_ward import BenchWard
from tests.e2e.clean import assert_clean
from tests.e2e.conftest import Console, open_ward, theme
from tests.e2e.course_scene import act, charted, save, show, strip

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def ward() -> Iterator[BenchWard]:
    with BenchWard(beds=4) as ward:
        ward.vocabulary = WORDS
        yield ward


def test_pain_is_charted_with_three_taps_once_the_name_is_known(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    show(ward)
    page.evaluate("sessionStorage.setItem('pumpd.user', 'RN-KL')")
    page.get_by_role("button", name="Pain score: Bed 1").click()
    page.locator("label.step", has_text="7").click()
    page.get_by_role("button", name="Save", exact=True).click()
    assert charted(page, ward).entry == Assessment(nrs=7)


def test_an_assessment_records_pain_sedation_and_side_effects(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    show(ward)
    dialog = act(page, "Assessment")
    dialog.get_by_role("group", name="Pain now (NRS)").get_by_role("radio", name="4", exact=True).check()
    dialog.get_by_label("neuropathic").check()
    dialog.get_by_label("2 - slightly drowsy").check()
    dialog.get_by_label("dissociation").check()
    dialog.get_by_label("How severe the worst of them is").select_option("moderate")
    dialog.get_by_label("How it is tolerated, in words").fill("well")
    dialog.get_by_label("Mood, in words").fill("great spirits")
    save(dialog)
    wanted = Assessment(4, ("neuropathic",), (SideEffect("dissociation", 2),), tolerance="well", mood="great spirits")
    assert charted(page, ward).entry == wanted
    assert Assessed("RN-KL", poss=2) in ward.submitted


def test_an_opioid_without_a_factor_is_saved_and_the_page_says_what_that_means(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    show(ward)
    dialog = act(page, "Opioid given")
    dialog.get_by_label("Opioid", exact=True).fill("oxycodon")
    dialog.get_by_label("oral").check()
    dialog.get_by_label("Amount").fill("10")
    dialog.get_by_label("mg", exact=True).check()
    save(dialog)
    note = page.locator("dialog .noted li").inner_text()
    assert "incomplete" in note
    assert "oxycodone" in note
    page.locator("dialog").get_by_role("button", name="Close").click()
    assert charted(page, ward).entry == OpioidGiven("oxycodon", Route.ORAL, 10_000)


def test_a_patch_is_put_on_and_the_one_that_is_on_taken_off(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    show(ward)
    dialog = act(page, "Patch put on")
    dialog.get_by_label("Opioid", exact=True).fill("fentanyl")
    dialog.get_by_label("Strength (mcg/h)").fill("37.5")
    save(dialog)
    event = charted(page, ward)
    assert event.entry == PatchOn("fentanyl", 37_500)
    chart = noted(Chart(mrn="4701"), Noted(event.id, PatchOn("fentanyl", 37_500), "RN-KL", 0, 0))
    ward.charts["w-01"] = chart
    ward.submitted.clear()
    save(act(page, "Patch taken off"))
    assert charted(page, ward).entry == PatchOff(event.id)


ENTRIES: list[tuple[str, dict[str, str], str, Any]] = [
    ("Ketamine oral, i.m. ...", {"Amount, as ketamine base (mg)": "35"}, "Save", KetamineGiven(Route.ORAL, 35_000)),
    (
        "Plan infusion",
        {"Dose of the infusion (mg/kg)": "0.5", "Rate to begin with (mg/kg/h)": "0.1"},
        "Plan",
        InfusionPlan(500, 100),
    ),
    ("Other medicine", {"Medicine": "Neurontin"}, "Save", Comedication("gabapentin", sedating=True)),
    ("Contra-indications", {}, "All asked for", Checklist((("pregnancy", False), ("active psychosis", False)))),
]


def test_doses_plans_and_checks_are_charted_from_the_page(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    show(ward)
    for entry, fill, button, wanted in ENTRIES:
        dialog = act(page, entry)
        if entry.startswith("Ketamine"):
            dialog.get_by_label("oral").check()
        for label, text in fill.items():
            dialog.get_by_label(label).fill(text)
        save(dialog, button)
        assert charted(page, ward).entry == wanted, entry
        ward.submitted.clear()


def test_a_dose_that_was_given_already_is_charted_with_its_time(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    show(ward)
    dialog = act(page, "Ketamine oral, i.m. ...")
    dialog.get_by_label("oral").check()
    dialog.get_by_label("Amount, as ketamine base (mg)").fill("35")
    dialog.get_by_label("Given how long ago").fill("20")
    save(dialog)
    event = charted(page, ward)
    assert event.entry == KetamineGiven(Route.ORAL, 35_000)
    assert event.at_ms is not None
    assert 20 * 60_000 <= ward.now_ms() - event.at_ms < 22 * 60_000


def test_a_rule_is_set_aside_with_a_reason_and_a_refusal_is_shown_whole(
    page: Page, ward: BenchWard, console: Console
) -> None:
    open_ward(page, ward)
    show(ward)
    ward.refusals = ("step_size cannot be set aside now", "the protocol ldk 2026.1 allows it to a physician only")
    console.allow("409")
    dialog = act(page, "Set a rule aside")
    dialog.get_by_label("Reason").fill("severe pain")
    save(dialog, "Set aside")
    dialog.locator("ul.refused li").first.wait_for()
    assert dialog.locator("ul.refused li").all_inner_texts() == list(ward.refusals)
    ward.refusals = ()
    dialog.get_by_role("button", name="Set aside", exact=True).click()
    dialog.wait_for(state="detached")
    assert ward.submitted[-1] == ProtocolOverride("step_size", "RN-KL", "severe pain")


def test_axe_finds_no_violation_in_the_dialogs(page: Page, ward: BenchWard, subtests: pytest.Subtests) -> None:
    open_ward(page, ward)
    show(ward)
    strip(page)
    for entry in (None, "Assessment", "Opioid given", "Set a rule aside"):
        if entry is None:
            page.get_by_role("button", name="Chart: Bed 1").click()
            page.locator("dialog .entries").first.wait_for()
        else:
            act(page, entry).wait_for()
        for name in ("dark", "light"):
            with subtests.test(entry=entry, theme=name):
                theme(page, name)
                assert_clean(page)
        page.keyboard.press("Escape")
        page.locator("dialog[open]").wait_for(state="detached")
