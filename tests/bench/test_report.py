"""The bench's own judgement: verdicts, goals, tables, files. No test measures time: that is for `make bench`."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.bench import __main__ as command
from tests.bench.daemon import ROOT
from tests.bench.goals import GOALS, judge
from tests.bench.machine import Foreign, machine, versions
from tests.bench.outcome import PartRun, Report, from_json, to_json
from tests.bench.parts import PARTS, Asked, Part, UnknownPart, chosen
from tests.bench.render import duration, figure, goal_table, growth_table, markdown, row_table
from tests.bench.report import Found, NotRun, Row, median_of_rounds, percentile

GOOD = Row("G1", "p50", 150.0, 100.0, "us", 1.5)
BAD = Row("G1", "p99", 400.0, 100.0, "us", 3.0, "of 9 stops")
FEW = Row("G5", "parser", 5.0, 10.0, "frames/s", 0.6, at_least=True)
NOTHING = Row("G15", "lost", math.inf, 2000.0, "ms", 1.025)
GAP = NotRun("G2", "the broker is gone", "mosquitto is not installed")


def report(*parts: PartRun) -> Report:
    return Report("2026-01-15 10:00", "quick", 61.26, {"cores": "2"}, {"python": "3.11"}, parts)


def ran(name: str, *found: Found, failed: str = "", foreign: float = 0.0) -> PartRun:
    return PartRun(name, "Serial path", 1.25, 0.5, foreign, found, failed)


# --- rows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("product", "allowed", "at_least", "verdict"),
    [
        (30.0, 3.0, False, "PASS"),
        (30.1, 3.0, False, "FAIL"),
        (6.0, 0.6, True, "PASS"),
        (5.9, 0.6, True, "FAIL"),
        (99.0, None, False, "info"),
        (math.inf, 3.0, False, "FAIL"),
        (math.nan, 3.0, False, "FAIL"),
        (math.nan, 0.6, True, "FAIL"),
    ],
)
def test_a_goal_fails_beyond_its_ratio_and_whenever_nothing_was_measured(
    product: float, allowed: float | None, at_least: bool, verdict: str
) -> None:
    assert Row("G", "what", product, 10.0, "us", allowed, at_least=at_least).verdict == verdict


@pytest.mark.parametrize("row", [GOOD, BAD, FEW, NOTHING, Row("G", "of nothing", 0.0, 1.0, "", 0.0)])
def test_the_strain_of_a_row_is_above_one_just_where_it_fails(row: Row) -> None:
    assert (row.strain > 1) is (row.verdict == "FAIL")


def test_percentiles_are_measured_values_and_an_empty_round_is_no_number() -> None:
    assert [percentile([3, 1, 2, 4], share) for share in (0.0, 0.5, 0.99)] == [1, 3, 4]
    assert math.isnan(percentile([], 0.5))
    assert median_of_rounds([9.0, 1.0, 5.0]) == 5.0


# --- goals ---------------------------------------------------------------------------------------------------


def verdict(goal: str, **found: Sequence[Found] | str) -> tuple[str, str]:
    told = next(one for one in judge(found) if one.id == goal)
    return told.verdict, told.why


def test_a_goal_holds_where_all_its_rows_do() -> None:
    assert verdict("G1", stop_path=[GOOD]) == ("PASS", "1 row")


def test_one_row_that_fails_fails_its_goal_and_stands_for_it() -> None:
    assert verdict("G1", stop_path=[GOOD, BAD]) == ("FAIL", "1 of 2 rows fail")
    assert judge({"stop_path": [GOOD, BAD]})[0].worst == BAD


def test_a_row_for_information_decides_nothing() -> None:
    assert verdict("G1", stop_path=[Row("G1", "p99.9", 9.0, 1.0, "us", None)])[0] == "not measured"


def test_a_goal_whose_part_did_not_end_is_not_measured_and_says_why() -> None:
    assert verdict("G1", stop_path="TimeoutError: no ward") == (
        "not measured",
        "part stop_path did not end: TimeoutError: no ward",
    )


def test_a_goal_of_two_parts_of_which_one_was_measured_holds_in_part() -> None:
    packed = Row("G8", "bytes", 9.0, 6.7, "B", 1.5)
    assert verdict("G8", journal=[packed]) == ("PASS in part", "1 row; part journal_server was not asked for")
    assert verdict("G8", journal=[packed], journal_server=[packed])[0] == "PASS"


def test_what_could_not_run_is_told_at_its_goal() -> None:
    calm = Row("G2", "a disk that stalls", 1.0, 1.0, "us", 1.2)
    assert verdict("G2", disturbed=[calm, GAP]) == (
        "PASS in part",
        "1 row; the broker is gone: mosquitto is not installed",
    )
    assert verdict("G2", disturbed=[GAP]) == ("not measured", "the broker is gone: mosquitto is not installed")


def test_the_fifteen_goals_are_there_and_every_part_of_theirs_exists() -> None:
    assert [goal.id for goal in GOALS] == [f"G{number}" for number in range(1, 16)]
    assert {part for goal in GOALS for part in goal.parts} <= {part.name for part in PARTS}


# --- names ---------------------------------------------------------------------------------------------------


def names(*asked: str) -> list[str]:
    return [part.name for part in chosen(asked)]


def test_parts_are_chosen_by_name_and_by_goal_each_once_in_the_bench_s_order() -> None:
    assert names("g11", "G9", "g1") == ["stop_path", "fanout"]
    assert names("journal", "g8") == ["journal", "journal_server"]


def test_without_a_name_everything_runs_but_what_has_to_be_named() -> None:
    assert names() == [part.name for part in PARTS if part.name != "soak"]
    assert names("soak") == ["soak"]


def test_an_unknown_name_is_told_with_what_there_is_and_nothing_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["latenes", "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert "no part of the bench is called 'latenes'. Did you mean lateness?" in told
    assert "g1 to g15" in told
    assert not (tmp_path / "out").exists()
    with pytest.raises(UnknownPart, match="called 'g16'"):
        chosen(["g16"])


# --- tables --------------------------------------------------------------------------------------------------


def test_a_table_holds_every_row_beside_its_limit_and_what_did_not_run() -> None:
    told = row_table([GOOD, FEW, NOTHING], [GAP])
    assert "| G1 | p50 | 150 | 100 | us | 1.50x | <= 1.5x | PASS |  |" in told
    assert "| G5 | parser | 5 | 10 | frames/s | 0.50x | >= 0.6x | FAIL |  |" in told
    assert "| G15 | lost | - | 2,000 | ms | - | <= 1.02x | FAIL |  |" in told
    assert "| G2 | the broker is gone |  |  |  |  |  | not run | mosquitto is not installed |" in told


def test_the_goals_show_value_limit_ratio_goal_and_verdict() -> None:
    told = goal_table(judge({"stop_path": [GOOD, BAD]}))
    assert "| p99 | 400 | 100 | us | 4.00x | <= 3x | FAIL | 1 of 2 rows fail; not as the goal says: " in told
    assert "G7" not in told


def test_what_grows_has_a_column_for_each_number_of_beds() -> None:
    rows = [Row("growth", "memory", 10.0 * beds, 5.0, "MB", None, "resident", beds=beds) for beds in (1, 10)]
    assert growth_table([*rows, Row("growth", "frames", 1.0, 2.0, "us", 0.1, beds=1)]).splitlines() == [
        "| what | unit | 1 | 10 | note |",
        "| -- | -- | -- | -- | -- |",
        "| memory | MB | 10 / 5 (2.00x) | 100 / 5 (20.00x) | resident |",
        "| frames | us | 1 / 2 (0.50x) **FAIL** |  |  |",
    ]


def test_a_report_says_first_what_failed_and_what_did_not_end() -> None:
    told = markdown(report(ran("stop_path", GOOD, BAD), ran("disturbed", failed="OSError: no pty | left")))
    assert told.startswith("# Bench, 2026-01-15 10:00 UTC, quick size, took 1 min 1 s\n")
    assert "0 of 15 goals hold; missed: G1; not measured: G2; not asked for: G3, " in told
    assert "1 of 2 rows that are held fail." in told
    assert "**Part disturbed did not end: OSError: no pty | left**" in told
    assert "| disturbed | 1 s | 0.00 | 0.5 | OSError: no pty / left |" in told


def test_a_goal_that_holds_in_part_is_not_counted_as_held() -> None:
    packed = Row("G8", "bytes", 9.0, 6.7, "B", 1.5)
    assert "0 of 15 goals hold; in part: G8; not measured: G6; not asked for: G1, " in markdown(
        report(ran("journal", packed))
    )


def test_a_part_beside_which_others_worked_is_called_noisy() -> None:
    told = markdown(report(ran("stop_path", GOOD, foreign=0.5), ran("ingest", foreign=0.05)))
    assert "| stop_path | 1 s | 0.50 (noisy) |" in told
    assert "| ingest | 1 s | 0.05 |" in told


def test_figures_are_read_by_people() -> None:
    assert [figure(value) for value in (0.12345, 12.345, 390123.4, math.nan)] == ["0.1235", "12.35", "390,123", "-"]
    assert "| little | 0.05 | 10,000 | us | 5e-06x |" in row_table([Row("G", "little", 0.05, 1e4, "us", 1.0)])
    assert [duration(seconds) for seconds in (0.4, 59.4, 61.0)] == ["0 s", "59 s", "1 min 1 s"]


# --- files ---------------------------------------------------------------------------------------------------


def test_a_report_survives_its_json_and_what_was_not_measured_stays_failed() -> None:
    told = to_json(report(ran("stop_path", GOOD, BAD, GAP, foreign=0.5), ran("ingest", NOTHING, failed="why")))
    again = from_json(told)
    assert to_json(again) == told
    assert [row.verdict for row in again.rows] == ["PASS", "FAIL", "FAIL"]
    assert again.parts[0].not_run == [GAP]
    assert [goal.verdict for goal in again.goals][:3] == ["FAIL", "not asked for", "not measured"]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (b'"schema": 1', b'"schema": 2'),
        (b'"size": "quick"', b'"size": "small"'),
        (b'"took_s": 61.3', b'"took": 61.3'),
        (b'"product": 150.0', b'"product": "150"'),
        (b'"verdict": "PASS"', b'"verdict": "fine"'),
    ],
)
def test_a_json_that_is_none_of_ours_is_refused(was: bytes, now: bytes) -> None:
    told = to_json(report(ran("stop_path", GOOD)))
    assert was in told
    with pytest.raises(ValueError, match=r".+"):
        from_json(told.replace(was, now, 1))


def test_a_part_that_breaks_costs_nothing_of_the_others_and_the_run_ends_with_3(tmp_path: Path) -> None:
    def broken(_: Asked) -> Sequence[Found]:
        raise TimeoutError("the daemon\nis not up")

    parts = [Part("stop_path", "Serial path", broken), Part("ingest", "Serial path", lambda _: [BAD])]
    made = command.run(parts, Asked(), tmp_path)
    assert [part.failed for part in made.parts] == ["TimeoutError: the daemon is not up", ""]
    assert command.status(made, strict=False) == 3
    assert "the daemon is not up" in (tmp_path / "report.md").read_text()
    assert from_json((tmp_path / "report.json").read_bytes()).rows == [BAD]


def test_a_run_that_is_ended_from_outside_keeps_what_it_had_and_measures_no_more(tmp_path: Path) -> None:
    def ended(_: Asked) -> Iterator[Found]:
        yield GOOD
        raise KeyboardInterrupt

    parts = [Part("stop_path", "Serial path", ended), Part("ingest", "Serial path", lambda _: [BAD])]
    made = command.run(parts, Asked(), tmp_path)
    assert made.rows == from_json((tmp_path / "report.json").read_bytes()).rows == [GOOD]
    assert [part.failed for part in made.parts] == ["ended from outside"]
    assert command.status(made, strict=False) == 3


def test_a_missed_goal_ends_the_run_with_1_only_when_asked(tmp_path: Path) -> None:
    good, bad = ([Part("stop_path", "Serial path", lambda _, row=row: [row])] for row in (GOOD, BAD))
    assert command.status(command.run(good, Asked(), tmp_path), strict=True) == 0
    missed = command.run(bad, Asked(), tmp_path)
    assert [command.status(missed, strict=strict) for strict in (False, True)] == [0, 1]
    assert "missed: G1" in (tmp_path / "report.md").read_text()


# --- the machine ---------------------------------------------------------------------------------------------


def test_the_machine_is_told_without_its_name() -> None:
    told = machine() | versions()
    assert told["cores"] == str(os.cpu_count())
    assert told["python"].startswith("3.")
    assert {"uvloop", "sqlalchemy", "msgspec", "sqlite"} <= told.keys()
    assert os.uname().nodename not in " ".join(told.values())


LEFT_BEHIND = """
import os, subprocess, sys
from tests.bench.machine import Orphans, own_s
Orphans.adopt()
used_s = own_s()
busy = "import time\\nwhile time.process_time() < 0.3: pass"
leave = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {busy!r}]).pid)"
pid = int(subprocess.run([sys.executable, "-c", leave], check=True, stdout=subprocess.PIPE).stdout)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # adopted: nobody but its parent can wait for it
Orphans.bury()
print(own_s() - used_s)
"""


def test_what_a_process_used_counts_as_ours_even_when_it_was_left_behind() -> None:
    done = subprocess.run([sys.executable, "-c", LEFT_BEHIND], check=True, capture_output=True, text=True, cwd=ROOT)
    assert float(done.stdout) > 0.25


def test_what_others_use_is_never_less_than_nothing() -> None:
    assert 0.0 <= Foreign().cores() <= (os.cpu_count() or 1)
