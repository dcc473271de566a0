"""Reads captures: frames with their provenance and the facts they must give. The format: drivers/README.md."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pumpd.device import Vitals


class CapturesError(ValueError):
    """A line that is no capture; the message says which."""


@dataclass
class Golden:
    """One frame, or the frames of one exchange, and the facts it must give: (type name, {field: text}).

    pattern: what bytes of ours it stands for. options: of the driver that hears it.
    """

    where: str
    to_host: bool
    tag: str
    parts: list[bytes]
    pattern: bytes
    options: Mapping[str, str]
    expected: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        return b"".join(self.parts)


@dataclass(frozen=True)
class Captures:
    """All of one driver. no_unknown_alarms: why there can be no alarm that its table lacks; "" where there can."""

    goldens: tuple[Golden, ...]
    no_unknown_alarms: str = ""


def read_captures(folder: Path) -> Captures:
    """Every *.txt of the folder; nothing where there is no such folder. Raises CapturesError."""
    goldens: list[Golden] = []
    reasons: list[str] = []
    for path in sorted(folder.glob("*.txt")):
        try:
            _read(path, goldens, reasons)
        except (ValueError, IndexError) as error:
            raise CapturesError(f"{path}: {error}") from None
    return Captures(tuple(goldens), " ".join(reasons))


def _read(path: Path, goldens: list[Golden], reasons: list[str]) -> None:
    text, options = False, dict[str, str]()
    for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), start=1):
        mark, _, rest = line.partition(" ")
        if mark == "format:":
            text = rest.split() == ["text"]
        elif mark == "options:":
            options = dict(pair.split("=", 1) for pair in shlex.split(rest))
        elif mark == "unknown-alarms:":
            reasons.append(rest.removeprefix("none:").strip())
        elif mark in ("<", ">", "&"):
            tag, _, payload = rest.partition(" ")
            data, pattern = _text(payload) if text else _hex(payload)
            if mark == "&":
                goldens[-1].parts.append(data)
            else:
                goldens.append(Golden(f"{path.name}:{number}", mark == "<", tag, [data], pattern, options))
        elif mark == "=":
            kind, *pairs = shlex.split(rest)
            goldens[-1].expected.append((kind, dict(pair.split("=", 1) for pair in pairs)))
        elif line.strip() and not line.startswith("#"):
            raise ValueError(f"line {number} begins with nothing that a capture may begin with")


_ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}


def _text(payload: str) -> tuple[bytes, bytes]:
    """A payload whose control characters and other bytes are written as \\r and \\x02."""
    plain = re.sub(
        r"\\(?:x([0-9A-Fa-f]{2})|([rnt\\]))", lambda m: chr(int(m[1], 16)) if m[1] else _ESCAPES[m[2]], payload
    ).encode("latin-1")
    return plain, re.escape(plain)


def _hex(payload: str) -> tuple[bytes, bytes]:
    """A payload in hex, where `..` is any byte."""
    cells = payload.split() if ".." in payload else [f"{value:02x}" for value in bytes.fromhex(payload)]
    data = bytes(0 if cell == ".." else int(cell, 16) for cell in cells)
    return data, b"".join(b"." if cell == ".." else re.escape(bytes([int(cell, 16)])) for cell in cells)


def matches(fact: object, expected: tuple[str, dict[str, str]]) -> bool:
    """Is the fact of that type, and is every named field (of Vitals: every named signal) as written?"""
    kind, fields = expected
    if type(fact).__name__ != kind:
        return False
    shown: dict[str, str] = {}
    if isinstance(fact, Vitals):
        shown = {r.signal: str(r.quality if r.value_milli is None else r.value_milli) for r in fact.readings}
    shown |= {name: str(getattr(fact, name)) for name in fields if hasattr(fact, name)}
    return all(shown.get(name) == value for name, value in fields.items())
