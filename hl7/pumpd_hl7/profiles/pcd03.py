"""PCD-03, RGV^O15: an infusion that somebody asks for at a pump. Read and verified; no pump is ever told of it. Pure.

A request that is verified is one that a clinician may set and confirm at the pump. Every reason against it is said in
the reply, RRG^O16, with the codes of IHE (ERR-5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pumpd_hl7.acks import Problem
from pumpd_hl7.message import Message, Segment, escape
from pumpd_hl7.observations import observations
from pumpd_hl7.profiles.amounts import in_units, weight_g_of, whole
from pumpd_hl7.profiles.orders import Quantity, drug_names, identifier, quantity
from pumpd_hl7.profiles.outgoing import VERSION, Sender
from pumpd_hl7.profiles.people import REQUIRED, WRONG_TYPE, Person, Refused, read_person
from pumpd_hl7.times import parse_time, time_text
from pumpd_hl7.writer import CHARSET, composite, cwe, message, msh, segment

NOT_IN_TABLE = 103
CONTROLS = ("RE", "XO", "CH")
"""ORC-1: start, change of rate, bolus."""
_PUMPS = ("MDC_DEV_PUMP",)
_MASS_UG = {"g": Fraction(10**6), "mg": Fraction(1000), "ug": Fraction(1)}
_UL = {"mL": Fraction(1000)}
_REPLY = "IHE_PCD_PIV_002^IHE PCD^1.3.6.1.4.1.19376.1.6.1.3.2^ISO"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. control: RE, XO or CH. order: ORC-2; parent: of a bolus (ORC-8). asked_us: ORC-9, by whom.

    pump: the EI of the pump as it stood. conc_ug_ml: of strength and its volume. Every number is None where it is not
    said.
    """

    control_id: str
    person: Person
    control: str
    order: str
    parent: str
    asked_us: int
    clinician: str
    step: str
    pump: str
    drug: tuple[str, ...]
    rate: Quantity | None
    volume: Quantity | None
    conc_ug_ml: int | None
    duration: Quantity | None
    route: str
    weight_g: int | None

    @property
    def volume_ul(self) -> int | None:
        """To be infused; None where it is not said in mL."""
        return None if self.volume is None else whole(in_units(self.volume.number, self.volume.unit, _UL))


def read_pcd03(message: Message, offset_min: int = 0) -> Request | Refused:
    """The request of an RGV^O15."""
    person = read_person(message.first("PID"))
    if isinstance(person, Refused):
        return person
    orc, rxg, rxr = message.first("ORC"), message.first("RXG"), message.first("RXR")
    if orc is None or rxg is None:
        name = "ORC" if orc is None else "RXG"
        return _refused(REQUIRED, f"no {name}: nothing is asked for", name)
    control, asked = orc.get(1).strip(), parse_time(orc.get(9), offset_min)
    if control not in CONTROLS:
        return _refused(NOT_IN_TABLE, "ORC-1 is none of RE, XO, CH", "ORC", 1)
    if asked is None or len(orc.get(9)) < 12:
        return _refused(WRONG_TYPE, "ORC-9 is not a time", "ORC", 9)
    names, pump = drug_names(rxg, 4), _pump(message)
    missing = _missing(orc, names, pump)
    if missing is not None:
        return missing
    numbers = _numbers(message, rxg)
    if isinstance(numbers, Problem):
        return Refused((numbers,))
    rate, volume, strength, per, duration = numbers
    return Request(
        message.control_id[:200],
        person,
        control,
        identifier(orc, 2),
        identifier(orc, 8),
        asked.us,
        orc.get(19)[:80],
        rxg.get(1)[:20],
        pump,
        names,
        rate,
        volume,
        _concentration(strength, per),
        duration,
        "" if rxr is None else rxr.get(1)[:20],
        next((found for found in map(weight_g_of, observations(message)) if found is not None), None),
    )


def _missing(orc: Segment, names: tuple[str, ...], pump: str) -> Refused | None:
    """What has to be said and is not: the order, who asks, the drug, the pump."""
    for field, said in ((2, identifier(orc, 2)), (19, orc.get(19).strip())):
        if not said:
            return _refused(REQUIRED, f"ORC-{field} is empty", "ORC", field)
    if not names:
        return _refused(REQUIRED, "RXG-4 names no drug", "RXG", 4)
    if not pump:
        return _refused(REQUIRED, "no OBX of a pump with its identifier", "OBX", 18)
    return None


def _refused(code: int, text: str, name: str, field: int = 0) -> Refused:
    return Refused((Problem(code, text, name, 1, field),))


def _numbers(message: Message, rxg: Segment) -> list[Quantity | None] | Problem:
    """Rate, volume, strength and its volume, duration."""
    found: list[Quantity | None] = []
    for number, unit in ((15, 16), (5, 7), (17, 18), (23, 24)):
        one = quantity(rxg, number, unit)
        if isinstance(one, Problem):
            return one
        found.append(one)
    tq1 = message.first("TQ1")
    if tq1 is None or not tq1.get(13):
        return [*found, None]
    text, _, of = tq1.raw(13).partition(message.delimiters.component)
    said = Segment(message.delimiters.field.join(("TQ1", text, of)), message.delimiters)
    duration = quantity(said, 1, 2)
    if isinstance(duration, Problem):
        return Problem(WRONG_TYPE, "TQ1-13 is no duration", "TQ1", 1, 13)
    return [*found, duration]


def _pump(message: Message) -> str:
    """OBX-18 of the row of a pump."""
    for one in observations(message):
        if one.device and one.code.ref.startswith(_PUMPS) and len(one.device) <= 200:
            return one.device
    return ""


def _concentration(strength: Quantity | None, per: Quantity | None) -> int | None:
    if strength is None or per is None or not per.number:
        return None
    mass, volume = in_units(strength.number, strength.unit, _MASS_UG), in_units(per.number, per.unit, _UL)
    return None if mass is None or volume is None else whole(mass * 1000 / volume)


def reply(sender: Sender, request: Message, problems: Sequence[Problem], control_id: str, now_us: int) -> bytes:
    """RRG^O16: AA where nothing stands against the request, else AE with every reason. It says nothing of a pump."""
    header = {
        3: sender.application,
        4: escape(sender.facility),
        5: sender.to_application,
        6: escape(sender.to_facility),
        7: time_text(now_us),
        9: "RRG^O16^RRG_O16",
        10: escape(control_id),
        11: escape(request.get("MSH", 11)) or "P",
        12: VERSION,
        15: "AL",
        16: "NE",
        18: CHARSET,
        21: _REPLY,
    }
    answer = segment("MSA", {1: "AE" if problems else "AA", 2: escape(request.control_id)})
    orders = [
        segment("ORC", {1: "UA" if problems else "OK", 2: _echo(orc, 2), 3: _echo(orc, 3)})
        for orc in request.all("ORC")
    ]
    return message(msh(header), answer, *map(_error, problems), *orders)


def _error(problem: Problem) -> str:
    """ERR-5 has the code of IHE; ERR-3 one of HL7's own."""
    where = f"{problem.segment}^{problem.sequence}" + (f"^{problem.field}" if problem.field else "")
    ours = problem.code >= 9000
    return segment(
        "ERR",
        {
            2: where,
            3: cwe(207 if ours else problem.code, "", "HL70357"),
            4: problem.severity,
            5: cwe(problem.code, problem.text[:80], "IHE_PCD") if ours else "",
            8: escape(problem.text[:250]),
        },
    )


def _echo(segment_: Segment, number: int) -> str:
    return composite(*(segment_.get(number, component) for component in (1, 2, 3, 4)))
