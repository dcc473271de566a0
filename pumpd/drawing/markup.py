"""HTML and SVG elements. Text and attributes are escaped here and nowhere else: a plain str is always text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

EMPTY = frozenset({"meta", "br", "line", "rect", "path", "circle", "col"})  # elements that hold nothing
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")  # XML has no way to write them


class Markup(str):
    """Finished markup, in contrast to text."""

    __slots__ = ()


Part = str | Markup | Iterable[Markup]


def text(value: str) -> Markup:
    """Text as markup."""
    return Markup(escape(UNPRINTABLE.sub("\ufffd", value)))


def join(parts: Iterable[Part]) -> Markup:
    return Markup("".join(_one(part) for part in parts))


def tag(name: str, /, *parts: Part, **attributes: str | float | None) -> Markup:
    """An element. Attributes: class_ is class, stroke_width is stroke-width; None leaves it out."""
    written = "".join(f' {_name(key)}="{_value(value)}"' for key, value in attributes.items() if value is not None)
    if name in EMPTY and not parts:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{join(parts)}</{name}>")


def _one(part: Part) -> str:
    if isinstance(part, Markup):
        return part
    return text(part) if isinstance(part, str) else join(part)


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-") if key != "viewBox" else key


def _value(value: str | float) -> str:
    return text(value) if isinstance(value, str) else number(value)


def number(value: float) -> str:
    """At most two decimals: a hundredth of a unit is finer than any screen."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
