"""The integration page: who is connected, what waits, and what a named person does about refused messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import time

import pytest
from playwright.sync_api import Page, expect

from pumpd.gateways import DeadLetter, Outgoing, PeerState
from tests.e2e.awaited import nothing_sent
from tests.e2e.bench_ward import BenchWard
from tests.e2e.clean import assert_clean
from tests.e2e.conftest import open_ward, size, theme

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


LAB, REFUSED = "MSH-3: nothing is taken from 'LAB' here", "am:2576: connection refused"


def ago_us(seconds: int) -> int:
    return int((time() - seconds) * 1_000_000)


class Gateway:
    """What the daemon's gateway says, set by the test."""

    def __init__(self) -> None:
        self.states: list[PeerState] = [
            PeerState("his", "in", True, ago_us(4), 1_204, 0, 0, "", "PID-3: names no patient", ago_us(7200)),
            PeerState("unknown senders", "in", False, ago_us(900), 2, 0, 0, LAB, LAB, ago_us(900)),
            PeerState("ehr", "out", True, ago_us(20), 5_320, 0, 1, ""),
            PeerState("alarm-manager", "out", False, None, 0, 17, 0, REFUSED, REFUSED, ago_us(3)),
        ]
        message = Outgoing("ehr", "4b-01-1207-ehr", "PCD-01", b"MSH|secret", ago_us(60), bed="w-01", seq=9)
        self.letters = [DeadLetter(3, message, "AE 204 PID-3 is not known here", ago_us(59))]
        self.settled: list[tuple[int, str, bool]] = []

    def peers(self) -> Sequence[PeerState]:
        return self.states

    async def dead_letters(self, most: int) -> Sequence[DeadLetter]:
        return self.letters[:most]

    async def settle(self, number: int, by: str, replay: bool) -> bool:
        self.settled.append((number, by, replay))
        self.letters = [one for one in self.letters if one.number != number]
        return True


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def ward(gateway: Gateway) -> Iterator[BenchWard]:
    with BenchWard(beds=1, integration=gateway) as ward:
        yield ward


def opened(page: Page, ward: BenchWard, query: str = "") -> None:
    page.goto(f"{ward.url.rstrip('/')}/integration.html{query}")
    page.wait_for_selector(".connection.live")


def test_every_system_says_whether_it_is_connected_and_what_waits_for_it(page: Page, ward: BenchWard) -> None:
    opened(page, ward)
    expect(page.locator('[data-peer="his"] .state')).to_contain_text("connected")
    expect(page.locator('[data-peer="his"] .problem')).to_have_count(0)  # what was wrong is over, and is not forgotten
    expect(page.locator('[data-peer="his"] .past')).to_contain_text("names no patient")
    manager = page.locator('[data-peer="alarm-manager"]')
    expect(manager.locator(".state")).to_contain_text("not connected")
    expect(manager).to_contain_text("Waiting 17".replace(" ", ""), use_inner_text=False)
    expect(manager.locator(".problem")).to_contain_text("connection refused")
    expect(page.locator(".letter")).to_contain_text("Values (PCD-01) to ehr, bed w-01")
    expect(page.locator(".letter")).to_contain_text("PID-3 is not known")
    expect(page.locator(".letter .when")).to_have_text(re.compile(r"refused .*min ago \(\d\d:\d\d\), made"))
    assert "secret" not in page.content()


def test_a_refused_message_is_sent_again_only_by_somebody_with_a_name(
    page: Page, ward: BenchWard, gateway: Gateway
) -> None:
    opened(page, ward)
    page.get_by_role("button", name="Send again").click()
    dialog = page.get_by_role("dialog")
    with nothing_sent(page):  # the browser asks for the name
        dialog.get_by_role("button", name="Send again").click()
    dialog.get_by_label("Your name or initials").fill("KL")
    dialog.get_by_role("button", name="Send again").click()
    expect(page.locator(".letter")).to_have_count(0)
    assert gateway.settled == [(3, "KL", True)]


def test_a_discarded_message_leaves_the_list_with_the_persons_name(
    page: Page, ward: BenchWard, gateway: Gateway
) -> None:
    opened(page, ward)
    page.get_by_role("button", name="Discard").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your name or initials").fill("KL")
    dialog.get_by_role("button", name="Discard").click()
    expect(page.locator(".letter")).to_have_count(0)
    assert gateway.settled == [(3, "KL", False)]


def test_a_change_is_seen_without_loading_anew(page: Page, ward: BenchWard, gateway: Gateway) -> None:
    opened(page, ward)
    gateway.states[0] = replace(gateway.states[0], connected=False)
    expect(page.locator('[data-peer="his"] .state')).to_contain_text("not connected")


def test_the_ward_page_leads_here_and_back(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    page.get_by_role("link", name="Integration").click()
    page.get_by_role("link", name="Ward", exact=True).click()
    page.wait_for_selector(".tile")


def test_axe_finds_nothing_on_the_page_and_in_its_dialog_and_on_a_phone_nothing_is_wider_than_the_screen(
    page: Page, ward: BenchWard, subtests: pytest.Subtests
) -> None:
    opened(page, ward)
    for name in ("dark", "light"):
        with subtests.test(theme=name):
            theme(page, name)
            assert_clean(page)
            size(page, 390, 844)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            size(page, 1920, 1080)
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("dialog").wait_for()
    for name in ("dark", "light"):
        with subtests.test("dialog", theme=name):
            theme(page, name)
            assert_clean(page)
