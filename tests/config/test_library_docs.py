"""docs/library.md names every key that a library and a protocol may have, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from pumpd.config.fields import CeilingOverride
from pumpd.config.library_file import LibraryFile
from pumpd.config.protocol_file import ProtocolFile
from pumpd.config.read import record_in

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "library.md").read_text(encoding="utf-8")


def keys(model: type[BaseModel]) -> Iterator[str]:
    """Every key of the record and of the records inside it, as a file writes it."""
    for name, field in model.model_fields.items():
        yield field.alias or name
        inner = record_in(field.annotation)
        if inner is not None:
            yield from keys(inner)


def section(title: str) -> str:
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(
    ("model", "title"), [(LibraryFile, "The keys of a library"), (ProtocolFile, "The keys of a protocol")]
)
def test_the_page_names_every_key(model: type[BaseModel], title: str) -> None:
    told = set(re.findall(r"[a-z_0-9]+", " ".join(re.findall(r"`([^`]+)`", section(title)))))
    assert set(keys(model)) - told == set()


def test_a_ceiling_has_the_keys_that_the_page_names() -> None:
    assert set(keys(CeilingOverride)) == {"hard", "soft"}
