"""Are the anchors what was written, and is what they speak of in the chain?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from pumpd.journal.anchors import NOTHING, Anchor, anchor_of, digest_of, has_anchors
from pumpd.journal.rows import ANCHOR
from pumpd.journal.tables import anchored, anchors, beds, decisions

Found = tuple[str, str, str]
"""Table, row, what is wrong."""


class Stored(Struct, frozen=True):
    """A row of `anchors`. anchor None: its body cannot be read."""

    number: int
    link: int
    hash: bytes
    at_us: int
    body: str
    anchor: Anchor | None

    @property
    def wrong(self) -> str | None:
        """What its columns say that its body does not."""
        it = self.anchor
        if it is None:
            return "cannot be read"
        said = (it.number, it.link, it.hash, it.at_us)
        return None if said == (self.number, self.link, self.hash.hex(), self.at_us) else "differs from its own body"


async def read(connection: AsyncConnection) -> list[Stored]:
    """All of them, oldest first; none in a journal of a schema without them."""
    if not await has_anchors(connection):
        return []
    rows = await connection.execute(select(anchors).order_by(anchors.c.id))
    return [Stored(row.id, row.link, bytes(row.hash), row.at_us, row.body, _anchor_or_none(row.body)) for row in rows]


def _anchor_or_none(text: str) -> Anchor | None:
    try:
        return anchor_of(text)
    except msgspec.DecodeError:
        return None


async def verify_anchors(connection: AsyncConnection, stored: list[Stored]) -> list[Found]:
    """What is wrong with them. The chain itself is checked from the newest one on, by whoever asks."""
    if not stored:
        return await _strangers(connection, {})
    bodies = {str(one.number): one for one in stored}
    return [*_rows(stored), *await _strangers(connection, bodies), *await _beds(connection, stored)]


def _rows(stored: list[Stored]) -> Iterator[Found]:
    """Each follows the one before, and says what its columns say."""
    before, link = "", NOTHING.link
    for number, one in enumerate(stored, 1):
        wrong = one.wrong
        if wrong is None and one.anchor is not None:
            follows = (one.number, one.anchor.before) == (number, before) and one.link >= link
            wrong = None if follows else "does not follow the anchor before it"
        if wrong:
            yield anchors.name, str(one.number), wrong
        before, link = digest_of(one.body), one.link


async def _strangers(connection: AsyncConnection, stored: Mapping[str, Stored]) -> list[Found]:
    """Links without their anchor, and the newest anchor without its link; the links of older ones may be gone."""
    mine = decisions.c
    rows = await connection.execute(select(mine.n, mine.subject, mine.body).where(mine.kind == ANCHOR))
    linked = {row.subject: row for row in rows}
    found = [
        (anchors.name, number, f"differs from link {row.n} of the chain, or is missing")
        for number, row in linked.items()
        if number not in stored or stored[number].body != row.body
    ]
    newest = max(stored, key=int, default=None)
    if newest is not None and newest not in linked:
        found.append((anchors.name, newest, "is not in the chain"))
    return found


async def _beds(connection: AsyncConnection, stored: list[Stored]) -> list[Found]:
    """`anchored` says what the anchors' bodies say."""
    names = dict((await connection.execute(select(beds.c.id, beds.c.name))).all())
    rows = await connection.execute(select(anchored))
    there: set[tuple[Any, ...]] = {(names.get(row.bed), row.anchor, row.seq, row.now_ms) for row in rows}
    said = {
        (bed, one.number, cut.seq, cut.now_ms) for one in stored if one.anchor for bed, cut in one.anchor.beds.items()
    }
    return [
        (anchored.name, f"{bed} {number}", "differs from its anchor")
        for bed, number, *_ in sorted(there ^ said, key=str)
    ]
