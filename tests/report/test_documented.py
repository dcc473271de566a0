"""docs/report.md says what there is: every field of the document, every kind of the table, every option."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from pumpd.report.model import CourseReport
from pumpd.report.tidy import table
from tests.cli.call import run
from tests.report.conftest import Recorded

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "report.md").read_text("utf-8")


@pytest.mark.req("REP-05")
def test_every_field_of_the_document_is_described() -> None:
    described = set(re.findall(r"`(\w+)`", "\n".join(line for line in TEXT.splitlines() if line.startswith("| `"))))
    assert set(CourseReport.__struct_fields__) - {"schema_version"} <= described
    assert "`schema_version` is 1" in TEXT


@pytest.mark.req("REP-05")
def test_every_kind_of_the_table_is_described(case: Recorded) -> None:
    kinds = {row["kind"] for row in csv.DictReader(io.StringIO(table(case.report).decode()))}
    sections = {line.section for line in case.report.lines}
    assert sorted(kind for kind in kinds - sections if f"`{kind}`" not in TEXT) == []


def test_every_option_of_the_command_is_described() -> None:
    _, out, _ = run("report", "--help")
    options = set(re.findall(r"--[a-z]+", out)) - {"--help"}
    assert sorted(option for option in options if f"`{option}" not in TEXT) == []
