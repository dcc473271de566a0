"""Words of a vocabulary: found as people write them, or refused with the nearest known one."""

from __future__ import annotations

from collections.abc import Sequence

from pumpd.clinical.words import meant, plain_word


def known_word(text: str, words: Sequence[str]) -> str | None:
    """The vocabulary's own word for it; any word where there is no vocabulary; None for an unknown one."""
    if not words:
        return text
    return {plain_word(word): word for word in words}.get(plain_word(text))


def unknown(what: str, text: str, words: Sequence[str]) -> str:
    """Why the word is refused, with the nearest known one, or all of them."""
    known = ", ".join(words)
    return f'{what}: "{text}" is not known{meant(text, words) or f"; known are {known}"}'
