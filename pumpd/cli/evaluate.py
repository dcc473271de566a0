"""`pumpd evaluate`: recorded vitals through the alarm rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pumpd.cli.common import PROBLEMS, could_not_run, new_table, print_json, print_lines, print_table

if TYPE_CHECKING:
    from pumpd.evaluation import Evaluation
    from pumpd.safety.policy import AlarmProfile

Recording = Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns by name: t_s,rr,spo2,etco2,pulse …")]
Profile = Annotated[str, typer.Option("--alarms", metavar="PROFILE", help="A profile's file, or a name such as adult.")]
Other = Annotated[str | None, typer.Option("--compare", metavar="PROFILE", help="A second profile to compare with.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def evaluate(file: Recording, alarms: Profile = "adult", compare: Other = None, as_json: AsJson = False) -> None:
    """Run recorded vitals through the respiration rules: which alarms, when, how long; burden per hour.

    Columns in any order: t_s (seconds, rising), rr, spo2, etco2, pulse, and optionally no_breath_s, no_breath,
    fico2, hr, poss, sensor_off. An empty cell is a missing value, never 0. sensor_off: 1 takes every value of
    the row for invalid, names of columns ("spo2 pulse") only those. Gaps in time are gaps in monitoring.
    """
    profiles = [_profile(name) for name in (alarms, compare) if name is not None]
    results = [(profile.id, _evaluate(file, profile)) for profile in profiles]
    if as_json:
        print_json(_document(results))
    else:
        for name, result in results:
            _print(file, name, result)


def _document(results: list[tuple[str, Evaluation]]) -> dict[str, Any]:
    from pumpd.evaluation.report import to_json

    document = to_json(results[0][1])
    if len(results) > 1:
        document["compare"] = {"profile": results[1][0], **to_json(results[1][1])}
    return document


def _profile(name: str) -> AlarmProfile:
    from pumpd.config.defaults import default_dir
    from pumpd.config.profile import load_profile

    path = Path(name)
    if not path.is_file() and path.name == name:
        path = default_dir() / "alarms" / f"{name.removesuffix('.toml')}.toml"
    if not path.is_file():
        could_not_run(f"there is no alarm profile {name}")
    loaded = load_profile(path)
    if isinstance(loaded, list):
        print_lines(loaded, err=True)
        raise typer.Exit(PROBLEMS)
    return loaded


def _evaluate(file: Path, profile: AlarmProfile) -> Evaluation:
    from pumpd.config.default_times import default_times
    from pumpd.evaluation import RecordingError, bench_policy, evaluate, read_recording

    times, weight = default_times()
    try:
        recording = read_recording(file)
        return evaluate(recording.rows, bench_policy(profile, times, weight, recording.signals))
    except RecordingError as error:
        print_lines([error], err=True)
        raise typer.Exit(PROBLEMS) from None
    except OSError as error:
        could_not_run(f"{file}: {error.strerror}")


def _print(file: Path, profile: str, result: Evaluation) -> None:
    from pumpd.evaluation.report import cells
    from pumpd.safety.policy import Priority
    from pumpd.units import MS_PER_H

    title = f"{file.name}, profile {profile}: {result.samples} samples, {result.span_ms / MS_PER_H:.2f} h"
    numbers = ("onset s", "end s", "length s", "worst")
    table = new_table(title, ("priority", "alarm", "interlock"), numbers)
    for episode in result.episodes:
        table.add_row(*cells(episode))
    print_table(table)
    burden = ", ".join(f"{result.per_hour(priority):.2f} {priority}" for priority in Priority)
    typer.echo(f"burden per hour: {burden}")
