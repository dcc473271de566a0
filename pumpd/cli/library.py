"""`pumpd library`: check, compare, release and retire drug libraries."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pumpd.cli.common import PROBLEMS, as_json, could_not_run, print_json, print_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from pumpd.config.library_checks import Library
    from pumpd.config.library_diff import Change
    from pumpd.config.library_release import Signature
    from pumpd.config.problems import Problem

app = typer.Typer(help="Check, compare, release and retire drug libraries (docs/library.md).", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A drug library.")]
Old = Annotated[Path, typer.Argument(metavar="OLD", help="The drug library before.")]
New = Annotated[Path, typer.Argument(metavar="NEW", help="The drug library after.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it: a person, for a committee.")]
Version = Annotated[str | None, typer.Option("--version", help="The version to release, where the file's is not it.")]
Note = Annotated[str | None, typer.Option("--note", help="Why, in a few words.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

USABLE = {
    "draft": "a draft: no ward may use it until `pumpd library release`",
    "released": "released: a ward may use it",
    "retired": "retired: no ward may use it any more",
}


@app.callback()
def library() -> None:
    """Check, compare, release and retire drug libraries (docs/library.md)."""


@app.command()
def check(file: File, as_json_document: AsJson = False) -> None:
    """Validate a drug library and verify its digest.

    Exit code 0: no problem (a right draft passes, though no ward may use it). 1: problems, one
    `file:line: key: message` each. 2: there is no such file.
    """
    from pumpd.config.library_checks import content_problems, content_warnings, seal_problems

    found = _read(file)
    if isinstance(found, list):
        problems, warnings, meaning = found, [], {}
    else:
        sealed = [] if found.record.status == "draft" else seal_problems(found)
        problems, warnings, meaning = sealed + content_problems(found), content_warnings(found), _meaning(found)
    problems.sort(key=lambda problem: problem.line)
    if as_json_document:
        told = {"problems": [*map(as_json, problems)], "warnings": [*map(as_json, warnings)]}
        print_json({"ok": not problems, **told, **meaning})
    else:
        print_lines(problems)
        if not problems:
            print_lines([f"{file}: {meaning['library']}, {meaning['words']}"])
        print_lines(f"warning: {warning}" for warning in warnings)
    if problems:
        raise typer.Exit(PROBLEMS)


def _meaning(found: Library) -> dict[str, Any]:
    from pumpd.config.library_digest import content_digest

    record = found.record
    return {
        "library": f"{record.id} {record.version}",
        "status": record.status,
        "released_by": record.released_by or None,
        "released_on": record.released_on or None,
        "sha256": record.sha256 or None,
        "content_sha256": content_digest(found.source.raw),
        "words": USABLE[record.status],
    }


@app.command()
def diff(old: Old, new: New, as_json_document: AsJson = False) -> None:
    """Show what changed, limit by limit; what permits more than before is marked RAISED.

    Exit code 0: nothing permits more. 1: something does, or a file has problems. 2: there is no such file.
    """
    from pumpd.config.library_diff import differences

    changes = differences(_read_or_leave(old).record, _read_or_leave(new).record)
    raised = sum(change.raised for change in changes)
    if as_json_document:
        print_json({"raised": raised, "changes": [_change_json(change) for change in changes]})
    else:
        print_lines(changes or ["no difference"])
        print_lines([f"{raised} raised"] if raised else [])
    if raised:
        raise typer.Exit(PROBLEMS)


def _change_json(change: Change) -> dict[str, Any]:
    about = {"about": change.about, "key": change.key}
    return {**about, "old": change.old, "new": change.new, "raised": change.raised}


@app.command()
def release(file: File, by: By, version: Version = None, note: Note = None) -> None:
    """Release a library: check it, write who, when and the digest into it. Everything else in it stays as it is.

    Exit code 0: released. 1: problems, and the file is as it was. 2: no name, no such file, or it
    cannot be written.
    """
    from pumpd.config.library_release import release

    _rewrite(file, release, _signature(by, version, note))


@app.command()
def retire(file: File, by: By, note: Note = None) -> None:
    """Retire a released library: no ward may use it any more.

    Exit code 0: retired. 1: problems, and the file is as it was. 2: no name, no such file, or it
    cannot be written.
    """
    from pumpd.config.library_release import retire

    _rewrite(file, retire, _signature(by, None, note))


def _signature(by: str, version: str | None, note: str | None) -> Signature:
    from pumpd.config.library_release import Signature

    try:
        return Signature(by, datetime.now().astimezone().date().isoformat(), version, note)
    except ValueError as error:
        could_not_run(str(error))


def _rewrite(file: Path, change: Callable[[Library, Signature], str | list[Problem]], signature: Signature) -> None:
    from pumpd.config.library_release import write_in_place

    text = change(_read_or_leave(file), signature)
    if isinstance(text, list):
        print_lines(text)
        raise typer.Exit(PROBLEMS)
    try:
        write_in_place(file, text)
    except OSError as error:
        could_not_run(f"{file}: {error.strerror or error}")
    record = _read_or_leave(file).record
    print_lines([f"{file}: {record.id} {record.version} {record.status} by {signature.by.strip()}, {signature.on}"])
    print_lines([f"sha256 {record.sha256}"])


def _read(file: Path) -> Library | list[Problem]:
    from pumpd.config.library_release import read_library

    if not file.is_file():
        could_not_run(f"there is no file {file}")
    return read_library(file)


def _read_or_leave(file: Path) -> Library:
    found = _read(file)
    if isinstance(found, list):
        print_lines(found)
        raise typer.Exit(PROBLEMS)
    return found
