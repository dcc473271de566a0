"""`pumpd evaluate` as a biomedical engineer calls it: exit codes, one line for what is wrong, JSON, page, bar."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from typer.testing import CliRunner

from pumpd.cli import app, evaluate_progress
from pumpd.cli.evaluate_progress import Watch
from pumpd.config.defaults import default_dir
from pumpd.evaluation.recording import parse_recording
from tests.cli.call import run
from tests.evaluate.library import write
from tests.evaluate.recordings import during, rows


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("library"))


@pytest.fixture
def slower(tmp_path: Path) -> Path:
    """The adult profile that calls 4 breaths a minute no longer critical."""
    text = (default_dir() / "alarms" / "adult.toml").read_text("utf-8")
    old = 'all = ["rr >= 1", "rr <= 5"]'
    assert old in text
    path = tmp_path / "slower.toml"
    path.write_text(text.replace(old, 'all = ["rr >= 1", "rr <= 3"]'), encoding="utf-8")
    return path


def test_a_lost_high_alarm_is_said_first_and_fails_only_where_asked_to(library: Path, slower: Path) -> None:
    recording = library / "bradypnoea-on-oxygen.csv"
    code, out, _ = run("evaluate", recording, "--compare", "adult", slower)
    assert code == 0
    assert out.splitlines()[1] == "LOST: 1 HIGH alarm of A is not in B"
    assert "LOST HIGH" in out
    assert "meanwhile HIGH in B: rr-low-with-second-sign" in out
    assert run("evaluate", recording, "--compare", "adult", slower, "--fail-on-lost-high")[0] == 3
    assert run("evaluate", recording, "--compare", slower, "adult", "--fail-on-lost-high")[0] == 0


def test_profiles_with_the_same_id_are_told_apart_by_what_they_were_called(library: Path, slower: Path) -> None:
    _, out, _ = run("evaluate", library / "clean-hour.csv", "--compare", "adult", slower)
    assert out.startswith(f"A = adult (adult), B = adult ({slower}); ")
    assert out.splitlines()[1] == "no HIGH alarm of A is lost in B"


def test_high_alarms_that_come_later_are_listed_though_none_is_lost(library: Path, tmp_path: Path) -> None:
    text = (default_dir() / "alarms" / "adult.toml").read_text("utf-8")
    later = tmp_path / "later.toml"
    later.write_text(text.replace('all = ["no_breath_s >= 30"]', 'all = ["no_breath_s >= 60"]'), encoding="utf-8")
    code, out, _ = run("evaluate", library / "arrest-with-held-values.csv", "--compare", "adult", later)
    assert (code, out.splitlines()[1]) == (0, "no HIGH alarm of A is lost in B")
    assert "HIGH alarms that both have, at another time" in out
    assert "30 s later" in out


def test_json_of_a_comparison_has_every_change_and_the_leads(library: Path, slower: Path) -> None:
    files = [library / name for name in ("bradypnoea-on-oxygen.csv", "arrest-with-held-values.csv")]
    document = json.loads(run("evaluate", *files, "--compare", "adult", slower, "--json")[1])
    compared = document["compare"]
    assert compared["lost_high"] == 1
    (lowered,) = compared["lowered"]
    assert (lowered["rule"], lowered["onset_s"], lowered["other_priority"]) == ("rr-critical", 630, "medium")
    assert lowered["recording"] == str(files[0])
    assert [one["recording"] for one in document["recordings"]] == list(map(str, files))
    assert document["samples"] == 2400
    assert document["hours"] == round((1499 + 899) / 3600, 6)
    assert document["per_bed_day"]["high"] == pytest.approx(document["per_hour"]["high"] * 24, abs=0.01)
    assert {one["recording"] for one in document["alarms"]} == set(map(str, files))
    arrest = document["first"][1]
    assert arrest["high_s"] < arrest["spo2_s"]
    assert arrest["high_before_spo2_s"] == arrest["spo2_s"] - arrest["high_s"]


@pytest.mark.req("RSP-03")
def test_the_librarys_recordings_alarm_as_they_should(library: Path) -> None:
    def found(name: str) -> list[tuple[str, str, str]]:
        document = json.loads(run("evaluate", library / f"{name}.csv", "--json")[1])
        return [(one["rule"], one["priority"], one["kind"]) for one in document["alarms"]]

    assert found("clean-hour") == []
    assert found("etco2-blips") == []
    assert ("rr-critical", "high", "physiological") in found("bradypnoea-on-oxygen")
    assert {kind for _, _, kind in found("cuff-inflation")} == {"technical"}
    first = found("arrest-with-held-values")[0]
    assert first[1:] == ("high", "physiological")
    assert first[0].startswith("no-breath")


@pytest.mark.req("RSP-09")
@pytest.mark.parametrize(
    ("name", "count"), [("clean-hour", 0), ("bradypnoea-on-oxygen", 1), ("arrest-with-held-values", 1)]
)
def test_prodigy_episodes_are_counted_whatever_the_rules_say(library: Path, name: str, count: int) -> None:
    document = json.loads(run("evaluate", library / f"{name}.csv", "--compare", "adult", "procedural", "--json")[1])
    assert document["prodigy_episodes"] == document["compare"]["prodigy_episodes"] == count


def test_a_folder_is_read_with_all_that_is_below_it_in_either_format(library: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "in" / "deeper", "clean-hour")
    pq.write_table(pa.table({"t_s": range(50), "rr": [14] * 50}), tmp_path / "in" / "a.parquet")
    (tmp_path / "in" / "notes.txt").write_text("nothing")
    document = json.loads(run("evaluate", tmp_path / "in", "--json")[1])
    names = [one["recording"] for one in document["recordings"]]
    assert names == [str(tmp_path / "in" / "a.parquet"), str(folder / "clean-hour.csv")]
    assert document["samples"] == 3650
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("evaluate", empty)[0::2] == (2, f"pumpd: there is no .csv or .parquet file in {empty}\n")


def test_standard_input_is_read_as_csv() -> None:
    text = "\n".join(rows(200, during(100, 200, spo2="80")))
    result = CliRunner().invoke(app, ["evaluate", "-", "--json"], input=text)
    assert (result.exit_code, [one["rule"] for one in json.loads(result.stdout)["alarms"]]) == (0, ["spo2-critical"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--alarms", "adult", "--compare", "adult", "adult"), "--alarms names one profile, --compare A B names two"),
        (("--fail-on-lost-high",), "--fail-on-lost-high needs --compare A B"),
        (("--alarms", "adults"), 'there is no alarm profile adults; did you mean "adult"?'),
        (("--html", "/nowhere/at/all.html"), "/nowhere/at/all.html: No such file or directory"),
    ],
)
def test_what_cannot_run_is_one_line_and_exit_2(library: Path, arguments: tuple[str, ...], message: str) -> None:
    code, _, err = run("evaluate", library / "cuff-inflation.csv", *arguments)
    assert code == 2
    assert err.startswith(f"pumpd: {message}")
    assert err.count("\n") == 1


def test_the_page_never_writes_over_a_recording(tmp_path: Path) -> None:
    path = write(tmp_path, "cuff-inflation") / "cuff-inflation.csv"
    before = path.read_bytes()
    assert run("evaluate", path, "--html", path)[0::2] == (2, f"pumpd: --html would write over the recording {path}\n")
    assert path.read_bytes() == before


def test_times_in_milliseconds_are_refused_instead_of_passing_without_an_alarm(tmp_path: Path) -> None:
    path = tmp_path / "ms.csv"
    head, *body = rows(300, during(100, 300, spo2="60"))
    path.write_text("\n".join([head, *[line.replace(",", "000,", 1) for line in body]]))
    code, _, err = run("evaluate", path)
    assert code == 1
    assert err == (
        f"{path}: rows are 1000 s apart or more, but a value counts for 5 s: "
        "no rule could be judged (is t_s in milliseconds?)\n"
    )


def test_a_bad_file_among_many_is_one_line_with_its_place(library: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("t_s,spo2\n0,97\n1,0.97\n")
    code, out, err = run("evaluate", library / "cuff-inflation.csv", bad)
    assert (code, out) == (1, "")
    assert err == f'{bad}:3: spo2 "0.97" looks like a fraction, expected % (97, not 0.97)\n'


def test_names_with_brackets_are_printed_as_they_are(tmp_path: Path, slower: Path) -> None:
    for name in ("bed [red]1.csv", "bed [red]2.csv"):
        (tmp_path / name).write_text("\n".join(rows(300, during(100, 200, rr="4"))))
    assert "bed [red]1.csv" in run("evaluate", tmp_path / "bed [red]1.csv")[1]
    out = run("evaluate", *sorted(tmp_path.glob("*.csv")), "--compare", "adult", slower)[1]
    assert out.count("bed [red]2.csv") == 2  # lost there, and its first HIGH


def test_the_page_is_written_beside_what_is_printed(library: Path, slower: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    code, out, _ = run("evaluate", library, "--compare", "adult", slower, "--html", page)
    assert (code, "LOST: 1 HIGH alarm" in out) == (0, True)
    text = page.read_text("utf-8")
    assert "1 HIGH alarm of A is lost in B" in text
    assert "slower.toml" in text


def bar(monkeypatch: Any, *, terminal: bool, count: int) -> str:
    """What a terminal gets while a recording of that many rows is read."""
    monkeypatch.setattr(evaluate_progress, "SHORT_ROWS", 100)
    monkeypatch.setattr(evaluate_progress, "EVERY_ROWS", 50)
    output = io.StringIO()
    console = Console(file=output, force_terminal=terminal, force_interactive=terminal, width=80)
    lines = rows(count, lambda t: {})
    watch = Watch(1, console)
    read = list(watch.over(parse_recording("a/night.csv", lines, size=sum(map(len, lines)))).rows)
    watch.close()
    assert len(read) == count
    return output.getvalue()


def test_a_bar_moves_on_a_long_recording_where_a_person_watches_and_nowhere_else(monkeypatch: Any) -> None:
    assert "night.csv" in bar(monkeypatch, terminal=True, count=400)
    assert bar(monkeypatch, terminal=True, count=99) == ""
    assert bar(monkeypatch, terminal=False, count=400) == ""
