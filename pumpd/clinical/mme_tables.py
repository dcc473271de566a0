"""Factors from opioids to morphine milligram equivalents: frozen tables, from config/opioids.toml. Values only. Pure.

Factors are exact fractions. A table covers what it names and nothing else: what it does not name has no factor, and
whoever adds up must say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from pumpd.clinical.entries import Route
from pumpd.clinical.words import meant, plain_word


class Per(StrEnum):
    """What a factor multiplies: an amount in mg or mcg, or the rate of a patch that is worn for a whole day."""

    MG = "mg"
    MCG = "mcg"
    MCG_H = "mcg/h"


UG = {Per.MG: 1000, Per.MCG: 1, Per.MCG_H: 1}  # micrograms (an hour) in one of it


@dataclass(frozen=True, slots=True)
class Band:
    """A step of a factor that rises with the day's total: above the band before, up to and with up_to_ug.

    Half-open intervals on real numbers: (0, 20 mg], (20 mg, 40 mg], ...; None: no upper end.
    """

    up_to_ug: int | None
    factor: Fraction


@dataclass(frozen=True, slots=True)
class Factor:
    """One opioid by these routes. bands: one, or several where the factor depends on the day's total.

    note: what a person must know about this number; source: where it was read.
    """

    drug: str
    routes: tuple[Route, ...]
    per: Per
    bands: tuple[Band, ...]
    source: str
    note: str = ""

    def at(self, total_ug: Fraction) -> tuple[Fraction, bool]:
        """(the factor for this total of the day, False where the total is beyond the scale's last step)."""
        for band in self.bands:
            if band.up_to_ug is None or total_ug <= band.up_to_ug:
                return band.factor, True
        return self.bands[-1].factor, False


@dataclass(frozen=True, slots=True)
class FactorTable:
    """A table of factors by its name, which is shown with every number. label: what it is, in a few words.

    owner: who answers for a table of the site's own; empty for a published one.
    """

    id: str
    label: str
    source: str
    factors: tuple[Factor, ...]
    owner: str = ""

    def find(self, drug: str, route: Route) -> Factor | None:
        """The factor of this drug (by code) by this route, or None."""
        return next((one for one in self.factors if one.drug == drug and route in one.routes), None)


@dataclass(frozen=True, slots=True)
class Opioid:
    """A drug by its code. counts: False for one that contributes 0 MME (ketamine)."""

    code: str
    label: str
    aliases: tuple[str, ...] = ()
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Residual:
    """How long a patch goes on acting after it was taken off; told, never counted."""

    from_ms: int
    to_ms: int
    source: str


@dataclass(frozen=True, slots=True)
class OpioidTables:
    """Everything that MME are computed with. tables: selectable, `chosen` is the one in use; parenteral: the site's.

    pump_route: the route that is taken for what a pump gives. names: every code and alias, plainly written, to its
    code. warnings: the scope of the tables, shown wherever a number is.
    """

    id: str
    version: str
    opioids: tuple[Opioid, ...]
    tables: tuple[FactorTable, ...]
    chosen: str
    parenteral: FactorTable
    pump_route: Route
    residual: Residual
    warnings: tuple[str, ...]
    names: Mapping[str, str]

    def table(self) -> FactorTable:
        """The chosen table."""
        return next(one for one in self.tables if one.id == self.chosen)

    def table_label(self, table: str) -> str:
        """What the table with this id is, in a few words; the id itself where there is none."""
        known = {one.id: one.label for one in (*self.tables, self.parenteral)}
        return known.get(table, table)

    def choosing(self, table: str) -> OpioidTables:
        """The same with another table chosen. Raises KeyError, with what is known, for one that is not there."""
        known = [one.id for one in self.tables]
        if table not in known:
            raise KeyError(f'there is no table "{table}"{meant(table, known)}; known: {", ".join(known)}')
        return replace(self, chosen=table)

    def find(self, name: str) -> Opioid | None:
        """The drug that a person or a library means by this name, or None."""
        code = self.names.get(name) or self.names.get(plain_word(name))
        return next((one for one in self.opioids if one.code == code), None)

    def label(self, code: str) -> str:
        """How the drug's name is spelt; the code itself where it is not known."""
        found = self.find(code)
        return code if found is None else found.label

    def factor(self, drug: str, route: Route) -> tuple[FactorTable, Factor] | None:
        """The factor of this drug (by code) by this route, of the chosen table or else the site's parenteral one."""
        for table in (self.table(), self.parenteral):
            found = table.find(drug, route)
            if found is not None:
                return table, found
        return None


def names_of(opioids: tuple[Opioid, ...]) -> dict[str, str]:
    """Every code, label and alias, plainly written, to its code. Raises ValueError where one name has two codes."""
    names: dict[str, str] = {}
    for one in opioids:
        for name in (one.code, one.label, *one.aliases):
            if names.setdefault(plain_word(name), one.code) != one.code:
                raise ValueError(f'"{name}" names both {names[plain_word(name)]} and {one.code}')
    return names
