"""PCD-05, ORA^R41 (some write ORU^R41): what became of an alarm that we reported, and who took it. Pure.

It is told to people and written down. It acknowledges nothing at the bedside: that needs a named person and a reason.
"""

from __future__ import annotations

from dataclasses import dataclass

from pumpd_hl7.acks import Problem
from pumpd_hl7.message import Message, Segment
from pumpd_hl7.profiles.people import REQUIRED, Refused
from pumpd_hl7.times import parse_time

NOT_IN_TABLE = 103
STATUSES = frozenset(
    (
        *("Received", "Undeliverable", "Delivered", "Read", "Rejected", "Cancelled", "CancelledOther"),
        *("Accepted", "AcceptedPositive", "AcceptedNotRelevant", "AcceptedFalse", "CallbackStart", "CallbackEnd"),
    )
)
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class AlertStatus:
    """control_id: MSH-10 of our first message of the alarm; alert_id: as we named it; "" where it is not said.

    person: identifier and name of whoever acted, "" for nobody; at_us None: no time was said.
    """

    control_id: str
    alert_id: str
    status: str
    person: str
    at_us: int | None

    @property
    def reached_somebody(self) -> bool:
        return self.status in ("Delivered", "Read") or self.status.startswith("Accepted")


def read_pcd05(message: Message, offset_min: int = 0) -> tuple[AlertStatus, ...] | Refused:
    """A status for each PRT that tells one, in their order."""
    control_id, obr = _id(message.get("MSA", 2)), message.first("OBR")
    alert_id = "" if obr is None else _id(obr.get(29, 2))
    if not control_id and not alert_id:
        return Refused((Problem(REQUIRED, "neither MSA-2 nor OBR-29 says which alarm", "MSA", field=2),))
    found: list[AlertStatus] = []
    for sequence, prt in enumerate(message.all("PRT"), 1):
        status = next((text for text in (prt.get(3, 2), prt.get(3, 1)) if text in STATUSES), "")
        if not status and prt.raw(3):
            return Refused((Problem(NOT_IN_TABLE, "PRT-3 is no status of an alarm", "PRT", sequence, 3),))
        if status:
            found.append(AlertStatus(control_id, alert_id, status, _person(prt), _us(prt.get(11), offset_min)))
    if not found:
        return Refused((Problem(REQUIRED, "no PRT tells what became of the alarm", "PRT", field=3),))
    return tuple(found)


def _person(prt: Segment) -> str:
    return " ".join(part for part in (_id(prt.get(5, n)) for n in (1, 3, 2)) if part)


def _id(text: str) -> str:
    """What cannot be a name or an identifier is none."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST and text.isprintable() and text != '""' else ""


def _us(text: str, offset_min: int) -> int | None:
    found = parse_time(text, offset_min) if len(text) >= 14 else None
    return None if found is None else found.us
