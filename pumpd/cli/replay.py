"""`pumpd replay`: a recorded day through the kernel again."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pumpd.cli.common import PROBLEMS, print_json, print_lines
from pumpd.cli.db import AsJson, Config, Url, ask, by_whom_line, journal_url

if TYPE_CHECKING:
    from pumpd.journal.replay import BedReplay

Bed = Annotated[str | None, typer.Option("--bed", metavar="BED", help="One bed only.")]


def replay(journal: Url = None, config: Config = None, bed: Bed = None, as_json: AsJson = False) -> None:
    """Feed the recorded events through the kernel: identical decisions, or the first difference (exit code 1)."""
    from pumpd.journal.replay import replay as replay_journal

    report = ask(replay_journal, journal_url(journal, config), bed)
    if as_json:
        print_json({"identical": report.identical, **asdict(report)})
    else:
        for one in report.beds:
            print_lines(_lines(one))
        if not report.identical and len(report.judged) > 1:
            print_lines(map(by_whom_line, report.judged))
        print_lines(["identical" if report.identical else "NOT identical"])
    if not report.identical:
        raise typer.Exit(PROBLEMS)


def _lines(bed: BedReplay) -> list[str]:
    digest = bed.recomputed_digest[:16]
    same = bed.difference is None and not bed.note
    result = f"identical (digest {digest})" if same else bed.note or "differs"
    gaps = f", {bed.gaps} gaps with {bed.skipped} steps skipped" if bed.gaps else ""
    begun = f" from step {bed.gone + 1} on (what was before it was let go)" if bed.gone else ""
    lines = [f"{bed.bed}: {bed.steps} steps{begun}, {bed.decisions} decisions{gaps}: {result}"]
    if bed.difference is not None:
        d = bed.difference
        lines.append(f"  first difference at step {d.seq}, {d.now_ms} ms: {d.event}")
        lines += [f"    recorded   {text}" for text in d.recorded] or ["    recorded   nothing"]
        lines += [f"    recomputed {text}" for text in d.recomputed] or ["    recomputed nothing"]
    return lines
