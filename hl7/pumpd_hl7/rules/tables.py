"""What values, units and words a code may have, as hl7 device profiles list them. Pure.

Sources: IHE PCD TF-2 R9 (words of status, phase, state, priority), the RTMMS unit groups (which unit fits which code).
"""

from __future__ import annotations

from collections.abc import Mapping

_PER_WEIGHT = ("mg/kg/h", "ug/kg/h", "mg/kg/min", "ug/kg/min")
_MASS_RATE = ("mg/h", "ug/h", "mg/min", "ug/min")
_VOLUME, _MASS, _TIME = frozenset(("mL",)), frozenset(("mg", "ug", "g", "mg/kg")), frozenset(("s", "min", "h"))
_PRESSURE, _RATE, _TEMPERATURE = frozenset(("mm[Hg]", "kPa")), frozenset(("/min",)), frozenset(("Cel",))

UNITS: Mapping[int, frozenset[str]] = {
    158014: frozenset(("mL/h",)),
    157784: frozenset(("mL/h",)),
    157924: frozenset((*_PER_WEIGHT, *_MASS_RATE)),
    **dict.fromkeys((157884, 157872, 157993, 157992, 157864, 157880, 157984), _VOLUME),
    **dict.fromkeys((157916, 157996), _TIME),
    **dict.fromkeys((157999, 158000, 158001, 158003), _MASS),
    157760: frozenset(("mg/mL", "ug/mL")),
    68063: frozenset(("kg", "g")),
    150456: frozenset(("%",)),
    **dict.fromkeys((149530, 149546, 151562, 151578, 151594, 147842), _RATE),
    **dict.fromkeys((151728, 150020, 150021, 150022, 150023), _PRESSURE),
    **dict.fromkeys((150344, 150364), _TEMPERATURE),
}
"""UCUM spellings by the code of the observation; a code that is not here may have any unit."""

_DELIVERY = ("delivering", "not-delivering", "transitioning", "kvo")
_MODE = ("continuous", "multi-step", "multi-dosing", "ramp-taper")
_SOURCE = ("primary", "secondary", "pca", "loading", "clinician", "intermittent")
_STOPPED = ("by-clinician", "not-specified", "switching-source", "alarming", "between-doses", "powered-off", "user")

WORDS: Mapping[int, frozenset[str]] = {
    184519: frozenset(("pump-status-infusing", "pump-status-not-infusing")),
    158005: frozenset(f"pump-delivery-status-{word}" for word in _DELIVERY),
    158008: frozenset(f"pump-program-delivery-mode-{word}" for word in _MODE),
    158016: frozenset(f"pump-source-info-{word}" for word in _SOURCE),
    158006: frozenset(f"pump-stopped-{word}" for word in _STOPPED),
}
"""Words of OBX-5 (CWE.2) by code."""

TYPES = frozenset((
    "NM", "ST", "CWE", "CE", "CF", "SN", "DT", "TM", "DTM", "TS", "TX", "FT", "ED", "RP", "NA", "MA", "EI", "HD",
    "CX", "XCN", "XPN", "XAD", "XON", "XTN", "PL", "CNE", "CD", "IS", "ID", "NR", "CP", "DR",
))  # fmt: skip
FLAGS = frozenset((
    "N", "L", "LL", "H", "HH", "A", "INV", "QUES", "NAV", "CAL", "TEST", "DEMO", "F", "EARLY", "BUSY", "ALACT",
    "ALINH", "NI", "NA", "OFF", "MSK", "OTH", "NAN", "PINF", "NINF", "PN", "PL", "PM", "PH", "SP", "ST", "SA",
))  # fmt: skip
METHODS = frozenset(("AMEAS", "MMEAS", "ASET", "MSET", "ACALC", "MCALC", "AUSRFS", "INVRFS"))
STATUSES = frozenset("BCDFINOPRSUVWX")

PHASES = frozenset((
    "tpoint", "start", "start_only", "continue", "end", "present", "update", "escalate", "inactivate",
    "acknowledged", "deescalate", "reset", "stop",
))  # fmt: skip
STATES = frozenset(("inactive", "active", "latched"))
INACTIVATIONS = frozenset(("enabled", "audio-paused", "audio-off", "alarm-paused", "alarm-off", "alert-acknowledged"))
PRIORITIES = frozenset(("PN", "PL", "PM", "PH", "PI", "PU"))
ALERTS = frozenset(("SP", "ST", "SA"))
