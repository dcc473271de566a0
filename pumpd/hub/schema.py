"""The hub's tables in PostgreSQL, as migrations that are run once each, in order. Nothing is ever taken back."""

from __future__ import annotations

from typing import Final

import asyncpg

LOCK: Final = 7_076_757
"""Advisory lock: several hubs may start at once. Any number would do."""

FIRST: Final = """
CREATE TABLE frames (
    site text NOT NULL, ward text NOT NULL, bed text NOT NULL,
    session text NOT NULL, seq bigint NOT NULL,
    at timestamptz NOT NULL, body jsonb NOT NULL,
    PRIMARY KEY (session, seq, bed)
);
CREATE INDEX frames_at ON frames USING brin (at);
CREATE INDEX frames_bed ON frames (site, ward, bed, at);
CREATE TABLE events (
    id text PRIMARY KEY,
    site text NOT NULL, ward text NOT NULL, bed text NOT NULL, seq bigint NOT NULL,
    kind text NOT NULL, at timestamptz NOT NULL, historical boolean NOT NULL, body jsonb NOT NULL
);
CREATE INDEX events_bed ON events (site, ward, bed, at);
CREATE TABLE vitals (
    site text NOT NULL, ward text NOT NULL, bed text NOT NULL, signal text NOT NULL,
    at timestamptz NOT NULL, every_s integer NOT NULL,
    low integer NOT NULL, mean integer NOT NULL, high integer NOT NULL,
    PRIMARY KEY (site, ward, bed, signal, at)
);
"""
SECOND: Final = """
CREATE TABLE hub_heard (hub text PRIMARY KEY, until timestamptz NOT NULL);
"""
MIGRATIONS: Final = (FIRST, SECOND)


class NewerSchema(RuntimeError):
    """A newer hub has been here: this one does not write what it does not understand."""


async def migrate(connection: asyncpg.Connection[asyncpg.Record]) -> int:
    """Bring the database to the newest schema; the number of migrations that were run. Raises NewerSchema."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
        await connection.execute("CREATE TABLE IF NOT EXISTS hub_schema (version integer NOT NULL)")
        found: int = await connection.fetchval("SELECT coalesce(max(version), 0) FROM hub_schema")
        if found > len(MIGRATIONS):
            raise NewerSchema(f"the hub's database has schema {found}; this pumpd knows {len(MIGRATIONS)}")
        for number, statements in enumerate(MIGRATIONS[found:], start=found + 1):
            await connection.execute(statements)
            await connection.execute("INSERT INTO hub_schema VALUES ($1)", number)
    return len(MIGRATIONS) - found
