"""What `pumpd evaluate` prints for a person: the alarms of one profile, or what a second one changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import typer
from rich.markup import escape

from pumpd.cli.common import new_table, print_table
from pumpd.evaluation.burden import Burden, later_ms
from pumpd.evaluation.report import cells, seconds
from pumpd.evaluation.study import Candidate, Study, total_burden
from pumpd.evaluation.words import SIDES, change_share, change_words, note_words, shift_words
from pumpd.safety.policy import Priority
from pumpd.units import MS_PER_H

MOST_ROWS = 60  # of differences on a terminal; --json and --html have all


def print_alarms(studies: Sequence[Study], candidate: Candidate) -> None:
    """Every alarm of each recording, and the burden of all."""
    for study in studies:
        found = study.evaluation
        title = f"{_short(study)}, profile {candidate.label}: {found.samples} samples, {_hours(found.span_ms)}"
        if not found.episodes:
            typer.echo(f"{title}: no alarms")
            continue
        table = new_table(escape(title), ("priority", "alarm", "interlock"), ("onset s", "end s", "length s", "worst"))
        for episode in found.episodes:
            table.add_row(*map(escape, cells(episode)))
        print_table(table)
    burden = total_burden(studies, 0)
    if len(studies) > 1:
        typer.echo(f"{len(studies)} recordings, {_hours(burden.span_ms)}")
    for what, rate in (("hour", burden.per_hour), ("bed-day", burden.per_bed_day)):
        numbers = ", ".join(f"{rate(burden.count(each)):.2f} {each}" for each in Priority)
        typer.echo(f"burden per {what}: {numbers}; HIGH merged {rate(burden.high_runs):.2f}")
    _print_prodigy(studies)


def print_comparison(studies: Sequence[Study], candidates: Sequence[Candidate], merge_ms: int) -> None:
    """Lost HIGHs first, then every other difference, the burden and who is first."""
    sides = ", ".join(f"{side} = {one.label}" for side, one in zip(SIDES, candidates, strict=True))
    span_ms = sum(one.evaluation.span_ms for one in studies)
    typer.echo(f"{sides}; {_names(studies)}, {_hours(span_ms)}")
    lost = sum(len(one.comparison.lost_high) for one in studies if one.comparison is not None)
    if lost:
        typer.secho(
            f"LOST: {lost} HIGH alarm{'s' if lost > 1 else ''} of A {'are' if lost > 1 else 'is'} not in B", bold=True
        )
    else:
        typer.echo("no HIGH alarm of A is lost in B")
    _print_differences(studies)
    _print_shifts(studies)
    _print_burden(studies, merge_ms)
    _print_leads(studies)
    _print_prodigy(studies)


def _print_prodigy(studies: Sequence[Study]) -> None:
    """Counted by the kernel whatever the rules say (RSP-09): a profile without a HIGH for one of them missed it."""
    typer.echo(f"PRODIGY episodes: {sum(one.evaluation.prodigy for one in studies)}")


def _print_differences(studies: Sequence[Study]) -> None:
    every = [(study, one) for study in studies if study.comparison is not None for one in study.comparison.differences]
    every.sort(key=lambda pair: not pair[1].lost_high)
    if not every:
        typer.echo("neither profile has an alarm that the other has not")
        return
    names = ("change", "priority", "alarm", *(("recording",) if len(studies) > 1 else ()), "note")
    table = new_table("Alarms that only one profile has, or at another priority", names, ("onset s", "end s", "worst"))
    for study, one in every[:MOST_ROWS]:
        priority, rule, _, onset, end, _, worst = cells(one.episode)
        where = (escape(_short(study)),) if len(studies) > 1 else ()
        table.add_row(change_words(one), priority, rule, *where, note_words(one), onset, end, worst)
    print_table(table)
    if len(every) > MOST_ROWS:
        typer.echo(f"{len(every) - MOST_ROWS} more: see --json or --html")


def _print_shifts(studies: Sequence[Study]) -> None:
    """HIGH alarms of both that B signals at another time, the longest wait first; nothing when there is none."""
    compared = [(study, study.comparison) for study in studies if study.comparison is not None]
    every = [(study, shift) for study, found in compared for shift in found.shifts if shift.later_ms]
    if not every:
        return
    every.sort(key=lambda pair: -pair[1].later_ms)
    table = new_table(
        "HIGH alarms that both have, at another time", ("alarm in A", "recording"), ("onset s", "B's comes")
    )
    for study, shift in every[:MOST_ROWS]:
        table.add_row(shift.rule, escape(_short(study)), str(seconds(shift.onset_ms)), shift_words(shift.later_ms))
    print_table(table)


def _print_burden(studies: Sequence[Study], merge_ms: int) -> None:
    a, b = (total_burden(studies, side) for side in (0, 1))
    numbers = ("A", "B", "per hour A", "per hour B", "per bed-day A", "per bed-day B", "B against A")
    table = new_table("Alarm burden", ("priority",), numbers)
    for each in Priority:
        table.add_row(each, *_burden_cells(a, b, a.count(each), b.count(each)))
    merged = f"high, merged within {seconds(merge_ms)} s"
    table.add_row(merged, *_burden_cells(a, b, a.high_runs, b.high_runs))
    print_table(table)


def _burden_cells(a: Burden, b: Burden, in_a: int, in_b: int) -> tuple[str, ...]:
    hours = (f"{a.per_hour(in_a):.2f}", f"{b.per_hour(in_b):.2f}")
    days = (f"{a.per_bed_day(in_a):.1f}", f"{b.per_bed_day(in_b):.1f}")
    return (str(in_a), str(in_b), *hours, *days, change_share(in_a, in_b))


def _print_leads(studies: Sequence[Study]) -> None:
    numbers = ("first HIGH A s", "first HIGH B s", "B's comes", "before SpO2 alarm A s", "before SpO2 alarm B s")
    table = new_table("First HIGH alarm", ("recording",), numbers)
    for study in studies:
        a, b = (side.lead for side in study.sides)
        later = later_ms(a, b)
        table.add_row(
            escape(_short(study)),
            _cell(a.first_high_ms),
            _cell(b.first_high_ms),
            "" if later is None else shift_words(later),
            _cell(a.before_spo2_ms),
            _cell(b.before_spo2_ms),
        )
    print_table(table)


def _cell(milli: int | None) -> str:
    return "none" if milli is None else str(seconds(milli))


def _names(studies: Sequence[Study]) -> str:
    return f"{len(studies)} recordings" if len(studies) > 1 else _short(studies[0])


def _short(study: Study) -> str:
    return PurePath(study.name).name


def _hours(span_ms: int) -> str:
    return f"{span_ms / MS_PER_H:.2f} h"
