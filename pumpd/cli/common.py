"""What every command shares: exit codes, plain lines, JSON. Imports nothing heavy: `--help` must be quick."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rich.table import Table

    from pumpd.config.load import Loaded
    from pumpd.config.model import WardConfig
    from pumpd.config.problems import Problem

GOOD = 0
PROBLEMS = 1
COULD_NOT_RUN = 2


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_json_line(value: Any) -> None:
    """One JSON document on one line: for streams."""
    typer.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def could_not_run(message: str) -> NoReturn:
    """Say why on standard error and leave with exit code 2."""
    typer.echo(f"pumpd: {message}", err=True)
    raise typer.Exit(COULD_NOT_RUN)


def print_lines(lines: Iterable[object], *, err: bool = False) -> None:
    """One line each, never wrapped: editors and scripts read file:line."""
    for line in lines:
        typer.echo(str(line), err=err)


def as_json(problem: Problem) -> dict[str, Any]:
    return {"file": problem.file, "line": problem.line, "key": problem.key, "message": problem.message}


def inspect_or_leave(path: Path) -> Loaded:
    """The ward file with its problems; a file that is not there is exit code 2."""
    from pumpd.config.load import inspect_ward

    if not path.is_file():
        could_not_run(f"there is no file {path}")
    return inspect_ward(path)


def ward_or_leave(path: Path) -> WardConfig:
    """The ward, or every problem on standard error and exit code 1."""
    loaded = inspect_or_leave(path)
    if loaded.ward is None:
        print_lines(loaded.problems, err=True)
        raise typer.Exit(PROBLEMS)
    return loaded.ward


def several(count: int, word: str) -> str:
    """ "1 frame", "2 frames", "2 boxes": words that take an s."""
    return f"{count} {word}" if count == 1 else f"{count} {word}{'es' if word.endswith(('s', 'x')) else 's'}"


def new_table(title: str, columns: Iterable[str], numbers: Iterable[str] = ()) -> Table:
    """An empty table: text columns, then right-aligned ones."""
    from rich import box
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, no_wrap=True)
    for column in numbers:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def print_table(table: Table) -> None:
    """Never cut to the terminal's width: a limit with its digits missing is worse than a long line."""
    from rich.console import Console

    console = Console()
    needed = console.measure(table, options=console.options.update(width=1000)).maximum
    Console(width=max(console.width, needed)).print(table)
