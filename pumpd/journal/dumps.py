"""PostgreSQL's own tools: a consistent copy of a database in use, and a database made of one."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.engine import URL

from pumpd.journal.records import JournalOpenError

PACKAGE = "install PostgreSQL's client programs (Debian: postgresql-client)"


async def dump(url: URL, target: Path) -> None:
    """A dump in pg_dump's custom format; the database may be in use. Raises JournalOpenError; then no file is left."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        await _run("pg_dump", ["--format=custom", "--no-owner", f"--file={unfinished}", *_place(url)], url)
        await _run("pg_restore", ["--list", str(unfinished)], url)  # it can be read
        await asyncio.to_thread(_settle, unfinished, target)
    except OSError as error:
        raise JournalOpenError(f"backup {target}: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


async def load(url: URL, source: Path) -> None:
    """Fill an empty database, wholly or not at all. Raises JournalOpenError."""
    options = ["--no-owner", "--exit-on-error", "--single-transaction"]
    await _run("pg_restore", [*options, *_place(url), str(source)], url)


def _place(url: URL) -> list[str]:
    host = url.host or url.query.get("host")
    port = url.port or url.query.get("port")
    found = {"--host": host, "--port": port, "--username": url.username, "--dbname": url.database}
    return ["--no-password", *(f"{name}={value}" for name, value in found.items() if value)]


async def _run(program: str, arguments: Sequence[str], url: URL) -> None:
    if shutil.which(program) is None:
        raise JournalOpenError(f"{program} was not found: {PACKAGE}")
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **password, "LC_ALL": "C"},
    )
    _, said = await process.communicate()
    if process.returncode:
        last = said.decode(errors="replace").strip().splitlines()
        raise JournalOpenError(f"{program} failed: {last[0] if last else f'exit code {process.returncode}'}")


def _settle(unfinished: Path, target: Path) -> None:
    descriptor = os.open(unfinished, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    unfinished.rename(target)
