"""Loads a ward: the ward file and all it names, every problem at once, then one frozen WardConfig."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pumpd.access.policy import AccessPolicy
from pumpd.clinical.words import plain_word
from pumpd.config.access import access_policy, access_problems
from pumpd.config.access_file import AccessFile
from pumpd.config.assessment_file import AssessmentFile
from pumpd.config.bed import BedBuilder
from pumpd.config.bus import bus_problems, bus_settings, bus_warnings
from pumpd.config.captures import capture_config
from pumpd.config.clinical_files import ClinicalFiles
from pumpd.config.defaults import default_dir
from pumpd.config.fields import Record
from pumpd.config.hl7 import hl7_problems, hl7_settings, hl7_warnings
from pumpd.config.library_checks import content_warnings
from pumpd.config.library_file import LibraryFile, names_of
from pumpd.config.model import WardConfig
from pumpd.config.oidc import oidc_problems, oidc_settings, oidc_warnings
from pumpd.config.opioid_file import OpioidFile
from pumpd.config.pk_file import PkFile, pharmacokinetics
from pumpd.config.problems import Problem
from pumpd.config.profile import LoadedProfile, inspect_profile
from pumpd.config.protocol_checks import protocol_problems, protocol_warnings
from pumpd.config.protocol_file import ProtocolFile
from pumpd.config.read import Parsed, read_record, read_toml
from pumpd.config.repair import check_structure
from pumpd.config.response import response_warnings
from pumpd.config.server import access_folder, server_config, server_problems, server_warnings
from pumpd.config.site import Site, site_problems
from pumpd.config.slow_monitors import slow_warnings
from pumpd.config.times import link_times, shell_times, times_warnings, with_defaults
from pumpd.config.times_file import TimesFile
from pumpd.config.toml_lines import Path as KeyPath
from pumpd.config.ward_checks import ward_problems, ward_warnings
from pumpd.config.ward_file import FileTable, WardFile
from pumpd.registry import driver_files
from pumpd.safety.policy import AlarmProfile

__all__ = ["Loaded", "Problem", "inspect_ward", "load_ward"]

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The ward, or None and its problems; warnings are about a ward that may run."""

    ward: WardConfig | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()


def load_ward(path: Path) -> WardConfig | list[Problem]:
    """The ward that the file at path describes, or every problem in it and in the files it names."""
    loaded = inspect_ward(path)
    return loaded.ward if loaded.ward is not None else list(loaded.problems)


def inspect_ward(path: Path) -> Loaded:
    """As load_ward, with the warnings that `pumpd check` prints. Never raises for any content."""
    read = read_toml(path)
    if isinstance(read, Problem):
        return Loaded(None, (read,))
    checked = check_structure(read[0], WardFile, read[1])
    if checked.parsed is None:
        return Loaded(None, _in_order(checked.problems))
    loaded = _Loader(path, checked.parsed).load()
    if not checked.problems:
        return loaded
    return Loaded(None, _in_order(checked.problems + checked.without_invented(list(loaded.problems))))


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(dict.fromkeys(problems), key=lambda p: (p.file, p.line)))


