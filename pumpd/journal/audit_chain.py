"""The audit's own hash chain, and its entries as rows. Pure.

Each row's hash is sha256(the hash before + canonical bytes of the row): a changed, removed, inserted or moved row is
found by who knows the head, which stands in `meta`. That somebody with write access has made the whole chain anew,
with its head, is found only by comparing with a head that was noted elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from pumpd.access.audit import AuditEntry, AuditRow, What
from pumpd.journal.message_rows import text

GENESIS = bytes(32)
LONGEST = 500
"""Characters of each text: what a stranger types as an account's name is kept, but not without end."""

Columns = tuple[int, int, str, str, str, str, str, str, str | None, str | None, str, str]


def columns(seq: int, at_us: int, entry: AuditEntry) -> Columns:
    """The entry as its row, without the hash; in the order of the table."""
    return (
        seq,
        at_us,
        entry.what.value,
        _kept(entry.who),
        _kept(" ".join(entry.roles)),
        _kept(entry.session),
        _kept(entry.address),
        _kept(entry.subject),
        None if entry.bed is None else _kept(entry.bed),
        None if entry.patient is None else _kept(entry.patient),
        _kept(entry.outcome),
        _kept(entry.detail),
    )


def link(before: bytes, row: Sequence[Any]) -> bytes:
    """The hash of a row that follows."""
    return hashlib.sha256(before + msgspec.json.encode(list(row))).digest()


def entry_of(row: Any) -> AuditRow:
    """A row as a value."""
    entry = AuditEntry(
        What(row.what),
        row.who,
        tuple(row.roles.split()),
        row.session,
        row.address,
        row.subject,
        row.bed,
        row.patient,
        row.outcome,
        row.detail,
    )
    return AuditRow(row.seq, row.at_us, entry)


def _kept(value: str) -> str:
    """As any database can hold it."""
    return text(value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…")
