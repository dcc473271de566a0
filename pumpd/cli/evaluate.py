"""`pumpd evaluate`: recorded vitals through the alarm rules of one profile, or of two that are compared."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pumpd.cli.common import PROBLEMS, could_not_run, print_json, print_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pumpd.evaluation import Recording
    from pumpd.evaluation.study import Candidate, Study
    from pumpd.safety.policy import AlarmProfile

LOST_HIGH = 3
DEFAULT_PROFILE = "adult"
DEFAULT_MERGE_S = 60.0  # ours: alarms that close together are one walk to the bed
STDIN = Path("-")

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE", help="CSV or Parquet files, folders of them, or - for CSV on standard input."),
]
Profile = Annotated[
    str | None,
    typer.Option("--alarms", metavar="PROFILE", help=f"A profile's file, or a name; {DEFAULT_PROFILE} unless given."),
]
Pair = Annotated[
    tuple[str, str] | None,
    typer.Option("--compare", metavar="A B", help="Two profiles: what B gains and loses against A."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a page with drawings: one file, no script.")
]
Merge = Annotated[
    float, typer.Option("--merge", metavar="SECONDS", min=0, help="HIGH alarms that close together count as one event.")
]
FailOnLost = Annotated[
    bool, typer.Option("--fail-on-lost-high", help=f"Exit code {LOST_HIGH} when B loses a HIGH alarm of A.")
]


def evaluate(
    files: Files,
    alarms: Profile = None,
    compare: Pair = None,
    as_json: AsJson = False,
    html: Html = None,
    merge: Merge = DEFAULT_MERGE_S,
    fail_on_lost_high: FailOnLost = False,
) -> None:
    """Run recorded vitals through alarm profiles: which alarms, when, how long; burden per hour and per bed-day.

    Columns in any order: t_s (seconds, rising), rr, spo2, etco2, pulse, and optionally any other signal of a
    monitor (no_breath_s, no_breath, fico2, hr …), sensor_off, and what people assess (poss, rass, on_oxygen). An empty
    cell is a missing value, never 0. sensor_off: 1 takes every value of the row for invalid, names of columns
    ("spo2 pulse") only those. Gaps in time are gaps in monitoring. Parquet needs the extra "parquet".

    Exit code 0: done. 1: a recording or profile is wrong, one line says where. 2: could not run. 3: see
    --fail-on-lost-high.
    """
    _check_options(alarms, compare, fail_on_lost_high)
    if html is not None and html.exists() and any(file.exists() and html.samefile(file) for file in files):
        could_not_run(f"--html would write over the recording {html}")
    candidates = _candidates(compare or (alarms or DEFAULT_PROFILE,))
    studies = _studies(files, candidates, int(merge * 1000), traced=html is not None)
    if html is not None:
        _write_page(html, studies, candidates, int(merge * 1000))
    _show(studies, candidates, int(merge * 1000), as_json=as_json)
    if fail_on_lost_high and any(one.comparison and one.comparison.lost_high for one in studies):
        raise typer.Exit(LOST_HIGH)


def _check_options(alarms: str | None, compare: tuple[str, str] | None, fail_on_lost_high: bool) -> None:
    if alarms is not None and compare is not None:
        could_not_run("--alarms names one profile, --compare A B names two: give one of them")
    if fail_on_lost_high and compare is None:
        could_not_run("--fail-on-lost-high needs --compare A B")


def _show(studies: Sequence[Study], candidates: Sequence[Candidate], merge_ms: int, *, as_json: bool) -> None:
    from pumpd.cli import evaluate_tables
    from pumpd.evaluation.report import document

    if as_json:
        print_json(document(studies, candidates))
    elif len(candidates) > 1:
        evaluate_tables.print_comparison(studies, candidates, merge_ms)
    else:
        evaluate_tables.print_alarms(studies, candidates[0])


def _candidates(names: Sequence[str]) -> list[Candidate]:
    """The profiles, each with a label of its own: its id, or what it was called by when both have the same."""
    from pumpd.evaluation.study import Candidate

    paths = [_profile_path(name) for name in names]
    found = [_loaded(path) for path in paths]
    ids = [profile.id for profile, _ in found]
    return [
        Candidate(profile.id if ids.count(profile.id) == 1 else f"{profile.id} ({name})", profile, path.name, digest)
        for name, path, (profile, digest) in zip(names, paths, found, strict=True)
    ]


def _profile_path(name: str) -> Path:
    from pumpd.config.defaults import default_dir
    from pumpd.config.problems import did_you_mean

    path = Path(name)
    if path.is_file():
        return path
    folder = default_dir() / "alarms"
    named = folder / f"{name.removesuffix('.toml')}.toml"
    if path.name == name and named.is_file():
        return named
    known = sorted(one.stem for one in folder.glob("*.toml"))
    could_not_run(f"there is no alarm profile {name}{did_you_mean(name, known)}")


def _loaded(path: Path) -> tuple[AlarmProfile, str]:
    """The profile and the SHA-256 of its file."""
    from pumpd.config.profile import load_profile

    loaded = load_profile(path)
    if isinstance(loaded, list):
        print_lines(loaded, err=True)
        raise typer.Exit(PROBLEMS)
    return loaded, hashlib.sha256(path.read_bytes()).hexdigest()


def _studies(files: Sequence[Path], candidates: Sequence[Candidate], merge_ms: int, *, traced: bool) -> list[Study]:
    from pumpd.cli.evaluate_progress import Watch
    from pumpd.config.default_times import default_breathing, default_times
    from pumpd.evaluation import RecordingError
    from pumpd.evaluation.study import Bench, study

    paths = _paths(files)
    watch = Watch(len(paths))
    bench = Bench(*default_times(), merge_ms, default_breathing())
    try:
        return [study(watch.over(_opened(path)), candidates, bench, traced=traced) for path in paths]
    except RecordingError as error:
        problem = error
    except OSError as error:
        could_not_run(f"{error.filename or 'reading'}: {error.strerror}")
    finally:
        watch.close()
    print_lines([problem], err=True)
    raise typer.Exit(PROBLEMS)


def _paths(files: Sequence[Path]) -> list[Path]:
    from pumpd.evaluation.recording import NoRecordings, find_recordings

    try:
        return find_recordings(files)
    except NoRecordings as error:
        could_not_run(str(error))


def _opened(path: Path) -> Recording:
    from pumpd.evaluation.parquet import NoParquetSupport
    from pumpd.evaluation.recording import read_recording, read_stream

    try:
        return read_stream("standard input", sys.stdin) if path == STDIN else read_recording(path)
    except OSError as error:
        could_not_run(f"{path}: {error.strerror}")
    except NoParquetSupport as error:
        could_not_run(str(error))


def _write_page(path: Path, studies: Sequence[Study], candidates: Sequence[Candidate], merge_ms: int) -> None:
    from pumpd.evaluation.picture import page

    try:
        path.write_text(page(studies, candidates, merge_ms), encoding="utf-8")
    except OSError as error:
        could_not_run(f"{path}: {error.strerror}")
