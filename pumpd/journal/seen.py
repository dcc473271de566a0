"""Keys that may have been seen, in two mebibytes however many there are: "no" is certain, "yes" has to be asked."""

from __future__ import annotations

from collections.abc import Hashable

_BITS = 1 << 24
_MARKS = 4  # bits for a key: of a million keys seen, one new key in 400 looks as if it were another


class Seen:
    """A Bloom filter. Used by one thread; of this run alone, since Python's hashes differ from run to run."""

    def __init__(self) -> None:
        self._bits = bytearray(_BITS // 8)

    def add(self, key: Hashable) -> None:
        for bit in _places(key):
            self._bits[bit >> 3] |= 1 << (bit & 7)

    def __contains__(self, key: Hashable) -> bool:
        """False: it was never added. True: probably it was."""
        return all(self._bits[bit >> 3] & 1 << (bit & 7) for bit in _places(key))


def _places(key: Hashable) -> list[int]:
    number = hash(key)
    step = number >> 32 | 1
    return [(number + turn * step) % _BITS for turn in range(_MARKS)]
