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

from tests.e2e.conftest import SERVER_DOWN, SOON_MS, Console

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[[str, float], "Demo"]


class Demo:
    """`pumpd demo` as a person starts it, its script quicker; `url` is the address that it prints."""

    def __init__(self, scenario: str, pace: float, log: Path) -> None:
        self._log = log.open("w")
        script = ["--scenario", scenario, "--pace", str(pace)]
        command = [sys.executable, "-m", "pumpd.cli", "demo", "--port", "0", *script]
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

    def begin(scenario: str, pace: float) -> Demo:
        running.append(Demo(scenario, pace, tmp_path / "demo.log"))
        return running[-1]

    yield begin
    console.allow(SERVER_DOWN)
    for demo in running:
        demo.end(signal.SIGTERM)


def numbers(page: Page) -> list[str]:
    return page.locator(".vital .digits, .dose .figure").all_inner_texts()


def sign(page: Page, button: str) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your name or initials").fill("RN-KL")
    dialog.get_by_role("button", name=button).click()


@pytest.mark.req("QUA-02")
def test_beds_move_a_cut_line_turns_grey_then_blank_and_a_killed_daemon_blanks_all(
    page: Page, console: Console, start: Start
) -> None:
    demo = start("cable", 0.75)
    page.goto(demo.url)
    page.wait_for_selector('.tile [data-signal="rr"][data-state="live"]')
    assert page.locator(".tile").count() == 4
    page.get_by_text("DEMO - simulated patients").wait_for()
    page.wait_for_function(
        "before => [...document.querySelectorAll('.vital .digits')].map(e => e.innerText).join() !== before",
        arg=",".join(page.locator(".vital .digits").all_inner_texts()),
        timeout=60_000,
    )
    page.wait_for_selector('.vital[data-state="grey"]', timeout=60_000)
    page.wait_for_selector('.vital[data-state="gone"]', timeout=60_000)
    page.wait_for_selector(".link.down, .link.silent")
    console.allow(SERVER_DOWN)
    demo.end(signal.SIGKILL)
    page.wait_for_selector(".banner.lost", timeout=SOON_MS)
    assert len(numbers(page)) == 20
    assert set(numbers(page)) == {"--"}


@pytest.mark.req("CEI-06", "INT-01", "INT-03", "ALA-02", "ALA-03")
def test_an_overspeed_is_stopped_verified_shown_and_reset_by_a_person(page: Page, start: Start) -> None:
    page.goto(start("overspeed", 0.1).url)
    page.wait_for_selector('[data-pump="demo-01-p1"] [data-interlock="stop_verified"]', timeout=60_000)
    pump = page.locator('[data-pump="demo-01-p1"]')
    assert "not infusing" in pump.locator(".infusing").inner_text()
    alarm = page.locator(".alarm.high").first
    assert re.search(r"> 1 mg/kg/h .*set by", alarm.locator(".text").inner_text())
    assert page.locator('[data-bed="demo-02"] [data-interlock="armed"]').count() == 1
    page.wait_for_selector('.alarm.high[data-state="latched"]')
    alarm.get_by_role("button", name="Reset").click()
    sign(page, "Reset")
    page.wait_for_selector(".alarm.high", state="detached")
    assert pump.locator('[data-interlock="stop_verified"]').count() == 1
    pump.get_by_role("button", name="Reset interlock").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("rate corrected at the pump")
    sign(page, "Reset interlock")
    pump.locator('[data-interlock="armed"]').wait_for()
    assert "not infusing" in pump.locator(".infusing").inner_text()


@pytest.mark.req("INT-02", "INT-03", "ALA-01", "ALA-03")
def test_an_ignored_stop_is_shouted_and_its_alarm_outlasts_the_acknowledgement(
    page: Page, start: Start, console: Console
) -> None:
    page.goto(start("stop-ignored", 0.1).url)
    pump = page.locator('[data-pump="demo-01-p1"]')
    pump.get_by_text("STOP NOT CONFIRMED - STOP PUMP BY HAND").wait_for(timeout=60_000)
    page.get_by_role("button", name="Acknowledge: Bed 1").first.click()
    page.get_by_role("dialog").get_by_label("Seen - escalated").check()
    sign(page, "Acknowledge")
    page.locator('.alarm.high[data-state="acknowledged"]', has_text="ack RN-KL").first.wait_for()
    console.allow("409")
    pump.get_by_role("button", name="Reset interlock").click()
    page.get_by_role("dialog").get_by_label("Reason").fill("try")
    sign(page, "Reset interlock")
    page.locator("dialog ul.refused li").first.wait_for()
    assert pump.locator('[data-interlock="stop_unconfirmed"]').count() == 1
