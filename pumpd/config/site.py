"""All files of one ward together, and what must hold between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pumpd.config.caps import effective_caps, library_caps
from pumpd.config.ceilings import Ceilings, Override, library_ceilings, too_high
from pumpd.config.library_checks import content_problems, release_problems
from pumpd.config.library_file import Entry, LibraryFile
from pumpd.config.problems import Problem, did_you_mean
from pumpd.config.protocol_file import ProtocolFile
from pumpd.config.read import Parsed, Source
from pumpd.config.remote import info_of
from pumpd.config.times_file import TimesFile
from pumpd.config.ward_file import BedTable, WardFile
from pumpd.safety.limits import DoseCaps
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

    @property
    def library_name(self) -> str:
        """How the library is named beside each limit that it set."""
        version = self.library.record.version if self.library else "?"
        return f"drug library {version}, {self.care_area}"

    @property
    def protocol_name(self) -> str:
        """How the protocol is named beside each limit that it set."""
        return f"protocol {self.protocol.record.id}" if self.protocol else "no protocol"

    def library_ceilings(self, entry: Entry) -> Ceilings | None:
        return library_ceilings(entry, self.library_name)

    def library_caps(self, entry: Entry) -> DoseCaps | None:
        return library_caps(entry, self.library_name)

    def effective_caps(self, entry: Entry) -> DoseCaps | None:
        """The library's caps, lowered by the protocol."""
        table = self.protocol.record.dose_cap if self.protocol else None
        return effective_caps(self.library_caps(entry), table, self.protocol_name)

    def reported(self, bed: BedTable) -> set[str]:
        """What the bed's monitors can report."""
        infos = [info for info in map(info_of, bed.monitor) if info is not None]
        return {signal for info in infos for signal in info.signals}

    def overrides(self) -> list[Override]:
        """Ceilings of the protocol and of the whole ward."""
        found = [Override(f"ward file {self.file.ward.id}", self.file.ceiling)]
        if self.protocol is not None:
            found.insert(0, Override(self.protocol_name, self.protocol.record.ceiling))
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
    """Problems of the library and its release, of the care area, and of ward-wide ceilings."""
    return [*_library_problems(site), *_ceiling_problems(site)]


def _library_problems(site: Site) -> list[Problem]:
    if site.library is None:
        return []
    problems = release_problems(site.library)
    areas = [area.id for area in site.library.record.care_area]
    if site.care_area not in areas:
        message = f'the drug library has no care area "{site.care_area}"{did_you_mean(site.care_area, areas)}'
        problems.append(site.source.problem(("ward", "care_area"), message))
    return problems + content_problems(site.library)


def _ceiling_problems(site: Site) -> list[Problem]:
    """A ward's ceiling above the library's, for any governed drug of the care area."""
    return [
        site.source.problem(("ceiling", key), message)
        for entry in site.governed_entries()
        for key, message in too_high(site.library_ceilings(entry), site.file.ceiling)
    ]
