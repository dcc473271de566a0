"""Pictures of the ward view in its states, for people to look at: PUMPD_SCREENSHOTS=folder keeps them.

Each is also held to what a picture cannot hide: nothing is wider than the screen, and the page says no error.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page

from tests.e2e import scenes
from tests.e2e.awaited import arrived
from tests.e2e.bench_ward import BenchWard
from tests.e2e.conftest import SERVER_DOWN, SOON_MS, Console, open_ward, size, theme

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


class Shot(NamedTuple):
    name: str
    width: int = 1920
    height: int = 1080
    theme: str = "dark"


class Stage(NamedTuple):
    """One ward in one state, and the pictures of it."""

    beds: int
    scene: Callable[[BenchWard], None]
    shots: tuple[Shot, ...]
    query: str = ""


STAGES = (
    Stage(4, scenes.stopped, (Shot("ward"),)),
    Stage(4, scenes.with_courses, (Shot("wall-4"), Shot("light", theme="light"), Shot("workstation-4", 1300, 800))),
    Stage(4, scenes.storm, (Shot("night", theme="night"), Shot("phone-4-storm", 390, 844))),
    Stage(4, scenes.storm, (Shot("german"),), "?lang=de"),
    Stage(4, scenes.stale, (Shot("stale"),)),
    Stage(8, scenes.calm, (Shot("wall-8"),)),
    Stage(16, scenes.storm, (Shot("wall-16-storm"), Shot("wall-4k-16", 3840, 2160), Shot("workstation-16", 1300, 800))),
    Stage(24, scenes.calm, (Shot("wall-24"),)),
    Stage(64, scenes.calm, (Shot("phone-64", 390, 844),)),
    Stage(64, scenes.storm, (Shot("wall-64-storm"),)),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kept = Path(os.environ.get("PUMPD_SCREENSHOTS", tmp_path))
    kept.mkdir(parents=True, exist_ok=True)
    return kept


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.shots[0].name)
def test_a_picture_of_the_ward(page: Page, stage: Stage, folder: Path, subtests: pytest.Subtests) -> None:
    page.emulate_media(reduced_motion="no-preference")
    with BenchWard(beds=stage.beds, timezone="Europe/Vienna") as ward:
        open_ward(page, ward, stage.query)
        stage.scene(ward)
        arrived(page, ward)
        for shot in stage.shots:
            with subtests.test(shot.name):
                taken(page, shot, folder)


def taken(page: Page, shot: Shot, folder: Path) -> None:
    theme(page, shot.theme)
    size(page, shot.width, shot.height)
    page.evaluate("document.getAnimations().forEach(one => { one.cancel(); })")
    page.screenshot(path=folder / f"{shot.name}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= shot.width


def test_a_picture_as_eyes_without_green_see_it(own_page: Page, folder: Path) -> None:
    """Deuteranopia, as Chromium simulates it; that priorities are told apart is computed in test_ward_views."""
    with BenchWard(beds=16) as ward:
        open_ward(own_page, ward)
        scenes.storm(ward)
        arrived(own_page, ward)
        session = own_page.context.new_cdp_session(own_page)
        session.send("Emulation.setEmulatedVisionDeficiency", {"type": "deuteranopia"})
        own_page.evaluate("document.getAnimations().forEach(one => { one.cancel(); })")
        own_page.screenshot(path=folder / "deuteranopia.png")


def test_a_picture_of_a_lost_connection(page: Page, ward: BenchWard, console: Console, folder: Path) -> None:
    open_ward(page, ward)
    console.allow(SERVER_DOWN)
    ward.close()
    page.wait_for_selector(".banner.lost", timeout=SOON_MS)
    page.screenshot(path=folder / "lost.png")
