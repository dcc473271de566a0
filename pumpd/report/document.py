"""A report as one JSON document: the shapes of pumpd.report.model, field by field. Pure."""

from __future__ import annotations

import msgspec

from pumpd.report.model import CourseReport

_encoder = msgspec.json.Encoder(decimal_format="number")


def document(report: CourseReport) -> bytes:
    """JSON in UTF-8, indented; decimals are numbers, times ISO 8601 in UTC."""
    return msgspec.json.format(_encoder.encode(report), indent=1) + b"\n"
