"""What `pumpd user` and `pumpd token` share: the ward's accounts, opened beside a daemon that may be running."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from pumpd.cli.common import PROBLEMS, could_not_run, print_lines, ward_or_leave

if TYPE_CHECKING:
    from pumpd.access.principal import Denied
    from pumpd.signin.office import Office

T = TypeVar("T")
US_PER_S = 1_000_000

Config = Annotated[Path, typer.Option("--config", metavar="FILE", help="The ward file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def in_office(config: Path, work: Callable[[Office], Coroutine[Any, Any, T]]) -> T:
    """Do it; what cannot be opened or noted is exit code 2."""
    import asyncio

    from pumpd.access.records import StoreUnavailable
    from pumpd.journal import JournalOpenError
    from pumpd.signin.office import NotNoted, open_office

    ward = ward_or_leave(config)

    async def done() -> T:
        async with open_office(ward.access, ward.journal_url, ward.access_folder) as office:
            return await work(office)

    try:
        return asyncio.run(done())
    except (JournalOpenError, StoreUnavailable, NotNoted, OSError, ValueError) as error:
        could_not_run(str(error))


def refused(denied: Denied) -> NoReturn:
    """Every reason on standard error, exit code 1."""
    print_lines((f"pumpd: {reason}" for reason in denied.reasons), err=True)
    raise typer.Exit(PROBLEMS)


def secret(what: str, source: Path | None) -> str:
    """From the first line of a file ("-": standard input), else asked for twice without showing it."""
    if source is None:
        answer: str = typer.prompt(what, hide_input=True, confirmation_prompt=True)
        return answer
    try:
        text = sys.stdin.readline() if str(source) == "-" else source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        could_not_run(f"{source}: {error}")
    return text.splitlines()[0] if text else ""


def day_text(at_us: int | None, never: str = "never") -> str:
    """For a table: UTC, to the minute."""
    if at_us is None:
        return never
    return datetime.fromtimestamp(at_us / US_PER_S, UTC).strftime("%Y-%m-%d %H:%MZ")
