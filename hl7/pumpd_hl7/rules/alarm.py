"""PCD-04: one alert, its facets, and which alert an update belongs to (CP-151). PCD-05: what became of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pumpd_hl7.message import Message
from pumpd_hl7.observations import Path
from pumpd_hl7.rules.finding import Findings, Place, missing, one_of, places, required
from pumpd_hl7.rules.rows import Row, group_rows
from pumpd_hl7.rules.tables import ALERTS, INACTIVATIONS, PHASES, PRIORITIES, STATES

ALARM = 196616
_SOURCE, _PHASE, _STATE, _INACTIVATION, _PRIORITY, _TYPE = 68480, 68481, 68482, 68483, 68484, 68485
_FACETS: Mapping[int, tuple[str, int, frozenset[str] | None]] = {
    1: ("what happened", 0, None),
    2: ("its source", 0, None),
    3: ("its phase", _PHASE, PHASES),
    4: ("its state", _STATE, STATES),
    5: ("its inactivation", _INACTIVATION, INACTIVATIONS),
    6: ("its priority", _PRIORITY, PRIORITIES),
    7: ("its type", _TYPE, ALERTS),
}
"""Content, code and words of each facet, by the last digit of OBX-4."""
_FATES = frozenset((
    "Received", "Undeliverable", "Delivered", "Read", "Accepted", "AcceptedPositive", "AcceptedNotRelevant",
    "AcceptedFalse", "Rejected", "Cancelled", "CancelledOther", "CallbackStart", "CallbackEnd",
))  # fmt: skip


def alarm_rules(message: Message) -> Findings:
    """One alert per message."""
    for place, rows in group_rows(message):
        if place.segment.get(4) != str(ALARM):
            yield place.error(4, "alarm", f"{place.segment.get(4)[:20]!r}: an alert is {ALARM}^MDC_EVT_ALARM^MDC")
        alerts: dict[Path, dict[int, Row]] = {}
        for row in rows:
            if len(row.seen.path) == 5:
                alerts.setdefault(row.seen.path[:4], {}).setdefault(row.seen.path[4], row)
        if len(alerts) != 1:
            text = f"{len(alerts)} alerts: there is one per message, its facets MDS.VMD.CHANNEL.METRIC.1 to .7"
            yield place.error(0, "one alert", text)
        for facets in alerts.values():
            yield from _alert(place, facets)


def _alert(place: Place, facets: Mapping[int, Row]) -> Findings:
    some = next(iter(facets.values()))
    for digit, (what, code, words) in _FACETS.items():
        row = facets.get(digit)
        if row is None:
            make = some.place.error if digit <= 5 else some.place.warning
            yield make(4, "facet", f"facet {digit}, {what}, is missing")
        elif code and row.seen.code.number != code:
            yield row.place.error(3, "facet", f"facet {digit} is {what}, {code}, not {row.seen.code.ref[:60]}")
        elif words is not None:
            yield from _words(row.place, words, what)
    yield from _events(facets)
    yield from _phase(place, facets)


def _words(place: Place, words: frozenset[str], what: str) -> Findings:
    for number in range(1, len(place.segment.repetitions(5)) + 1):
        said = place.segment.get(5, 1, number) or place.segment.get(5, 2, number)
        if said not in words:
            yield place.error(5, "word", f"{what}: {said[:40]!r} is none of {' '.join(sorted(words))}")


def _said(facets: Mapping[int, Row], digit: int) -> str:
    row = facets.get(digit)
    return "" if row is None else row.place.segment.get(5) or row.place.segment.get(5, 2)


def _events(facets: Mapping[int, Row]) -> Findings:
    """Facets 1 and 2 of a physiological alert are event and measurement, of another the container and a device."""
    physiological = _said(facets, 7) == "SP"
    event, source = facets.get(1), facets.get(2)
    if event is not None and physiological and event.seen.code.number == ALARM:
        yield event.place.warning(3, "event", "a physiological alert has its event's code in OBX-3, where there is one")
    if event is not None and not physiological and event.seen.code.number != ALARM and 7 in facets:
        yield event.place.error(3, "event", f"a technical or advisory alert has {ALARM} in OBX-3, its event in OBX-5")
    if event is not None and not event.place.has(14):
        yield event.place.warning(14, "time", "the time of the alert itself is not said")
    if source is not None and not physiological and source.seen.code.number != _SOURCE and 7 in facets:
        yield source.place.error(3, "facet", f"facet 2 of a technical alert is {_SOURCE}^MDC_ATTR_ALERT_SOURCE^MDC")


def _phase(place: Place, facets: Mapping[int, Row]) -> Findings:
    phase, state = _said(facets, 3), _said(facets, 4)
    parent = place.segment.get(29, 2)
    if phase in ("start", "start_only", "tpoint") and parent:
        yield place.error(29, "parent", "the first message of an alert belongs to no earlier one: OBR-29 is empty")
    if phase in PHASES - {"start", "start_only", "tpoint", "present"} and not parent:
        yield place.error(29, "parent", f"{phase}: OBR-29.2 names OBR-3 of the alert's first message")
    if phase == "end" and state == "active":
        yield facets[4].place.error(5, "state", "an alert that has ended is not active")
    if phase == "start" and state == "inactive":
        yield facets[4].place.error(5, "state", "an alert that starts is not inactive")


def fate_rules(message: Message) -> Findings:
    """PCD-05: MSA and PRT."""
    yield from missing(message, "MSA", "of which message is it the fate?")
    yield from missing(message, "PRT", "what became of the alert?")
    for place in places(message, "MSA"):
        yield from required(place, {1: "the acknowledgement code", 2: "MSH-10 of the alert's first message"})
    for place in places(message, "PRT"):
        yield from required(place, {2: "the action", 4: "the participation"})
        yield from one_of(place, 2, frozenset(("AD", "UP", "CO", "DE")), "action")
        fate = place.segment.get(3, 2) or place.segment.get(3)
        if fate not in _FATES:
            yield place.error(3, "table", f"{fate[:40]!r} is no fate of an alert: {' '.join(sorted(_FATES))}")
