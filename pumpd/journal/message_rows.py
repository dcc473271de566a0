"""What gateways hand over, as rows of the message tables. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from pumpd.gateways import Outgoing, Received
from pumpd.journal import message_sql as sql
from pumpd.journal.records import MessageRecord, Row

Key = tuple[str, str, str]
LONGEST = 512  # bytes of a part of a key; HL7 has 227 for MSH-3 and 199 for MSH-10
_INT64 = 1 << 63


def text(value: str) -> str:
    """The text as any database can hold it: half characters and NULs are written out. Nothing changes twice."""
    if "\0" in value:
        value = value.replace("\0", "\\x00")
    return value.encode("utf-8", "backslashreplace").decode() if not value.isascii() else value


def stored_key(key: Key) -> Key:
    """The key under which a message is stored. It stays itself if it is made again."""
    application, control_id, sent = key
    return _short(text(application)), _short(text(control_id)), _short(text(sent))


def _short(part: str) -> str:
    """An index takes no text without end (PostgreSQL: a third of a page for all three)."""
    whole = part.encode()
    if len(whole) <= LONGEST:
        return part
    return whole[: LONGEST - 64].decode(errors="ignore") + hashlib.sha256(whole).hexdigest()


def row(*values: Any) -> Row:
    """A row that the database is sure to take: one that it refuses would keep everything behind it waiting.

    Raises ValueError or TypeError.
    """
    return tuple(_storable(value) for value in values)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int):
        if not -_INT64 <= value < _INT64:
            raise ValueError(f"{value} is too large a number")
        return int(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if value is not None:
        raise TypeError(f"{type(value).__name__} has no place in a row")
    return value


def change(*work: tuple[str, Row]) -> MessageRecord:
    """One change: a row for each of the named statements, in this order."""
    return MessageRecord(tuple((name, (one,)) for name, one in work))


def received_row(number: int, message: Received) -> Row:
    """Of `messages_in`."""
    key = stored_key(message.key)
    return row(number, message.peer, *key, message.kind, message.raw, message.answer, message.received_us, "received")


def queued(first: int, messages: Sequence[Outgoing]) -> MessageRecord:
    """Their rows of `messages_out`, numbered from first on, and what has been told by them."""
    rows = tuple(_queued_row(first + place, message) for place, message in enumerate(messages))
    told: dict[tuple[str, str], int] = {}
    for message in messages:
        if message.seq > 0:
            place = message.destination, message.bed
            told[place] = max(message.seq, told.get(place, 0))
    until = tuple(row(*place, seq) for place, seq in told.items())
    return MessageRecord(((sql.QUEUED, rows), (sql.TOLD, until)))


def _queued_row(number: int, message: Outgoing) -> Row:
    if len(message.destination.encode()) + len(message.id.encode(errors="replace")) > 2 * LONGEST:
        raise ValueError("the name of a destination, or a message's id, is too long")
    kept = (message.made_us, message.stale_us, message.bed, message.seq, message.raw)
    rank = 0 if message.urgent else 1
    return row(number, message.destination, message.id, message.kind, rank, *kept, "waiting", 0, 0, "", message.made_us)
