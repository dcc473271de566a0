"""The fictional devices of drivers/README.md, as files: the README is their only source."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[2] / "drivers" / "README.md"
_FILE = re.compile(r"^`([\w./]+)`:\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def files() -> dict[str, str]:
    """Every file that the README has a reader write, by its path."""
    return dict(_FILE.findall(README.read_text(encoding="utf-8")))


def commands() -> list[str]:
    """Every command that it has a reader give, in order."""
    return [line for block in _SHELL.findall(README.read_text(encoding="utf-8")) for line in block.splitlines()]


def write(folder: Path) -> Path:
    """The files in a folder; gives the folder."""
    for name, text in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
