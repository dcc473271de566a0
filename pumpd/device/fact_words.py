"""A fact in one line for who looks after devices; no page of a ward is made of it. Pure."""

from __future__ import annotations

from typing import Any, cast

from msgspec import to_builtins

from pumpd.device.facts import DeviceAlarms, Garbled, Identity, PumpStatus, Reading, Vitals, Waveform
from pumpd.device.signals import SIGNALS
from pumpd.units import exact, format_milli, format_rate_ml_h, plain


def fact_words(fact: object) -> str:
    """ "RR 14 /min  SpO2 97 %". Of garbled bytes only how many there were."""
    if isinstance(fact, Vitals):
        return "  ".join(_reading(reading) for reading in fact.readings)
    if isinstance(fact, PumpStatus):
        return _status(fact)
    if isinstance(fact, DeviceAlarms):
        known = [f"{a.code} {a.text}" + ("" if a.known else " (unknown code)") for a in fact.alarms]
        return ", ".join(known) or "none"
    if isinstance(fact, Waveform):
        return f"{fact.signal}, {len(fact.samples_milli)} samples of {fact.period_ms} ms"
    if isinstance(fact, Garbled):
        return f"{fact.reason}, {fact.length} bytes"
    fields = cast("dict[str, Any]", to_builtins(fact, builtin_types=(bytes,)))
    said = {
        key: value for key, value in fields.items() if value is not None and (value != "" or isinstance(fact, Identity))
    }
    return ", ".join(f"{key} {value}" for key, value in said.items())


def _reading(reading: Reading) -> str:
    signal = SIGNALS.get(reading.signal)
    label, unit = (signal.label, signal.unit) if signal else (reading.signal, "")
    shown = str(reading.quality) if reading.value_milli is None else f"{format_milli(reading.value_milli)} {unit}"
    return f"{label} {shown}".rstrip()


def _status(status: PumpStatus) -> str:
    infusing = {True: "infusing", False: "not infusing", None: f"mode not understood ({status.mode})"}[status.infusing]
    words = [infusing]
    if status.rate_ul_h is not None:
        words.append(format_rate_ml_h(status.rate_ul_h))
    if status.volume_ul is not None:
        words.append(f"delivered {plain(exact(status.volume_ul, 1000))} mL")
    if status.alarming:
        words.append("ALARM")
    return "  ".join(words)
