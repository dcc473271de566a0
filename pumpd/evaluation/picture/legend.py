"""What the colours, patterns and letters mean, and the patterns themselves. Pure."""

from __future__ import annotations

from pumpd.drawing.markup import Markup, tag
from pumpd.safety.policy import Priority

SWATCH_WIDTH, SWATCH_HEIGHT = 46, 20


def patterns() -> Markup:
    """Defined once, used by every drawing of the page."""
    stripes = tag("path", d="M-2 2L2 -2M0 8L8 0M6 10L10 6", class_="on-medium")
    dots = tag("circle", cx=3, cy=4, r=1.4, class_="on-low")
    hatch = tag("path", d="M0 6L6 0", class_="on-gap")
    return tag(
        "svg",
        tag(
            "defs",
            _pattern("medium", 8, 8, "medium-ground", stripes),
            _pattern("low", 6, 8, "low-ground", dots),
            _pattern("gap", 6, 6, "gap-ground", hatch),
            _pattern("held", 5, 5, "gap-ground", tag("path", d="M0 2.5L5 2.5", class_="on-held")),
        ),
        class_="patterns",
        width=0,
        height=0,
        aria_hidden="true",
        focusable="false",
    )


def _pattern(name: str, width: int, height: int, ground: str, mark: Markup) -> Markup:
    paper = tag("rect", width=width, height=height, class_=ground)
    return tag("pattern", paper, mark, id=f"pattern-{name}", width=width, height=height, patternUnits="userSpaceOnUse")


def legend(profiles: int) -> Markup:
    """A list of samples; what only a comparison shows is left out without one."""
    items = [_item(_bar(each), f"{each} alarm") for each in Priority]
    items.append(_item(tag("rect", class_="gap", x=0, y=1, width=SWATCH_WIDTH, height=18), "no value"))
    held = tag("rect", class_="held", x=0, y=1, width=SWATCH_WIDTH, height=18)
    items.append(_item(held, "held: displayed, no breath renewed it, taken for absent"))
    items.append(_item(tag("line", class_="limit high", x1=0, x2=SWATCH_WIDTH, y1=10, y2=10), "limit of a HIGH rule"))
    items.append(_item(tag("line", class_="limit", x1=0, x2=SWATCH_WIDTH, y1=10, y2=10), "other limit"))
    if profiles > 1:
        outline = tag("rect", class_="outline", x=1, y=2, width=SWATCH_WIDTH - 2, height=16, rx=2)
        items.append(_item(outline, "the other profile alarms here, this one does not"))
        band = tag("rect", class_="lost-band", x=14, y=0, width=18, height=SWATCH_HEIGHT)
        edge = tag("rect", class_="outline lost-high", x=14, y=3, width=18, height=14, rx=2)
        items.append(_item([band, edge], "▼ HIGH alarm of A that B has lost"))
    return tag("ul", items, class_="legend")


def _bar(priority: Priority) -> list[Markup]:
    tall = {"high": 16, "medium": 12, "low": 8}[priority]
    bar = tag("rect", class_=f"bar {priority}", x=0, y=(SWATCH_HEIGHT - tall) / 2, width=30, height=tall, rx=2)
    return [bar, tag("text", priority[0].upper(), class_="letter beside", x=38, y=15)]


def _item(sample: Markup | list[Markup], words: str) -> Markup:
    drawn = tag(
        "svg",
        sample,
        width=SWATCH_WIDTH,
        height=SWATCH_HEIGHT,
        viewBox=f"0 0 {SWATCH_WIDTH} {SWATCH_HEIGHT}",
        aria_hidden="true",
        focusable="false",
    )
    return tag("li", drawn, tag("span", words))
