"""Names as people write them, and the known one that was probably meant. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_BETWEEN = re.compile(r"[\s_-]+")


def plain_word(text: str) -> str:
    """A name without what people write differently: case, spaces, dashes, underscores ("MS-Contin" is "ms contin")."""
    return _BETWEEN.sub(" ", text.strip()).casefold()


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None when nothing is near."""
    by_plain = {plain_word(one): one for one in known}
    found = difflib.get_close_matches(plain_word(word), list(by_plain), n=1, cutoff=0.6)
    return by_plain[found[0]] if found else None


def meant(word: str, known: Iterable[str]) -> str:
    """A sentence's tail: '; did you mean "oxycodone"?', or nothing when no known word is near."""
    guess = nearest(word, known)
    return f'; did you mean "{guess}"?' if guess is not None else ""
