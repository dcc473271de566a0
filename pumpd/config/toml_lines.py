"""Finds the line of a key in TOML text, which tomllib does not tell. Pure.

Reads only what is needed for that: table headers, arrays of tables, and the keys at the start of a
line outside strings and brackets. The text is known to be valid TOML (tomllib has read it first).
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.)?""")
_HEADER = re.compile(r"\s*(\[\[?)(.*?)\]\]?\s*(?:#.*)?$")
_STRING = re.compile(r"""\"\"\".*?(?:\"\"\"|$)|'''.*?(?:'''|$)|"(?:[^"\\]|\\.)*"|'[^']*'|\#[^\n]*""", re.DOTALL)


def _parts(text: str) -> tuple[list[str], int]:
    """The dotted key at the start of text, and where it ends."""
    found: list[str] = []
    at = 0
    while match := _PART.match(text, at):
        found.append(next(g for g in match.groups()[:3] if g is not None))
        at = match.end()
        if match[4] is None:
            break
    return found, at


class _Scan:
    """One pass over the lines, remembering the present table and the index of every array of tables."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self._arrays: dict[Path, int] = {}
        self._table: Path = ()

    def header(self, names: list[str], is_array: bool, line: int) -> None:
        path: Path = ()
        for position, name in enumerate(names):
            path = (*path, name)
            self.lines.setdefault(path, line)
            if is_array and position == len(names) - 1:
                self._arrays[path] = self._arrays.get(path, -1) + 1
            if path in self._arrays:
                path = (*path, self._arrays[path])
        self._table = path
        self.lines.setdefault(path, line)

    def key(self, names: list[str], line: int) -> None:
        path = self._table
        for name in names:
            path = (*path, name)
            self.lines.setdefault(path, line)


def _skip_value(lines: list[str], first: int, start: int) -> int:
    """Index of the line where the value that begins at lines[first][start:] ends."""
    rest = lines[first][start:]
    last = first
    while _is_open(rest) and last + 1 < len(lines):
        last += 1
        rest += "\n" + lines[last]
    return last


def _is_open(text: str) -> bool:
    """Whether a multi-line string or a bracket is still open at the end of text."""
    for quote in ('"""', "'''"):
        stripped = text.lstrip()
        if stripped.startswith(quote) and stripped.count(quote) < 2:
            return True
    bare = _STRING.sub("", text)
    return bare.count("[") + bare.count("{") > bare.count("]") + bare.count("}")


def scan(text: str) -> dict[Path, int]:
    """Line number (from 1) of every table and key; ("bed", 0, "pump", 1, "driver") style paths."""
    state, lines, at = _Scan(), text.splitlines(), 0
    while at < len(lines):
        line = lines[at]
        header = _HEADER.match(line)
        if header is not None:
            state.header(_parts(header[2])[0], header[1] == "[[", at + 1)
        elif names := _parts(line)[0]:
            end = _parts(line)[1]
            state.key(names, at + 1)
            at = _skip_value(lines, at, line.find("=", end) + 1)
        at += 1
    return state.lines


def locate(lines: dict[Path, int], path: Path) -> int:
    """The line of path, or of the nearest thing around it that has a line."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 1


def dotted(path: Path) -> str:
    """("bed", 1, "pump", 0, "driver") reads bed[1].pump[0].driver."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
