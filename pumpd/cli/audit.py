"""`pumpd audit`: who did or saw what. Reads the journal itself, whether or not a daemon writes it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from pumpd.access.audit import AuditQuery, What
from pumpd.cli.common import PROBLEMS, could_not_run, print_json, print_lines, several, ward_or_leave
from pumpd.cli.db import Config, Url, ask

if TYPE_CHECKING:
    from pumpd.access.audit import AuditRow

app = typer.Typer(help="The audit: who did or saw what. Search, export, verify.", no_args_is_help=True)
US_PER_S = 1_000_000

Who = Annotated[str, typer.Option("--who", metavar="ACCOUNT", help="Of this account.")]
Kind = Annotated[What | None, typer.Option("--what", help="Of this kind.")]
Bed = Annotated[str, typer.Option("--bed", metavar="BED", help="About this bed.")]
Text = Annotated[str, typer.Option("--text", metavar="WORDS", help="In account, subject or detail, in any case.")]
Since = Annotated[str, typer.Option("--since", metavar="TIME", help="2026-01-31T08:00; in the ward's zone, else UTC.")]
Until = Annotated[str, typer.Option("--until", metavar="TIME", help="As --since; included.")]


class Form(StrEnum):
    """How the rows are written."""

    NDJSON = "ndjson"
    CSV = "csv"


@app.command()
def verify(journal: Url = None, config: Config = None, as_json: bool = typer.Option(False, "--json")) -> None:
    """Check the chain: no row was changed, removed, put in or moved. Exit code 1 names the first that was."""
    from pumpd.journal import audit_read

    verdict = ask(audit_read.verify, _where(journal, config)[0])
    if as_json:
        print_json({"ok": verdict.problem is None, "rows": verdict.rows, "problem": verdict.problem})
    elif verdict.problem is None:
        print_lines([f"{several(verdict.rows, 'row')}: clean"])
    else:
        print_lines([f"audit {verdict.problem}", f"{several(verdict.rows, 'row')} before it: clean"])
    if verdict.problem is not None:
        raise typer.Exit(PROBLEMS)


@app.command()
def search(
    journal: Url = None,
    config: Config = None,
    who: Who = "",
    what: Kind = None,
    bed: Bed = "",
    text: Text = "",
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="The newest so many.")] = 100,
    before: Annotated[int | None, typer.Option("--before", metavar="ROW", help="Page on: rows before this.")] = None,
    as_json: bool = typer.Option(False, "--json", help="Print one JSON document."),
) -> None:
    """Rows that fit, the newest first."""
    from pumpd.journal import audit_read
    from pumpd.journal.audit_export import as_object

    url, zone = _where(journal, config)
    first_us, last_us = _us(since, zone), _us(until, zone)
    query = AuditQuery(first_us, last_us, who, what, bed, text, before, limit)
    rows = ask(audit_read.search, url, query)
    if as_json:
        print_json([as_object(row) for row in rows])
    else:
        print_lines(_line(row, zone) for row in rows)


@app.command()
def export(
    journal: Url = None,
    config: Config = None,
    form: Annotated[Form, typer.Option("--format", help="Objects, one a line; or a table.")] = Form.NDJSON,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="A new file (mode 0600).")] = None,
    who: Who = "",
    what: Kind = None,
    bed: Bed = "",
    since: Since = "",
    until: Until = "",
) -> None:
    """Everything that fits, the oldest first, a row at a time. The audit notes that it was exported."""
    url, zone = _where(journal, config)
    query = AuditQuery(_us(since, zone), _us(until, zone), who, what, bed)
    stream = sys.stdout if out is None else _new_file(out)
    try:
        count = _written(url, query, form, stream)
    finally:
        if out is not None:
            stream.close()
    ask(_noted, url, form, count, "" if out is None else str(out))
    if out is not None:
        print_lines([f"{out}: {several(count, 'row')}"])


def _written(url: str, query: AuditQuery, form: Form, stream: TextIO) -> int:
    from pumpd.journal import audit_read
    from pumpd.journal.audit_export import FORMATS

    before, line, after = FORMATS[form.value]
    stream.write(before)
    count = ask(audit_read.export, url, query, _writing(stream, line))
    stream.write(after)
    return count


def _writing(stream: TextIO, line: Callable[[AuditRow], str]) -> Callable[[AuditRow], object]:
    return lambda row: stream.write(line(row))


def _noted(url: str, form: Form, count: int, where: str) -> None:
    """That it was exported belongs into the audit, too."""
    import asyncio

    from pumpd.access.audit import AuditEntry
    from pumpd.signin.office import at_the_keyboard, note_one

    detail = f"{several(count, 'row')} as {form.value}" + (f" to {where}" if where else "")
    asyncio.run(note_one(url, AuditEntry(What.EXPORT, at_the_keyboard().account, subject="audit", detail=detail)))


def _where(journal: str | None, config: Path | None) -> tuple[str, tzinfo]:
    """The journal, and the zone in which times are given and shown."""
    from zoneinfo import ZoneInfo

    if (journal is None) == (config is None):
        could_not_run("name the journal: either --journal URL or --config FILE")
    if journal is not None:
        return journal, UTC
    ward = ward_or_leave(config or Path())
    return ward.journal_url, ZoneInfo(ward.timezone)


def _us(text: str, zone: tzinfo) -> int | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        could_not_run(f'expected a time such as "2026-01-31T08:00", found "{text}"')
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return round(moment.timestamp() * US_PER_S)


def _new_file(path: Path) -> TextIO:
    import os

    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline="")
    except OSError as error:
        could_not_run(f"{path}: {error.strerror}")


def _line(row: AuditRow, zone: tzinfo) -> str:
    entry = row.entry
    at = datetime.fromtimestamp(row.at_us / US_PER_S, UTC).astimezone(zone).isoformat(sep=" ", timespec="seconds")
    parts: tuple[Any, ...] = (
        f"{row.seq}",
        at,
        entry.what.value,
        entry.who or "-",
        entry.address,
        entry.subject,
        f"bed {entry.bed}" if entry.bed else "",
        "" if entry.outcome == "ok" else entry.outcome,
        entry.detail,
    )
    return "  ".join(_plain(part) for part in parts if part)


def _plain(text: str) -> str:
    """A terminal is told nothing by what a stranger typed."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
