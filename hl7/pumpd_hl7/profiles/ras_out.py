"""RAS^O17: a ketamine infusion's rate has changed, as the pump reports it. Pure.

A running infusion's change is an administration whose RXA-3 is the time of the change and RXA-6 with RXA-12 the new
rate; one that has stopped has rate 0 and RXA-20 CP (complete). What the pump does not say is not sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from pumpd.safety.events import Patient
from pumpd.safety.view import PumpView
from pumpd_hl7.message import escape
from pumpd_hl7.profiles.outgoing import Sender, decimal_text, header, pid, pv1
from pumpd_hl7.profiles.pump_rows import label_of
from pumpd_hl7.times import time_text
from pumpd_hl7.writer import composite, message, segment

_ML, _MG = "mL^mL^UCUM", "mg^mg^UCUM"
_PER_HOUR = "H1"
_IV = "IV^Intravenous^HL70162"


@dataclass(frozen=True, slots=True)
class RateChange:
    """The new rate from at_us on, 0 where it stopped. by: the person who changed it, where one is known."""

    rate_ul_h: int
    at_us: int
    by: str = ""


def rate_message(
    patient: Patient, location: str, pump: PumpView, change: RateChange, sender: Sender, control_id: str, now_us: int
) -> bytes:
    """The administration. Needs the drug's name and concentration at the pump: without them there is nothing to say."""
    at = time_text(change.at_us)
    conc = pump.concentration_ug_ml
    fields = {
        1: "0",
        2: "1",
        3: at,
        4: at,
        5: f"^{escape(label_of(pump))}",
        6: decimal_text(change.rate_ul_h, 1000),
        7: _ML,
        10: composite("", change.by) if change.by else "",
        12: _PER_HOUR,
        13: "" if conc is None else decimal_text(conc, 1000),
        14: "" if conc is None else _MG,
        20: "RE" if change.rate_ul_h else "CP",
        21: "A",
        23: "" if conc is None else "1",
        24: "" if conc is None else _ML,
    }
    orc = segment("ORC", {1: "RE", 3: sender.entity(control_id), 9: at})
    front = header(sender, "RAS", control_id, now_us), pid(patient), pv1(location)
    return message(*front, orc, segment("RXA", fields), segment("RXR", {1: _IV}))
