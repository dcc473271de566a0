"""The ward's database, and whether somebody can sign in."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from pumpd.cli.doctor import server
from pumpd.cli.doctor.finding import Finding, fail, ok, warn
from pumpd.config.model import WardConfig
from pumpd.journal import JournalOpenError, engine, schema, tables
from pumpd.signin.secret import KEY_FILE
from pumpd.signin.setup import SETUP_FILE


def journal_folder(ward: WardConfig) -> Path:
    """Of the journal's file; of a database elsewhere: where the site's secrets are."""
    try:
        path = engine.sqlite_path(engine.parse_url(ward.journal_url))
    except JournalOpenError:
        path = None
    return ward.access_folder if path is None else path.parent


def database(ward: WardConfig) -> Iterator[Finding]:
    """Its schema, and whether it is whole. Nothing is written."""
    try:
        url = engine.parse_url(ward.journal_url)
        path = engine.sqlite_path(url)
        if path is not None and not path.exists():
            yield ok("database", f"{path} is made by the first start")
            return
        newest, accounts = asyncio.run(_looked_at(ward.journal_url))
    except (JournalOpenError, SQLAlchemyError, OSError, ModuleNotFoundError) as error:
        words = str(getattr(error, "orig", None) or error)
        yield fail("database", words, "running? reachable? its user and rights? `pumpd db verify` says more")
        return
    if newest:
        yield ok("database", "the schema is this version's")
    else:
        yield warn(
            "database", "the schema is older", "the next start upgrades it, with a copy before; or pumpd db upgrade"
        )
    if path is not None:
        yield _whole(path)
    yield from server.looked_at(url) if path is None else ()
    yield _accounts(accounts)


async def _looked_at(url: str) -> tuple[bool, int | None]:
    """Whether the schema is the newest, and how many accounts there are (None: there is no such table yet)."""
    opened = engine.make_engine(engine.parse_url(url), reading=True)
    try:
        newest = await schema.is_newest(opened)
        if not newest:
            return False, None
        async with opened.connect() as connection:
            return True, (await connection.execute(select(func.count()).select_from(tables.accounts))).scalar_one()
    finally:
        await opened.dispose()


def _whole(path: Path) -> Finding:
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error as error:
        said = str(error)
    if said == "ok":
        return ok("database", f"{path}: {path.stat().st_size / 1e6:.0f} MB, whole (pumpd db verify checks every link)")
    return fail("database", f"{path}: {said}", "keep a copy of it, then restore the newest backup")


def _accounts(number: int | None) -> Finding:
    if number:
        return ok("sign-in", f"{number} account{'s' if number > 1 else ''}")
    return warn("sign-in", "there is no account: nobody can sign in", "pumpd user add NAME --role admin --config FILE")


def secrets(folder: Path) -> Iterator[Finding]:
    """Files that only the daemon's user may read."""
    for name in (KEY_FILE, SETUP_FILE):
        if (folder / name).exists() and (finding := private("sign-in", folder / name)) is not None:
            yield finding
    if (folder / SETUP_FILE).exists():
        yield warn("sign-in", f"{folder / SETUP_FILE} makes the first account", "make it, and the file goes away")


def private(area: str, file: Path) -> Finding | None:
    """None: nothing is wrong with it."""
    status = os.stat(file)
    if stat.S_IMODE(status.st_mode) & 0o077:
        return fail(
            area, f"{file} can be read by others (mode {stat.S_IMODE(status.st_mode):04o})", f"chmod 600 {file}"
        )
    if not os.access(file, os.R_OK):
        return fail(
            area, f"{file} cannot be read by this user", "sudo chown pumpd: it, or run this as the daemon's user"
        )
    return None