class _Loader:
    """One load: reads the named files, collects problems, builds the beds."""

    def __init__(self, path: Path, parsed: Parsed[WardFile]) -> None:
        self._path = path
        self._file = parsed.record
        self._source = parsed.source
        self._problems: list[Problem] = []
        self._warnings: list[Problem] = []
        self._digests = {parsed.source.name: parsed.source.sha256}

    def load(self) -> Loaded:
        file = self._file
        folder = self._path.parent
        self._problems += ward_problems(file, self._source) + hl7_problems(file, self._source, folder)
        self._problems += server_problems(file, self._source, folder) + bus_problems(file, self._source, folder)
        self._problems += oidc_problems(file, self._source, folder)
        library = self._record("library", file.library, LibraryFile)
        protocol = self._record("protocol", file.protocol, ProtocolFile) if file.protocol else None
        times = self._record("times", file.times, TimesFile)
        pk = self._record("pharmacokinetics", file.pharmacokinetics, PkFile)
        clinical, access = self._clinical(), self._access()
        site = Site(file, self._source, library, protocol, times, self._profiles())
        self._problems += site_problems(site) + protocol_problems(site)
        beds = BedBuilder(site)
        self._problems += beds.problems()
        if self._problems or times is None or library is None or pk is None or access is None:
            return Loaded(None, _in_order(self._problems))
        ward = self._ward(beds, times.record, library, pk.record, clinical, access)
        warnings = self._warnings + ward_warnings(file, self._source) + hl7_warnings(file, self._source)
        warnings += server_warnings(file, self._source, folder) + bus_warnings(file, self._source, folder)
        warnings += oidc_warnings(file, self._source, folder) + beds.warnings() + self._slow_rules(ward)
        warnings += content_warnings(library) + protocol_warnings(site) + clinical.warnings(library.record)
        return Loaded(ward, (), _in_order(warnings + times_warnings(times)))

    def _find(self, key: KeyPath, name: str) -> Path | None:
        """The named file beside the ward file, else among the defaults; a missing one is a problem."""
        beside = self._path.parent / name
        for candidate in (beside, default_dir() / name):
            if candidate.is_file():
                return candidate
        places = dict.fromkeys((str(self._path.parent), str(default_dir())))
        message = f'there is no file "{name}" in {" or ".join(places)}'
        self._problems.append(self._source.problem((*key, "file"), message))
        return None

    def _record(self, key: str, table: FileTable, model: type[R]) -> Parsed[R] | None:
        path = self._find((key,), table.file)
        parsed = read_record(path, model) if path else []
        if isinstance(parsed, list):
            self._problems += with_defaults(parsed) if model is TimesFile else parsed
            return None
        self._digests[parsed.source.name] = parsed.source.sha256
        return parsed

    def _clinical(self) -> ClinicalFiles:
        opioids = self._record("opioids", self._file.opioids, OpioidFile)
        found = ClinicalFiles(opioids, self._record("assessments", self._file.assessments, AssessmentFile))
        self._problems += found.problems(self._file, self._source)
        return found

    def _access(self) -> AccessPolicy | None:
        parsed = self._record("access", self._file.access, AccessFile)
        problems = [] if parsed is None else access_problems(parsed)
        self._problems += problems
        return None if parsed is None or problems else access_policy(parsed.record)

    def _profiles(self) -> dict[str, AlarmProfile]:
        """Every alarm profile that the ward or a bed names, each read once."""
        asked: dict[str, KeyPath] = {self._file.alarms.file: ("alarms",)}
        for index, bed in enumerate(self._file.bed):
            if bed.alarms is not None:
                asked.setdefault(bed.alarms.file, ("bed", index, "alarms"))
        read = {name: self._profile(key, name) for name, key in asked.items()}
        return {name: profile for name, profile in read.items() if profile is not None}

    def _profile(self, key: KeyPath, name: str) -> AlarmProfile | None:
        path = self._find(key, name)
        loaded = inspect_profile(path) if path else LoadedProfile(None)
        self._problems += loaded.problems
        self._warnings += loaded.warnings
        if path is not None and loaded.profile is not None:
            self._digests[str(path)] = loaded.sha256
        return loaded.profile

    def _slow_rules(self, ward: WardConfig) -> list[Problem]:
        found = ((at, response_warnings(bed.policy, ward.signal_delay_ms)) for at, bed in enumerate(ward.beds))
        rules = [self._source.problem(("bed", at), message) for at, messages in found for message in messages]
        return rules + [
            self._source.problem(("bed", b, "monitor", m), message)
            for b, bed in enumerate(ward.beds)
            for m, message in slow_warnings(bed.policy)
        ]

    def _ward(
        self,
        beds: BedBuilder,
        times: TimesFile,
        library: Parsed[LibraryFile],
        pk: PkFile,
        clinical: ClinicalFiles,
        access: AccessPolicy,
    ) -> WardConfig:
        ward, journal_url = self._file.ward, self._file.journal.url
        record = library.record
        return WardConfig(
            id=ward.id,
            name=ward.name,
            timezone=ward.timezone,
            care_area=ward.care_area,
            server=server_config(self._file.server, self._path.parent),
            journal_url=journal_url,
            samples_days=self._file.journal.keep.samples_days,
            record_days=self._file.journal.keep.record_days,
            beds=beds.beds(),
            path=self._path,
            sha256=self._source.sha256,
            links=link_times(times),
            capture=capture_config(self._file.capture, journal_url),
            shell=shell_times(times),
            signal_delay_ms=times.signal_delay,
            library=f"drug library {record.id} {record.version} (sha256 {record.sha256[:12]})",
            files=self._digests | {str(file.path): file.sha256 for file in driver_files()},
            pharmacokinetics=pharmacokinetics(pk),
            benzodiazepines=tuple(drug.code for drug in record.drug if drug.class_ == "benzodiazepine"),
            drug_names={plain_word(name): drug.code for drug in record.drug for name in names_of(drug)},
            opioids=clinical.tables(self._file, record),
            vocabulary=clinical.words(),
            access=access,
            access_folder=access_folder(self._file.access.directory, journal_url),
            hl7=hl7_settings(self._file.hl7, self._path.parent),
            provider=oidc_settings(self._file.access.oidc, self._path.parent),
            bus=bus_settings(self._file, self._path.parent),
        )
