"""B. Braun Space and compactplus over BCC: what the parameters mean, as tables. Pure; sources as in _wire."""

from __future__ import annotations

import re
from functools import lru_cache

from pumpd.device import AlarmCode, Integrity, PumpStatus
from pumpd.units import Ms, parse_decimal, scaled

_NO_VALUE = ("_NV", "_NA", "")
_UNRAISED = ("0", *_NO_VALUE)
_NUMBER = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,6})?")
_SECONDS = re.compile(r"[0-9]{1,7}")
UNKNOWN_TIME = "65535"  # of INRMT: unknown, or longer than it can tell


@lru_cache(maxsize=512)
def _micro(text: str) -> int | None:
    """Exact uL or uL/h of millilitres; None where there is no number."""
    value = parse_decimal(text) if _NUMBER.fullmatch(text) else None
    return None if value is None else scaled(value, 1000)


_ALARMS = {
    "INA1": "battery empty",
    "INA2": "syringe empty",
    "INA3": "pressure alarm",
    "INA4": "standby ends in two minutes",
    "INA5": "standby over",
    "INA6": "CC alarm",
    "INA7": "end of volume",
    "INA8": "time over",
    "INA9": "syringe alarm",
    "INA11": "battery pre-alarm",
    "INA12": "syringe nearly empty",
    "INA13": "pump door open",
    "INA14": "drop alarm",
    "INA15": "air alarm",
    "INA16": "keep-vein-open ended",
}
_FLAGGED = "INA"
_ERRORS = {"11": "no data, or no pump in the rack", "39": "pump removed from the rack", "68": "request not understood"}
_ERRORS["811"] = "no such pump address"
_ERROR_FAMILIES = {"4": "communication with the pump", "5": "arrangement of the rack"}  # 4x, 5x
NOT_UNDERSTOOD = "GNERR_68"
GREETED = "GNACK"  # the parameter that answers ADMIN:ALIVE
# bits of RUNSTATE
_STOPPED, _RUNNING, _ALARM, _KVO, _PRE_ALARM = 1, 2, 4, 8, 32
_OPMODES = {"0": "continuous", "4": "PCA", "5": "TCI"}
_FLAGS = (("INM2", "bolus"), ("INM3", "pumping"), ("INM10", "keep vein open"), ("INM6", "standby"), ("INM1", "ready"))
_MOVING = ("INM2", "INM3", "INM10")


def _dose_units() -> dict[str, str]:
    masses = ("ng", "mg", "mcg", "g", "mmol", "mEq", "IU")
    times = ("min", "h", "day")
    rows = [*masses, *(f"{m}/mL" for m in masses), *(f"{m}/kg" for m in masses)]
    rows += [f"{m}/{t}" for m in masses for t in times] + [f"{m}/kg/{t}" for m in masses for t in times]
    return {str(code): text for code, text in enumerate(rows, start=23)}


DOSE_UNITS = _dose_units()  # codes 23 to 85

# known to the record, told by nobody here: no fact has a place for them
_OF_NO_USE = (
    "GNACK GNERR FMNOR FMSTAT FMDONGLE FMBANY FMRT FMRSTAT INVTB INPSOLL INSOLID INVOLACT INVOLAC INTIME INAKKU INSTBY",
    "INDCON INDCONU INP1 INP2 INM4 INM5 INM7 INM8 INM9 INM11 INM12 INM13 INNR INDTNR DSSTATUS INBOVAL INBOCNT INAVRT",
    "INSYR VERSION DATE TIME TIMEOFINF TCIMOD TCIMODEL TCIAWA TCIPLA TCIEFF TCITAR TCIUT PROGSTAT DLNAME",
)
_USED = "GNNEW GNMODEL INSERNUM INRT INVI INRMT INSOL INSOLSN INDOCAL INDORT INDORTU INBORT RUNSTATE OPMODE"
_KNOWN = frozenset(" ".join((*_OF_NO_USE, _USED, *_ALARMS, *(flag for flag, _ in _FLAGS))).split())


def unmapped(values: dict[str, str]) -> set[str]:
    """Parameters that no table here holds."""
    return {name for name in values.keys() - _KNOWN if not name.startswith(_FLAGGED)}


