"""docs/devices.md is followed: its driver runs, its lines decode, its commands and options exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pumpd.registry import forget_files
from tests.cli.call import run

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "devices.md").read_text(encoding="utf-8")
DRIVER = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)
CAPTURE = re.search(r"\$ cat acme\.capture\.txt\n(.*?)```", TEXT, re.DOTALL)
DECODED = re.search(r"\$ pumpd devices decode acme\.capture\.txt [^\n]*\n(.*?)\$", TEXT, re.DOTALL)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    forget_files()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the page lets its reader write."""
    assert DRIVER
    assert CAPTURE
    (tmp_path / "acme_100.py").write_text(DRIVER[1], encoding="utf-8")
    (tmp_path / "acme.capture.txt").write_text(CAPTURE[1], encoding="ascii")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_pages_driver_decodes_the_pages_capture_as_the_page_shows_it(folder: Path) -> None:
    assert DECODED
    arguments = ("acme.capture.txt", "--driver", "acme_100", "--driver-file", "acme_100.py")
    code, out, err = run("devices", "decode", *arguments)
    assert code == 0
    assert [line.rstrip() for line in (err + out).splitlines()] == DECODED[1].splitlines()


def test_the_pages_broken_line_is_what_a_broken_file_says(folder: Path) -> None:
    path = Path("acme_100.py")
    path.write_text(path.read_text().replace("(Talker)", "(Talkr)"))
    _, _, err = run("devices", "drivers", "--driver-file", path)
    assert f"`{err.strip()}`" in TEXT


def test_every_command_and_option_that_the_page_names_exists() -> None:
    named = re.findall(r"pumpd ((?:devices )?[a-z]+)([^\n`|]*)", TEXT)
    assert {command for command, _ in named} >= {
        f"devices {one}" for one in ("ports", "probe", "listen", "capture", "decode")
    }
    for command, rest in named:
        code, told, _ = run(*command.split(), "--help")
        if code:  # a word of a sentence
            continue
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in told, (command, option)
