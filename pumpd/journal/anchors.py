"""Anchors: what of the record was let go, and where what is left of it begins.

Theory of operation. The chain over decisions is one for all beds, so that a part of it can only go from its beginning
on. An anchor says up to which link (with its hash: the chain is checked from there on), and for every bed up to which
step: of that step there is a checkpoint, and all that came later is there, so that the bed can be replayed from it. The
anchor is committed first, as a link of the chain itself; only then the rows go, in small transactions. Whoever kills
that is made good: what an anchor speaks of and is still there goes at the next opportunity. The database removes
nothing else. Anchors are chained among themselves, because the links of old ones go, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec
from msgspec import Struct
from sqlalchemy import func, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.journal.chain import GENESIS
from pumpd.journal.tables import anchored, anchors


class BedCut(Struct, frozen=True):
    """A bed's last step that went, and its kernel time; saved: the number of the checkpoint after it."""

    seq: int
    now_ms: int
    saved: int


class Anchor(Struct, frozen=True):
    """The body of an anchor. link, hash: the last link that went; until_us: nothing younger went.

    before: SHA-256 of the anchor before, "" for the first. days, ward, config: after how many days, and what said so
    (the ward file's SHA-256). beds: by name. rows: how many went, by table.
    """

    number: int
    before: str
    link: int
    hash: str
    until_us: int
    at_us: int
    days: int
    ward: str
    config: str
    beds: Mapping[str, BedCut]
    rows: Mapping[str, int]


NOTHING = Anchor(0, "", 0, GENESIS.hex(), 0, 0, 0, "", "", {}, {})
"""Stands for the anchor of a journal of which nothing was let go."""


def text_of(anchor: Anchor) -> str:
    """What is stored, chained and compared."""
    return msgspec.json.encode(anchor, order="sorted").decode()


def digest_of(text: str) -> str:
    """What the next anchor says of this one."""
    return hashlib.sha256(text.encode()).hexdigest()


def anchor_of(text: str) -> Anchor:
    """Raises msgspec.DecodeError."""
    return msgspec.json.decode(text, type=Anchor)


async def has_anchors(connection: AsyncConnection) -> bool:
    """False for a journal of an older schema, of which nothing was let go."""
    return await connection.run_sync(lambda plain: inspect(plain).has_table(anchors.name))


async def newest(connection: AsyncConnection) -> tuple[Anchor, str]:
    """The newest anchor and its digest ("" if there is none)."""
    query = select(anchors.c.body).order_by(anchors.c.id.desc()).limit(1)
    text = (await connection.execute(query)).scalar()
    return (NOTHING, "") if text is None else (anchor_of(text), digest_of(text))


async def gone_until(connection: AsyncConnection) -> dict[int, tuple[int, int]]:
    """By bed, the last step that went and its kernel time; nothing for a bed of which all is there."""
    mine = anchored.c
    query = select(mine.bed, func.max(mine.seq), func.max(mine.now_ms)).group_by(mine.bed)
    return {bed: (seq, now_ms) for bed, seq, now_ms in await connection.execute(query)}
