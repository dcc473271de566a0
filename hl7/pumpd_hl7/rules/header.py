"""MSH: who, when, what kind, in which version, and which profile it claims to follow. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pumpd_hl7.checks import CONTROL_ID_MOST, VERSIONS
from pumpd_hl7.message import STANDARD, Message
from pumpd_hl7.rules.finding import Findings, Place, one_of, required, time_of

OID = "1.3.6.1.4.1.19376"


@dataclass(frozen=True, slots=True)
class Transaction:
    """A profile of IHE. structures: allowed in MSH-9.3; oids and old: of MSH-21, without the part that all begin with.

    wants: what MSH-16 must say ("" where every word of table 0155 will do).
    """

    name: str
    structures: tuple[str, ...]
    oids: tuple[str, ...]
    old: tuple[str, ...] = ()
    wants: str = "NE"


TRANSACTIONS: Mapping[tuple[str, str], Transaction] = {
    ("ORU", "R01"): Transaction("PCD-01", ("ORU_R01",), (".1.6.1.1.1",), (".1.6.4.1",)),
    ("RGV", "O15"): Transaction("PCD-03", ("RGV_O15",), (".1.6.1.3.1",), wants=""),
    ("RRG", "O16"): Transaction("PCD-03", ("RRG_O16",), (".1.6.1.3.2",)),
    ("ORU", "R40"): Transaction("PCD-04", ("ORU_R40", "ORU_R01"), (".1.6.1.4.1",), (".1.6.4.4.1", ".1.6.4.4"), ""),
    ("ORA", "R41"): Transaction("PCD-05", ("ORA_R41",), (".1.6.1.5.1",)),
    ("ORU", "R42"): Transaction("PCD-10", ("ORU_R01",), (".1.6.4.10",)),
}
_STRUCTURES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("ADT", "A01"): ("ADT_A01",),
    ("ADT", "A02"): ("ADT_A02",),
    ("ADT", "A03"): ("ADT_A03",),
    ("ADT", "A04"): ("ADT_A01",),
    ("ADT", "A08"): ("ADT_A01",),
    ("ADT", "A11"): ("ADT_A09",),
    ("ADT", "A12"): ("ADT_A09", "ADT_A12"),
    ("ADT", "A13"): ("ADT_A01",),
    ("ADT", "A40"): ("ADT_A39",),
    ("RAS", "O17"): ("RAS_O17",),
    ("RDE", "O11"): ("RDE_O11",),
    ("OMP", "O09"): ("OMP_O09",),
    ("ORM", "O01"): ("ORM_O01",),
    ("MDM", "T02"): ("MDM_T02",),
}
_WANT = frozenset(("AL", "NE", "ER", "SU"))
_PROCESSING = frozenset("PDT")


def transaction_of(message: Message) -> Transaction | None:
    """By the trigger; None for what is no device profile."""
    return TRANSACTIONS.get(message.kind)


def header_rules(message: Message) -> Findings:
    """MSH-3 to MSH-21."""
    place, transaction = Place(message.msh, 1), transaction_of(message)
    if message.delimiters != STANDARD:
        yield place.warning(
            2, "delimiters", f"other delimiters than {STANDARD.field}^~\\&: many receivers assume those"
        )
    yield from required(
        place, {3: "the sending application", 7: "the time of the message", 10: "the control id", 12: "the version"}
    )
    yield from time_of(place, 7)
    if len(message.control_id) > CONTROL_ID_MOST:
        yield place.error(10, "length", f"a control id has at most {CONTROL_ID_MOST} characters")
    yield from one_of(place, 11, _PROCESSING, "processing id") if place.has(11) else required(place, {11: "P, D or T"})
    if place.has(12):
        yield from one_of(place, 12, VERSIONS, "version")
    for field in (15, 16):
        yield from one_of(place, field, _WANT, "acknowledgement condition")
    if not message.raw.isascii() and not place.has(18):
        yield place.error(18, "charset", "characters beyond ASCII, and MSH-18 does not say in which character set")
    yield from _type(message, place, transaction)
    if transaction is not None:
        yield from _profile(place, transaction)


def _type(message: Message, place: Place, transaction: Transaction | None) -> Findings:
    code, trigger = message.kind
    structure = message.msh.get(9, 3)
    known = transaction.structures if transaction else _STRUCTURES.get((code, trigger))
    if not code or (not trigger and code != "ACK"):
        yield place.error(9, "required", "MSH-9 needs message code, trigger event and structure")
    elif known and not structure:
        yield place.error(9, "structure", f"the third component is missing: {known[0]}")
    elif known and structure not in known:
        yield place.error(9, "structure", f"{structure[:40]!r} is not the structure of {code}^{trigger}: {known[0]}")


def _profile(place: Place, transaction: Transaction) -> Findings:
    header, name = place.segment, transaction.name
    if place.has(13):
        yield place.warning(13, "sequence", "the sequence number protocol is not used in device profiles")
    if header.get(15) != "AL":
        yield place.error(15, "accept", f"{name} wants AL: an accept acknowledgement always")
    if transaction.wants and header.get(16) != transaction.wants:
        yield place.error(16, "accept", f"{name} wants {transaction.wants}: no application acknowledgement")
    if not transaction.wants and not place.has(16):
        yield place.error(16, "required", f"{name} must say whether an application answer is taken (AL or NE)")
    if place.has(12) and header.get(12) != "2.6":
        yield place.warning(12, "version", f"{name} is written for version 2.6")
    if header.get(3) and not header.get(3, 2):
        yield place.warning(3, "eui64", "a plain name: the profile has NAME^EUI64^EUI-64")
    yield from _oid(place, transaction)


def _oid(place: Place, transaction: Transaction) -> Findings:
    if not place.has(21):
        yield place.error(21, "required", f"no profile identifier: {transaction.name} is {OID}{transaction.oids[0]}")
        return
    said = [place.segment.get(21, 3, number + 1) for number in range(len(place.segment.repetitions(21)))]
    ends = {oid.removeprefix(OID) for oid in said if oid.startswith(OID)}
    if ends & set(transaction.oids):
        return
    if ends & set(transaction.old):
        yield place.warning(21, "oid", f"an older identifier of {transaction.name}: now {OID}{transaction.oids[0]}")
        return
    yield place.error(21, "oid", f"{said[0][:60]!r} is not {transaction.name}: {OID}{transaction.oids[0]} in EI.3")
