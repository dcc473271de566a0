"""RAS^O17 in: opioids and ketamine that somebody gave by hand, as entries of the patient's chart. Pure.

What a pump gives is not charted from here: the pump tells it. Another drug is not ours and is accepted. A dose of ours
that cannot be understood to the nanogram is refused with its field, so that the sender sees it; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from pumpd.clinical.entries import KetamineGiven, OpioidGiven, PatchOn, Route
from pumpd.clinical.mme_tables import OpioidTables
from pumpd.clinical.words import plain_word
from pumpd_hl7.acks import Problem
from pumpd_hl7.message import Message, Segment
from pumpd_hl7.profiles.amounts import in_units, whole
from pumpd_hl7.profiles.orders import Quantity, drug_names, identifier, quantity
from pumpd_hl7.profiles.people import REQUIRED, WRONG_TYPE, Person, Refused, read_person
from pumpd_hl7.times import parse_time

NOT_IN_TABLE = 103
KETAMINE = "ketamine"
UNKNOWN_AMOUNT = 999
"""HL7: the amount is not known, or there is none."""
NG_PER_UG = 1000
_MASS_NG = {"g": Fraction(10**9), "mg": Fraction(10**6), "ug": Fraction(1000)}
_VOLUME_UL = {"mL": Fraction(1000)}
_RATE_NG_H = {"ug/h": Fraction(1000)}
_GIVEN = frozenset(("", "CP", "PA"))
_NOT_GIVEN = frozenset(("RE", "NA"))
_ROUTES = {
    Route.INTRAVENOUS: ("IV", "IVP", "IVPB", "intravenous"),
    Route.SUBCUTANEOUS: ("SC", "SQ", "subcutaneous"),
    Route.INTRAMUSCULAR: ("IM", "intramuscular"),
    Route.ORAL: ("PO", "oral"),
    Route.SUBLINGUAL: ("SL", "sublingual"),
    Route.NASAL: ("NS", "IN", "nasal", "intranasal"),
    Route.TRANSDERMAL: ("TD", "transdermal"),
    Route.BUCCAL: ("BU", "buccal"),
    Route.RECTAL: ("PR", "rectal"),
    Route.ENTERAL: ("NG", "GTT", "nasogastric", "enteral"),
    Route.INHALED: ("IH", "inhalation", "inhaled"),
    Route.EPIDURAL: ("EP", "epidural"),
    Route.INTRATHECAL: ("IT", "intrathecal"),
}
_BY_NAME = {name.casefold(): route for route, names in _ROUTES.items() for name in names}
_STRENGTH = re.compile(r"\s+\d")


class Action(StrEnum):
    """RXA-21."""

    ADD = "A"
    UPDATE = "U"
    DELETE = "D"


@dataclass(frozen=True, slots=True)
class Administration:
    """One RXA. key: the administration whichever message tells of it ("" where no order identifies it).

    entry None: nothing is to be charted, why says why; of an update or a deletion: what was charted is taken back.
    """

    person: Person
    key: str
    action: Action
    entry: OpioidGiven | PatchOn | KetamineGiven | None
    at_us: int
    by: str
    why: str = ""


def read_ras(message: Message, opioids: OpioidTables, offset_min: int = 0) -> tuple[Administration, ...] | Refused:
    """Every administration of the message, in order; refused as a whole where one of ours is not understood."""
    person = read_person(message.first("PID"))
    if isinstance(person, Refused):
        return person
    found: list[Administration] = []
    for sequence, (orc, rxa, rxr) in enumerate(_runs(message), 1):
        one = _administration(person, orc, rxa, rxr, opioids, offset_min)
        if isinstance(one, Problem):
            at = sequence if one.segment in ("RXA", "RXR") else one.sequence
            return Refused((Problem(one.code, one.text, one.segment, at, one.field),))
        found.append(one)
    return tuple(found) or Refused((Problem(REQUIRED, "no RXA: nothing was given", "RXA"),))


def _runs(message: Message) -> list[tuple[Segment | None, Segment, Segment | None]]:
    """ORC, RXA and RXR of each administration; an RXR counts for every RXA before it that has none."""
    found: list[tuple[Segment | None, Segment, Segment | None]] = []
    orc: Segment | None = None
    for segment in message.segments:
        if segment.name == "ORC":
            orc = segment
        elif segment.name == "RXA":
            found.append((orc, segment, None))
        elif segment.name == "RXR":
            found = [(one, rxa, route or (segment if one is orc else None)) for one, rxa, route in found]
    return found


def _administration(
    person: Person, orc: Segment | None, rxa: Segment, rxr: Segment | None, opioids: OpioidTables, offset_min: int
) -> Administration | Problem:
    names, at = drug_names(rxa, 5), parse_time(rxa.get(3), offset_min)
    if not names:
        return Problem(REQUIRED, "RXA-5 names no drug", "RXA", field=5)
    if at is None or len(rxa.get(3)) < 12:
        return Problem(WRONG_TYPE, "RXA-3 is not a time", "RXA", field=3)
    action, status = rxa.get(21).strip().upper() or "A", rxa.get(20).strip().upper()
    if action not in ("A", "U", "D"):
        return Problem(NOT_IN_TABLE, "RXA-21 is neither A, U nor D", "RXA", field=21)
    if status not in _GIVEN | _NOT_GIVEN:
        return Problem(NOT_IN_TABLE, "RXA-20 is no completion status", "RXA", field=20)
    key = _key(orc, rxa)
    if action != "A" and not key:
        return Problem(REQUIRED, "neither ORC-2 nor ORC-3 says what is corrected", "ORC", field=3)
    drug = our_drug(names, opioids)
    taken = None if drug is None or action == "D" or status in _NOT_GIVEN else _entry(drug, rxa, rxr)
    if isinstance(taken, Problem):
        return taken
    why = "" if taken else _why(drug, action, status)
    return Administration(person, key, Action(action), taken, at.us, _by(orc, rxa), why)


def _why(drug: str | None, action: str, status: str) -> str:
    if drug is None:
        return "neither an opioid nor ketamine"
    if action == "D":
        return "it was taken back"
    return "it was not given" if status in _NOT_GIVEN else "an infusion: the pump tells what flows"


def _key(orc: Segment | None, rxa: Segment) -> str:
    order = identifier(orc, 3) or identifier(orc, 2)
    counters = [rxa.get(number).strip()[:10] for number in (1, 2)]
    return "/".join((order, *counters)) if order else ""


def our_drug(names: Sequence[str], opioids: OpioidTables) -> str | None:
    """The code of our table. A name that holds one of ours among other words is kept as it is: it has no factor."""
    for name in names:
        found = opioids.find(name) or opioids.find(_STRENGTH.split(name)[0])
        if found is not None:
            return found.code
    ours = {word for known in opioids.names for word in [known] if " " not in word}
    for name in names:
        if ours & set(re.split(r"[^a-z]+", plain_word(name))):
            return name
    return None


def _entry(drug: str, rxa: Segment, rxr: Segment | None) -> OpioidGiven | PatchOn | KetamineGiven | Problem | None:
    """What is charted; None for an infusion."""
    route = _route(rxr)
    if route is None:
        return Problem(NOT_IN_TABLE, f"RXR-1 is no route that {drug[:40]} is charted by", "RXR", field=1)
    amount = quantity(rxa, 6, 7)
    if isinstance(amount, Problem):
        return amount
    if amount is None or amount.number in (0, UNKNOWN_AMOUNT):
        return Problem(REQUIRED, "RXA-6 says no amount", "RXA", field=6)
    if route is Route.TRANSDERMAL:
        return _patch(drug, amount, rxa)
    if rxa.raw(12):
        return None
    nanograms = _nanograms(amount, rxa)
    if isinstance(nanograms, Problem):
        return nanograms
    micrograms, beyond = divmod(nanograms, NG_PER_UG)
    if drug != KETAMINE:
        return OpioidGiven(drug, route, micrograms, beyond)
    return KetamineGiven(route, micrograms) if not beyond else _no_mass("whole micrograms")


def _route(rxr: Segment | None) -> Route | None:
    names = [] if rxr is None else [rxr.get(1, component).strip().casefold() for component in (1, 2, 4, 5)]
    found = {_BY_NAME[name] for name in names if name in _BY_NAME}
    return found.pop() if len(found) == 1 else None


def _no_mass(what: str) -> Problem:
    return Problem(WRONG_TYPE, f"RXA-6 and RXA-7 are no mass in {what}", "RXA", field=7)


def _nanograms(amount: Quantity, rxa: Segment) -> int | Problem:
    """The mass: as it is said, or from volume and strength (RXA-13 and -14 in RXA-23 and -24)."""
    mass = in_units(amount.number, amount.unit, _MASS_NG)
    volume = in_units(amount.number, amount.unit, _VOLUME_UL)
    if mass is None and volume is not None:
        strength, per = quantity(rxa, 13, 14), quantity(rxa, 23, 24)
        if not isinstance(strength, Quantity) or not isinstance(per, Quantity) or not per.number:
            return Problem(REQUIRED, "RXA-13, 14, 23 and 24 do not say the strength of a volume", "RXA", field=13)
        dissolved = in_units(strength.number, strength.unit, _MASS_NG)
        per_ul = in_units(per.number, per.unit, _VOLUME_UL)
        mass = None if dissolved is None or per_ul is None else volume * dissolved / per_ul
    exact = whole(mass)
    if exact is None or exact <= 0:
        return _no_mass("whole nanograms")
    return exact


def _patch(drug: str, amount: Quantity, rxa: Segment) -> PatchOn | Problem:
    """A patch by its rate: in micrograms an hour, or micrograms with RXA-12 saying `an hour`."""
    rate = in_units(amount.number, amount.unit, _RATE_NG_H)
    if rate is None and rxa.get(12).strip().upper() in ("H", "H1", "HR"):
        mass = in_units(amount.number, amount.unit, _MASS_NG)
        rate = mass
    exact = whole(rate)
    if exact is None or exact <= 0:
        return Problem(WRONG_TYPE, "RXA-6 and RXA-7 are no rate of a patch in micrograms an hour", "RXA", field=7)
    return PatchOn(drug, exact)


def _by(orc: Segment | None, rxa: Segment) -> str:
    """Who gave it (RXA-10), else who entered it (ORC-10); "" where nobody is named."""
    for segment, number in ((rxa, 10), (orc, 10)):
        parts = [] if segment is None else [" ".join(segment.get(number, n).split()) for n in (3, 2, 1)]
        name = " ".join(part for part in parts if part and part.isprintable())
        if name and len(name) <= 80:
            return name
    return ""
