"""Times in which something was not as it should be. Pure; milliseconds of the machine's boot time."""

from __future__ import annotations

from dataclasses import dataclass, field

FOREVER = float("inf")


@dataclass
class Spans:
    """What was wrong, from when until when; several may overlap."""

    rows: list[list[float | str]] = field(default_factory=list)
    _open: dict[str, list[float | str]] = field(default_factory=dict)

    def begin(self, what: str, at_ms: float) -> None:
        """Nothing happens if it has begun already."""
        if what not in self._open:
            self._open[what] = [at_ms, FOREVER, what]
            self.rows.append(self._open[what])

    def end(self, what: str, at_ms: float) -> None:
        found = self._open.pop(what, None)
        if found is not None:
            found[1] = at_ms

    def add(self, from_ms: float, until_ms: float, what: str) -> None:
        self.rows.append([from_ms, until_ms, what])

    def are_open(self) -> bool:
        return bool(self._open)

    def names(self, from_ms: float, until_ms: float) -> list[str]:
        """What was wrong at any time in between."""
        return sorted({str(row[2]) for row in self.rows if _touches(row, from_ms, until_ms)})

    def clear(self, from_ms: float, until_ms: float) -> bool:
        return not any(_touches(row, from_ms, until_ms) for row in self.rows)


def _touches(row: list[float | str], from_ms: float, until_ms: float) -> bool:
    return float(row[0]) < until_ms and float(row[1]) > from_ms


def calm(all_of: tuple[Spans, ...], from_ms: float, until_ms: float) -> list[tuple[float, float]]:
    """The parts of a time in which none of them had anything wrong."""
    cuts = sorted(
        (float(row[0]), float(row[1])) for spans in all_of for row in spans.rows if _touches(row, from_ms, until_ms)
    )
    found, at_ms = [], from_ms
    for begin, end in cuts:
        if begin > at_ms:
            found.append((at_ms, begin))
        at_ms = max(at_ms, end)
    return [*found, (at_ms, until_ms)] if at_ms < until_ms else found
