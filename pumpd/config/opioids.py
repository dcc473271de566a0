"""opioids.toml into the frozen tables of the core, with what must hold between its parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pumpd.clinical.entries import Route
from pumpd.clinical.mme_tables import FactorTable, Opioid, OpioidTables, Residual, names_of
from pumpd.clinical.words import plain_word
from pumpd.config.defaults import default_dir
from pumpd.config.library_file import LibraryFile
from pumpd.config.opioid_file import PARENTERAL, FactorsTable, OpioidFile
from pumpd.config.problems import Problem, did_you_mean
from pumpd.config.read import Parsed, Source, read_record
from pumpd.config.toml_lines import Path as KeyPath


def opioid_tables(file: OpioidFile) -> OpioidTables:
    """What the core takes, of a file in which opioid_problems found nothing."""
    drugs = tuple(Opioid(one.code, one.label, tuple(one.aliases), one.counts) for one in file.drug)
    residual = file.patch_residual
    return OpioidTables(
        id=file.id,
        version=file.version,
        opioids=drugs,
        tables=tuple(_table(one) for one in file.factors),
        chosen=file.table,
        parenteral=_table(file.parenteral, file.parenteral.owner),
        pump_route=Route(file.parenteral.pumps),
        residual=Residual(residual.from_, residual.to, residual.source),
        warnings=tuple(one.text for one in file.warning),
        names=names_of(drugs),
    )


def default_opioids() -> OpioidTables:
    """The tables of the default opioids.toml. Raises ValueError when that file is damaged."""
    parsed = read_record(default_dir() / "opioids.toml", OpioidFile)
    problems = parsed if isinstance(parsed, list) else opioid_problems(parsed)
    if isinstance(parsed, list) or problems:
        raise ValueError("; ".join(str(problem) for problem in problems))
    return opioid_tables(parsed.record)


def _table(table: FactorsTable, owner: str = "") -> FactorTable:
    factors = tuple(row.factor(table.source) for row in table.factor)
    return FactorTable(table.id, table.label, table.source, factors, owner)


def opioid_problems(parsed: Parsed[OpioidFile]) -> list[Problem]:
    """What is wrong between the parts of a file: unknown drugs, one name or one factor twice, a table not there."""
    file, source = parsed.record, parsed.source
    found = list(_name_problems(file, source))
    ids = [one.id for one in file.factors]
    if file.table not in ids:
        found.append(source.problem(("table",), f'there is no table "{file.table}"{did_you_mean(file.table, ids)}'))
    for at, table in enumerate(file.factors):
        if table.id in [*ids[:at], file.parenteral.id]:
            found.append(source.problem(("factors", at, "id"), f'there is a table "{table.id}" already'))
        found += _row_problems(file, table, source, ("factors", at))
    return found + list(_row_problems(file, file.parenteral, source, ("parenteral",)))


def _name_problems(file: OpioidFile, source: Source) -> Iterator[Problem]:
    """A name may mean one drug only: else an administration is counted with another one's factor."""
    owners: dict[str, str] = {}
    for at, drug in enumerate(file.drug):
        if drug.code in [one.code for one in file.drug[:at]]:
            yield source.problem(("drug", at, "code"), f'there is a drug "{drug.code}" already')
        for name in (drug.code, drug.label, *drug.aliases):
            owner = owners.setdefault(plain_word(name), drug.code)
            if owner != drug.code:
                yield source.problem(("drug", at), f'"{name}" is already a name of {owner}')


def _row_problems(file: OpioidFile, table: FactorsTable, source: Source, at: KeyPath) -> Iterator[Problem]:
    codes = [drug.code for drug in file.drug]
    own = table is file.parenteral
    seen: set[tuple[str, str]] = set()
    for index, row in enumerate(table.factor):
        here = (*at, "factor", index)
        if row.drug not in codes:
            yield source.problem((*here, "drug"), f'unknown drug "{row.drug}"{did_you_mean(row.drug, codes)}')
        for route in row.routes:
            if (route in PARENTERAL) != own:
                where = "belongs into [parenteral], the site's own table" if not own else "is no parenteral route"
                yield source.problem((*here, "routes"), f'"{route}" {where}')
            if (row.drug, route) in seen:
                yield source.problem(here, f"{row.drug} {route} has a factor in this table already")
            seen.add((row.drug, route))


def with_library(tables: OpioidTables, library: LibraryFile) -> OpioidTables:
    """The tables that know the drug library's names too; the opioid file's own go before.

    A drug of the library that is in no table: an opioid (by its class) is known by name and has no factor, anything
    else contributes 0.
    """
    opioids, names = list(tables.opioids), dict(tables.names)
    for drug in library.drug:
        code = names.get(plain_word(drug.code)) or names.get(plain_word(drug.label))
        if code is None:
            code = drug.code
            opioids.append(Opioid(code, drug.label, tuple(drug.aliases), counts=drug.class_ == "opioid"))
        for name in (drug.code, drug.label, *drug.aliases):
            names.setdefault(plain_word(name), code)
    return replace(tables, opioids=tuple(opioids), names=names)


def unnamed_opioids(library: LibraryFile, tables: OpioidTables) -> list[str]:
    """Codes of the drug library's opioids that no drug of the opioid file is named by: they can have no factor."""
    return [drug.code for drug in library.drug if drug.class_ == "opioid" and tables.find(drug.code) is None]
