"""Reads the pages' sources for words: what goes through t() or word(), and what stands in a template as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

DASHBOARD = Path(__file__).resolve().parents[2] / "pumpd" / "dashboard"
QUOTES = "\"'`"
CALL = re.compile(r"(?<![\w.])(?:t|word)\(")
TEMPLATE = re.compile(r"\b(?:html|svg)`")
TAG = re.compile(r"<[^>]*>", re.DOTALL)
SPOKEN = re.compile(r"""(?:title|aria-label|placeholder|alt)=(?:"([^"]*)"|([^\s>$]+))""")
GERMAN = re.compile(r'^  ("(?:[^"\\]|\\.)*"|\w+):\s+("(?:[^"\\]|\\.)*"),$', re.MULTILINE)
HOLE = "\u0000"


def sources() -> list[Path]:
    """Every module of the pages but the tables of German, and the one that defines t()."""
    found = [path for path in sorted(DASHBOARD.rglob("*.js")) if "vendor" not in path.parts]
    return [path for path in found if not path.name.endswith("-de.js") and path.name != "i18n.js"]


def string_end(text: str, start: int) -> int:
    """The place behind the string that begins at start; holes of a template are skipped whole."""
    quote, at = text[start], start + 1
    while text[at] != quote:
        if text[at] == "\\":
            at += 2
        elif quote == "`" and text.startswith("${", at):
            at = hole_end(text, at + 2)
        else:
            at += 1
    return at + 1


def hole_end(text: str, at: int) -> int:
    """The place behind the brace that closes a hole."""
    depth = 1
    while depth:
        if text[at] in QUOTES:
            at = string_end(text, at)
            continue
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at


def literal(source: str) -> str:
    inner = source[1:-1].replace("\\'", "'")
    return str(json.loads('"' + (inner.replace('"', '\\"') if source[0] == "'" else inner) + '"'))


def first_argument(text: str, at: int) -> Iterator[str]:
    """The string literals of a call's first argument, which may choose between some."""
    depth = 1
    while depth and not (text[at] == "," and depth == 1):
        if text[at] in QUOTES:
            end = string_end(text, at)
            if text[at] != "`":
                yield literal(text[at:end])
            at = end
            continue
        depth += (text[at] in "([{") - (text[at] in ")]}")
        at += 1


def keys(text: str) -> set[str]:
    found = {key for call in CALL.finditer(text) for key in first_argument(text, call.end())}
    return found - {""}


def german() -> list[tuple[str, str]]:
    """Every row of the tables of German."""
    tables = sorted((DASHBOARD / "js").rglob("words-de-*.js"))
    rows = (row for path in tables for row in GERMAN.finditer(path.read_text()))
    return [(json.loads(row[1]) if row[1][0] == '"' else row[1], json.loads(row[2])) for row in rows]


def chunks(text: str) -> Iterator[str]:
    """Every template's own text, with a mark for each hole."""
    for start in TEMPLATE.finditer(text):
        at, own = start.end(), ""
        while text[at] != "`":
            if text.startswith("${", at):
                at, own = hole_end(text, at + 2), own + HOLE
            else:
                own, at = own + text[at], at + 1
        yield own


def bare_words(text: str) -> set[str]:
    """Words that a template shows or speaks without t()."""
    found: set[str] = set()
    for own in chunks(text):
        spoken = [a or b for a, b in SPOKEN.findall(own.replace(HOLE, ""))]
        shown = TAG.sub(" ", own).replace(HOLE, " ")
        for piece in (shown, *spoken):
            found |= set(re.findall(r"[A-Za-zÄÖÜäöüß]{2,}[A-Za-z0-9]*", piece))
    return found
