"""`pumpd report` as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.call import run
from tests.report.conftest import COURSE, Recorded


@pytest.mark.req("REP-03")
def test_the_page_goes_into_a_file(case: Recorded, tmp_path: Path) -> None:
    target = tmp_path / "course.html"
    code, out, err = run("report", "--journal", case.url, "--course", COURSE, "--out", target)
    assert (code, out) == (0, "")
    assert str(target) in err
    assert target.read_text("utf-8") == case.html


def test_the_document_goes_to_standard_output(case: Recorded) -> None:
    code, out, _ = run("report", "--journal", case.url, "--course", COURSE, "--format", "json")
    assert code == 0
    assert json.loads(out)["head"]["course"] == COURSE


def test_courses_are_listed_for_people_and_for_programs(case: Recorded) -> None:
    code, out, _ = run("report", "--journal", case.url, "--list")
    assert code == 0
    assert COURSE in out
    assert "Erik Example (SYN-0055)" in out
    code, out, _ = run("report", "--journal", case.url, "--list", "--json")
    assert [line["id"] for line in json.loads(out)] == [COURSE]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--course", "b1-c9"), 1, "did you mean b1-c1?"),
        (("--course", "nonsense"), 1, "courses: b1-c1"),
        ((), 2, "--course ID or --list"),
        (("--course", COURSE, "--list"), 2, "--course ID or --list"),
        (("--course", COURSE, "--format", "pdf"), 2, "use html, csv, json"),
        (("--course", COURSE, "--out", "/proc/nowhere/x.html"), 2, "/proc/nowhere/x.html"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_exit_code(
    case: Recorded, arguments: tuple[str, ...], code: int, says: str
) -> None:
    found, _, err = run("report", "--journal", case.url, *arguments)
    assert found == code
    assert says in err


def test_a_journal_that_is_not_there_could_not_be_run(tmp_path: Path) -> None:
    code, _, err = run("report", "--journal", f"sqlite+aiosqlite:///{tmp_path}/none.db", "--list")
    assert code == 2
    assert "does not exist" in err
