"""The effective ceiling: the minimum of library, protocol, ward, bed and pump, and who set it (CEI-02). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pumpd.config.fields import CeilingOverride
from pumpd.config.library_file import Entry
from pumpd.safety.limits import Limit
from pumpd.units import exact, plain


@dataclass(frozen=True, slots=True)
class Override:
    """A ceiling table of some file: `by` names the rule on every screen."""

    by: str
    table: CeilingOverride | None


@dataclass(frozen=True, slots=True)
class Ceilings:
    """The effective hard and soft ceiling, each with who set it."""

    hard: Limit
    soft: Limit


def library_ceilings(entry: Entry, by: str) -> Ceilings | None:
    """The entry's own ceilings, named after the library; None where the drug's dose is not limited."""
    if entry.continuous is None:
        return None
    return Ceilings(Limit(entry.continuous.hard_max, by), Limit(entry.continuous.soft_max, by))


def effective(library: Ceilings | None, overrides: list[Override]) -> Ceilings | None:
    """The lowest hard and soft limit; a soft limit above the hard one comes down to it. None: nothing to lower."""
    if library is None:
        return None
    hard, soft = library.hard, library.soft
    for override in overrides:
        if override.table is not None:
            hard = _lower(hard, override.table.hard, override.by)
            soft = _lower(soft, override.table.soft, override.by)
    return Ceilings(hard, hard if soft.ug_kg_h > hard.ug_kg_h else soft)


def _lower(limit: Limit, value: int | None, by: str) -> Limit:
    return Limit(value, by) if value is not None and value < limit.ug_kg_h else limit


def too_high(library: Ceilings | None, table: CeilingOverride | None) -> list[tuple[str, str]]:
    """(key, message) for each limit of the table that would raise the library's or permit nothing."""
    if table is None:
        return []
    found: list[tuple[str, str]] = []
    if library is None:
        named = [key for key, value in (("hard", table.hard), ("soft", table.soft)) if value is not None]
        return [(key, "the drug library has no ceiling of this drug that could be lowered") for key in named]
    for key, value, limit in (("hard", table.hard, library.hard), ("soft", table.soft, library.soft)):
        if value is not None and value > limit.ug_kg_h:
            found.append((key, f"{shown(value)} is above the {shown(limit.ug_kg_h)} of {limit.set_by}; only lower"))
        elif value == 0:
            found.append((key, "a ceiling of 0 permits nothing; stop the pump or leave the key out"))
    return found


def shown(ug_kg_h: int) -> str:
    """ "0.5 mg/kg/h"."""
    return f"{plain(exact(ug_kg_h, 1000))} mg/kg/h"
