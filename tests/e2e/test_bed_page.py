"""The page of one bed in a real browser: past and present of the patient who lies there, and of nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from playwright.sync_api import Page, expect

from pumpd.device.facts import Quality, Waveform
from pumpd.safety.alarms import Alarm, AlarmState, Phase
from pumpd.safety.events import Patient, Sex
from pumpd.safety.policy import Priority
from tests.e2e.awaited import until
from tests.e2e.bed_scene import BED, open_bed, ward_with_a_past
from tests.e2e.bench_ward import BenchWard
from tests.e2e.clean import assert_clean
from tests.e2e.conftest import SERVER_DOWN, Console, theme
from tests.e2e.pixels import PIXELS

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchWard]:
    with ward_with_a_past(tmp_path_factory.mktemp("bed")) as ward:
        yield ward


@pytest.fixture
def bed(past: BenchWard, page: Page) -> Iterator[Page]:
    """A workstation that looks at the bed."""
    page.set_viewport_size({"width": 1300, "height": 800})
    open_bed(page, past)
    yield page
    page.goto("about:blank")


def ink(page: Page, panel: str) -> list[int]:
    """How many pixels each tenth of the chart's width has in anything but its grid's greys, from left to right."""
    return list(
        page.evaluate(
            """panel => {
              const canvas = document.querySelector(`[data-panel="${panel}"] canvas`);
              const width = canvas.width;
              const data = PIXELS(canvas);
              const found = new Array(10).fill(0);
              for (let i = 0; i < data.length; i += 4) {
                const [r, g, b, a] = data.subarray(i, i + 4);
                const part = Math.floor((((i / 4) % width) / width) * 10);
                if (a > 60 && Math.max(r, g, b) - Math.min(r, g, b) > 60) found[part] += 1;
              }
              return found;
            }""".replace("PIXELS", PIXELS),
            panel,
        )
    )


def test_every_chart_is_there_with_its_past_limits_events_and_alarms(bed: Page) -> None:
    for panel in ("rr", "spo2", "etco2", "pulse", "rate", "given", "pain"):
        assert sum(ink(bed, panel)) > 100, panel
    bed.get_by_text("PREDICTED by models, never measured").wait_for()
    bed.locator(".happenings").get_by_text("oxycodone oral 40 mg").wait_for()
    bed.locator(".happenings").get_by_text("b1-m1 link lost: cable pulled").wait_for()
    bed.locator(".alarm-history tr", has_text="No breath").first.wait_for()
    assert "ceilings: drug library" in bed.locator('[data-panel="rate"] .readout').inner_text()
    assert "cap 35 mg" in bed.locator('[data-panel="given"] .readout').inner_text()


def test_the_pointer_reads_every_chart_at_the_same_time(bed: Page) -> None:
    bed.get_by_role("button", name="1 h", exact=True).click()
    bed.wait_for_function("() => document.querySelector('[data-panel=\"rr\"] canvas')")
    box = bed.locator('[data-panel="spo2"] .u-over').bounding_box()
    assert box is not None
    bed.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2)
    bed.locator('[data-panel="rr"] .readout', has_text="14 /min").wait_for()
    bed.locator('[data-panel="spo2"] .readout', has_text="96 %").wait_for()
    bed.mouse.move(5, 5)
    bed.get_by_text("This stay since").wait_for()


@pytest.mark.req("QUA-06")
def test_with_another_patient_nothing_of_the_former_one_stays(bed: Page, past: BenchWard) -> None:
    former = past.beds[BED].patient
    assert any(ink(bed, "rate")[:9])
    try:
        past.set(BED, patient=Patient("SYN-2", "Next", "Nora", "1980-01-01", Sex.FEMALE, 60_000))
        bed.get_by_text("Reading the record").wait_for()
        expect(bed.locator(".happenings")).to_have_count(0)
        expect(bed.locator(".alarm-history tbody tr")).to_have_count(0)
        bed.wait_for_selector('[data-panel="rate"] .uplot canvas')
        assert ink(bed, "rate")[:9] == [0] * 9  # in the last tenth is now: what was heard of the next patient
        past.set(BED, patient=former)
        bed.locator(".happenings").get_by_text("oxycodone oral 40 mg").wait_for()
    finally:
        past.set(BED, patient=former)


@pytest.mark.req("QUA-01", "QUA-02")
def test_a_lost_connection_blanks_every_digit_and_ends_the_lines(page: Page, console: Console, tmp_path: Path) -> None:
    with ward_with_a_past(tmp_path) as ward:
        open_bed(page, ward)
        console.allow(SERVER_DOWN)
        console.allow("Failed to load resource")
        ward.close()
        page.wait_for_selector(".banner.lost")
        assert set(page.locator(".vital .digits, .dose .figure").all_inner_texts()) == {"--"}
        page.get_by_text("nothing is heard of this bed").wait_for()
        assert not page.locator('[data-panel="rr"] canvas').is_visible()
        assert not page.locator(".alarm-history table").is_visible()
        assert not page.locator(".happenings").is_visible()
        page.goto("about:blank")


@pytest.mark.req("QUA-02")
def test_a_value_that_is_not_live_is_in_no_chart_and_nothing_is_read_of_what_is_to_come(
    bed: Page, past: BenchWard
) -> None:
    bed.get_by_role("button", name="1 h", exact=True).click()
    past.vitals(BED, rr=21, spo2=95)
    bed.wait_for_selector('[data-signal="rr"][data-state="live"]')
    point_at_now(bed)
    bed.locator('[data-panel="rr"] .readout', has_text="21 /min").wait_for()
    past.vitals(BED, Quality.INVALID, rr=None)
    bed.wait_for_selector('[data-signal="rr"][data-state="gone"]')
    bed.wait_for_function("() => !document.querySelector('[data-panel=\"rr\"] .readout').textContent.includes('21')")
    point_at_now(bed, part=0.99)
    bed.wait_for_function("() => document.querySelector('[data-panel=\"spo2\"] .readout').textContent === ''")
    past.refresh()


def point_at_now(page: Page, part: float = 1 / 1.08) -> None:
    """The charts reach 8 % beyond now."""
    box = page.locator('[data-panel="spo2"] .u-over').bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] / 2)


def test_acts_of_the_ward_page_are_here_and_alarms_of_other_beds_too(bed: Page, past: BenchWard) -> None:
    mine = past.alarm(BED, "SpO2 86 % < 90 %", priority=Priority.MEDIUM)
    other = past.alarm("w-02", "no breath", condition="no_breath")
    row = bed.locator(f'.alarm-history tr[data-alarm="{mine.id}"]')
    bed.locator(".others a", has_text="Bed 2").wait_for()
    row.get_by_role("button", name="Acknowledge").click()
    dialog = bed.get_by_role("dialog")
    dialog.get_by_label("Probe or line off").check()
    dialog.get_by_label("Your name or initials").fill("RN-KL")
    dialog.get_by_role("button", name="Acknowledge").click()
    row.get_by_text("RN-KL").wait_for()
    row.get_by_text("probe or line off").wait_for()
    bed.get_by_role("button", name="Low only").click()
    row.wait_for(state="detached")
    bed.get_by_role("button", name="All", exact=True).click()
    row.wait_for()
    for one in (mine, other):
        past.put(replaced(one), Phase.END)


def replaced(alarm: Alarm) -> Alarm:
    """The same, ended."""
    return changed(alarm, state=AlarmState.ENDED, present=False)


def test_the_curve_runs_and_ends_when_its_samples_stop(bed: Page, past: BenchWard) -> None:
    def heard() -> None:
        samples = tuple(38_000 if n % 4 < 2 else 0 for n in range(40))
        past.hub.waves.heard(BED, "b1-m1", Waveform("co2_wave", 50, samples), past.now_ms())

    running = bed.locator('[data-wave="live"] canvas')

    fed_ms: list[int] = []

    def seen() -> bool:
        if not fed_ms or past.now_ms() - fed_ms[-1] >= 800:  # as long as those samples are
            fed_ms.append(past.now_ms())
            past._on_loop(heard)
        return running.count() == 1

    until(bed, seen)
    bed.wait_for_selector('[data-wave="gone"]')
    bed.get_by_text("no curve").wait_for()


def test_axe_finds_no_violation(bed: Page, past: BenchWard, subtests: pytest.Subtests) -> None:
    raised = [past.alarm(BED, "SpO2 86 % < 90 %"), past.alarm("w-02", "no breath", priority=Priority.MEDIUM)]
    try:
        bed.locator(".others a").first.wait_for()
        for name in ("dark", "light", "night"):
            with subtests.test(theme=name):
                theme(bed, name)
                assert_clean(bed)
    finally:
        for one in raised:
            past.put(replaced(one), Phase.END)


def test_on_a_phone_nothing_is_wider_than_the_screen(bed: Page) -> None:
    bed.set_viewport_size({"width": 390, "height": 844})
    bed.wait_for_function("() => document.querySelector('[data-panel=\"rr\"] .uplot').clientWidth < 390")
    assert bed.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_ward_page_leads_to_the_bed(page: Page, past: BenchWard) -> None:
    past.refresh()
    page.goto(past.url)
    page.locator(f'[data-bed="{BED}"] h2 a').click()
    page.wait_for_selector('[data-panel="rr"] .uplot canvas')
    page.goto("about:blank")
