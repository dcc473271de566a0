"""How the service and its process talk: a length (4 bytes, little-endian), then JSON; an answer begins with a byte."""

from __future__ import annotations

import struct

from msgspec import Struct

LENGTH = struct.Struct("<I")
GOOD, FAILED = b"\0", b"\1"


class First(Struct, frozen=True):
    """The first message. A URL may hold a password, so it is no argument. nice: steps back behind everything else."""

    journal: str
    nice: bool = True


def framed(data: bytes) -> bytes:
    """The message with its length."""
    return LENGTH.pack(len(data)) + data
