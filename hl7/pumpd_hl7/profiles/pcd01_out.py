"""PCD-01: what a bed's devices report, one message per device. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pumpd.device.facts import Quality
from pumpd.device.info import Origin
from pumpd.device.signals import SIGNALS
from pumpd.safety.view import BedView, PumpView, ValueView
from pumpd_hl7.codes import codes
from pumpd_hl7.profiles.outgoing import Rows, Sender, decimal_text, header, pid, pv1
from pumpd_hl7.profiles.pump_rows import Subject, WallOf, body, drug_of, head
from pumpd_hl7.times import time_text
from pumpd_hl7.writer import cwe, message, segment

_RR = {Origin.CO2: "MDC_CO2_RESP_RATE", Origin.IMPEDANCE: "MDC_TTHOR_RESP_RATE"}
_UNITS = {"%": "%", "mmHg": "mm[Hg]", "°C": "Cel"}
_BREATHS = ("rr", "rr_imp")
_BELIEVED = (Quality.OK, Quality.QUESTIONABLE)
_NO_VALUE = {Quality.STALE: "NAV", Quality.INVALID: "INV", Quality.OFF: "OFF"}


@dataclass(frozen=True, slots=True)
class Scene:
    """A bed at one moment. location: `unit^room^bed`; now_us: wall time of the message.

    volumes_ul: by pump its own counter of what it has infused, of those that report one.
    """

    view: BedView
    location: str
    now_us: int
    wall_of: WallOf
    volumes_ul: Mapping[str, int] = field(default_factory=dict)


def pump_message(scene: Scene, pump: PumpView, sender: Sender, control_id: str) -> bytes | None:
    """What the pump reports; None without a patient: nobody's values belong to nobody."""
    patient = scene.view.patient
    if patient is None:
        return None
    rows = Rows()
    head(rows, sender, pump)
    body(rows, Subject(pump, patient.weight_g, scene.wall_of, scene.volumes_ul.get(pump.id)))
    obr = segment("OBR", {1: "1", 3: sender.entity(control_id), 4: drug_of(pump), 7: time_text(scene.now_us)})
    front = header(sender, "PCD-01", control_id, scene.now_us), pid(patient), pv1(scene.location)
    return message(*front, obr, *rows.segments)


def monitor_message(scene: Scene, device: str, sender: Sender, control_id: str) -> bytes | None:
    """What one monitor reports of the signals that have a code; None without a patient or without any such signal."""
    patient = scene.view.patient
    mine = [(name, value) for name, value in scene.view.values.items() if value.source == device and _ref(name, value)]
    if patient is None or not mine:
        return None
    rows = Rows()
    rows.part("MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS", "1.0.0.0", sender.entity(device))
    for number, (name, value) in enumerate(mine, 1):
        _value(rows, name, value, f"1.1.0.{number}", scene.wall_of)
    what = cwe(69965, "MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS", "MDC")
    obr = segment("OBR", {1: "1", 3: sender.entity(control_id), 4: what, 7: time_text(scene.now_us)})
    front = header(sender, "PCD-01", control_id, scene.now_us), pid(patient), pv1(scene.location)
    return message(*front, obr, *rows.segments)


def _ref(name: str, value: ValueView) -> str:
    """The REFID of a signal: a respiration rate keeps what it is measured by."""
    if name == "rr":
        return _RR.get(value.origin or Origin.GENERIC, "MDC_RESP_RATE")
    signal = SIGNALS.get(name)
    return signal.refid if signal is not None and signal.code in codes() else ""


def _value(rows: Rows, name: str, value: ValueView, path: str, wall_of: WallOf) -> None:
    ref, ucum = _ref(name, value), _ucum(name)
    if value.value_milli is None or value.quality not in _BELIEVED:
        rows.missing("NM", ref, path, _NO_VALUE.get(value.quality, "NAV"), ucum)
        return
    flags = "QUES" if value.quality is Quality.QUESTIONABLE else ""
    time = "" if value.at_ms is None else time_text(wall_of(value.at_ms))
    rows.number(ref, path, decimal_text(value.value_milli, 1000), ucum, flags=flags, time=time)


def _ucum(name: str) -> str:
    rate = "RESP_PER_MIN" if name in _BREATHS else "BEAT_PER_MIN"
    return _UNITS.get(SIGNALS[name].unit, rate)
