"""Observations of an infusion pump as its status: what flows now, never what was programmed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from pumpd.device.facts import Integrity, PumpStatus
from pumpd_hl7.message import Segment
from pumpd_hl7.observations import Observation
from pumpd_hl7.profiles.amounts import BELIEVED, in_units, whole
from pumpd_hl7.profiles.devices import Fresh, Row
from pumpd_hl7.profiles.vitals import Dropped

INFUSING, DELIVERY, MODE, REASON = 184519, 158005, 158008, 158006
FLOW_NOW, DELIVERED, TIME_LEFT, DRUG, DRUG_OLD = 158014, 157993, 157916, 184514, 184330
TELLING = frozenset((INFUSING, DELIVERY, FLOW_NOW))
"""Without any of these there is no status."""
_UL_H = {"mL/h": Fraction(1000)}
_UL = {"mL": Fraction(1000)}
_SECONDS = {"s": Fraction(1), "min": Fraction(60), "h": Fraction(3600)}
_STATUS = {"pump-status-infusing": True, "pump-status-not-infusing": False}
_DELIVERING = {
    "pump-delivery-status-delivering": True,
    "pump-delivery-status-kvo": True,
    "pump-delivery-status-not-delivering": False,
}
_WORDS = ("pump-delivery-status-", "pump-program-delivery-mode-")
_ALARMING = "pump-stopped-alarming"
_NO_DRUG = "999999"
_LONGEST_NAME = 200

_Rows = dict[int, list[Observation]]


def status_of(rows: Sequence[Row], obr: Segment, fresh: Fresh, dropped: list[Dropped]) -> tuple[PumpStatus, int] | None:
    """The status and its time. None: the rows are of no pump, not fresh, or of two channels under one name."""
    infusers: dict[tuple[int, ...], int] = {}
    for row in rows:
        if row.seen.code.number in TELLING:
            place = row.seen.path[:2]
            at_us = row.at_us
            if (why := fresh.why_not(at_us)) or at_us is None:
                dropped.append(Dropped(row.seen.code.ref, why))
                return None
            infusers[place] = min(at_us, infusers.get(place, at_us))
    if len(infusers) != 1:
        if infusers:
            dropped.append(Dropped("two channels under one device's name", "twice"))
        return None
    ((place, at_us),) = infusers.items()
    by_code = _believed([row.seen for row in rows if row.seen.path[:2] == place], fresh, dropped)
    return _status(by_code, obr, dropped), at_us


def _believed(seen: Sequence[Observation], fresh: Fresh, dropped: list[Dropped]) -> _Rows:
    found: _Rows = {}
    for one in seen:
        if one.missing or one.questionable or one.status not in BELIEVED or (fresh.real and not one.is_real):
            dropped.append(Dropped(one.code.ref, one.missing or "not believed"))
        else:
            found.setdefault(one.code.number, []).append(one)
    return found


def _status(rows: _Rows, obr: Segment, dropped: list[Dropped]) -> PumpStatus:
    seconds = _amount(rows, TIME_LEFT, _SECONDS, dropped)
    words = [_word(rows, number).removeprefix(start) for number, start in zip((DELIVERY, MODE), _WORDS, strict=True)]
    return PumpStatus(
        infusing=_infusing(rows),
        rate_ul_h=_amount(rows, FLOW_NOW, _UL_H, dropped),
        volume_ul=_amount(rows, DELIVERED, _UL, dropped),
        requested_ms=None,
        integrity=Integrity.CRC16,
        alarming=_word(rows, REASON) == _ALARMING,
        drug=_text(rows, DRUG) or _text(rows, DRUG_OLD) or _ordered_drug(obr),
        time_left_s=seconds,
        mode=" ".join(word for word in words if word),
    )


def _infusing(rows: _Rows) -> bool | None:
    """None: not said, not understood, or contradicted by the delivery's own status; it may then be infusing."""
    said, delivering = _STATUS.get(_word(rows, INFUSING)), _DELIVERING.get(_word(rows, DELIVERY))
    if INFUSING not in rows:
        return delivering
    return None if said is False and delivering else said


def _one(rows: _Rows, number: int, key: Callable[[Observation], object]) -> Observation | None:
    """The only row of a code; None where there are several that do not say the same."""
    found = rows.get(number, [])
    return found[0] if found and len({key(one) for one in found}) == 1 else None


def _amount(rows: _Rows, number: int, scales: dict[str, Fraction], dropped: list[Dropped]) -> int | None:
    """An exact number of the scales' unit, not below 0."""
    row = _one(rows, number, lambda one: (one.number, one.unit and one.unit.ucum))
    if row is None or row.number is None:
        if rows.get(number):
            dropped.append(Dropped(rows[number][0].code.ref, "twice" if row is None else "not a number"))
        return None
    value = in_units(row.number, row.unit, scales)
    exact = whole(value)
    if exact is None or exact < 0:
        dropped.append(Dropped(row.code.ref, "unit" if value is None else "digits" if exact is None else "negative"))
        return None
    return exact


def _word(rows: _Rows, number: int) -> str:
    """The enumerated value of a CWE, in whichever of its components it stands; "" for another or for two."""
    row = _one(rows, number, lambda one: one.value)
    words = {part for part in row.value.split("^") if part.startswith("pump-")} if row is not None else set()
    return words.pop() if len(words) == 1 else ""


def _text(rows: _Rows, number: int) -> str | None:
    row = _one(rows, number, lambda one: one.value)
    return None if row is None else _name(row.value if row.kind == "ST" else row.value.strip("^").split("^")[-1])


def _ordered_drug(obr: Segment) -> str | None:
    """OBR-4 of a pump is the drug, unless it is an MDC term or the code of an unknown medication."""
    if obr.get(4, 3) == "MDC" or obr.get(4) == _NO_DRUG:
        return None
    return _name(obr.get(4, 2))


def _name(text: str) -> str | None:
    text = " ".join(text.split())
    return text if text and len(text) <= _LONGEST_NAME and text.isprintable() else None
