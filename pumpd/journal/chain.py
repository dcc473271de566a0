"""The hash chain over decisions, alarm transitions and commands. Pure.

Each link is sha256(previous hash + canonical bytes of the row). Without a secret key the chain shows
a changed, removed, inserted or moved row to anyone who knows the head; it cannot show that the whole
chain was recomputed, which only a head noted elsewhere can.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class Head:
    """The last link: its number (0 before the first) and hash."""

    n: int = 0
    hash: bytes = GENESIS


@dataclass(frozen=True, slots=True)
class Link:
    """A row of `decisions` without its number and hash; bed by name, so that no id table can change its meaning."""

    bed: str
    seq: int
    idx: int
    now_ms: int
    wall_us: int
    kind: str
    subject: str
    body: str


def extend(head: Head, link: Link) -> Head:
    """The head after `link`."""
    row = [head.n + 1, link.bed, link.seq, link.idx, link.now_ms, link.wall_us, link.kind, link.subject, link.body]
    return Head(head.n + 1, hashlib.sha256(head.hash + msgspec.json.encode(row)).digest())
