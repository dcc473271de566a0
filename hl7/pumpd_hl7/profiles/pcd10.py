"""PCD-10, ORU^R42: an event of a pump behind a gateway, told when it happened or long after. Pure.

What the pump does now is its status, as in PCD-01, and only while fresh; what happened is the event with its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pumpd_hl7.acks import Problem
from pumpd_hl7.codes import code_of
from pumpd_hl7.message import Message
from pumpd_hl7.profiles.devices import Fresh, Group, Row, groups_of
from pumpd_hl7.profiles.pcd01 import Observed, read_pcd01
from pumpd_hl7.profiles.people import REQUIRED, Person, Refused

CONDITION, SOURCE_CHANNEL, REASON = 68487, 68488, 158006


class PumpEvent(StrEnum):
    """By its code; OTHER: one that the profile does not require."""

    START = "start"
    STOP = "stop"
    COMPLETE = "complete"
    OTHER = "other"


_EVENTS = {197288: PumpEvent.START, 197290: PumpEvent.STOP, 197292: PumpEvent.COMPLETE}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event at one pump. name: of the event as its table spells it; reason: why it does not deliver, "" unsaid."""

    source: str
    person: Person | None
    event: PumpEvent
    name: str
    at_us: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class PumpEvents:
    """What happened, and what was observed with it."""

    events: tuple[Delivery, ...]
    observed: Observed


def read_pcd10(message: Message, sources: Sequence[str], fresh: Fresh) -> PumpEvents | Refused:
    """The events of pumps that the ward file names."""
    observed = read_pcd01(message, sources, fresh)
    groups = groups_of(message, sources, fresh.offset_min)
    if isinstance(observed, Refused):
        return observed
    if isinstance(groups, Refused):
        return groups
    found = [_delivery(source, rows, group) for group in groups for source, rows in group.rows.items()]
    events = tuple(one for one in found if one is not None)
    if not events and not observed.strangers:
        return Refused((Problem(REQUIRED, "no event: no row of 68487 MDC_ATTR_EVT_COND", "OBX", field=3),))
    return PumpEvents(events, observed)


def _delivery(source: str, rows: Sequence[Row], group: Group) -> Delivery | None:
    told = next((row for row in rows if row.seen.code.number == CONDITION), None)
    if told is None or told.seen.missing:
        return None
    code = code_of(told.seen.value)
    reasons = {row.seen.value.strip("^") for row in rows if row.seen.code.number == REASON and not row.seen.missing}
    reason = reasons.pop() if len(reasons) == 1 else ""
    return Delivery(
        source,
        group.person,
        _EVENTS.get(code.number, PumpEvent.OTHER),
        code.ref[:80],
        told.at_us,
        reason if reason.startswith("pump-stopped-") and len(reason) < 80 else "",
    )
