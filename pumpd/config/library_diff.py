"""What changed between two drug libraries, limit by limit, and which change permits more than before. Pure.

Each library becomes a table of facts: (what it is about, key) -> text and how much it permits. A limit that is missing
permits everything; a permission that is missing permits nothing; other facts permit neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from pumpd.config.caps import shown as dose_shown
from pumpd.config.ceilings import shown as rate_shown
from pumpd.config.library_file import Bolus, Continuous, DoseCap, Drug, Entry, LibraryFile, PumpLimits
from pumpd.units import MS_PER_H, MS_PER_MIN, MS_PER_S, format_concentration, format_rate_ml_h

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fact:
    """text as a person reads it. permits: more is more; absent: what permits where the fact is missing."""

    text: str
    permits: float | None = None
    absent: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; None: not there. raised: the new library permits more than the old one."""

    about: str
    key: str
    old: str | None
    new: str | None
    raised: bool

    def __str__(self) -> str:
        mark = "  RAISED" if self.raised else ""
        return f"{self.about}: {self.key}: {self.old or 'none'} -> {self.new or 'none'}{mark}"


def differences(old: LibraryFile, new: LibraryFile) -> list[Change]:
    """Every change of content, in the order of the new library; what was taken away stands at the end."""
    before, after = _facts(old), _facts(new)
    keys = [*after, *(key for key in before if key not in after)]
    both = {about for about, _ in before} & {about for about, _ in after}
    changed = (_change(key, before.get(key), after.get(key), known=key[0] in both) for key in keys)
    return [change for change in changed if change.old != change.new]


def _change(key: Key, old: Fact | None, new: Fact | None, known: bool) -> Change:
    """known: the drug or entry stands in both libraries; one that came or went has raised no limit of its own."""
    raised = known and _permits(new, old) > _permits(old, new)
    return Change(*key, old.text if old else None, new.text if new else None, raised)


def _permits(fact: Fact | None, other: Fact | None) -> float:
    """How much the fact permits; where it is missing, what its counterpart says of that."""
    if fact is not None:
        return fact.permits or 0
    return (other.absent or 0) if other is not None else 0


def _facts(library: LibraryFile) -> dict[Key, Fact]:
    found: dict[Key, Fact] = dict(_library(library))
    for drug in library.drug:
        found |= {(f"drug {drug.code}", key): fact for key, fact in _drug(drug)}
    for area in library.care_area:
        found[f"care area {area.id}", "name"] = Fact(area.name)
        for entry in area.entry:
            found |= {(f"{area.id}, {entry.drug}", key): fact for key, fact in _entry(entry)}
    return found


def _limit(text: str, permits: float) -> Fact:
    """Without it everything is permitted."""
    return Fact(text, permits, inf)


def _grant(text: str, permits: float = 0) -> Fact:
    """Without it nothing is permitted."""
    return Fact(text, permits, -inf)


def _library(library: LibraryFile) -> Iterator[tuple[Key, Fact]]:
    for key in ("id", "version", "status", "released_by", "released_on", "retired_by", "retired_on", "note"):
        if text := getattr(library, key):
            yield ("library", key), Fact(text)
    check = library.unit_check
    if check is not None:
        for factor in check.factors:
            yield ("unit check", f"factor {factor}"), _limit("questioned", 0)
        yield ("unit check", "tolerance"), _limit(f"{check.tolerance:g}", -check.tolerance)
        yield ("unit check", "source"), Fact(check.source)


def _drug(drug: Drug) -> Iterator[tuple[str, Fact]]:
    yield "name", Fact(drug.name)
    yield "label", Fact(drug.label)
    yield "governed", Fact("true", 0) if drug.governed else Fact("false", 1)
    # an opioid's pump can be stopped when breathing fails: another class takes that away
    yield "class", Fact(drug.class_, 0 if drug.class_ == "opioid" else 1)
    for key in ("label_source", "therapy"):
        if text := getattr(drug, key):
            yield key, Fact(text)
    for alias in drug.aliases:
        yield f"alias {alias}", Fact("known")
    if drug.salt is not None:
        yield "salt", Fact(f"{drug.salt.base} mcg base = {drug.salt.equals} mcg {drug.salt.name} ({drug.salt.source})")


def _entry(entry: Entry) -> Iterator[tuple[str, Fact]]:
    for one in entry.concentration:
        made = "" if one.amount is None else f", {one.amount} mcg in {one.volume} mcL"
        yield f"concentration {format_concentration(one.strength)}", _grant("standard" if one.standard else "allowed")
        yield f"concentration {format_concentration(one.strength)} made as", Fact(made.removeprefix(", ") or "not said")
    custom = entry.custom_concentration
    if custom is not None:
        yield "custom_concentration.min", _grant(format_concentration(custom.min), -custom.min)
        yield "custom_concentration.max", _grant(format_concentration(custom.max), custom.max)
        yield "custom_concentration.source", Fact(custom.source)
    yield "concentration_source", Fact(entry.concentration_source)
    if entry.advisory:
        yield "advisory", Fact(entry.advisory)
    yield from _continuous(entry.continuous)
    yield from _bolus(entry.bolus)
    yield from _cap(entry.dose_cap)
    yield from _pump(entry.pump)


def _continuous(table: Continuous | None) -> Iterator[tuple[str, Fact]]:
    if table is None:
        return
    for key in ("hard_max", "soft_max", "initial"):
        value = getattr(table, key)
        yield f"continuous.{key}", _limit(rate_shown(value), value)
    yield "continuous.soft_min", Fact(rate_shown(table.soft_min))
    yield "continuous.source", Fact(table.source)


def _bolus(table: Bolus | None) -> Iterator[tuple[str, Fact]]:
    if table is None:
        return
    for key in ("hard_max", "soft_max"):
        yield f"bolus.{key}", _limit(dose_shown(getattr(table, key)), getattr(table, key))
    yield "bolus.fastest", _limit(_time(table.fastest), -table.fastest)
    yield "bolus.source", Fact(table.source)


def _cap(table: DoseCap | None) -> Iterator[tuple[str, Fact]]:
    if table is None:
        return
    for key in ("per_infusion", "per_course", "per_window"):
        value = getattr(table, key)
        if value is not None:
            yield f"dose_cap.{key}", _limit(dose_shown(value), value)
    if table.window is not None:
        yield "dose_cap.window", _limit(_time(table.window), -table.window)
    yield "dose_cap.warn_percent", _limit(f"{table.warn_percent} %", table.warn_percent)
    yield "dose_cap.source", Fact(table.source)


def _pump(table: PumpLimits | None) -> Iterator[tuple[str, Fact]]:
    if table is None:
        return
    for key in ("max_rate", "kvo"):
        yield f"pump.{key}", _limit(format_rate_ml_h(getattr(table, key)), getattr(table, key))
    yield "pump.source", Fact(table.source)


def _time(ms: int) -> str:
    """ "24 h", "5 min" or "90 s"."""
    for unit, length in (("h", MS_PER_H), ("min", MS_PER_MIN)):
        if ms and ms % length == 0:
            return f"{ms // length} {unit}"
    return f"{ms / MS_PER_S:g} s"
