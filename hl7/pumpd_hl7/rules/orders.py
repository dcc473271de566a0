"""RAS (what was given), RGV (what is to be given), MDM (a document). Pure."""

from __future__ import annotations

from pumpd_hl7.message import Message
from pumpd_hl7.observations import decimal_of
from pumpd_hl7.rules.finding import Findings, Place, missing, one_of, places, required, time_of

_COMPLETION = frozenset(("CP", "RE", "NA", "PA"))
_ACTION = frozenset("AUD")
_CONTROL = frozenset(("RE", "XO", "CH"))
_DOCUMENT = frozenset(("AU", "DI", "DO", "IN", "IP", "LA", "PA"))


def administration_rules(message: Message) -> Findings:
    """RAS^O17: ORC, RXA, RXR."""
    for name, why in (("ORC", "which order?"), ("RXA", "what was given?"), ("RXR", "by which route?")):
        yield from missing(message, name, why)
    for place in places(message, "ORC"):
        yield from required(place, {1: "the order control"})
        yield from time_of(place, 9)
        if not place.has(2) and not place.has(3):
            yield place.warning(2, "order", "neither the placer's nor the filler's number of the order")
    for place in places(message, "RXA"):
        yield from _given(place)
    for place in places(message, "RXR"):
        yield from required(place, {1: "the route"})


def _given(place: Place) -> Findings:
    names = {
        1: "the give counter",
        2: "the administration counter",
        3: "when it began",
        4: "when it ended",
        5: "what was given",
        6: "how much",
    }
    yield from required(place, names)
    for field in (3, 4):
        yield from time_of(place, field)
    for field in (1, 2, 6, 13, 23):
        yield from _number(place, field)
    if place.has(6) and not place.has(7):
        yield place.error(7, "required", "an amount without its unit")
    if place.has(13) and not place.has(14):
        yield place.error(14, "required", "a strength without its unit")
    for field, allowed, what in ((20, _COMPLETION, "completion status"), (21, _ACTION, "action code")):
        yield from one_of(place, field, allowed, what)


def _number(place: Place, field: int) -> Findings:
    text = place.segment.get(field)
    if place.has(field) and decimal_of(text) is None:
        yield place.error(field, "number", f"{text[:40]!r} is not a number")


def infusion_rules(message: Message) -> Findings:
    """RGV^O15 of PCD-03: ORC, RXG, RXR and the pump's OBX."""
    for name, why in (("ORC", "which order?"), ("RXG", "what is to be given?"), ("RXR", "by which route?")):
        yield from missing(message, name, why)
    for place in places(message, "ORC"):
        whose = {2: "the order's number", 9: "when the clinician sent it", 19: "which clinician"}
        yield from required(place, {1: "the order control", **whose})
        yield from one_of(place, 1, _CONTROL, "order control of PCD-03")
        yield from time_of(place, 9)
        if place.segment.get(1) == "CH" and not place.has(8):
            yield place.error(8, "required", "a bolus names the order it belongs to")
    for place in places(message, "RXG"):
        yield from required(place, {4: "the drug"})
        for field in (5, 15, 17, 23):
            yield from _number(place, field)
            unit = {5: 7, 15: 16, 17: 18, 23: 24}[field]
            if place.has(field) and not place.has(unit):
                yield place.error(unit, "required", f"RXG-{field} has a value and no unit")
        if not place.has(5) and not place.has(15):
            yield place.error(15, "required", "neither a volume nor a rate")
    for place in places(message, "RXR"):
        yield from required(place, {1: "the route"})
    if not any(place.has(18) for place in places(message, "OBX")):
        yield from missing(message, "PRT", "no OBX-18 and no PRT say which pump it is for")


def document_rules(message: Message) -> Findings:
    """MDM^T02: EVN, TXA and the document in OBX."""
    for name, why in (("EVN", "when?"), ("PV1", "which visit?"), ("TXA", "which document?"), ("OBX", "no document")):
        yield from missing(message, name, why)
    for place in places(message, "TXA"):
        yield from required(place, {1: "the set id", 2: "the document's type", 12: "its number", 17: "its status"})
        yield from time_of(place, 4)
        yield from time_of(place, 6)
        yield from one_of(place, 17, _DOCUMENT, "completion status (table 0271)")
