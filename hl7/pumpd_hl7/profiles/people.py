"""Who and where: PID and PV1 as values. Pure.

A patient is known by one identifier: the medical record number (CX.5 MR), else the internal one (PI), else one whose
type was left out. Account, visit and social security numbers are no patient's identity; a placeholder is none either.
"""

from __future__ import annotations

from dataclasses import dataclass

from pumpd.safety.events import Patient, Sex
from pumpd_hl7.acks import Problem
from pumpd_hl7.message import Segment
from pumpd_hl7.times import parse_time

REQUIRED, WRONG_TYPE, UNKNOWN_KEY = 101, 102, 204
"""Of table 0357."""
NULL = '""'
IDENTIFIER_MAX, NAME_MAX, PLACE_MAX = 80, 200, 80
_TYPES = ("MR", "PI", "")
_PLACEHOLDERS = frozenset(("unknown patient", "unknown", "null", NULL))
_SEX = {"F": Sex.FEMALE, "M": Sex.MALE, "O": Sex.OTHER, "A": Sex.OTHER, "N": Sex.OTHER}


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing of the message is taken: why, segment and field named."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A patient as a message names one; "" is what it does not say. birth_date: YYYY-MM-DD."""

    mrn: str
    family_name: str = ""
    given_name: str = ""
    birth_date: str = ""
    sex: Sex = Sex.UNKNOWN

    def as_patient(self, known: Patient | None = None, weight_g: int | None = None) -> Patient:
        """For binding. What the message does not say stays as it is known, the weight among it."""
        return Patient(
            self.mrn,
            self.family_name or (known.family_name if known else ""),
            self.given_name or (known.given_name if known and not self.family_name else ""),
            self.birth_date or (known.birth_date if known else ""),
            known.sex if known and self.sex is Sex.UNKNOWN else self.sex,
            weight_g if weight_g is not None else known.weight_g if known else None,
        )


@dataclass(frozen=True, slots=True)
class Location:
    """A PL: point of care, room, bed, facility. All empty: none was said."""

    unit: str = ""
    room: str = ""
    bed: str = ""
    facility: str = ""

    def __bool__(self) -> bool:
        return bool(self.unit or self.room or self.bed)

    @property
    def key(self) -> str:
        """`unit^room^bed` as the ward file writes it."""
        return "^".join((self.unit, self.room, self.bed)).rstrip("^")


def read_person(pid: Segment | None, sequence: int = 1) -> Person | Refused:
    """PID-3, 5, 7 and 8. Without a usable identifier, or with a name that cannot be one: refused."""
    if pid is None:
        return Refused((Problem(100, "no PID: whose is it?", "PID", sequence),))
    mrn = identifier_of(pid, 3)
    if isinstance(mrn, str):
        name = _name(pid)
        if name is not None:
            return Person(mrn, *name, birth_date_of(pid.get(7)), _SEX.get(pid.get(8).strip().upper(), Sex.UNKNOWN))
        return Refused((Problem(WRONG_TYPE, "PID-5 is not a name", "PID", sequence, 5),))
    return Refused((Problem(mrn.code, mrn.text, "PID", sequence, 3),))


def identifier_of(segment: Segment, number: int) -> str | Problem:
    """The patient's identifier in a field of CX; what is wrong where there is none that can be used."""
    where = f"{segment.name}-{number}"
    for kind in _TYPES:
        for repetition in segment.repetitions(number):
            found = segment.delimiters_get(repetition, 1).strip()
            if segment.delimiters_get(repetition, 5).strip().upper() != kind or not found:
                continue
            if found.lower() in _PLACEHOLDERS:
                continue
            if len(found) <= IDENTIFIER_MAX and found.isprintable():
                return found
            return Problem(WRONG_TYPE, f"{where} is not an identifier", segment.name, field=number)
    return Problem(REQUIRED, f"{where} names no patient (an identifier of type MR)", segment.name, field=number)


def birth_date_of(text: str) -> str:
    """PID-7 to the day as YYYY-MM-DD; "" for anything less precise, and for what is no date."""
    if len(text) < 8 or not text.isascii() or not text[:8].isdigit() or parse_time(text) is None:
        return ""
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}"


def location_of(segment: Segment | None, number: int) -> Location:
    """A PL field of PV1; nothing where it is empty, null, or cannot be the name of a place."""
    if segment is None:
        return Location()
    parts = [_plain(segment.get(number, component)) for component in (1, 2, 3, 4)]
    if any(len(part) > PLACE_MAX or not part.isprintable() for part in parts):
        return Location()
    return Location(*("" if part == NULL else part for part in parts))


def _name(pid: Segment) -> tuple[str, str] | None:
    """Family and given name: the legal one, else the first. None: longer than a name, or with control characters."""
    repetitions = pid.repetitions(5)
    legal = next((one for one in repetitions if pid.delimiters_get(one, 7) == "L"), None)
    chosen = legal if legal is not None else repetitions[0] if repetitions else ""
    family, given = (_plain(pid.delimiters_get(chosen, component)) for component in (1, 2))
    if any(len(part) > NAME_MAX or not part.isprintable() for part in (family, given)):
        return None
    return "" if family == NULL else family, "" if given == NULL else given


def _plain(text: str) -> str:
    return " ".join(text.split())
