"""Writes segments and messages: values are escaped, fields placed by number, empty ends left out. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pumpd_hl7.message import escape

ENCODING = "^~\\&"
CHARSET = "UNICODE UTF-8"


def cwe(code: int | str, ref: str = "", system: str = "", *alternate: str) -> str:
    """A coded element; trailing empty components are left out."""
    return "^".join(escape(str(part)) for part in (code, ref, system, *alternate)).rstrip("^")


def composite(*components: str) -> str:
    """Components joined, each escaped; trailing empty ones left out."""
    return "^".join(map(escape, components)).rstrip("^")


def segment(name: str, fields: Mapping[int, str]) -> str:
    """A segment of fields by number, each already written (escaped); empty ones at the end are left out."""
    last = max((number for number, text in fields.items() if text), default=0)
    return "|".join([name, *(fields.get(number, "") for number in range(1, last + 1))])


def msh(fields: Mapping[int, str]) -> str:
    """An MSH segment; fields from 3 on."""
    last = max(number for number, text in fields.items() if text)
    return "|".join(["MSH", ENCODING, *(fields.get(number, "") for number in range(3, last + 1))])


def message(*segments: str) -> bytes:
    """The segments as the bytes of one message in UTF-8 (without an MLLP frame), each ended by CR."""
    return "".join(f"{text}\r" for text in segments).encode()
