"""PCD-10: an event of a pump's delivery, one per message: it started, it stopped, it is complete. Pure.

A change of the rate is a STOP (switching) followed by a START, as the profile wants it. STOP and COMPLETE carry the
volume that the pump says it has infused, or that it says none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pumpd.safety.view import PumpView
from pumpd_hl7.profiles.outgoing import Rows, Sender, code, header, pid, pv1
from pumpd_hl7.profiles.pcd01_out import Scene
from pumpd_hl7.profiles.pump_rows import MDS, Subject, body, drug_of, head
from pumpd_hl7.times import time_text
from pumpd_hl7.writer import message, segment


class Delivery(StrEnum):
    """The required events of the profile."""

    START = "MDC_EVT_PUMP_DELIV_START"
    STOP = "MDC_EVT_PUMP_DELIV_STOP"
    COMPLETE = "MDC_EVT_PUMP_DELIV_COMP"


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """at_us: when it happened. reason: of a stop, one of the profile's words ("" where nobody knows)."""

    kind: Delivery
    at_us: int
    reason: str = ""


def event_message(scene: Scene, pump: PumpView, event: DeliveryEvent, sender: Sender, control_id: str) -> bytes | None:
    """The pump as it was when the event happened; None without a patient."""
    patient = scene.view.patient
    if patient is None:
        return None
    rows = Rows()
    head(rows, sender, pump)
    rows.coded("MDC_ATTR_EVT_COND", _below(MDS, 2), code(event.kind))
    rows.text("MDC_ATTR_EVT_SOURCE", _below(MDS, 3), "1.1.2.0")
    ended = event.kind is not Delivery.START
    subject = Subject(pump, patient.weight_g, scene.wall_of, scene.volumes_ul.get(pump.id), ended)
    body(rows, subject, event.reason)
    obr = segment("OBR", {1: "1", 3: sender.entity(control_id), 4: drug_of(pump), 7: time_text(event.at_us)})
    front = header(sender, "PCD-10", control_id, scene.now_us), pid(patient), pv1(scene.location)
    return message(*front, obr, *rows.segments)


def _below(path: str, number: int) -> str:
    return f"{path.rpartition('.')[0]}.{number}"
