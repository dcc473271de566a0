"""Philips IntelliVue: alerts, texts and who the monitor is. Pure; every length is checked against what is there."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pumpd.device import AlarmCode
from pumpd_drivers import philips_intellivue_tables as table
from pumpd_drivers.philips_intellivue_parse import Malformed, Pairs, at_end, list_at

_ORIGIN = {0x0902: "P", 0x0904: "T"}  # attributes with a list of alerts: of the patient, technical
MODEL, PRODUCT = 0x0928, 0x092D
SERIAL_NUMBER, SOFTWARE = (1, 0x0008), (4, 0x0008)  # kind of entry, component (8: the whole product)
TEXT_INFO = 516  # an alert's info that carries a text

_HH, _ALERT = struct.Struct(">HH"), struct.Struct(">HHHH6sHH")

NO_PATIENT = AlarmCode("DEMO", "monitor in demonstration or test mode: its values are not the patient's")


@dataclass(frozen=True, slots=True)
class Alerts:
    """The monitor's alerts, and whether one that lasts says that nobody breathes."""

    alarms: tuple[AlarmCode, ...]
    no_breath: bool


def alerts(observations: list[Pairs]) -> Alerts | None:
    """Every alert of the alert lists; None where there is no list. Alerts of a test or demonstration are one alarm."""
    lists = [(name, value) for pairs in observations for name, value in pairs if name in _ORIGIN]
    if not lists:
        return None
    entries = [entry for name, value in lists for entry in _alert_list(value, _ORIGIN[name])]
    alarms = {alarm.code: alarm for alarm, _ in reversed(entries)}
    return Alerts(tuple(reversed(alarms.values())), any(no_breath for _, no_breath in entries))


def _alert_list(value: bytes, origin: str) -> Iterator[tuple[AlarmCode, bool]]:
    count, at, stop = list_at(value, 0, len(value))
    for _ in range(count):
        if at + _ALERT.size > stop:
            raise Malformed("alert beyond its list")
        source, code, kind, state, _, info, length = _ALERT.unpack_from(value, at)
        at += _ALERT.size + length
        if at > stop:
            raise Malformed("alert longer than its list")
        if state & (table.ALERT_DEMO | table.ALERT_TEST):
            yield NO_PATIENT, False
        elif kind:  # 0 is no alert
            lasts = not state & table.ALERT_LATCHED
            no_breath = origin == "P" and lasts and code & ~1 in table.NO_BREATH
            yield _alarm(origin, source, code, state, _text_of(info, value[at - length : at])), no_breath
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
