"""Philips IntelliVue: alerts, texts and who the monitor is. Pure; every length is checked against what is there."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pumpd.device import AlarmCode
from pumpd_drivers import philips_intellivue_tables as table
from pumpd_drivers.philips_intellivue_parse import Malformed, Pairs, at_end, list_at

PATIENT_ALERTS, TECHNICAL_ALERTS = 0x0902, 0x0904
MODEL, PRODUCT = 0x0928, 0x092D
SERIAL_NUMBER, SOFTWARE = (1, 0x0008), (4, 0x0008)  # kind of entry, component (8: the whole product)
TEXT_INFO = 516  # an alert's info that carries a text

_HH, _ALERT = struct.Struct(">HH"), struct.Struct(">HHHH6sHH")

NO_PATIENT = AlarmCode("DEMO", "monitor in demonstration or test mode: its values are not the patient's")


def alerts(observations: list[Pairs]) -> tuple[AlarmCode, ...] | None:
    """Every alert of the alert lists; None where there is no list. Alerts of a test or demonstration are one alarm."""
    found: dict[str, AlarmCode] = {}
    listed = False
    for pairs in observations:
        for name, value in pairs:
            if name in (PATIENT_ALERTS, TECHNICAL_ALERTS):
                listed = True
                for alarm in _alert_list(value, "P" if name == PATIENT_ALERTS else "T"):
                    found.setdefault(alarm.code, alarm)
    return tuple(found.values()) if listed else None


def _alert_list(value: bytes, origin: str) -> Iterator[AlarmCode]:
    count, at, stop = list_at(value, 0, len(value))
    for _ in range(count):
        if at + _ALERT.size > stop:
            raise Malformed("alert beyond its list")
        source, code, kind, state, _, info, length = _ALERT.unpack_from(value, at)
        at += _ALERT.size + length
        if at > stop:
            raise Malformed("alert longer than its list")
        if state & (table.ALERT_DEMO | table.ALERT_TEST):
            yield NO_PATIENT
        elif kind:  # 0 is no alert
            yield _alarm(origin, source, code, state, _text_of(info, value[at - length : at]))
    at_end(at, stop)


def _alarm(origin: str, source: int, code: int, state: int, text: str) -> AlarmCode:
    event = code & ~1  # the last bit names the partition of the source
    words = (
        text or f"{table.EVENTS.get(event, f'alert {code}')} ({table.SIGNAL_OF.get(source, f'source {source:04X}')})"
    )
    marks = [word for bit, word in table.ALERT_STATES if state & bit]
    marked = f"{words} ({', '.join(marks)})" if marks else words
    return AlarmCode(f"{origin}-{code}-{source:04X}", marked, event in table.EVENTS)


def _text_of(info: int, data: bytes) -> str:
    """The text that the monitor shows: instance, text id, priority, flags, then a string."""
    if info != TEXT_INFO:
        return ""
    if len(data) < 12 or 12 + int.from_bytes(data[10:12], "big") > len(data):
        raise Malformed("alert text longer than its info")
    return text_of(data[12 : 12 + int.from_bytes(data[10:12], "big")])


_SIGNS = {"\ue145": "E", "\ue14c": "L", "\ue400": "1/min", "\ue401": "cmH2O", "\ue40d": "*", "\ue425": "V"}
_SPECIAL = str.maketrans(_SIGNS)


def text_of(data: bytes) -> str:
    """UTF-16 with the monitor's own signs replaced; high byte first, but sources differ, and Latin text shows it."""
    data = data[: len(data) & ~1]
    little = bool(data) and not any(data[1::2])
    text = data.decode("utf-16-le" if little else "utf-16-be", "replace").translate(_SPECIAL)
    return "".join(sign if sign.isprintable() else " " for sign in text.partition("\0")[0]).strip()[:120]


def label(data: bytes, at: int) -> tuple[str, int]:
    """A length and that many ASCII bytes, and where they end."""
    if at + 2 > len(data) or at + 2 + int.from_bytes(data[at : at + 2], "big") > len(data):
        raise Malformed("label longer than its place")
    end = at + 2 + int.from_bytes(data[at : at + 2], "big")
    text = data[at + 2 : end].replace(b"\0", b" ").decode("ascii", "replace")
    return "".join(sign if sign.isprintable() else "?" for sign in text).strip()[:64], end


def model_of(value: bytes) -> str:
    """Manufacturer and model number."""
    maker, at = label(value, 0)
    number, _ = label(value, at)
    return f"{maker} {number}".strip()


def product_of(value: bytes) -> dict[tuple[int, int], str]:
    """A production specification: (kind of entry, component) to its text."""
    found: dict[tuple[int, int], str] = {}
    count, at, stop = list_at(value, 0, len(value))
    for _ in range(count):
        if at + 4 > stop:
            raise Malformed("entry beyond its list")
        entry = _HH.unpack_from(value, at)
        text, at = label(value[:stop], at + 4)
        if text:
            found.setdefault(entry, text)
    at_end(at, stop)
    return found
