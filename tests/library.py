"""Drug libraries for tests: the shipped one with changes, released again, so that its digest is right."""

from __future__ import annotations

from pathlib import Path

from pumpd.config.defaults import default_dir
from pumpd.config.library_digest import sealed

NAME = "drug_library.toml"


def library_text(*changes: tuple[str, str], seal: bool = True) -> str:
    """The shipped library with each old text (which must occur once) replaced by its new one."""
    text = (default_dir() / NAME).read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in the library"
        text = text.replace(old, new)
    return sealed(text) if seal else text


def write_library(folder: Path, *changes: tuple[str, str], seal: bool = True) -> Path:
    """The same, in a file beside a test's ward file; seal=False leaves the digest of the shipped one: tampered."""
    path = folder / NAME
    path.write_text(library_text(*changes, seal=seal), encoding="utf-8")
    return path
