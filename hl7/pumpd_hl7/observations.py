"""OBX segments as typed observations: code, unit, path, value, status, time, device. Pure.

What is not a value is never a number: an observation without one says why. Nothing is dropped: codes and units that no
table knows are kept as they were said, and whoever reads them counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from pumpd_hl7.codes import Code, Unit, code_of, unit_of
from pumpd_hl7.message import Delimiters, Message, unescape

NO_VALUE = frozenset(("INV", "NAV", "BUSY", "NI", "NA", "OFF", "MSK", "NAN", "PINF", "NINF", "OTH", "QUES"))
"""Flags of OBX-8 that take the value away. QUES is asked for apart: a value that is questionable is still one."""
_NO_NUMBER = frozenset(("NAN", "INF", "+INF", "-INF", "NAV", "INV", "NA", "PINF", "NINF", '""'))
NOT_REAL = frozenset(("TEST", "DEMO", "CAL"))

Path = tuple[int, ...]


class Observation(Struct, frozen=True, gc=False):
    """One OBX. path: OBX-4 as numbers (() where it is none). number: the value of an NM that is one.

    missing: why there is no value ("" where there is one). device: the EI of OBX-18 as it stood. line: the whole
    segment as it stood; index: its place among the message's segments.
    """

    index: int
    kind: str
    code: Code
    path: Path
    value: str
    number: Decimal | None
    unit: Unit | None
    limits: str
    flags: tuple[str, ...]
    status: str
    time: str
    device: str
    missing: str
    line: str

    @property
    def is_device(self) -> bool:
        """A row that names a device or a part of one: of no type (OBX-2), unlike a value that is not there."""
        return self.status == "X" and not self.value and not self.kind

    @property
    def questionable(self) -> bool:
        return "QUES" in self.flags

    @property
    def is_real(self) -> bool:
        """Not a test, a demonstration or a calibration."""
        return NOT_REAL.isdisjoint(self.flags)


_TAKES_AWAY = NO_VALUE - {"QUES"}


def observations(message: Message, start: int = 0, end: int | None = None) -> list[Observation]:
    """Every OBX among the message's lines from start to before end, in order."""
    delimiters, found = message.delimiters, []
    seen = _seen(delimiters)
    lines = message.lines if start == 0 and end is None else message.lines[start:end]
    for index, line in enumerate(lines, start):
        if not line.startswith("OBX"):
            continue
        one = seen.get(line)
        if one is None or one.index != index:
            one = _observation(index, line, line.split(delimiters.field), delimiters)
            _remember(seen, line, one)
        found.append(one)
    return found


_REMEMBERED, _LONGEST = 4096, 400


@lru_cache(maxsize=8)
def _seen(delimiters: Delimiters) -> dict[str, Observation]:
    """Rows that were read before: most of a device's rows are the same in every message that it sends."""
    return {}


def _remember(seen: dict[str, Observation], line: str, one: Observation) -> None:
    if len(line) <= _LONGEST:
        if len(seen) >= _REMEMBERED:
            seen.clear()
        seen[line] = one


def groups(message: Message, first: str = "OBR") -> Iterator[tuple[int, int]]:
    """The (start, end) of each run of lines that begins with a segment of that name."""
    begin: int | None = None
    for index, line in enumerate(message.lines):
        if line.startswith(first):
            if begin is not None:
                yield begin, index
            begin = index
    if begin is not None:
        yield begin, len(message.lines)


def _observation(index: int, line: str, fields: list[str], delimiters: Delimiters) -> Observation:
    count = len(fields)
    if count < 19:
        fields += _EMPTY[count:]
    kind, raw, component = fields[2], fields[5], delimiters.component
    number = decimal_of(raw) if kind in ("NM", "SN") else None
    flags = _flags(fields[8], delimiters.repetition) if fields[8] else ()
    value = unescape(raw, delimiters) if delimiters.escape and delimiters.escape in raw else raw
    missing = "" if (number is not None or (raw and kind != "NM")) and not flags else _missing(kind, raw, number, flags)
    return Observation(
        index,
        kind,
        code_of(fields[3], component),
        path_of(fields[4]),
        value,
        None if missing else number,
        unit_of(fields[6], component) if fields[6] else None,
        fields[7],
        flags,
        fields[11],
        fields[14],
        fields[18],
        missing,
        line,
    )


_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,12}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})")
_EMPTY = [""] * 19


def _missing(kind: str, raw: str, number: Decimal | None, flags: tuple[str, ...]) -> str:
    for flag in flags:
        if flag in _TAKES_AWAY:
            return flag
    if not raw or raw == '""':
        return "empty"
    if kind == "NM" and number is None:
        return raw.upper() if raw.upper() in _NO_NUMBER else "not a number"
    return ""


@lru_cache(maxsize=256)
def _flags(raw: str, repetition: str) -> tuple[str, ...]:
    return tuple(raw.split(repetition)) if repetition else (raw,)


@lru_cache(maxsize=4096)
def path_of(text: str) -> Path:
    """OBX-4 `MDS.VMD.CHAN.METRIC[.FACET[.SUB]]` as numbers; () for anything else."""
    parts = text.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        return ()
    return tuple(map(int, parts))


@lru_cache(maxsize=8192)  # a ward says the same numbers again and again
def decimal_of(text: str) -> Decimal | None:
    """An NM as it is written, zeros kept; None for NaN, infinities, words and what is too long to be a measurement."""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None
