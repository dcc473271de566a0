"""`python -m tests.bench [NAMES] [--quick]`: every goal beside its limit, in one interleaved run, as one report.

NAMES: parts (--list) or goals (g9 g10); without any, every part but soak. Prints the report; report.md and report.json
are in the folder --out from the first part on. Ends with 0, with --strict with 1 where a goal or a row that is held
fails, with 2 where a name is unknown, with 3 where a part did not end.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.daemon import ROOT
from tests.bench.machine import Foreign, Orphans, machine, versions
from tests.bench.outcome import PartRun, Report, to_json
from tests.bench.parts import PARTS, Asked, Part, UnknownPart, chosen
from tests.bench.render import duration, markdown
from tests.bench.report import Found, foreign_cpu

NOT_HELD, UNKNOWN, NOT_ENDED = 1, 2, 3
ENDED = "ended from outside"


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    read = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    read.add_argument("names", nargs="*", help="parts or goals (default: every part but soak)")
    read.add_argument("--quick", action="store_true", help="fewer rounds and seconds: a check of the bench itself")
    read.add_argument("--peers", action="store_true", help="install other products that are not here (npm) to compare")
    read.add_argument("--out", type=Path, default=ROOT / "build" / "bench", help="folder of report.md and report.json")
    read.add_argument("--strict", action="store_true", help="end with 1 if a goal fails")
    read.add_argument("--minutes", type=float, default=10.0, help="of soak")
    read.add_argument("--list", action="store_true", help="name the parts and end")
    return read.parse_args(words)


def run_part(part: Part, asked: Asked) -> PartRun:
    """Whatever happens to one part, what it gave before is told. Others follow it unless the bench itself is ended."""
    load, began, foreign = foreign_cpu(), time.monotonic(), Foreign()
    print(f"{part.name} (load average {load:.2f}, {os.cpu_count()} cores)", flush=True)
    found: list[Found] = []
    failed = ""
    try:
        for one in part.run(asked):
            found.append(one)
    except KeyboardInterrupt:
        failed = ENDED
    except Exception as error:  # the bench goes on; the report and the exit code say it
        failed = f"{type(error).__name__}: {error}".replace("\n", " ")
    if failed:
        print(f"  did not end: {failed}", flush=True)
    took_s = time.monotonic() - began
    print(f"  took {duration(took_s)}", flush=True)
    return PartRun(part.name, part.area, took_s, load, foreign.cores(), tuple(found), failed)


def save(report: Report, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(markdown(report), encoding="utf-8")
    (folder / "report.json").write_bytes(to_json(report))


def run(parts: Sequence[Part], asked: Asked, folder: Path) -> Report:
    """Saved after each part: a run that somebody ends has told what it had."""
    began, at = time.monotonic(), datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    on, made = machine(), versions()
    done: list[PartRun] = []
    for part in parts:
        done.append(run_part(part, asked))
        report = Report(at, "quick" if asked.quick else "full", time.monotonic() - began, on, made, tuple(done))
        save(report, folder)
        if done[-1].failed == ENDED:
            break
    return report


def status(report: Report, *, strict: bool) -> int:
    if report.failed_parts:
        return NOT_ENDED
    return NOT_HELD if strict and report.failed_rows else 0


def main(words: Sequence[str] | None = None) -> int:
    asked = arguments(words)
    if asked.list:
        print("\n".join(f"{part.name:16}{part.area}{'  (by name only)' if part.by_name else ''}" for part in PARTS))
        return 0
    try:
        parts = chosen(asked.names)
    except UnknownPart as error:
        print(error, file=sys.stderr)
        return UNKNOWN
    Orphans.adopt()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what a part has started ends with it
    report = run(parts, Asked(asked.quick, asked.minutes, asked.peers), asked.out)
    print("\n" + markdown(report))
    print(f"{asked.out}/report.md, {asked.out}/report.json")
    return status(report, strict=asked.strict)


if __name__ == "__main__":
    sys.exit(main())
