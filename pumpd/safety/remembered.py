"""What a policy or a profile comes to is worked out once: hashing one costs more than judging a bed by it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

A = TypeVar("A")
T = TypeVar("T")
KEPT = 1024  # a ward has a policy for each bed, and one that was restored from a journal a profile for each


def by_identity(make: Callable[[A], T]) -> Callable[[A], T]:
    """make, which must be pure and take what never changes. The same thing always gives the same answer, whatever is
    remembered here.
    """
    known: dict[int, tuple[A, T]] = {}

    @wraps(make)
    def remembered(of: A) -> T:
        found = known.get(id(of))
        if found is not None and found[0] is of:
            return found[1]
        if len(known) >= KEPT:
            known.clear()
        made = make(of)
        known[id(of)] = (of, made)
        return made

    return remembered
