"""A stop is offered whatever is heard of the ward: the line that carries it is another one."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from pumpd.safety.events import StopRequested
from tests.e2e.bench_ward import BenchWard
from tests.e2e.conftest import Console, open_ward

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.mark.parametrize("where", ["", "bed.html?bed=w-01"])
def test_a_pump_is_stopped_from_a_page_that_hears_nothing(
    own_page: Page, ward: BenchWard, console: Console, where: str
) -> None:
    console.allow("503")  # this ward keeps no past
    muted: list[bool] = []

    def between(line: WebSocketRoute) -> None:
        server = line.connect_to_server()
        server.on_message(lambda message: None if muted else line.send(message))

    own_page.route_web_socket("**/ws/v1/live", between)
    open_ward(own_page, ward, where)
    muted.append(True)
    expect(own_page.locator(".banner.lost")).to_be_visible()
    assert set(own_page.locator(".vital .digits, .dose .figure").all_inner_texts()) == {"--"}
    button = own_page.locator('[data-stop="w-01-p1"]')
    button.hover()
    own_page.mouse.down()
    expect(own_page.get_by_text("Stop accepted").first).to_be_visible()
    own_page.mouse.up()
    assert [type(event) for event in ward.submitted] == [StopRequested]
