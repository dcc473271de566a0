"""The audit as others read it: lines of JSON, a table for spreadsheets. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from pumpd.access.audit import AuditRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIELDS = ("seq", "at", "what", "who", "roles", "session", "address", "subject", "bed", "patient", "outcome", "detail")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins like this is run by a spreadsheet; what a stranger typed as a name must not be."""


def at_text(at_us: int) -> str:
    """To the microsecond, UTC."""
    return (EPOCH + timedelta(microseconds=at_us)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def as_object(row: AuditRow) -> dict[str, Any]:
    """By FIELDS."""
    entry = row.entry
    return {
        "seq": row.seq,
        "at": at_text(row.at_us),
        "what": entry.what.value,
        "who": entry.who,
        "roles": list(entry.roles),
        "session": entry.session,
        "address": entry.address,
        "subject": entry.subject,
        "bed": entry.bed,
        "patient": entry.patient,
        "outcome": entry.outcome,
        "detail": entry.detail,
    }


def ndjson(row: AuditRow) -> str:
    """One object on one line."""
    return json.dumps(as_object(row), ensure_ascii=False, separators=(",", ":")) + "\n"


def csv_line(row: AuditRow) -> str:
    """RFC 4180. A text that a spreadsheet would run has an apostrophe before it."""
    found = as_object(row) | {"roles": " ".join(row.entry.roles)}
    return _csv(tuple(_harmless(found[name]) for name in FIELDS))


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _csv(values: tuple[Any, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()


FORMATS: dict[str, tuple[str, Callable[[AuditRow], str], str]] = {
    "ndjson": ("", ndjson, ""),
    "csv": (_csv(FIELDS), csv_line, ""),
}
"""By name: what stands before the rows, a row, what stands after them."""
