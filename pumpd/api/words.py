"""Words of a vocabulary: found as people write them, or refused with the nearest known one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence


def plain_word(text: str) -> str:
    """Lower case, one underscore for whatever stands between words: "Neuropathic pain" is "neuropathic_pain"."""
    return "_".join(re.findall(r"[^\W_]+", text.lower()))


def known_word(text: str, words: Sequence[str]) -> str | None:
    """The vocabulary's own word for it; any word where there is no vocabulary; None for an unknown one."""
    if not words:
        return text
    spelt = {plain_word(word): word for word in words}
    return spelt.get(plain_word(text))


def nearest(text: str, words: Iterable[str]) -> str | None:
    """The most alike of the words, if any is."""
    spelt = {plain_word(word): word for word in words}
    found = difflib.get_close_matches(plain_word(text), list(spelt), 1, 0.5)
    return spelt[found[0]] if found else None


def unknown(what: str, text: str, words: Sequence[str]) -> str:
    """Why the word is refused, with the nearest known one, or all of them."""
    near = nearest(text, words)
    hint = f"did you mean {near!r}?" if near else f"known are: {', '.join(words)}"
    return f"{what}: {text!r} is not known; {hint}"
