"""`pumpd report`: the report of a course, from the journal alone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
import typer

from pumpd.cli.common import PROBLEMS, could_not_run, new_table, print_json, print_lines, print_table
from pumpd.cli.db import AsJson, Config, Url, journal_url

if TYPE_CHECKING:
    from pumpd.report import CourseLine

T = TypeVar("T")
FORMATS = ("html", "csv", "json")
Course = Annotated[str | None, typer.Option("--course", metavar="ID", help="The course; --list shows them.")]
Fmt = Annotated[str, typer.Option("--format", metavar="html|csv|json", help="How it is written.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write here, not to standard output.")]
Listed = Annotated[bool, typer.Option("--list", help="List the journal's courses instead.")]


def report(
    journal: Url = None,
    config: Config = None,
    course: Course = None,
    fmt: Fmt = "html",
    out: Out = None,
    listed: Listed = False,
    as_json: AsJson = False,
) -> None:
    """Report a course: dose, concentration, pain, opioids, alarms, refusals, and where each number comes from.

    The journal may be in use and the course may still run. Exit code 1: the journal has no such course.
    """
    url = journal_url(journal, config)
    if listed == (course is not None):
        could_not_run("name the course: either --course ID or --list")
    if fmt not in FORMATS:
        could_not_run(f"--format {fmt}: use {', '.join(FORMATS)}")
    if course is None:
        _list(url, as_json)
    else:
        _write(url, course, fmt, out)


def _ask(work: Coroutine[Any, Any, T]) -> T:
    """The answer; an unknown course is exit code 1 with what there is, a journal that cannot be read 2."""
    from pumpd.report import ReportError, UnknownCourse

    try:
        return asyncio.run(work)
    except UnknownCourse as error:
        print_lines([f"pumpd: {error}", f"courses: {', '.join(error.known) or 'none'}"], err=True)
        raise typer.Exit(PROBLEMS) from None
    except ReportError as error:
        could_not_run(str(error))


def _write(url: str, course: str, fmt: str, out: Path | None) -> None:
    from pumpd.report.draw import drawn
    from pumpd.report.shapes import Format

    data = _ask(drawn(url, course, Format(fmt)))
    if out is None:
        typer.echo(data, nl=False)
        return
    try:
        out.write_bytes(data)
    except OSError as error:
        could_not_run(f"{out}: {error.strerror}")
    print_lines([f"{out}: {len(data)} bytes"], err=True)


def _list(url: str, as_json: bool) -> None:
    lines = _ask(_courses(url))
    if as_json:
        print_json(msgspec.to_builtins(lines))
        return
    table = new_table("", ("course", "bed", "patient", "opened (UTC)", "closed (UTC)", "by"), ("infusions",))
    for line in lines:
        closed = "still running" if line.closed is None else f"{line.closed:%Y-%m-%d %H:%M}"
        patient = f"{line.name} ({line.mrn})"
        table.add_row(line.id, line.bed, patient, f"{line.opened:%Y-%m-%d %H:%M}", closed, line.by, str(line.infusions))
    print_table(table) if lines else print_lines(["the journal has no course"])


async def _courses(url: str) -> list[CourseLine]:
    from pumpd.report.gather import list_courses, reading

    async with reading(url) as connection:
        return await list_courses(connection)
