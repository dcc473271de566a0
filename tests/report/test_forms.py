"""The page, the table and the document as files: whole, safe, and the same numbers in each."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import datetime
from html import unescape
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from pumpd.report.document import document
from pumpd.report.model import SCHEMA_VERSION, CourseReport
from pumpd.report.page import page
from pumpd.report.tidy import COLUMNS, table
from tests.report.conftest import Recorded

VOID = frozenset({"meta", "br", "line", "rect", "path", "circle", "col", "link", "img", "input", "hr"})
NASTY = '</style></title><script>alert(1)</script>"\\ & é \x00 =1+1'


class Strict(HTMLParser):
    """Every element is closed in the order in which it was opened; ids are unique; what is fetched, and scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.fetched: list[str] = []
        self.scripts = 0
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.seen.add(tag)
        self.scripts += tag == "script" or any(name.startswith("on") for name in found)
        self.fetched += [str(found[name]) for name in ("src", "href", "xlink:href", "action", "data") if name in found]
        if "id" in found:
            self.ids.append(found["id"] or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open[-1:] == [tag], f"</{tag}> closes {self.open[-3:]}"
            self.open.pop()


def parsed(html: str) -> Strict:
    parser = Strict()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


@pytest.mark.req("REP-01")
def test_the_page_is_one_whole_file_that_fetches_nothing_and_runs_nothing(case: Recorded) -> None:
    assert case.html.startswith("<!DOCTYPE html>\n<html lang=")
    found = parsed(case.html)
    assert {"html", "head", "title", "style", "body", "main", "h1", "table", "svg"} <= found.seen
    assert len(found.ids) == len(set(found.ids))
    assert all(link.startswith("#") for link in found.fetched)
    assert found.scripts == 0
    assert not re.search(r"url\((?!#)", case.html), "only patterns of the page itself"
    assert "@import" not in case.html
    assert "http://" not in case.html
    assert "https://" not in case.html
    assert "default-src 'none'" in unescape(case.html)


@pytest.mark.req("REP-01")
def test_every_drawing_names_itself_for_those_who_cannot_see_it(case: Recorded) -> None:
    drawings = re.findall(r'<svg viewBox=[^>]*role="img" aria-labelledby="([^"]+)"', case.html)
    assert len(drawings) == 4 + 3, "dose, pain, plasma, vital signs, and three infusions close up"
    ids = set(parsed(case.html).ids)
    assert all(name in ids for names in drawings for name in names.split())


def renamed(report: CourseReport, text: str) -> CourseReport:
    """Everything that a person can type is this text."""
    head = msgspec.structs.replace(
        report.head, why=text, context=text, patient=msgspec.structs.replace(report.head.patient, name=text, mrn=text)
    )
    lines = tuple(msgspec.structs.replace(line, text=text, by=text) for line in report.lines)
    refusals = tuple(msgspec.structs.replace(one, why=text, who=text, reasons=(text,)) for one in report.refusals)
    return msgspec.structs.replace(report, head=head, lines=lines, refusals=refusals)


@pytest.mark.req("REP-01")
def test_what_people_typed_is_text_and_never_markup(case: Recorded) -> None:
    html = page(renamed(case.report, NASTY))
    found = parsed(html)
    assert found.scripts == 0
    assert "<script" not in html
    style = html[html.index("<style>") : html.index("</style>")]
    assert "alert(1)" not in style, "nor does a name end the style sheet"
    rows = list(csv.reader(io.StringIO(table(renamed(case.report, "=1+1")).decode())))
    assert not any(cell.startswith("=") for row in rows for cell in row), "a spreadsheet would run it"


@pytest.mark.req("REP-01")
def test_an_empty_course_is_a_page_too(case: Recorded) -> None:
    nothing: dict[str, Any] = {
        name: ()
        for name in msgspec.structs.asdict(case.report)
        if isinstance(getattr(case.report, name), tuple) and name != "vitals_span"
    }
    bare = msgspec.structs.replace(case.report, prediction=None, **nothing)
    parsed(page(bare))
    assert "No infusion has begun." in page(bare)
    assert table(bare)
    assert json.loads(document(bare))["infusions"] == []


@pytest.mark.req("REP-05")
def test_the_document_has_a_version_and_plain_numbers(case: Recorded) -> None:
    found = json.loads(document(case.report))
    assert found["schema_version"] == SCHEMA_VERSION == 1
    opioids = next(one for one in found["outcomes"] if one["name"].startswith("Opioids"))
    assert opioids["change"]["value"] == -32.43
    assert set(opioids["end"]) == {"value", "unit", "text", "origin", "refs"}
    assert datetime.fromisoformat(found["head"]["opened"]).tzinfo is not None


@pytest.mark.req("REP-05")
def test_the_document_reads_back_into_the_same_report(case: Recorded) -> None:
    again = msgspec.json.decode(document(case.report), type=CourseReport)
    assert msgspec.structs.replace(again, vitals=(), prediction=None) == msgspec.structs.replace(
        case.report, vitals=(), prediction=None
    )


def values(case: Recorded, kind: str) -> Iterator[dict[str, str]]:
    for row in csv.DictReader(io.StringIO(table(case.report).decode())):
        if row["kind"] == kind:
            yield row


@pytest.mark.req("REP-05")
def test_the_table_is_tidy_ordered_by_time_and_every_number_has_an_origin(case: Recorded) -> None:
    rows = list(csv.DictReader(io.StringIO(table(case.report).decode())))
    assert tuple(rows[0]) == COLUMNS
    times = [row["time"] for row in rows]
    assert times == sorted(times)
    assert all(time.endswith("Z") for time in times)
    assert all(row["origin"] for row in rows if row["unit"] and row["kind"] != "course")
    (change,) = [row for row in values(case, "outcome change") if row["subject"].startswith("Opioids")]
    assert (change["value"], change["unit"]) == ("-32.43", "%")
    assert len(list(values(case, "pain"))) == len(case.report.nrs) > 20


@pytest.mark.req("REP-01")
def test_a_journal_that_does_not_know_whether_a_patient_was_real_says_so(case: Recorded) -> None:
    head = msgspec.structs.replace(case.report.head, generation="unknown")
    html = page(msgspec.structs.replace(case.report, head=head))
    assert "does not record whether this was a real patient" in html
    assert "SIMULATED" not in html


@pytest.mark.req("REP-01")
def test_a_report_of_a_device_under_development_says_so_above_everything_and_on_each_page(case: Recorded) -> None:
    assert "UNVERIFIED" not in page(case.report)
    head = msgspec.structs.replace(case.report.head, unverified=("4b-01-m1 (my_monitor)",))
    (first, *rest) = case.report.runs
    runs = (msgspec.structs.replace(first, unverified=("my_monitor",)), *rest)
    html = page(msgspec.structs.replace(case.report, head=head, runs=runs))
    assert html.index("UNVERIFIED driver: what comes from 4b-01-m1 (my_monitor)") < html.index("<h1>")
    assert "UNVERIFIED: my_monitor" in html
