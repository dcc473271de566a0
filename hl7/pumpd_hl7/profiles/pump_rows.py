"""The rows of one pump, for PCD-01 and PCD-10: one VMD, one delivery channel, one primary source. Pure.

Only what the pump reported and what follows exactly from it is sent: a rate that is not known is missing, a dose that
may not be computed is not there. What was given is enclosed by two numbers, so it is sent as a range (SN).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pumpd.device.facts import Quality
from pumpd.safety.view import PumpView
from pumpd_hl7.message import escape
from pumpd_hl7.profiles.outgoing import Rows, Sender, code, decimal_text, unit
from pumpd_hl7.times import time_text
from pumpd_hl7.writer import segment

MDS, VMD, DELIVERY, SOURCE = "1.0.0.0", "1.1.0.0", "1.1.1.0", "1.1.2.0"
VOLUME = "1.1.2.7"
UNKNOWN_DRUG = "999999^Medication Unknown"
NG_PER_MG = 1_000_000
_STATUS = {True: "^pump-status-infusing", False: "^pump-status-not-infusing"}
_DELIVERY = {True: "^pump-delivery-status-delivering", False: "^pump-delivery-status-not-delivering"}

WallOf = Callable[[int], int]
"""Microseconds since 1970 of a kernel time."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A pump and what its rows need beside it. volume_ul: its own counter of what it has infused, where it reports one.

    ended: a delivery is over, so that a receiver looks for the volume: that it is not known is said.
    """

    pump: PumpView
    weight_g: int | None
    wall_of: WallOf
    volume_ul: int | None = None
    ended: bool = False


def drug_of(pump: PumpView) -> str:
    """OBR-4 and the drug's label: as the library prints it, with its concentration; unknown where nothing is said."""
    label = label_of(pump)
    return f"^{escape(label)}" if label else UNKNOWN_DRUG


def label_of(pump: PumpView) -> str:
    """`ketAMINE 1 mg/mL`; "" where the drug is not known."""
    name = pump.drug_label or pump.drug
    if name is None:
        return ""
    conc = pump.concentration_ug_ml
    return name if conc is None else f"{name} {decimal_text(conc, 1000)} mg/mL"


def head(rows: Rows, sender: Sender, pump: PumpView) -> None:
    """The device itself."""
    rows.part("MDC_DEV_PUMP_INFUS_MDS", MDS, sender.entity(pump.id))


def body(rows: Rows, subject: Subject, reason: str = "") -> None:
    """VMD, delivery channel and source with what is known. reason: why it does not deliver, where somebody knows."""
    rows.part("MDC_DEV_PUMP_INFUS_VMD", VMD)
    rows.part("MDC_DEV_PUMP_DELIVERY_INFO", DELIVERY)
    _delivery(rows, subject)
    rows.part("MDC_DEV_PUMP_INFUSATE_SOURCE_PRIMARY", SOURCE)
    _source(rows, subject)
    if reason:
        rows.coded("MDC_PUMP_NOT_DELIVERING_REASON", "1.1.2.14", f"^{reason}")


def _believed(pump: PumpView) -> bool:
    return pump.infusing is not None and pump.rate_quality in (Quality.OK, Quality.QUESTIONABLE)


def _time(subject: Subject) -> str:
    at_ms = subject.pump.at_ms
    return "" if at_ms is None else time_text(subject.wall_of(at_ms))


def _delivery(rows: Rows, subject: Subject) -> None:
    pump, at = subject.pump, _time(subject)
    if not _believed(pump) or pump.infusing is None:
        rows.missing("CWE", "MDC_PUMP_INFUSING_STATUS", "1.1.1.1", "INV")
        rows.missing("NM", "MDC_FLOW_FLUID_PUMP_CURRENT", "1.1.1.2", "INV", "mL/h")
        return
    flags = "QUES" if pump.rate_quality is Quality.QUESTIONABLE else ""
    rows.coded("MDC_PUMP_INFUSING_STATUS", "1.1.1.1", _STATUS[pump.infusing], time=at)
    flow = pump.rate_ul_h if pump.infusing else 0
    if flow is None:
        rows.missing("NM", "MDC_FLOW_FLUID_PUMP_CURRENT", "1.1.1.2", "NAV", "mL/h")
    else:
        rows.number("MDC_FLOW_FLUID_PUMP_CURRENT", "1.1.1.2", decimal_text(flow, 1000), "mL/h", flags=flags, time=at)
    rows.coded("MDC_DEV_PUMP_ACTIVE_SOURCES", "1.1.1.3", "^pump-source-info-primary")


def _source(rows: Rows, subject: Subject) -> None:
    pump = subject.pump
    if _believed(pump) and pump.infusing is not None:
        rows.coded("MDC_DEV_PUMP_CURRENT_DELIVERY_STATUS", "1.1.2.1", _DELIVERY[pump.infusing])
        rows.coded("MDC_DEV_PUMP_PROGRAM_DELIVERY_MODE", "1.1.2.2", "^pump-program-delivery-mode-continuous")
    rows.text("MDC_DEV_PUMP_SOURCE_CHANNEL_LABEL", "1.1.2.3", "Primary")
    if _believed(pump) and pump.infusing and pump.rate_ul_h is not None:
        rows.number("MDC_FLOW_FLUID_PUMP", "1.1.2.4", decimal_text(pump.rate_ul_h, 1000), "mL/h")
        if pump.dose_mg_kg_h is not None:
            rows.number("MDC_RATE_DOSE", "1.1.2.5", f"{pump.dose_mg_kg_h:f}", "mg/kg/h")
    _volume(rows, subject)
    _given(rows, pump)
    if label := label_of(pump):
        rows.text("MDC_DRUG_NAME_LABEL", "1.1.2.10", label)
    if pump.concentration_ug_ml is not None:
        rows.number("MDC_CONC_DRUG", "1.1.2.11", decimal_text(pump.concentration_ug_ml, 1000), "mg/mL")
    if subject.weight_g is not None:
        rows.number("MDC_ATTR_PT_WEIGHT", "1.1.2.13", decimal_text(subject.weight_g, 1000), "kg")


def _volume(rows: Rows, subject: Subject) -> None:
    """The pump's own counter, as it reports it; nobody else's number stands in for it."""
    if subject.volume_ul is not None:
        volume = decimal_text(subject.volume_ul, 1000)
        rows.number("MDC_VOL_FLUID_DELIV_TOTAL", VOLUME, volume, "mL", time=_time(subject))
    elif subject.ended:
        rows.missing("NM", "MDC_VOL_FLUID_DELIV_TOTAL", VOLUME, "NAV", "mL")


def _given(rows: Rows, pump: PumpView) -> None:
    """What this pump has given, at least and at most, to the microgram outwards; one number where both are the same."""
    if pump.delivered is None:
        return
    low_ng, high_ng = pump.delivered.at_least_ng, pump.delivered.at_most_ng
    low, high = decimal_text(low_ng // 1000, 1000), decimal_text(-(-high_ng // 1000), 1000)
    if low == high:
        rows.number("MDC_DOSE_DRUG_DELIV_TOTAL", "1.1.2.8", low, "mg")
        return
    fields = {
        1: str(len(rows.segments) + 1),
        2: "SN",
        3: code("MDC_DOSE_DRUG_DELIV_TOTAL"),
        4: "1.1.2.8",
        5: f"^{low}^-^{high}",
        6: unit("mg"),
        11: "R",
    }
    rows.segments.append(segment("OBX", fields))
