"""PCD-10: which event, of which source, and what must be told with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pumpd_hl7.codes import codes
from pumpd_hl7.message import Message
from pumpd_hl7.observations import path_of
from pumpd_hl7.rules.finding import Findings, Place
from pumpd_hl7.rules.rows import Row, group_rows

CONDITION, SOURCE = 68487, 68488
START, STOP, COMPLETE = 197288, 197290, 197292
_ALWAYS = (184519, 158014, 158016, 158005, 158008, 158012)
_VOLUMES, _DOSES, _REASON = (157992, 157993, 157864), (158001, 158003), 158006
_DELIVERY = 158005


def event_rules(message: Message) -> Findings:
    """One event per message, with the rows that its kind needs."""
    told = [(place, row) for place, rows in group_rows(message) for row in rows if row.seen.code.number == CONDITION]
    if len(told) != 1:
        for place, _ in group_rows(message)[:1]:
            yield place.error(0, "one event", f"{len(told)} rows {CONDITION} MDC_ATTR_EVT_COND: one per message")
    for place, rows in group_rows(message):
        by_code = {row.seen.code.number: row for row in reversed(rows)}
        if CONDITION in by_code:
            yield from _event(place, rows, by_code)


def _event(place: Place, rows: Sequence[Row], by_code: Mapping[int, Row]) -> Findings:
    condition = by_code[CONDITION]
    said = condition.place.segment.get(5)
    event = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0
    found = codes().get(event)
    if found is None or found.kind != "event":
        yield condition.place.error(5, "event", f"{said[:20]!r} is no event (such as {START}^MDC_EVT_PUMP_DELIV_START)")
        return
    yield from _source(condition, rows, by_code.get(SOURCE))
    if event not in (START, STOP, COMPLETE):
        return
    for number in _ALWAYS:
        if number not in by_code:
            yield place.error(0, "row", f"{found.ref} is told with {number} {codes()[number].ref}")
    if event != START:
        yield from _ended(place, by_code, found.ref)


def _source(condition: Row, rows: Sequence[Row], source: Row | None) -> Findings:
    if source is None:
        yield condition.place.error(0, "row", f"no {SOURCE}^MDC_ATTR_EVT_SOURCE says which source it was")
    elif path_of(source.seen.value) not in {row.seen.path for row in rows}:
        yield source.place.error(5, "source", f"{source.seen.value[:40]!r} is the path of no row of this message")


def _ended(place: Place, by_code: Mapping[int, Row], event: str) -> Findings:
    delivery = by_code.get(_DELIVERY)
    word = delivery.place.segment.get(5, 2) if delivery else ""
    if word == "pump-delivery-status-not-delivering" and _REASON not in by_code:
        yield place.error(0, "row", f"it does not deliver, and no {_REASON} MDC_PUMP_NOT_DELIVERING_REASON says why")
    if not any(number in by_code for number in _VOLUMES):
        dosed = any(number in by_code for number in _DOSES)
        make = place.warning if dosed else place.error
        yield make(0, "row", f"{event} is told with the volume given, of this segment or of all")
