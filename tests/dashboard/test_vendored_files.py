"""What the page ships: third-party files that are what they claim to be, and styles whose contrast suffices."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "pumpd" / "dashboard"
VENDOR = PAGE / "vendor"
LOCK = ROOT / "tests" / "js" / "package-lock.json"
ROWS = json.loads((VENDOR / "vendor.json").read_text())["files"]
NOT_VENDORED = {"vendor.json", *(path.name for path in VENDOR.glob("*.d.ts"))}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_vendored_file_has_the_hash_and_the_pinned_version_it_claims(row: dict[str, str]) -> None:
    digest = hashlib.sha384((VENDOR / row["file"]).read_bytes()).digest()
    assert row["sha384"] == "sha384-" + base64.b64encode(digest).decode()
    pinned = json.loads(LOCK.read_text())["packages"][f"node_modules/{row['package']}"]["version"]
    assert row["version"] == pinned


def test_every_vendored_file_is_listed_and_has_its_licence() -> None:
    files = {path.name for path in VENDOR.iterdir()} - NOT_VENDORED
    licences = {name for name in files if name.endswith(".LICENSE")}
    assert files - licences == {row["file"] for row in ROWS}
    stems = {name.removesuffix(".LICENSE") for name in licences}
    assert all(any(row["file"].startswith(stem) for stem in stems) for row in ROWS)


def test_a_vendored_name_carries_its_version_so_that_no_screen_keeps_an_old_file() -> None:
    assert all(f"-{row['version']}." in row["file"] for row in ROWS)
    texts = [path.read_text() for path in [*PAGE.glob("*.html"), *PAGE.glob("js/**/*.js"), *PAGE.glob("css/*.css")]]
    named = {name for text in texts for name in re.findall(r"vendor/([\w.-]+)", text)}
    assert named == {row["file"] for row in ROWS}


def test_the_page_has_no_inline_script_or_style_and_asks_no_other_host() -> None:
    for page in PAGE.glob("*.html"):
        assert re.findall(r"<script(?![^>]*\bsrc=)", page.read_text()) == []
        assert "<style" not in page.read_text()
    for path in [*PAGE.glob("*.html"), *PAGE.glob("*.js"), *PAGE.glob("js/**/*.js"), *PAGE.glob("css/*.css")]:
        text = path.read_text()
        assert "style=" not in text, path
        assert re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text) == [], path


def test_a_module_of_the_page_stays_small() -> None:
    for path in [PAGE / "app.js", *PAGE.glob("js/**/*.js"), *PAGE.glob("css/*.css")]:
        assert len(path.read_text().splitlines()) < 300, path


def palettes() -> dict[str, dict[str, str]]:
    """Custom properties of the dark palette, and of the light one laid over it."""
    css = (PAGE / "css" / "base.css").read_text()
    blocks = re.findall(r":root(\[data-theme=\"light\"\])? \{(.*?)\}", css, re.DOTALL)
    found = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", body)) for _, body in blocks]
    return {"dark": found[0], "light": found[0] | found[1]}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TEXT_ON_TILE = ("text", "label", "rr", "spo2", "etco2", "pulse", "dose", "good", "link", "medium-edge", "low-edge")
FILLS = (
    ("on-high", "high"),
    ("on-high", "high-dim"),
    ("on-medium", "medium"),
    ("on-medium", "medium-dim"),
    ("on-low", "low"),
)
EDGES = ("high-edge", "medium-edge", "low-edge")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_colour_of_text_has_contrast_on_its_ground(theme: str) -> None:
    colour = palettes()[theme]
    pairs = [*product(TEXT_ON_TILE, ("tile",)), *FILLS, ("label", "page"), ("label", "raised"), ("high-edge", "raised")]
    poor = [(ink, ground) for ink, ground in pairs if contrast(colour[ink], colour[ground]) < 4.5]
    assert poor == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_alarm_edges_stand_out_from_the_tile(theme: str) -> None:
    colour = palettes()[theme]
    assert all(contrast(colour[edge], colour["tile"]) >= 3 for edge in EDGES)
