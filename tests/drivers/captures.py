"""Reads drivers/captures/<driver>/*.txt; the format is described in drivers/README.md."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from pumpd.device import Vitals

FOLDER = Path(__file__).parents[2] / "drivers" / "captures"


@dataclass
class Frame:
    """One frame with its provenance, and the facts that it must give: (type name, {field: text})."""

    where: str
    to_host: bool
    tag: str
    data: bytes
    expected: list[tuple[str, dict[str, str]]] = field(default_factory=list)


def read_captures(driver: str) -> list[Frame]:
    return [frame for path in sorted((FOLDER / driver).glob("*.txt")) for frame in _read(path)]


def _read(path: Path) -> list[Frame]:
    frames: list[Frame] = []
    text = False
    for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), start=1):
        if line.startswith("format:"):
            text = line.split()[1] == "text"
        elif line.startswith(("<", ">")):
            mark, tag, payload = line.split(" ", 2)
            data = _bytes_of(payload) if text else bytes.fromhex(payload)
            frames.append(Frame(f"{path.name}:{number}", mark == "<", tag, data))
        elif line.startswith("="):
            kind, *pairs = shlex.split(line[1:])
            frames[-1].expected.append((kind, dict(pair.split("=", 1) for pair in pairs)))
    return frames


def _bytes_of(payload: str) -> bytes:
    """Text with its control characters and other bytes written as \\r and \\x02."""
    plain = re.sub(r"\\x([0-9A-F]{2})", lambda code: chr(int(code[1], 16)), payload.replace("\\r", "\r"))
    return plain.encode("latin-1")


def matches(fact: object, expected: tuple[str, dict[str, str]]) -> bool:
    """Is the fact of that type, and is every named field (or reading) as written?"""
    kind, fields = expected
    if type(fact).__name__ != kind:
        return False
    if isinstance(fact, Vitals):
        shown = {r.signal: str(r.quality if r.value_milli is None else r.value_milli) for r in fact.readings}
    else:
        shown = {name: str(getattr(fact, name)) for name in fields}
    return all(shown.get(name) == value for name, value in fields.items())
