"""What the codes of observations and units mean: the tables in data/, read once. Pure but for that reading.

The 32-bit code is the key. The REFID is a second key only, for senders that write code 0 or none: they spell it with
and without `_DEV_`, and some put the MDC triplet into the alternate place. What no table knows is kept as it was said.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

MDC = "MDC"


@dataclass(frozen=True, slots=True)
class Code:
    """A coded thing. number 0: not known to our table nor said. text: the field as it stood. signal: of pumpd.device.

    known False: the table has no row; ref is then what the sender wrote.
    """

    number: int
    ref: str
    kind: str = ""
    signal: str = ""
    known: bool = True
    text: str = ""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measurement; ucum is its spelling there ("" where unknown)."""

    number: int
    ref: str
    ucum: str = ""
    known: bool = True
    text: str = ""


def _table(name: str) -> dict[int, dict[str, Any]]:
    text = files(__package__).joinpath("data", name).read_text(encoding="utf-8")
    return {int(number): row for number, row in tomllib.loads(text).items()}


@cache
def codes() -> Mapping[int, Code]:
    """Every code by number; the old numbers of facets stand for the present ones."""
    found: dict[int, Code] = {}
    for number, row in _table("codes.toml").items():
        code = Code(number, row["ref"], row["kind"], row.get("signal", ""))
        found[number] = code
        if "old" in row:
            found[row["old"]] = code
    return found


@cache
def units() -> Mapping[int, Unit]:
    """Every unit by number."""
    return {number: Unit(number, row["ref"], row["ucum"]) for number, row in _table("units.toml").items()}


def _plain(ref: str) -> str:
    return ref.replace("_DEV_", "_")


@cache
def _codes_by_ref() -> Mapping[str, Code]:
    found: dict[str, Code] = {}
    for number, row in _table("codes.toml").items():
        for ref in (row["ref"], *row.get("aliases", ())):
            found[_plain(ref)] = codes()[number]
    return found


@cache
def _units_by_name() -> Mapping[str, Unit]:
    rows = units().values()
    return {unit.ref: unit for unit in rows} | {unit.ucum: unit for unit in rows}


@lru_cache(maxsize=4096)
def code_of(field: str, component: str = "^") -> Code:
    """The code of a CWE field: its MDC triplet, wherever of the two places it stands; else what is said there."""
    parts = field.split(component)
    first, second = parts[:3], parts[3:6]
    triplet = second if second[2:] == [MDC] and first[2:] != [MDC] else first
    number, ref = _number(triplet[0]), triplet[1] if len(triplet) > 1 else ""
    found = codes().get(number) or _codes_by_ref().get(_plain(ref))
    if found is None:
        return Code(number, ref or triplet[0], known=False, text=field)
    return Code(found.number, found.ref, found.kind, found.signal, text=field)


@lru_cache(maxsize=1024)
def unit_of(field: str, component: str = "^") -> Unit | None:
    """The unit of a CWE field by code, REFID or UCUM spelling; None for an empty one."""
    if not field:
        return None
    parts = [*field.split(component), "", "", "", "", ""]
    for number in (_number(parts[0]), _number(parts[3])):
        if number in units():
            unit = units()[number]
            return Unit(unit.number, unit.ref, unit.ucum, text=field)
    for name in parts[:5]:
        if name and name in _units_by_name():
            unit = _units_by_name()[name]
            return Unit(unit.number, unit.ref, unit.ucum, text=field)
    return Unit(_number(parts[0]), parts[1] or parts[0], known=False, text=field)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
