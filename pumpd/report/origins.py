"""Where each number of the page comes from: a small number behind it, and the list that these point into. Pure."""

from __future__ import annotations

from pumpd.drawing.markup import Markup, tag
from pumpd.report.model_figure import Figure

NONE = "–"
LONG = 20  # letters; a figure of more may be broken over two lines


class Origins:
    """Collects origins while a page is made; numbers are given in the order in which they are met."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, tuple[str, ...]], int] = {}

    def figure(self, figure: Figure | None) -> Markup:
        """The number with its note; a dash for one that does not exist."""
        if figure is None:
            return Markup(NONE)
        key = (figure.origin, figure.refs)
        place = self._numbers.setdefault(key, len(self._numbers) + 1)
        note = tag("sup", tag("a", str(place), href=f"#origin-{place}"))
        kind = "figure long" if len(figure.text) > LONG else "figure"
        return tag("span", figure.text, note, class_=kind, title=figure.origin)

    def listed(self) -> Markup:
        """All of them, in order."""
        items = []
        for (origin, refs), place in self._numbers.items():
            unnamed = [ref for ref in refs if ref.rpartition(" ")[2] not in origin]
            more = tag("span", f" [{', '.join(unnamed)}]", class_="refs") if unnamed else Markup("")
            items.append(tag("li", origin, more, id=f"origin-{place}"))
        return tag("ol", items, class_="origins")
