"""A receive-only tap on the ward page: the device says that pumpd only listens there."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.bench_ward import BenchWard
from tests.e2e.conftest import open_ward

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_a_tapped_device_is_marked_in_its_tile_and_no_other_is(page: Page, ward: BenchWard) -> None:
    open_ward(page, ward)
    devices = tuple(replace(one, tap=one.id == "w-01-p1") for one in ward.beds["w-01"].devices)
    ward.set("w-01", devices=devices)
    mark = page.locator('[data-bed="w-01"] .links .tap')
    expect(mark).to_have_text("listening only")
    expect(mark).to_be_visible()
    expect(mark).to_have_attribute("title", re.compile("sends nothing to this device and cannot stop it$"))
    expect(page.locator(".links .tap")).to_have_count(1)
