"""Bytes of a line as hex, without what is known of the patients who lie in the ward. Pure.

A device may have been told who lies there, and may say so on its line. Each name and number is looked for as text of
one byte and of two bytes a letter, across the pieces of one direction: a name that came in two halves is one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pumpd.api.withheld import words_of
from pumpd.safety.events import Patient

INSTEAD = "··"
ENCODINGS = ("latin-1", "utf-8", "utf-16-be", "utf-16-le")


def hex_without(pieces: Sequence[bytes], patients: Iterable[Patient]) -> list[list[str]]:
    """Each piece's bytes as two digits each, or `··` in the place of what is withheld."""
    shown = [[f"{byte:02x}" for byte in piece] for piece in pieces]
    places = [(row, at) for row, piece in enumerate(pieces) for at in range(len(piece))]
    for start, end in _found(b"".join(pieces), patients):
        for row, at in places[start:end]:
            shown[row][at] = INSTEAD
    return shown


def _found(data: bytes, patients: Iterable[Patient]) -> list[tuple[int, int]]:
    forms = {form for word in words_of(patients) for form in _forms(word)}
    if not forms:
        return []
    pattern = b"|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return [match.span() for match in re.finditer(pattern, data, re.IGNORECASE)]


def _forms(word: str) -> Iterable[bytes]:
    for encoding in ENCODINGS:
        yield word.encode(encoding, errors="replace")
