"""The whole way of a byte: simulated devices on real lines, the real daemon in a process of its own, a real browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import SERVER_DOWN, Console

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[[str], "Demo"]


class Demo:
    """`pumpd demo` as a person starts it; `url` is the address that it prints."""

    def __init__(self, scenario: str, log: Path) -> None:
        self._log = log.open("w")
        command = [sys.executable, "-m", "pumpd.cli", "demo", "--port", "0", "--scenario", scenario]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._log, text=True, env={**os.environ, "NO_COLOR": "1"}
        )
        assert self._process.stdout is not None
        found = (re.search(r"http://\S+", line) for line in self._process.stdout)
        self.url = next(match.group(0) for match in found if match)

    def end(self, how: signal.Signals) -> None:
        if self._process.poll() is None:
            self._process.send_signal(how)
        self._process.wait(30)
        if self._process.stdout:
            self._process.stdout.close()
        self._log.close()


@pytest.fixture
def start(tmp_path: Path, console: Console) -> Iterator[Start]:
    running: list[Demo] = []

    def begin(scenario: str) -> Demo:
        running.append(Demo(scenario, tmp_path / "demo.log"))
        return running[-1]

    yield begin
    console.allow(SERVER_DOWN)
    for demo in running:
        demo.end(signal.SIGTERM)


def numbers(page: Page) -> list[str]:
    return page.locator(".vital .digits, .dose .figure").all_inner_texts()


def test_four_beds_move_are_marked_as_simulated_and_a_killed_daemon_blanks_them(
    page: Page, console: Console, start: Start
) -> None:
    demo = start("calm")
    page.goto(demo.url)
    page.wait_for_selector('.tile [data-signal="rr"][data-state="live"]')
    assert page.locator(".tile").count() == 4
    page.get_by_text("DEMO - simulated patients").wait_for()
    before = numbers(page)
    page.wait_for_function(
        "before => [...document.querySelectorAll('.vital .digits')].map(e => e.innerText).join() !== before",
        arg=",".join(page.locator(".vital .digits").all_inner_texts()),
        timeout=60_000,
    )
    assert len(before) == 20
    console.allow(SERVER_DOWN)
    demo.end(signal.SIGKILL)
    page.wait_for_selector(".banner.lost", timeout=6_000)
    assert set(numbers(page)) == {"--"}


@pytest.mark.req("CEI-06", "INT-01", "ALA-02", "ALA-03")
def test_an_overspeed_is_stopped_verified_shown_and_reset_by_a_person(page: Page, start: Start) -> None:
    page.goto(start("overspeed").url)
    page.wait_for_selector('[data-pump="demo-01-p1"] [data-interlock="stop_verified"]', timeout=60_000)
    pump = page.locator('[data-pump="demo-01-p1"]')
    assert "not infusing" in pump.locator(".infusing").inner_text()
    alarm = page.locator(".alarm.high").first
    assert re.search(r"> 1 mg/kg/h \([\d.,]+ mL/h\) set by", alarm.locator(".text").inner_text())
    assert page.locator('[data-bed="demo-02"] [data-interlock="armed"]').count() == 1
    page.wait_for_selector('.alarm.high[data-state="latched"]')
    alarm.get_by_role("button", name="Reset").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your name or initials").fill("RN-KL")
    dialog.get_by_role("button", name="Reset").click()
    page.wait_for_selector(".alarm.high", state="detached")
    assert pump.locator('[data-interlock="stop_verified"]').count() == 1


@pytest.mark.req("ALA-03", "ALA-01")
def test_a_condition_that_lasts_keeps_its_alarm_after_the_acknowledgement(page: Page, start: Start) -> None:
    page.goto(start("apnoea").url)
    page.wait_for_selector('[data-bed="demo-01"] .bar.high.active', timeout=110_000)
    page.get_by_role("button", name="Acknowledge: Bed 1").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Seen - escalated").check()
    dialog.get_by_label("Your name or initials").fill("RN-KL")
    dialog.get_by_role("button", name="Acknowledge").click()
    page.locator('.alarm.high[data-state="acknowledged"]', has_text="ack RN-KL").first.wait_for()


@pytest.mark.req("QUA-02")
def test_a_cut_line_turns_the_tile_grey_and_then_blank_by_age(page: Page, start: Start) -> None:
    page.goto(start("cable").url)
    page.wait_for_selector('[data-signal="rr"][data-state="live"]')
    page.wait_for_selector('.vital[data-state="grey"]', timeout=90_000)
    page.wait_for_selector('.vital[data-state="gone"]', timeout=60_000)
    page.wait_for_selector(".link.down, .link.silent")
