"""PID and PV1: two identifiers, or the word that nobody knows who it is. Pure."""

from __future__ import annotations

from pumpd_hl7.message import Message
from pumpd_hl7.rules.finding import Findings, Place, missing, one_of, places, time_of

_PLACEHOLDERS = frozenset(("unknown patient", "unknown", "null", '""'))
_SEX = frozenset("FMOUAN")
_CLASSES = frozenset("BCEINOPRU")
_YES_NO = frozenset("YN")


def patient_rules(message: Message, *, needed: bool) -> Findings:
    """Every PID and PV1. needed: a message without PID says nothing about anybody."""
    if needed:
        yield from missing(message, "PID", "whose is it?")
    for place in places(message, "PID"):
        yield from _pid(place)
    for place in places(message, "PV1"):
        yield from _pv1(place)


def _pid(place: Place) -> Findings:
    pid = place.segment
    yield from time_of(place, 7, exact=False)
    if place.has(8):
        yield from one_of(place, 8, _SEX, "sex (table 0001)")
    yield from one_of(place, 31, _YES_NO, "yes or no")
    if pid.get(31) == "Y":
        return
    identifier = pid.get(3).strip()
    if not identifier or identifier.lower() in _PLACEHOLDERS:
        yield place.error(3, "identifier", "no identifier of a patient; who is not known is said with PID-31 Y")
        return
    if not pid.get(3, 4) and not pid.get(3, 5):
        yield place.error(3, "authority", "neither who assigned the identifier (CX.4) nor its type (CX.5)")
    if not place.has(5):
        yield place.error(5, "required", "no name; one that is not known is ^^^^^^U")
    if not pid.get(5) and not pid.get(5, 2) and not place.has(7):
        yield place.error(5, "two identifiers", "an identifier alone: a name or a date of birth must stand beside it")


def _pv1(place: Place) -> Findings:
    if not place.has(2):
        yield place.error(2, "required", "the patient class is missing")
    else:
        yield from one_of(place, 2, _CLASSES, "patient class (table 0004)")
    if place.has(3) and not any(place.segment.get(3, part) for part in (1, 2, 3)):
        yield place.error(3, "place", "a place needs its unit, room or bed")
