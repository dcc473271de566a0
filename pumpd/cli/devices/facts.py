"""Facts as JSON and as one line of text."""

from __future__ import annotations

from typing import Any, cast

from msgspec import to_builtins

from pumpd.device import SIGNALS, DeviceAlarms, Garbled, Identity, PumpStatus, Reading, Vitals, Waveform
from pumpd.safety.events import LinkChanged
from pumpd.units import exact, format_milli, format_rate_ml_h, plain


def to_json(fact: object, at_ms: int) -> dict[str, Any]:
    """The fact with its type and time; bytes as hex."""
    return {"t_ms": at_ms, "type": type(fact).__name__, **_plain(_fields(fact))}


def _fields(fact: object) -> dict[str, Any]:
    return cast("dict[str, Any]", to_builtins(fact, builtin_types=(bytes,)))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.hex(" ") if isinstance(value, bytes) else value


def to_line(fact: object, at_ms: int) -> str:
    """ "12.345 s  Vitals  RR 14 /min  SpO2 97 %"."""
    return f"{at_ms / 1000:10.3f} s  {type(fact).__name__:<14} {_words(fact)}"


def _words(fact: object) -> str:
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
        return f"{fact.reason}, {fact.length} bytes: {fact.data.hex(' ')}"
    if isinstance(fact, LinkChanged):
        return " ".join(filter(None, (fact.state.value, fact.detail)))
    if isinstance(fact, Identity):
        return ", ".join(f"{key} {value}" for key, value in _fields(fact).items() if value is not None)
    return ", ".join(f"{key} {value}" for key, value in _fields(fact).items() if value not in (None, ""))


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
