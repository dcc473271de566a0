"""`pumpd db`: the journal's database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from pumpd.cli.common import PROBLEMS, could_not_run, print_json, print_lines, ward_or_leave

if TYPE_CHECKING:
    from pumpd.journal.anchors import Anchor
    from pumpd.journal.verify import ByWhom, VerifyReport

app = typer.Typer(help="The journal's database: upgrade, backup, restore, verify.", no_args_is_help=True)

Url = Annotated[str | None, typer.Option("--journal", metavar="URL", help="The journal, sqlite+aiosqlite:///FILE or …")]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="The ward file that names the journal.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

T = TypeVar("T")


def journal_url(url: str | None, config: Path | None) -> str:
    """The journal as given, or as the ward file names it; exactly one of the two."""
    if (url is None) == (config is None):
        could_not_run("name the journal: either --journal URL or --config FILE")
    return url if url is not None else ward_or_leave(config or Path()).journal_url


def ask(work: Callable[..., T], *args: Any) -> T:
    """The journal's answer; a journal that cannot be opened is exit code 2."""
    from pumpd.journal import JournalOpenError

    try:
        return work(*args)
    except JournalOpenError as error:
        could_not_run(str(error))


@app.command()
def upgrade(
    journal: Url = None,
    config: Config = None,
    no_backup: Annotated[bool, typer.Option("--no-backup", help="Make no copy of an older one first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create the database, or bring its schema up to date; an older one is copied first."""
    from pumpd.journal import ops

    report = ask(partial(ops.upgrade, backup=not no_backup), journal_url(journal, config))
    if as_json:
        print_json(asdict(report))
        return
    copied = f"; the old one was copied to {report.copy}" if report.copy else ""
    state = "is up to date" if report.before == report.after else f"upgraded from {report.before or 'nothing'}{copied}"
    print_lines([f"schema {report.after}: {state}"])


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="The copy; must not exist yet.")],
    journal: Url = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Copy the journal while the daemon may be running, and verify it. PostgreSQL: with pg_dump."""
    from pumpd.journal import ops

    report = ask(ops.backup, journal_url(journal, config), target)
    if as_json:
        print_json(asdict(report))
    else:
        found = "verified" if report.verified.ok else "NOT CLEAN"
        print_lines([f"{report.target}: {report.size} bytes, {report.verified.links} links of the chain, {found}"])
        print_lines(f"{p.table} {p.row}: {p.message}" for p in report.verified.problems)
    if not report.verified.ok:
        raise typer.Exit(PROBLEMS)


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="What `pumpd db backup` has made.")],
    journal: Url = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a journal of a backup, where there is none yet, and verify it."""
    from pumpd.journal import ops

    _tell(ask(ops.restore, journal_url(journal, config), source), as_json)


@app.command()
def verify(journal: Url = None, config: Config = None, as_json: AsJson = False) -> None:
    """Check the hash chain over decisions, alarms and commands, and the tables that repeat it."""
    from pumpd.journal import ops

    _tell(ask(ops.verify, journal_url(journal, config)), as_json)


def _tell(report: VerifyReport, as_json: bool) -> None:
    if as_json:
        print_json({"ok": report.ok, **asdict(report)})
    else:
        print_lines(f"{p.table} {p.row}: {p.message}" for p in report.problems)
        if len(report.judged) > 1:
            print_lines(map(by_whom_line, report.judged))
        if report.anchors:
            print_lines([gone_line(report.anchors[-1])])
        print_lines([f"{report.links} links, head {report.head}: {'clean' if report.ok else 'NOT CLEAN'}"])
    if not report.ok:
        raise typer.Exit(PROBLEMS)


def gone_line(last: Anchor) -> str:
    """What is not there any more, and by whose wish."""
    from pumpd.journal.rows import from_micros

    at, until = (from_micros(us).date().isoformat() for us in (last.at_us, last.until_us))
    rows = ", ".join(f"{count} {table}" for table, count in last.rows.items())
    by = f"record_days = {last.days} of ward {last.ward or 'unnamed'} (file {last.config[:12] or 'not noted'})"
    return (
        f"links 1 to {last.link}, until {until}, were let go (anchor {last.number}) on {at} by {by}: {rows}; "
        "the chain is checked from there on"
    )


def by_whom_line(one: ByWhom) -> str:
    """Which software decided which links of the chain."""
    kernel = f"kernel {one.kernel[:12]}" if one.kernel else "kernel not noted"
    return f"links {one.first_link} to {one.last_link} were decided by pumpd {one.software}, {kernel}"
