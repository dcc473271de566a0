"""What a driver hears and the bed is not told of: tags without a row in its table. Bounded, whatever a device says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pumpd.device import Unmapped

MOST = 200
"""Different tags that are kept; a device that invents more is only counted."""
LONGEST = 64


@dataclass(frozen=True, slots=True)
class Leftover:
    """count: how often the driver said it since the start; value: the last one."""

    tag: str
    count: int
    value: str


class Leftovers:
    """The tags of one device."""

    def __init__(self) -> None:
        self._found: dict[str, Leftover] = {}
        self.more = 0

    def note(self, fact: Unmapped) -> bool:
        """True where the tag is new."""
        tag = fact.tag[:LONGEST]
        old = self._found.get(tag)
        if old is None and len(self._found) >= MOST:
            self.more += 1
            return False
        self._found[tag] = Leftover(tag, 1 if old is None else old.count + 1, fact.value[:LONGEST])
        return old is None

    def __iter__(self) -> Iterator[Leftover]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)
