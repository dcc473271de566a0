"""The clinical files of a ward together: opioids with the names of the drug library, the words of a chart."""

from __future__ import annotations

from dataclasses import dataclass

from pumpd.clinical.mme_tables import OpioidTables
from pumpd.clinical.vocabulary import Vocabulary
from pumpd.config.assessment_file import AssessmentFile, vocabulary, vocabulary_problems
from pumpd.config.library_file import LibraryFile
from pumpd.config.opioid_file import OpioidFile
from pumpd.config.opioids import opioid_problems, opioid_tables, unnamed_opioids, with_library
from pumpd.config.problems import Problem, did_you_mean
from pumpd.config.read import Parsed, Source
from pumpd.config.ward_file import WardFile


@dataclass(frozen=True, slots=True)
class ClinicalFiles:
    """Both files as read; None where one could not be (already reported)."""

    opioids: Parsed[OpioidFile] | None
    assessments: Parsed[AssessmentFile] | None

    def problems(self, ward: WardFile, source: Source) -> list[Problem]:
        """What is wrong inside each, and with the table that the ward file chooses."""
        found = vocabulary_problems(self.assessments) if self.assessments is not None else []
        if self.opioids is not None:
            known = [one.id for one in self.opioids.record.factors]
            table = ward.opioids.table
            if table is not None and table not in known:
                message = f'there is no table "{table}" in {ward.opioids.file}{did_you_mean(table, known)}'
                found.append(source.problem(("opioids", "table"), message))
            found += opioid_problems(self.opioids)
        return found

    def tables(self, ward: WardFile, library: LibraryFile) -> OpioidTables:
        """Factors by the table that the ward chose, with the library's names; only of files without a problem."""
        assert self.opioids is not None
        tables = with_library(opioid_tables(self.opioids.record), library)
        return tables if ward.opioids.table is None else tables.choosing(ward.opioids.table)

    def words(self) -> Vocabulary:
        """The vocabulary; only of a file without a problem."""
        assert self.assessments is not None
        return vocabulary(self.assessments.record)

    def warnings(self, library: LibraryFile) -> list[Problem]:
        """Opioids of the drug library that can have no factor; only of files without a problem."""
        assert self.opioids is not None
        says = "of the drug library is no drug of this file: every MME total with it is incomplete"
        unnamed = unnamed_opioids(library, opioid_tables(self.opioids.record))
        return [self.opioids.source.problem(("drug",), f'opioid "{code}" {says}') for code in unnamed]
