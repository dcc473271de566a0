"""What is wrong with a configuration file, one precise line each. Values only."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One line for a person: which file, which line of it, which key, what is wrong and what was expected."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None when nothing is near."""
    found = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.5)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence's tail: the nearest known word, else the whole list of what is known."""
    choices = sorted(known)
    guess = nearest(word, choices)
    if guess is not None:
        return f'; did you mean "{guess}"?'
    return f"; known: {', '.join(choices)}" if choices else ""
