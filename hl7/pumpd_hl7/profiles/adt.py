"""ADT A01 A02 A03 A04 A08 A11 A12 A13 A40: who came, went, moved, was renamed or merged. Pure.

Every other event is `Ignored` and answered positively: it is nothing that a bed must know. Only a message that names
no patient is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pumpd_hl7.message import Message, Segment
from pumpd_hl7.observations import observations
from pumpd_hl7.profiles.amounts import weight_g_of
from pumpd_hl7.profiles.people import Location, Person, Refused, identifier_of, location_of, read_person

OUTPATIENT = "O"


@dataclass(frozen=True, slots=True)
class Admission:
    """A01, A04, A13: the patient is at that place."""

    trigger: str
    person: Person
    at: Location
    weight_g: int | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """A02: PV1-3 is where the patient is now, PV1-6 where from.

    A12 takes a transfer back. The standard has the place to which the patient returns in PV1-3, other senders leave
    PV1-3 as it was and say it in PV1-6: which of the two it is shows where the patient is now.
    """

    trigger: str
    person: Person
    at: Location
    prior: Location
    weight_g: int | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """A03, A11: the patient has left, or never came. outpatient: of a visit that occupies no bed."""

    trigger: str
    person: Person
    at: Location
    outpatient: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """A08: what is known of the patient, told with where the patient is."""

    trigger: str
    person: Person
    at: Location
    weight_g: int | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """A40: each of these people was known by the other identifier too, which is no longer used."""

    trigger: str
    pairs: tuple[tuple[Person, str], ...]


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing for a bed; why, in words."""

    trigger: str
    why: str


Adt = Admission | Transfer | Departure | Update | Merge | Ignored


def read_adt(message: Message) -> Adt | Refused:
    """What an ADT message says."""
    trigger = message.kind[1]
    if trigger == "A40":
        return _merge(message)
    person = read_person(message.first("PID"))
    if isinstance(person, Refused):
        return person
    reader = _READERS.get(trigger)
    if reader is None:
        return Ignored(trigger, f"ADT^{trigger} tells nothing of a bed")
    return reader(message, trigger, person, message.first("PV1"))


def _admission(message: Message, trigger: str, person: Person, pv1: Segment | None) -> Adt:
    at = location_of(pv1, 3)
    return Admission(trigger, person, at, _weight_g(message)) if at else Ignored(trigger, "PV1-3 says no place")


def _transfer(message: Message, trigger: str, person: Person, pv1: Segment | None) -> Adt:
    at, prior = location_of(pv1, 3), location_of(pv1, 6)
    if not at and not (prior and trigger == "A12"):
        return Ignored(trigger, "PV1-3 says no place")
    return Transfer(trigger, person, at, prior, _weight_g(message))


def _departure(message: Message, trigger: str, person: Person, pv1: Segment | None) -> Adt:
    outpatient = pv1 is not None and pv1.get(2).strip().upper() == OUTPATIENT
    return Departure(trigger, person, location_of(pv1, 3), outpatient)


def _update(message: Message, trigger: str, person: Person, pv1: Segment | None) -> Adt:
    at = location_of(pv1, 3)
    return Update(trigger, person, at, _weight_g(message)) if at else Ignored(trigger, "PV1-3 says no place")


_READERS: dict[str, Callable[[Message, str, Person, Segment | None], Adt]] = {
    "A01": _admission,
    "A02": _transfer,
    "A03": _departure,
    "A04": _admission,
    "A08": _update,
    "A11": _departure,
    "A12": _transfer,
    "A13": _admission,
}


def _merge(message: Message) -> Merge | Ignored | Refused:
    pairs: list[tuple[Person, str]] = []
    person: Person | Refused | None = None
    people = 0
    for segment in message.segments:
        if segment.name == "PID":
            people += 1
            person = read_person(segment, people)
            if isinstance(person, Refused):
                return person
        elif segment.name == "MRG" and isinstance(person, Person):
            formerly = identifier_of(segment, 1)
            if isinstance(formerly, str) and formerly != person.mrn:
                pairs.append((person, formerly))
    if person is None:
        return _nobody()
    return Merge("A40", tuple(pairs)) if pairs else Ignored("A40", "MRG-1 names no other identifier")


def _nobody() -> Refused:
    refused = read_person(None)
    assert isinstance(refused, Refused)
    return refused


def _weight_g(message: Message) -> int | None:
    """The weight that an OBX of the message tells; the last one counts."""
    found = [weight_g_of(row) for row in observations(message)]
    return next((weight for weight in reversed(found) if weight is not None), None)
