"""Small numbers for what is said again and again: device and signal names, a pump's texts. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from pumpd.device.facts import Integrity, Quality

Texts = tuple[str | None, ...]
MOST = 8192  # a device that invents texts without end must not fill the table; later ones go as JSON


class NoRoom(ValueError):
    """The table is full."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a monitor's frames are packed. pack: a whole entry whose readings are all ok; tenths: values only."""

    names: list[str]
    integrity: Integrity
    shape: int
    all_ok: list[Quality]
    pack: Callable[..., bytes]
    tenths: Callable[..., bytes]


class Shapes:
    """Texts by number, as in the table `shapes`. Grows only; `fresh` are the rows not yet stored.

    layouts: per device the one of its last frame, kept by the packer.
    """

    def __init__(self) -> None:
        self._ids: dict[Texts, int] = {}
        self._texts: dict[int, Texts] = {}
        self.stored = 0
        self.layouts: dict[str, Layout] = {}

    def id_of(self, texts: Texts) -> int:
        """The number of these texts, a new one if need be. Raises NoRoom."""
        found = self._ids.get(texts)
        if found is not None:
            return found
        if len(self._ids) >= MOST:
            raise NoRoom
        number = len(self._ids) + 1
        self._ids[texts], self._texts[number] = number, texts
        return number

    def texts(self, number: int) -> Texts:
        """Raises KeyError for a number that nobody stored."""
        return self._texts[number]

    def load(self, rows: list[tuple[int, str]]) -> None:
        """Take the stored table, or what was added to it since."""
        for number, body in rows:
            texts = tuple(msgspec.json.decode(body, type=list[str | None]))
            self._ids[texts], self._texts[number] = number, texts
        self.stored = len(self._ids)

    def fresh(self) -> list[tuple[int, str]]:
        """Rows to store."""
        numbers = range(self.stored + 1, len(self._ids) + 1)
        return [(number, msgspec.json.encode(self._texts[number]).decode()) for number in numbers]
