"""One run of the bench as a value, and as JSON: what was measured on what, part by part, and what it says of each goal.

The JSON holds what is computed of the rows (ratio, verdict, goals) too, for whoever reads it with other tools; reading
it back computes them anew. A figure that could not be measured is null.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import msgspec

from tests.bench.goals import GoalFound, GoalVerdict, judge
from tests.bench.report import Found, NotRun, Row, Verdict

SCHEMA = 1
Size = Literal["full", "quick"]


@dataclass(frozen=True)
class PartRun:
    """failed: in words why it did not end, "" where it did. foreign_cores: what others took meanwhile."""

    name: str
    area: str
    took_s: float
    load_before: float
    foreign_cores: float
    found: tuple[Found, ...]
    failed: str = ""

    @property
    def rows(self) -> list[Row]:
        return [one for one in self.found if isinstance(one, Row)]

    @property
    def not_run(self) -> list[NotRun]:
        return [one for one in self.found if isinstance(one, NotRun)]


@dataclass(frozen=True)
class Report:
    """began: UTC, ISO 8601."""

    began: str
    size: Size
    took_s: float
    machine: dict[str, str]
    versions: dict[str, str]
    parts: tuple[PartRun, ...]

    @property
    def rows(self) -> list[Row]:
        return [row for part in self.parts for row in part.rows]

    @property
    def goals(self) -> list[GoalFound]:
        return judge({part.name: part.failed or part.found for part in self.parts})

    @property
    def failed_rows(self) -> list[Row]:
        return [row for row in self.rows if row.verdict == "FAIL"]

    @property
    def failed_parts(self) -> list[PartRun]:
        return [part for part in self.parts if part.failed]


# --- as JSON -------------------------------------------------------------------------------------------------


class RowJson(msgspec.Struct, forbid_unknown_fields=True):
    """A Row; allowed null: for information. beds null: it does not say how something grows."""

    goal: str
    what: str
    product: float | None
    limit: float | None
    unit: str
    ratio: float | None
    allowed: float | None
    at_least: bool
    verdict: Verdict
    beds: int | None
    note: str


class NotRunJson(msgspec.Struct, forbid_unknown_fields=True):
    goal: str
    what: str
    why: str


class PartJson(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    area: str
    took_s: float
    load_before: float
    foreign_cores: float
    failed: str
    rows: list[RowJson]
    not_run: list[NotRunJson]


class GoalJson(msgspec.Struct, forbid_unknown_fields=True):
    """worst: the row with the least room."""

    id: str
    verdict: GoalVerdict
    why: str
    worst: RowJson | None


class ReportJson(msgspec.Struct, forbid_unknown_fields=True):
    """report.json."""

    schema: int
    began: str
    size: Size
    took_s: float
    machine: dict[str, str]
    versions: dict[str, str]
    goals: list[GoalJson]
    parts: list[PartJson]


def to_json(report: Report) -> bytes:
    whole = ReportJson(
        SCHEMA,
        report.began,
        report.size,
        round(report.took_s, 1),
        report.machine,
        report.versions,
        [GoalJson(g.id, g.verdict, g.why, None if g.worst is None else _row(g.worst)) for g in report.goals],
        [_part(part) for part in report.parts],
    )
    return msgspec.json.format(msgspec.json.encode(whole), indent=1)


def _part(part: PartRun) -> PartJson:
    rows, gaps = [_row(row) for row in part.rows], [NotRunJson(g.goal, g.what, g.why) for g in part.not_run]
    took_s, load, foreign = round(part.took_s, 1), round(part.load_before, 2), round(part.foreign_cores, 2)
    return PartJson(part.name, part.area, took_s, load, foreign, part.failed, rows, gaps)


def _row(row: Row) -> RowJson:
    product, limit, ratio = (_figure(value) for value in (row.product, row.limit, row.ratio))
    rest = (row.unit, ratio, row.allowed, row.at_least, row.verdict, row.beds, row.note)
    return RowJson(row.goal, row.what, product, limit, *rest)


def _figure(value: float) -> float | None:
    return value if math.isfinite(value) else None


def from_json(text: bytes) -> Report:
    """Raises ValueError where it is none of ours: another schema, an unknown or a missing key, a wrong type."""
    try:
        found = msgspec.json.decode(text, type=ReportJson)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error
    if found.schema != SCHEMA:
        raise ValueError(f"schema {found.schema}, this bench reads {SCHEMA}")
    parts = tuple(_part_of(part) for part in found.parts)
    return Report(found.began, found.size, found.took_s, found.machine, found.versions, parts)


def _part_of(part: PartJson) -> PartRun:
    gaps = tuple(NotRun(gap.goal, gap.what, gap.why) for gap in part.not_run)
    found = (*(_row_of(row) for row in part.rows), *gaps)
    return PartRun(part.name, part.area, part.took_s, part.load_before, part.foreign_cores, found, part.failed)


def _row_of(row: RowJson) -> Row:
    product, limit = (math.nan if value is None else value for value in (row.product, row.limit))
    return Row(row.goal, row.what, product, limit, row.unit, row.allowed, row.note, row.at_least, row.beds)
