"""A report as Markdown: goals first, then growth, then every row by area, then how it was measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby

from tests.bench.goals import GOALS, GoalFound
from tests.bench.outcome import PartRun, Report
from tests.bench.report import NotRun, Row

NOISY_CORES = 0.15
OTHERWISE = (
    ("in part", "PASS in part"),
    ("missed", "FAIL"),
    ("not measured", "not measured"),
    ("not asked for", "not asked for"),
)
METHOD = (
    "Product and limit run in turns, in one run, on the same machine with the same load; medians of rounds are "
    "compared unless a note says otherwise. Only ratios of one run mean anything.",
    "A limit is the least program that does the same job (C, a bare loop, a bare library call), another product (a "
    "peer), or the goal itself where a note says so.",
    "CPU is processor time of processes (rusage). Foreign CPU is what the machine was busy with beyond this bench and "
    f"its children while a part ran, in cores; from {NOISY_CORES:g} on, that part's latencies are worse than they need "
    "be.",
    "Serial lines are pseudo-terminals: no wire, no adapter. Disks, brokers and databases are this machine's.",
)


def markdown(report: Report) -> str:
    parts = [_head(report)]
    if any(goal.verdict != "not asked for" for goal in report.goals):
        parts += ["## Goals", goal_table(report.goals)]
    if growing := [row for row in report.rows if row.beds is not None]:
        parts += ["## From 1 to 1,000 beds", GROWTH_SAYS, growth_table(growing)]
    parts += ["## Every row", *_areas(report.parts), "## How it was measured", _method(report)]
    return "\n\n".join(parts) + "\n"


def _head(report: Report) -> str:
    goals, failed = report.goals, report.failed_rows
    said = f"{sum(goal.verdict == 'PASS' for goal in goals)} of {len(goals)} goals hold"
    for words, verdict in OTHERWISE:
        of_it = [goal.id for goal in goals if goal.verdict == verdict]
        said += f"; {words}: {', '.join(of_it)}" if of_it else ""
    said += f". {len(failed)} of {sum(row.verdict != 'info' for row in report.rows)} rows that are held fail."
    ends = [f"**Part {part.name} did not end: {part.failed}**" for part in report.failed_parts]
    title = f"# Bench, {report.began} UTC, {report.size} size, took {duration(report.took_s)}"
    return "\n\n".join([title, said, *ends])


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


# --- tables --------------------------------------------------------------------------------------------------


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["--"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)


def figure(value: float) -> str:
    """Four digits, no exponent within what people read; a dash where there is nothing."""
    if not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _times(ratio: float) -> str:
    if not math.isfinite(ratio):
        return "-"
    return f"{ratio:.2f}x" if ratio >= 0.1 or ratio == 0 else f"{ratio:.2g}x"


def allowed(row: Row) -> str:
    return "-" if row.allowed is None else f"{'>=' if row.at_least else '<='} {row.allowed:.3g}x"


def _cells(row: Row) -> list[str]:
    return [row.what, figure(row.product), figure(row.limit), row.unit, _times(row.ratio), allowed(row), row.verdict]


def goal_table(goals: Sequence[GoalFound]) -> str:
    """Each goal by the row with the least room."""
    says = {goal.id: goal for goal in GOALS}
    lines = []
    for goal in (goal for goal in goals if goal.verdict != "not asked for"):
        cells = [""] * 6 if goal.worst is None else _cells(goal.worst)[:6]
        lacks = says[goal.id].lacks
        why = "; ".join(text for text in (goal.why, f"not as the goal says: {lacks}" if lacks else "") if text)
        lines.append([goal.id, says[goal.id].says, *cells, goal.verdict, why])
    head = ("goal", "it says", "closest row", "measured", "limit", "unit", "ratio", "goal", "verdict", "of it")
    return _table(head, lines)


GROWTH_SAYS = "Each cell: product / limit of the same run (ratio). Where it went no further, a row below says why."


def growth_table(rows: Sequence[Row]) -> str:
    """What grows, one line each; a column for each number of beds."""
    counts = sorted({row.beds for row in rows if row.beds is not None})
    cells = {(row.what, row.beds): row for row in rows}
    names = dict.fromkeys(row.what for row in rows)
    lines = []
    for name in names:
        found = [cells.get((name, count)) for count in counts]
        unit = next(row.unit for row in found if row is not None)
        notes = dict.fromkeys(row.note for row in found if row is not None and row.note)
        lines.append([name, unit, *("" if row is None else _growth_cell(row) for row in found), "; ".join(notes)])
    return _table(("what", "unit", *(f"{count:,}" for count in counts), "note"), lines)


def _growth_cell(row: Row) -> str:
    failed = " **FAIL**" if row.verdict == "FAIL" else ""
    return f"{figure(row.product)} / {figure(row.limit)} ({_times(row.ratio)}){failed}"


def row_table(rows: Sequence[Row], gaps: Sequence[NotRun] = ()) -> str:
    lines = [[row.goal, *_cells(row), row.note] for row in rows]
    lines += [[gap.goal, gap.what, "", "", "", "", "", "not run", gap.why] for gap in gaps]
    return _table(("goal", "what", "product", "limit", "unit", "ratio", "allowed", "verdict", "note"), lines)


def _areas(parts: Sequence[PartRun]) -> Iterable[str]:
    for area, group in groupby(sorted(parts, key=lambda part: part.area), key=lambda part: part.area):
        ran = list(group)
        rows = [row for part in ran for row in part.rows if row.beds is None]
        gaps = [gap for part in ran for gap in part.not_run]
        if rows or gaps:
            yield f"### {area}"
            yield row_table(rows, gaps)


def _method(report: Report) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in report.machine.items())
    versions = ", ".join(f"{name} {value}" for name, value in report.versions.items())
    return "\n\n".join([*METHOD, f"Machine: {machine}.", f"Versions: {versions}.", _parts(report.parts)])


def _parts(parts: Sequence[PartRun]) -> str:
    lines = []
    for part in parts:
        noisy = " (noisy)" if part.foreign_cores >= NOISY_CORES else ""
        ended = part.failed or f"{len(part.rows)} rows"
        lines.append(
            [part.name, duration(part.took_s), f"{part.foreign_cores:.2f}{noisy}", f"{part.load_before:.1f}", ended]
        )
    return _table(("part", "took", "foreign CPU, cores", "load average before", "gave"), lines)
