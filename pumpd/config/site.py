"""All files of one ward together, and what must hold between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pumpd.config.ceilings import Ceilings, Override, library_ceilings, too_high
from pumpd.config.problems import Problem, did_you_mean
from pumpd.config.read import Parsed, Source
from pumpd.config.site_files import Entry, LibraryFile, ProtocolFile, TimesFile
from pumpd.config.ward_file import BedTable, WardFile
from pumpd.safety.policy import AlarmProfile


@dataclass(frozen=True, slots=True)
class Site:
    """The ward file with the files it names; None where a file could not be read (already reported).

    profiles: the alarm profiles by the names under which the ward and its beds ask for them.
    """

    file: WardFile
    source: Source
    library: Parsed[LibraryFile] | None
    protocol: Parsed[ProtocolFile] | None
    times: Parsed[TimesFile] | None
    profiles: Mapping[str, AlarmProfile]

    @property
    def care_area(self) -> str:
        return self.file.ward.care_area

    def entry(self, drug: str) -> Entry | None:
        return self.library.record.find_entry(self.care_area, drug) if self.library else None

    def profile_of(self, bed: BedTable) -> AlarmProfile:
        """The bed's own alarm profile, else the ward's. Raises KeyError where it could not be read."""
        return self.profiles[(bed.alarms or self.file.alarms).file]

    def drugs(self) -> list[str]:
        """Codes that the library lists for this care area."""
        areas = self.library.record.care_area if self.library else []
        return [entry.drug for area in areas if area.id == self.care_area for entry in area.entry]

    def library_ceilings(self, entry: Entry) -> Ceilings | None:
        version = self.library.record.version if self.library else "?"
        return library_ceilings(entry, f"drug library {version}, {self.care_area}")

    def overrides(self) -> list[Override]:
        """Ceilings of the protocol and of the whole ward."""
        found = [Override(f"ward file {self.file.ward.id}", self.file.ceiling)]
        if self.protocol is not None:
            found.insert(0, Override(f"protocol {self.protocol.record.id}", self.protocol.record.ceiling))
        return found

    def governed_entries(self) -> list[Entry]:
        """Library entries of this care area whose drug is judged by dose."""
        if self.library is None:
            return []
        record = self.library.record
        codes = [drug.code for drug in record.drug if drug.governed]
        entries = (record.find_entry(self.care_area, code) for code in codes)
        return [entry for entry in entries if entry is not None]


def site_problems(site: Site) -> list[Problem]:
    """Problems of the library itself, of the care area, and of ward- and protocol-wide ceilings."""
    return [*_library_problems(site), *_ceiling_problems(site)]


def _library_problems(site: Site) -> list[Problem]:
    if site.library is None:
        return []
    record, source = site.library.record, site.library.source
    problems: list[Problem] = []
    if record.status != "released":
        message = f'the library is "{record.status}"; only a released library may be used'
        problems.append(source.problem(("status",), message))
    areas = [area.id for area in record.care_area]
    if site.care_area not in areas:
        message = f'the drug library has no care area "{site.care_area}"{did_you_mean(site.care_area, areas)}'
        problems.append(site.source.problem(("ward", "care_area"), message))
    return problems + _library_consistency(site.library)


def _library_consistency(library: Parsed[LibraryFile]) -> list[Problem]:
    """Duplicate drugs, areas and entries, and entries of unknown drugs."""
    record, source = library.record, library.source
    problems: list[Problem] = []
    codes = [drug.code for drug in record.drug]
    areas = [area.id for area in record.care_area]
    problems += [
        source.problem(("drug", i, "code"), f'duplicate drug "{c}"') for i, c in enumerate(codes) if c in codes[:i]
    ]
    problems += [
        source.problem(("care_area", i, "id"), f'duplicate care area "{a}"')
        for i, a in enumerate(areas)
        if a in areas[:i]
    ]
    for a, area in enumerate(record.care_area):
        drugs = [entry.drug for entry in area.entry]
        for e, drug in enumerate(drugs):
            at = ("care_area", a, "entry", e, "drug")
            if drug in drugs[:e]:
                problems.append(source.problem(at, f'duplicate entry for "{drug}"'))
            if drug not in codes:
                problems.append(source.problem(at, f'unknown drug "{drug}"{did_you_mean(drug, codes)}'))
            elif record.drug[codes.index(drug)].governed and area.entry[e].continuous is None:
                message = f'the dose of "{drug}" is judged (governed = true), but its limits are missing'
                problems.append(source.problem((*at[:-1], "continuous"), message))
    return problems


def _ceiling_problems(site: Site) -> list[Problem]:
    """A ward's or protocol's ceiling above the library's, for any governed drug of the care area."""
    problems: list[Problem] = []
    for entry in site.governed_entries():
        library = site.library_ceilings(entry)
        for key, message in too_high(library, site.file.ceiling):
            problems.append(site.source.problem(("ceiling", key), message))
        if site.protocol is not None:
            for key, message in too_high(library, site.protocol.record.ceiling):
                problems.append(site.protocol.source.problem(("ceiling", key), message))
    return problems
