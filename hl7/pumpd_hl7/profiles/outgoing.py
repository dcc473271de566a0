"""What every message of ours has in common: MSH, PID, PV1, OBR, and OBX rows numbered as they come. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pumpd.safety.events import Patient, Sex
from pumpd_hl7.codes import codes, units
from pumpd_hl7.message import escape
from pumpd_hl7.times import time_text
from pumpd_hl7.writer import CHARSET, composite, cwe, msh, segment

VERSION = "2.6"
OID = "1.3.6.1.4.1.19376"
PROFILES = {
    "PCD-01": ("ORU^R01^ORU_R01", f"IHE_PCD_001^IHE PCD^{OID}.1.6.1.1.1^ISO"),
    "PCD-04": ("ORU^R40^ORU_R40", f"IHE_PCD_ACM_001^IHE PCD^{OID}.1.6.1.4.1^ISO"),
    "PCD-10": ("ORU^R42^ORU_R01", f"IHE_PCD_010^IHE PCD^{OID}.1.6.4.10^ISO"),
    "RAS": ("RAS^O17^RAS_O17", ""),
    "MDM": ("MDM^T02^MDM_T02", ""),
}
"""MSH-9 and MSH-21 by the name that the ward file uses."""

_SEX = {Sex.FEMALE: "F", Sex.MALE: "M", Sex.OTHER: "O", Sex.UNKNOWN: "U"}
_PROCESSING = {"real": "P", "test": "D", "demo": "T"}


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, to whom. application and to_application: MSH-3 and MSH-5 as they stand in the message.

    namespace: the first component of our application, under which we name devices and messages. generation: real, test
    or demo; where it is not real, MSH-11 says so.
    """

    application: str
    facility: str
    to_application: str
    to_facility: str
    generation: str = "real"

    @property
    def namespace(self) -> str:
        return self.application.split("^")[0]

    def entity(self, name: str, separator: str = "^") -> str:
        """An EI of ours: `name^NAMESPACE^EUI64^EUI-64`, as far as our application has them."""
        return separator.join((escape(name), *self.application.split("^")))


def header(sender: Sender, kind: str, control_id: str, now_us: int) -> str:
    """MSH of a message of this kind; an accept acknowledgement is asked for always."""
    message_type, profile = PROFILES[kind]
    fields = {
        3: sender.application,
        4: escape(sender.facility),
        5: sender.to_application,
        6: escape(sender.to_facility),
        7: time_text(now_us),
        9: message_type,
        10: control_id,
        11: _PROCESSING[sender.generation],
        12: VERSION,
        15: "AL",
        16: "AL" if kind == "PCD-04" else "NE",
        18: CHARSET,
        19: "en^English^ISO639",
        21: profile,
    }
    return msh(fields)


def pid(patient: Patient) -> str:
    """Two identifiers, name, birth date, sex: as the bed has them."""
    name = composite(patient.family_name, patient.given_name, "", "", "", "", "L")
    identifier = composite(patient.mrn, "", "", "", "MR")
    return segment("PID", {3: identifier, 5: name, 7: patient.birth_date.replace("-", ""), 8: _SEX[patient.sex]})


def pv1(location: str) -> str:
    """Class I; where the patient is, `unit^room^bed`."""
    return segment("PV1", {2: "I", 3: location})


def code(ref: str) -> str:
    """A coded element of our table. Raises KeyError for a name that is not in it: a bug of ours."""
    return cwe(_BY_REF[ref], ref, "MDC")


def unit(name: str) -> str:
    """A unit of our table, by its UCUM spelling or (where two share one: BEAT_PER_MIN, RESP_PER_MIN) its own name."""
    number, ref = _UNITS[name]
    ucum = units()[number].ucum
    return cwe(number, ref, "MDC", ucum, ucum, "UCUM")


_BY_REF = {row.ref: row.number for row in codes().values()}
_UNITS = {row.ucum: (row.number, row.ref) for row in units().values()}
_UNITS |= {row.ref.removeprefix("MDC_DIM_"): (row.number, row.ref) for row in units().values()}


def decimal_text(value: int, per: int) -> str:
    """value / per, exact, without an exponent: 3500 per 1000 is 3.5, 2000 per 1000 is 2."""
    number = Decimal(value) / per
    return f"{number.normalize():f}" if number else "0"


class Rows:
    """OBX segments in order. status R unless told otherwise; device rows are X."""

    def __init__(self, status: str = "R") -> None:
        self.segments: list[str] = []
        self._status = status

    def part(self, ref: str, path: str, device: str = "") -> None:
        """A row that names a device or a part of one; device: its EI."""
        self._add({3: code(ref), 4: path, 11: "X", 18: device})

    def number(self, ref: str, path: str, value: str, ucum: str, *, limits: str = "", **more: str) -> None:
        """An NM. more: flags, time."""
        self._add({2: "NM", 3: code(ref), 4: path, 5: value, 6: unit(ucum), 7: escape(limits), **_more(more)})

    def coded(self, ref: str, path: str, value: str, **more: str) -> None:
        """A CWE whose value is written already."""
        self._add({2: "CWE", 3: code(ref), 4: path, 5: value, **_more(more)})

    def text(self, ref: str, path: str, value: str, **more: str) -> None:
        self._add({2: "ST", 3: code(ref), 4: path, 5: escape(value), **_more(more)})

    def missing(self, kind: str, ref: str, path: str, why: str, ucum: str = "") -> None:
        """A value that is not there: nothing in OBX-5, the reason in OBX-8."""
        self._add({2: kind, 3: code(ref), 4: path, 6: unit(ucum) if ucum else "", 8: why, 11: "X"})

    def _add(self, fields: dict[int, str]) -> None:
        row = {1: str(len(self.segments) + 1), 11: self._status, **fields}
        self.segments.append(segment("OBX", row))


def _more(more: dict[str, str]) -> dict[int, str]:
    places = {"flags": 8, "time": 14, "by": 16, "device": 18}
    return {places[name]: text for name, text in more.items() if text}
