"""Orders in, RDE^O11, OMP^O09 and ORM^O01: which drug, dose and rate somebody ordered. Pure.

They are for comparing with what a pump reports, by people; nothing is ever programmed from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from pumpd_hl7.acks import Problem
from pumpd_hl7.codes import Unit, unit_of
from pumpd_hl7.message import Message, Segment
from pumpd_hl7.observations import decimal_of
from pumpd_hl7.profiles.amounts import in_units, whole
from pumpd_hl7.profiles.people import REQUIRED, WRONG_TYPE, Person, Refused, read_person

TEXT_MAX = 200
_UL_H = {"mL/h": Fraction(1000)}
_FIELDS = {"RXE": (2, 3, 5, 23, 24), "RXO": (1, 2, 4, 21, 22)}
"""Drug, least amount, its units, rate, its units."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as it was ordered. unit None: none was said; one that no table knows has known False."""

    number: Decimal
    unit: Unit | None

    @property
    def rate_ul_h(self) -> int | None:
        """As a rate of volume; None in any other unit."""
        return whole(in_units(self.number, self.unit, _UL_H))


@dataclass(frozen=True, slots=True)
class Order:
    """placer, filler: its identifiers (ORC-2, ORC-3). control: ORC-1 (NW, CA, DC, XO ...). drug: names, best first."""

    person: Person
    placer: str
    filler: str
    control: str
    drug: tuple[str, ...]
    dose: Quantity | None
    rate: Quantity | None


def read_orders(message: Message) -> tuple[Order, ...] | Refused:
    """Every order of a drug in the message, in order."""
    person = read_person(message.first("PID"))
    if isinstance(person, Refused):
        return person
    orders: list[Order] = []
    orc: Segment | None = None
    counts: dict[str, int] = {}
    for segment in message.segments:
        counts[segment.name] = counts.get(segment.name, 0) + 1
        if segment.name == "ORC":
            orc = segment
        elif segment.name in _FIELDS:
            found = _order(person, orc, segment, counts[segment.name])
            if isinstance(found, Problem):
                return Refused((found,))
            orders.append(found)
    return tuple(orders) or Refused((Problem(REQUIRED, "no order of a drug: neither RXE nor RXO", "ORC"),))


def identifier(segment: Segment | None, number: int) -> str:
    """An EI, whole; "" where there is none, or where it cannot be one."""
    text = "" if segment is None else segment.raw(number).strip()
    return text if len(text) <= TEXT_MAX and text.isprintable() and text != '""' and text.strip("^&~ ") else ""


def drug_names(segment: Segment, number: int) -> tuple[str, ...]:
    """What a drug is called in a CWE: its texts, then its codes; nothing that cannot be a name."""
    parts = [" ".join(segment.get(number, component).split()) for component in (2, 5, 9, 1, 4)]
    return tuple(dict.fromkeys(part for part in parts if part and len(part) <= TEXT_MAX and part.isprintable()))


def _order(person: Person, orc: Segment | None, drug: Segment, sequence: int) -> Order | Problem:
    placer, filler = identifier(orc, 2), identifier(orc, 3)
    if not placer and not filler:
        return Problem(REQUIRED, "neither ORC-2 nor ORC-3 identifies the order", "ORC", 1, 2)
    name, least, units, rate, rate_units = _FIELDS[drug.name]
    names = drug_names(drug, name)
    if not names:
        return Problem(REQUIRED, f"{drug.name}-{name} names no drug", drug.name, sequence, name)
    amounts: list[Quantity | None] = []
    for number, unit in ((least, units), (rate, rate_units)):
        found = quantity(drug, number, unit)
        if isinstance(found, Problem):
            return found
        amounts.append(found)
    assert orc is not None
    return Order(person, placer, filler, orc.get(1)[:10], names, amounts[0], amounts[1])


def quantity(segment: Segment, number: int, unit: int) -> Quantity | Problem | None:
    """A number with its unit of another field; None for an empty one."""
    text = segment.raw(number).strip()
    if not text or text == '""':
        return None
    found = decimal_of(text)
    if found is None or found < 0:
        return Problem(WRONG_TYPE, f"{segment.name}-{number} is not a number", segment.name, 1, number)
    return Quantity(found, unit_of(segment.raw(unit), segment.delimiters.component))
