"""What must hold in a drug library: among its drugs and entries, and for one that a ward may use, its release."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from pumpd.config.library_digest import content_digest, digest_lines
from pumpd.config.library_file import Drug, Entry, LibraryFile, names_of
from pumpd.config.problems import Problem, did_you_mean
from pumpd.config.read import Parsed, Source
from pumpd.config.toml_lines import Path as KeyPath

Library = Parsed[LibraryFile]


def content_problems(library: Library) -> list[Problem]:
    """What is wrong with the content, whatever the status."""
    return [*_drugs(library), *_areas(library), *_entries(library)]


def release_problems(library: Library) -> list[Problem]:
    """Why a ward may not use this library: a draft, a retired one, one that nobody released, one that was changed."""
    record, source = library.record, library.source
    if record.status == "draft":
        message = "the library is a draft; `pumpd library release` makes it one that a ward may use"
        return [source.problem(("status",), message)]
    if record.status == "retired":
        message = 'the library is "retired"; only a released library may be used'
        return [source.problem(("status",), message)]
    return seal_problems(library)


def seal_problems(library: Library) -> list[Problem]:
    """Who released it and when, and the digest of what was released."""
    record, source = library.record, library.source
    unsigned = [
        source.problem((key,), f"a {record.status} library says {words}")
        for key, words in (("released_by", "who released it"), ("released_on", "when it was released"))
        if not getattr(record, key).strip()
    ]
    return [*unsigned, *_digest_problems(record, source)]


def _digest_problems(record: LibraryFile, source: Source) -> Iterator[Problem]:
    found = content_digest(source.raw)
    lines = digest_lines(source.raw)
    if len(lines) > 1:
        where = " and ".join(map(str, lines))
        yield source.problem(("sha256",), f'lines {where} begin with "sha256 =": only one line may')
    elif not record.sha256 or not lines:
        message = 'no digest in a line that begins with "sha256 =": `pumpd library release` writes it'
        yield source.problem(("sha256",), message)
    elif record.sha256 != found:
        message = (
            f"the content was changed after its release: expected {record.sha256}, found {found}; "
            "restore the released file, or have a new version released"
        )
        yield source.problem(("sha256",), message)


def _drugs(library: Library) -> Iterator[Problem]:
    """Codes and names that stand for two drugs, and ketamine that would not be judged."""
    owners: dict[str, str] = {}
    for i, drug in enumerate(library.record.drug):
        if any(drug.code == before.code for before in library.record.drug[:i]):
            yield library.source.problem(("drug", i, "code"), f'duplicate drug "{drug.code}"')
            continue
        yield from _drug(library.source, ("drug", i), drug)
        for name in names_of(drug):
            owner = owners.setdefault(name, drug.code)
            if owner != drug.code:
                message = f'"{name}" is a name of "{owner}" too'
                yield library.source.problem(("drug", i, "aliases"), message)


def _drug(source: Source, at: KeyPath, drug: Drug) -> Iterator[Problem]:
    if drug.class_ == "ketamine" and not drug.governed:
        message = 'expected true: the dose of class "ketamine" is always judged'
        yield source.problem((*at, "governed"), message)
    if re.match(rf"{re.escape(drug.label)}\b", drug.name, re.IGNORECASE) is None:
        message = f'"{drug.name}" does not begin with "{drug.label}"; a label differs in capital letters only'
        yield source.problem((*at, "label"), message)


def _areas(library: Library) -> Iterator[Problem]:
    counted: Counter[str] = Counter()
    for i, area in enumerate(library.record.care_area):
        counted[area.id] += 1
        if counted[area.id] > 1:
            yield library.source.problem(("care_area", i, "id"), f'duplicate care area "{area.id}"')


def _entries(library: Library) -> Iterator[Problem]:
    codes = [drug.code for drug in library.record.drug]
    for a, area in enumerate(library.record.care_area):
        drugs = [entry.drug for entry in area.entry]
        for e, entry in enumerate(area.entry):
            at = ("care_area", a, "entry", e)
            if entry.drug in drugs[:e]:
                yield library.source.problem((*at, "drug"), f'duplicate entry for "{entry.drug}"')
            drug = library.record.find_drug(entry.drug)
            if drug is None:
                message = f'unknown drug "{entry.drug}"{did_you_mean(entry.drug, codes)}'
                yield library.source.problem((*at, "drug"), message)
            else:
                yield from _entry(library.source, at, drug, entry)


def _entry(source: Source, at: KeyPath, drug: Drug, entry: Entry) -> Iterator[Problem]:
    if drug.governed and entry.continuous is None:
        message = f'the dose of "{drug.code}" is judged (governed = true), but its limits are missing'
        yield source.problem((*at, "continuous"), message)
    if not drug.governed and entry.dose_cap is not None:
        message = f'the dose of "{drug.code}" is not judged (governed = false): a cap would do nothing'
        yield source.problem((*at, "dose_cap"), message)
    strengths = Counter(one.strength for one in entry.concentration)
    if any(times > 1 for times in strengths.values()):
        yield source.problem((*at, "concentration"), f'a concentration of "{drug.code}" is listed twice')


def content_warnings(library: Library) -> list[Problem]:
    """What may be so, but a pharmacist should look at."""
    record, source = library.record, library.source
    found: list[Problem] = []
    if record.unit_check is None:
        message = "no [unit_check]: a rate in a mixed-up unit is not questioned; pumpd's own library has it"
        found.append(source.problem(("unit_check",), message))
    for a, area in enumerate(record.care_area):
        for e, entry in enumerate(area.entry):
            found += [source.problem(("care_area", a, "entry", e), words) for words in _entry_warnings(record, entry)]
    return found


def _entry_warnings(record: LibraryFile, entry: Entry) -> Iterator[str]:
    drug = record.find_drug(entry.drug)
    if drug is not None and drug.governed and entry.dose_cap is None:
        yield f'no dose_cap for "{entry.drug}": what was given in all is judged only where the protocol caps it'
    standard = sum(one.standard for one in entry.concentration)
    if standard > 2:
        yield f'{standard} standard concentrations of "{entry.drug}"; ISMP: at most two'