def _said(values: dict[str, str], name: str) -> str | None:
    value = values.get(name)
    return None if value is None or value in _NO_VALUE else value


def _bits(values: dict[str, str]) -> int:
    text = values.get("RUNSTATE", "")
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 6 else 0


def _infusing(values: dict[str, str]) -> bool | None:
    """False only where the pump says that it stands and nothing says that fluid moves."""
    bits = _bits(values)
    if bits & (_RUNNING | _KVO) or any(values.get(flag) == "1" for flag in _MOVING):
        return True
    return False if bits & _STOPPED or values.get("INM3") == "0" else None


def _rate_ul_h(values: dict[str, str]) -> int | None:
    """The rate; while a bolus runs, the bolus rate where that is the faster one, and unknown where it is not told."""
    rate = _micro(values["INRT"])
    if values.get("INM2") != "1":
        return rate
    bolus = _micro(values.get("INBORT", ""))
    return None if rate is None or bolus is None else max(rate, bolus)


def _mode(values: dict[str, str]) -> str:
    """In words: operation mode, what it does, and the dose where it is programmed as one."""
    words = [_OPMODES.get(values.get("OPMODE", ""), "")]
    words += [text for flag, text in _FLAGS if values.get(flag) == "1"]
    dose = _said(values, "INDORT")
    if values.get("INDOCAL") == "1" and dose is not None:
        code = values.get("INDORTU", "")
        words.append(f"dose {dose[:12]} {DOSE_UNITS.get(code, f'(unit {code[:5]})')}")
    return ", ".join(word for word in words if word)


@lru_cache(maxsize=256)
def _visible(text: str | None) -> str | None:
    """Names as people may read them: characters for the pump's own symbols (private use) are left out."""
    shown = "".join(character for character in text or "" if character.isprintable()).strip()
    return shown[:40] or None


def _time_left_s(values: dict[str, str]) -> int | None:
    text = values.get("INRMT", "")
    return int(text) if text != UNKNOWN_TIME and _SECONDS.fullmatch(text) else None


def status_of(values: dict[str, str], alarming: bool, requested_ms: Ms | None) -> PumpStatus:
    """The status of the pump at one address of a whole reply."""
    return PumpStatus(
        infusing=_infusing(values),
        rate_ul_h=_rate_ul_h(values),
        volume_ul=_micro(values.get("INVI", "")),
        requested_ms=requested_ms,
        integrity=Integrity.SUM8,
        serial=_visible(_said(values, "INSERNUM")),
        alarming=alarming,
        drug=_visible(_said(values, "INSOL")) or _visible(_said(values, "INSOLSN")),
        time_left_s=_time_left_s(values),
        mode=_mode(values),
    )


def identity_of(values: dict[str, str], slot: str) -> tuple[str, str | None]:
    """Model and slot, serial number."""
    model = _visible(_said(values, "GNMODEL")) or _visible(_said(values, "GNNEW"))
    return f"{model or 'pump'} in slot {slot}", _visible(_said(values, "INSERNUM"))


def alarms_of(values: dict[str, str]) -> list[AlarmCode]:
    """Every alarm flag that is set; a flag that the table lacks is an alarm of unknown meaning."""
    raised = (name for name in values if name.startswith(_FLAGGED) and values[name] not in _UNRAISED)
    found = [AlarmCode(name[:16], _ALARMS.get(name, name[:16]), known=name in _ALARMS) for name in raised]
    bits = _bits(values)
    if not found and bits & (_ALARM | _PRE_ALARM):
        code, text = ("RUNSTATE_2", "alarm") if bits & _ALARM else ("RUNSTATE_5", "pre-alarm")
        found.append(AlarmCode(code, text))
    return found


def error_of(values: dict[str, str]) -> AlarmCode | None:
    """What the rack says instead of data."""
    code = _said(values, "GNERR")
    if code is None:
        return None
    family = (
        {"4": "communication with the pump", "5": "arrangement of the rack"}.get(code[0]) if len(code) == 2 else None
    )
    text = _ERRORS.get(code) or family
    return AlarmCode(f"GNERR_{code[:8]}", text or f"error {code[:8]}", known=text is not None)
