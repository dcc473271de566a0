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
from pumpd_hl7.times import parse_time

TEXT_MAX = 200
_UL_H = {"mL/h": Fraction(1000)}
_FIELDS = {"RXE": (2, 3, 5, 23, 24, 22, 25, 26, 33, 34), "RXO": (1, 2, 4, 21, 22, 20, 18, 19, 26, 27)}
"""Drug; least amount, its units; rate, its units; the time in which it is given; strength, its units; the volume that
holds it, its units."""
ENDS = frozenset(("CA", "DC", "OC", "OD", "CR", "DR"))
"""ORC-1 (table 0119): cancelled, discontinued; asked for, told of, done."""
_EXACT = 12
"""Digits of a time to the minute: an end that is less precise is none."""


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
    """placer, filler: its identifiers (ORC-2, ORC-3). control: ORC-1 (NW, CA, DC, XO ...). drug: names, best first.

    per: the time in which the dose is given ("H1"). strength in volume: None where not said. route: RXR-1.
    starts_us, ends_us: TQ1-7 and -8, else ORC-7.4 and .5.
    """

    person: Person
    placer: str
    filler: str
    control: str
    drug: tuple[str, ...]
    dose: Quantity | None
    rate: Quantity | None
    per: str = ""
    strength: Quantity | None = None
    volume: Quantity | None = None
    route: str = ""
    starts_us: int | None = None
    ends_us: int | None = None


def read_orders(message: Message, offset_min: int = 0) -> tuple[Order, ...] | Refused:
    """Every order of a drug in the message, in order; one that ends need not say its drug."""
    person = read_person(message.first("PID"))
    if isinstance(person, Refused):
        return person
    orders: list[Order] = []
    counts: dict[str, int] = {}
    for group in _groups(message):
        drugs: list[Segment | None] = [segment for segment in group if segment.name in _FIELDS]
        for drug in drugs or [None]:
            if drug is not None:
                counts[drug.name] = counts.get(drug.name, 0) + 1
            found = _order(person, group, drug, 1 if drug is None else counts[drug.name], offset_min)
            if isinstance(found, Problem):
                return Refused((found,))
            if found is not None:
                orders.append(found)
    return tuple(orders) or Refused((Problem(REQUIRED, "no order of a drug: neither RXE nor RXO", "ORC"),))


def _groups(message: Message) -> list[list[Segment]]:
    """An ORC with what follows it; what stands before the first one, where it is about a drug."""
    groups: list[list[Segment]] = []
    for segment in message.segments:
        if segment.name == "ORC" or (segment.name in _FIELDS and not groups):
            groups.append([])
        if groups:
            groups[-1].append(segment)
    return groups


def identifier(segment: Segment | None, number: int) -> str:
    """An EI, whole; "" where there is none, or where it cannot be one."""
    text = "" if segment is None else segment.raw(number).strip()
    return text if len(text) <= TEXT_MAX and text.isprintable() and text != '""' and text.strip("^&~ ") else ""


def drug_names(segment: Segment, number: int) -> tuple[str, ...]:
    """What a drug is called in a CWE: its texts, then its codes; nothing that cannot be a name."""
    parts = [" ".join(segment.get(number, component).split()) for component in (2, 5, 9, 1, 4)]
    return tuple(dict.fromkeys(part for part in parts if part and len(part) <= TEXT_MAX and part.isprintable()))


def _order(
    person: Person, group: list[Segment], drug: Segment | None, sequence: int, offset_min: int
) -> Order | Problem | None:
    """None for an ORC without a drug that ends nothing."""
    orc = group[0] if group[0].name == "ORC" else None
    placer, filler, control = identifier(orc, 2), identifier(orc, 3), "" if orc is None else orc.get(1)[:10].strip()
    if drug is None and control not in ENDS:
        return None
    if orc is None or (not placer and not filler):
        return Problem(REQUIRED, "neither ORC-2 nor ORC-3 identifies the order", "ORC", 1, 2)
    if drug is None:
        return Order(person, placer, filler, control, (), None, None)
    name, least, units, rate, rate_units, per, *strength = _FIELDS[drug.name]
    names = drug_names(drug, name)
    if not names:
        return Problem(REQUIRED, f"{drug.name}-{name} names no drug", drug.name, sequence, name)
    amounts: list[Quantity | None] = []
    for number, unit in ((least, units), (rate, rate_units), (strength[0], strength[1]), (strength[2], strength[3])):
        found = quantity(drug, number, unit)
        if isinstance(found, Problem):
            return found
        amounts.append(found)
    rxr = next((segment for segment in group if segment.name == "RXR"), None)
    route = "" if rxr is None else (rxr.get(1, 2) or rxr.get(1))[:40].strip()
    rest = drug.get(per)[:10].strip().upper(), amounts[2], amounts[3], route
    return Order(person, placer, filler, control, names, amounts[0], amounts[1], *rest, *_times(group, orc, offset_min))


def _times(group: list[Segment], orc: Segment, offset_min: int) -> tuple[int | None, int | None]:
    tq1 = next((segment for segment in group if segment.name == "TQ1"), None)
    said = (orc.get(7, 4), orc.get(7, 5)) if tq1 is None else (tq1.get(7), tq1.get(8))
    found = (parse_time(text, offset_min) if len(text) >= _EXACT else None for text in said)
    starts, ends = (None if moment is None else moment.us for moment in found)
    return starts, ends


def quantity(segment: Segment, number: int, unit: int) -> Quantity | Problem | None:
    """A number with its unit of another field; None for an empty one."""
    text = segment.raw(number).strip()
    if not text or text == '""':
        return None
    found = decimal_of(text)
    if found is None or found < 0:
        return Problem(WRONG_TYPE, f"{segment.name}-{number} is not a number", segment.name, 1, number)
    return Quantity(found, unit_of(segment.raw(unit), segment.delimiters.component))
