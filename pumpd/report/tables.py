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
from pumpd.config.defaults import default_dir
from pumpd.config.fields import Record
from pumpd.config.opioid_file import OpioidFile
from pumpd.config.opioids import opioid_problems, opioid_tables
from pumpd.config.pk_file import PkFile, pharmacokinetics
from pumpd.config.read import Parsed, read_record
from pumpd.report.model import TableLine
from pumpd.report.shapes import ReportError

R = TypeVar("R", bound=Record)


class Tables(Struct, frozen=True):
    """What is computed with, and a line about each file."""

    opioids: OpioidTables
    pk: Pharmacokinetics
    lines: tuple[TableLine, ...]


def tables_of(files: Mapping[str, str] | None) -> Tables:
    """The tables for a run that read these files (digest by path; None: not recorded). Raises ReportError."""
    factors, said_factors = _find(OpioidFile, files, "opioids.toml")
    models, said_models = _find(PkFile, files, "pharmacokinetics.toml")
    if problems := opioid_problems(factors):
        raise ReportError(str(problems[0]))
    lines = (
        TableLine("opioid factors", f"{factors.record.id} {factors.record.version}", _sha(factors), said_factors),
        TableLine("pharmacokinetic models", f"{models.record.id} {models.record.version}", _sha(models), said_models),
    )
    return Tables(opioid_tables(factors.record), pharmacokinetics(models.record), lines)


def _sha(parsed: Parsed[R]) -> str:
    return parsed.source.sha256


def _find(kind: type[R], files: Mapping[str, str] | None, default: str) -> tuple[Parsed[R], str]:
    """The recorded file of this kind if it is unchanged, else the default one; with what to say about it."""
    for path, sha in (files or {}).items():
        if _unchanged(Path(path), sha):
            parsed = read_record(Path(path), kind)
            if not isinstance(parsed, list):
                return parsed, f"as the bedside used it ({path})"
    parsed = read_record(default_dir() / default, kind)
    if isinstance(parsed, list):
        raise ReportError(str(parsed[0]))
    if parsed.source.sha256 in (files or {}).values():
        return parsed, "as the bedside used it"
    known = "its file is changed or not here" if files else "its file is not recorded"
    return parsed, f"pumpd's default: what the bedside used is not known ({known})"


def _unchanged(path: Path, sha: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha
    except OSError:
        return False
