"""ADT: what each event must say about whom and where. Pure."""

from __future__ import annotations

from pumpd_hl7.message import Message
from pumpd_hl7.rules.finding import Findings, missing, places, required, time_of

_PLACE = frozenset(("A01", "A02", "A04", "A13"))
_VISIT = _PLACE | {"A03", "A08", "A11", "A12"}


def admission_rules(message: Message) -> Findings:
    """EVN, PV1 and MRG of an ADT; PID is everybody's."""
    trigger = message.kind[1]
    yield from missing(message, "EVN", "when it happened is not said")
    for place in places(message, "EVN"):
        yield from required(place, {2: "the time of the event"})
        yield from time_of(place, 2)
        yield from time_of(place, 6)
    if trigger in _VISIT:
        yield from missing(message, "PV1", "where the patient is is not said")
    for place in places(message, "PV1")[:1]:
        if trigger in _PLACE and not place.has(3):
            yield place.error(3, "required", f"A{trigger[1:]} says where the patient is")
        if trigger in ("A02", "A12") and not place.has(6):
            yield place.warning(6, "prior", "the place before is not said: nobody can tell where the patient came from")
    if trigger == "A40":
        yield from _merge(message)


def _merge(message: Message) -> Findings:
    yield from missing(message, "MRG", "what the patient was known by before is not said")
    pid = message.first("PID")
    for place in places(message, "MRG"):
        yield from required(place, {1: "the identifier that is no longer used"})
        if pid is not None and place.segment.get(1) and place.segment.get(1) == pid.get(3):
            yield place.error(1, "same", "both identifiers are the same")
