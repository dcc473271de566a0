"""The tables that a report computes with: opioid factors and pharmacokinetic models, as the course's run read them.

The journal keeps the digests of the files of each run. Where such a file is still there unchanged it is used; else
pumpd's defaults are, and the report says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from pumpd.clinical.mme_tables import OpioidTables
from pumpd.clinical.pk_models import Pharmacokinetics
from pumpd.clinical.vocabulary import Vocabulary
from pumpd.config.assessment_file import AssessmentFile, vocabulary
from pumpd.config.defaults import default_dir
from pumpd.config.fields import Record
from pumpd.config.library_file import LibraryFile
from pumpd.config.opioid_file import OpioidFile
from pumpd.config.opioids import opioid_problems, opioid_tables, with_library
from pumpd.config.pk_file import PkFile, pharmacokinetics
from pumpd.config.read import Parsed, read_record
from pumpd.config.ward_file import WardFile
from pumpd.report.model import TableLine
from pumpd.report.shapes import ReportError

R = TypeVar("R", bound=Record)


class Tables(Struct, frozen=True):
    """What is computed with, and a line about each file."""

    opioids: OpioidTables
    pk: Pharmacokinetics
    vocabulary: Vocabulary
    lines: tuple[TableLine, ...]


def tables_of(files: Mapping[str, str] | None) -> Tables:
    """The tables for a run that read these files (digest by path; None: not recorded). Raises ReportError."""
    factors, said_factors = _find(OpioidFile, files, "opioids.toml")
    models, said_models = _find(PkFile, files, "pharmacokinetics.toml")
    words, said_words = _find(AssessmentFile, files, "assessments.toml")
    if problems := opioid_problems(factors):
        raise ReportError(str(problems[0]))
    lines = (
        TableLine("opioid factors", f"{factors.record.id} {factors.record.version}", _sha(factors), said_factors),
        TableLine("pharmacokinetic models", f"{models.record.id} {models.record.version}", _sha(models), said_models),
        TableLine("words of a chart", f"{words.record.id} {words.record.version}", _sha(words), said_words),
    )
    opioids = _as_chosen(opioid_tables(factors.record), files)
    return Tables(opioids, pharmacokinetics(models.record), vocabulary(words.record), lines)


def _as_chosen(opioids: OpioidTables, files: Mapping[str, str] | None) -> OpioidTables:
    """With the table that the ward chose and its drug library's names, where those files are as they were."""
    library, _ = _find(LibraryFile, files, "drug_library.toml")
    ward = _recorded(WardFile, files)
    named = with_library(opioids, library.record)
    table = None if ward is None else ward.record.opioids.table
    return named if table is None or table not in [one.id for one in named.tables] else named.choosing(table)


def _sha(parsed: Parsed[R]) -> str:
    return parsed.source.sha256


def _find(kind: type[R], files: Mapping[str, str] | None, default: str) -> tuple[Parsed[R], str]:
    """The recorded file of this kind if it is unchanged, else the default one; with what to say about it."""
    recorded = _recorded(kind, files)
    if recorded is not None:
        return recorded, f"as the bedside used it ({recorded.source.name})"
    parsed = read_record(default_dir() / default, kind)
    if isinstance(parsed, list):
        raise ReportError(str(parsed[0]))
    if parsed.source.sha256 in (files or {}).values():
        return parsed, "as the bedside used it"
    known = "its file is changed or not here" if files else "its file is not recorded"
    return parsed, f"pumpd's default: what the bedside used is not known ({known})"


def _recorded(kind: type[R], files: Mapping[str, str] | None) -> Parsed[R] | None:
    """The first recorded file that is of this kind and unchanged."""
    for path, sha in (files or {}).items():
        if _unchanged(Path(path), sha):
            parsed = read_record(Path(path), kind)
            if not isinstance(parsed, list):
                return parsed
    return None


def _unchanged(path: Path, sha: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha
    except OSError:
        return False
