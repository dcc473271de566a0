"""What a commit leaves in `meta` for the next one and for the next run."""

from __future__ import annotations

import hashlib
import sqlite3
import uuid
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import msgspec
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

import pumpd
from pumpd.journal import tables
from pumpd.journal.chain import Head

US_PER_DAY = 86_400_000_000
HEARTBEAT = "heartbeat"
LAST_COMMIT = "commit"
IDENTITY = "identity"
FAILURES = (SQLAlchemyError, sqlite3.Error, OSError)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The row of `meta` that every commit renews."""

    now_ms: int
    boot_id: str
    boot_ms: int
    wall_us: int
    chain_n: int
    chain_hash: str


def stepped(heartbeat: Heartbeat, head: Head) -> Heartbeat:
    """The same moment, another end of the chain."""
    return replace(heartbeat, chain_n=head.n, chain_hash=head.hash.hex())


@dataclass(frozen=True, slots=True)
class Commit:
    """The row that every commit on PostgreSQL renews: which one it was, and the number of the next sample."""

    stamp: str
    sample: int


@cache
def kernel_fingerprint() -> str:
    """sha256 over the sources of the kernel, so that a checkpoint names the code that made it."""
    digest = hashlib.sha256()
    for package in ("clinical", "device", "safety"):
        for file in sorted((Path(pumpd.__file__).parent / package).glob("*.py")):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


async def read_heartbeat(connection: AsyncConnection) -> Heartbeat | None:
    """The last commit's heartbeat, or None in a new journal."""
    text = await _value(connection, HEARTBEAT)
    return None if text is None else msgspec.json.decode(text, type=Heartbeat)


async def read_commit(connection: AsyncConnection) -> Commit | None:
    """The last commit on PostgreSQL; None on SQLite."""
    text = await _value(connection, LAST_COMMIT)
    return None if text is None else msgspec.json.decode(text, type=Commit)


async def next_sample(connection: AsyncConnection) -> int:
    """PostgreSQL has no index over the numbers of samples: it would be a fifth of their size."""
    commit = await read_commit(connection)
    if commit is not None:
        return commit.sample
    return int((await connection.execute(select(func.coalesce(func.max(tables.samples.c.id), 0)))).scalar_one()) + 1


async def last_days(connection: AsyncConnection) -> dict[str, int]:
    """The day of each bed's newest checkpoint."""
    mine, beds = tables.checkpoints.c, tables.beds.c
    query = select(beds.name, func.max(mine.wall_us)).join(tables.beds, beds.id == mine.bed).group_by(beds.name)
    return {bed: wall_us // US_PER_DAY for bed, wall_us in await connection.execute(query)}


async def identify(engine: AsyncEngine) -> str | None:
    """This journal's own name, given to it once; None when it cannot be written down."""
    async with engine.connect() as connection:
        identity = await _value(connection, IDENTITY)
    if identity is not None:
        return identity
    identity = uuid.uuid4().hex
    try:
        async with engine.begin() as connection:
            await connection.execute(tables.meta.insert().values(key=IDENTITY, value=identity))
    except FAILURES:
        return None
    return identity


async def _value(connection: AsyncConnection, key: str) -> str | None:
    return (await connection.execute(select(tables.meta.c.value).where(tables.meta.c.key == key))).scalar()
