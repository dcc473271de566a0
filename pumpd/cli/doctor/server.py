"""A journal on PostgreSQL: its version, its size and room, what it is set to, and what we may do there."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import URL, text

from pumpd.cli.doctor.finding import Finding, fail, ok, warn
from pumpd.cli.doctor.machine import LITTLE, TOO_LITTLE
from pumpd.journal import engine, tables

AREA = "database"
OLDEST, TRIED = 130_000, 150_000
"""server_version_num: 13 is the oldest that PostgreSQL's makers keep; 15 is what pumpd is tried with."""
ASKED = text("""SELECT current_setting('server_version_num')::int AS version, current_user AS who,
pg_database_size(current_database()) AS size, pg_is_in_recovery() AS standby,
current_setting('default_transaction_read_only') AS read_only, current_setting('fsync') AS fsync,
current_setting('full_page_writes') AS pages, current_setting('synchronous_commit') AS commits,
pg_encoding_to_char(encoding) AS encoding, has_schema_privilege(current_schema(), 'CREATE') AS creates,
pg_has_role('pg_read_all_settings', 'USAGE') AS asks FROM pg_database WHERE datname = current_database()""")
MAY = text("""SELECT c.relname, has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') AS may
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relispartition""")


def looked_at(url: URL) -> Iterator[Finding]:
    """Nothing is written. Raises as the database's driver does."""
    said, may, folder = asyncio.run(_asked(url))
    yield _version(said["version"])
    yield from _settings(said)
    yield from _rights(said, may)
    yield _room(said["size"], folder)


async def _asked(url: URL) -> tuple[dict[str, Any], dict[str, bool], str | None]:
    opened = engine.make_engine(url, reading=True)
    try:
        async with opened.connect() as connection:
            said = dict((await connection.execute(ASKED)).mappings().one())
            may = {str(name): bool(may) for name, may in await connection.execute(MAY)}
            folder = None
            if said["asks"]:
                folder = (await connection.execute(text("SELECT current_setting('data_directory')"))).scalar()
            return said, may, folder
    finally:
        await opened.dispose()


def _version(number: int) -> Finding:
    said = f"PostgreSQL {number // 10_000}.{number % 10_000}"
    if number < OLDEST:
        return fail(AREA, f"{said} is too old", f"upgrade it: {OLDEST // 10_000} or later")
    if number < TRIED:
        return warn(AREA, f"{said}; pumpd is tried with {TRIED // 10_000}", "plan its upgrade")
    return ok(AREA, said)


def _settings(said: dict[str, Any]) -> Iterator[Finding]:
    if said["standby"]:
        yield fail(AREA, "it is a standby, which takes no records", "name the primary in [journal] url")
    if said["read_only"] == "on":
        yield fail(AREA, "it is set to read only", "default_transaction_read_only = off")
    if said["encoding"] != "UTF8":
        yield fail(
            AREA, f"its encoding is {said['encoding']}", "make the database anew: ENCODING 'UTF8' TEMPLATE template0"
        )
    unsafe = [name for name, key in (("fsync", "fsync"), ("full_page_writes", "pages")) if said[key] == "off"]
    if unsafe:
        todo = "set it on: what was recorded is else not there after a power cut"
        yield fail(AREA, f"{' and '.join(unsafe)} {'are' if len(unsafe) > 1 else 'is'} off", todo)
    if said["commits"] == "off":
        todo = "synchronous_commit = on for this database: acts are else answered before they are durable"
        yield warn(AREA, "synchronous_commit is off", todo)


def _rights(said: dict[str, Any], may: dict[str, bool]) -> Iterator[Finding]:
    ours = tables.metadata.tables.keys() & may.keys()
    refused = sorted(name for name in ours if not may[name])
    who = f'the user "{said["who"]}"'
    if refused:
        yield fail(AREA, f"{who} may not read and write {', '.join(refused)}", "make it the owner of the tables")
    if not said["creates"]:
        yield fail(AREA, f"{who} may make no tables", "GRANT CREATE ON SCHEMA public: each month has its own")
    if not refused and said["creates"]:
        yield ok(AREA, f"{who} may read, write and make tables")


def _room(size: int, folder: str | None) -> Finding:
    said = f"the journal has {size / 1e6:.0f} MB"
    if folder is None or not Path(folder).is_dir():
        return ok(AREA, f"{said}; how much room is left, PostgreSQL does not say: watch that machine's disk")
    free = shutil.disk_usage(folder).free
    said = f"{said}, {free / 1e9:.1f} GB free at {folder}"
    if free < TOO_LITTLE:
        return fail(AREA, said, "make room: with a full disk nothing is recorded")
    return warn(AREA, said, "make room soon") if free < LITTLE else ok(AREA, said)
