"""Philips IntelliVue: what its numbers mean, as tables - measurements, units, states, alerts. Pure.

Ids and codes are the monitor's own nomenclature (IEEE 11073-10101 terms of the partitions SCADA, dimension and event)
as mdpnp (ObservedValue, Dimension, BSD-2) and mindleaving/patient-monitor-datalogger (SCADAType, MeasurementState,
AlertType, AlertState, MIT) write them down.
"""

from __future__ import annotations

from pumpd.device import Quality

# physiological id: signal. An impedance rate is never the CO2 rate; what is not here is listed as unmapped.
SIGNAL_OF = {
    0x4182: "hr",  # NOM_ECG_CARD_BEAT_RATE
    0x4BB8: "spo2",  # NOM_PULS_OXIM_SAT_O2
    0x4822: "pulse",  # NOM_PLETH_PULS_RATE
    0x5012: "rr",  # NOM_AWAY_RESP_RATE, from CO2
    0x500A: "rr_imp",  # NOM_RESP_RATE, from thoracic impedance
    0x50B0: "etco2",  # NOM_AWAY_CO2_ET
    0x50BA: "fico2",  # NOM_AWAY_CO2_INSP_MIN
    0x4A05: "nibp_sys",  # NOM_PRESS_BLD_NONINV_SYS
    0x4A06: "nibp_dia",
    0x4A07: "nibp_mean",
    0xF0E5: "nibp_pulse",  # NOM_PRESS_BLD_NONINV_PULS_RATE
    0x4B48: "temp",  # NOM_TEMP
}
BREATH_RATES = ("rr", "rr_imp")
CUFF = frozenset(("nibp_sys", "nibp_dia", "nibp_mean", "nibp_pulse"))

# unit: (numerator, denominator, offset in thousandths) to thousandths of the signal's own unit
_AS_IT_IS = (1, 1, 0)
PERCENT, PER_MIN, BREATHS, MMHG, KPA, CELSIUS, FAHRENHEIT = 0x0220, 0x0AA0, 0x0AE0, 0x0F20, 0x0F03, 0x17A0, 0x1140
_PRESSURE = {MMHG: _AS_IT_IS, KPA: (750_062, 100_000, 0)}  # 1 kPa is 7.50062 mmHg
_RATE = {PER_MIN: _AS_IT_IS, BREATHS: _AS_IT_IS}
_UNITS = {
    "spo2": {PERCENT: _AS_IT_IS},
    "temp": {CELSIUS: _AS_IT_IS, FAHRENHEIT: (5, 9, -32_000)},
} | dict.fromkeys(("etco2", "fico2", "nibp_sys", "nibp_dia", "nibp_mean"), _PRESSURE)

# (physiological id, unit): signal and conversion; any other unit of a known id is refused
MEANING = {
    (name, unit): (signal, *how)
    for name, signal in SIGNAL_OF.items()
    for unit, how in _UNITS.get(signal, _RATE).items()
}

# measurement state
INVALID, QUESTIONABLE, UNAVAILABLE, CALIBRATING, TEST, DEMO = 0x8000, 0x4000, 0x2000, 0x1000, 0x0800, 0x0400
EARLY, ONGOING = 0x0040, 0x0020  # a cuff's first estimate; a new cuff measurement is under way
NOT_A_PATIENT = TEST | DEMO
NO_NUMBER = INVALID | UNAVAILABLE | CALIBRATING | NOT_A_PATIENT
DOUBTFUL = QUESTIONABLE | EARLY
NO_VALUE = frozenset((0x7FFFFF, 0x800000, 0x7FFFFE, 0x800002, 0x800001))  # NaN, not at this resolution, infinities


def quality_of(state: int) -> Quality:
    """What a measurement state leaves of a value."""
    if state & NO_NUMBER:
        return Quality.INVALID
    return Quality.QUESTIONABLE if state & DOUBTFUL else Quality.OK


# alert state
ALERT_TEST, ALERT_DEMO, ALERT_LATCHED = 0x0400, 0x0100, 0x2000  # latched: over, and not yet acknowledged
ALERT_STATES = ((0x8000, "inhibited"), (0x4000, "suspended"), (ALERT_LATCHED, "latched"), (0x1000, "silenced"))

NO_BREATH = (3072, 136)  # events that say so: apnoea, breath absent

# event code: words for an alert that carries no text of its own (the text is always preferred)
EVENTS = {
    4: "absent",
    14: "contaminated",
    22: "disconnected",
    24: "disturbed",
    26: "empty",
    32: "erratic",
    36: "exhausted",
    38: "failed",
    40: "high",
    58: "irregular",
    62: "low",
    70: "malfunction",
    74: "noisy",
    80: "obstructed",
    96: "reversed",
    106: "sustained",
    110: "unavailable",
    112: "undefined",
    124: "warming up",
    128: "weak",
    136: "no breath",
    138: "calibration failed",
    142: "configuration error",
    164: "range error",
    166: "over range",
    174: "no source",
    182: "synchronisation error",
    194: "battery low",
    198: "battery problem",
    230: "cuff not deflated",
    232: "cuff over-inflated",
    242: "equipment malfunction",
    250: "tube occluded",
    258: "agent identification malfunction",
    268: "lead disconnected",
    274: "leads off",
    296: "oxygen supply low",
    298: "optical module missing",
    300: "optical module defective",
    308: "sensor disconnected",
    310: "sensor malfunction",
    312: "sensor problem",
    322: "unknown software version",
    326: "tube disconnected",
    330: "tube obstructed",
    336: "transducer disconnected",
    338: "transducer malfunction",
    350: "light interference",
    352: "measurement disconnected",
    354: "measurement error",
    356: "measurement failed",
    358: "measurement not working",
    362: "measurement interrupted",
    364: "measurement over range",
    366: "measurement under range",
    380: "signal low",
    384: "signal cannot be analysed",
    394: "temperature too high",
    400: "not supported",
    432: "wave artefact",
    434: "poor signal quality",
    436: "interference",
    442: "no oscillation",
    460: "voltage out of range",
    600: "incompatible",
    3072: "apnoea",
    3076: "asystole",
    3078: "missed beat",
    3082: "bigeminy",
    3086: "extreme bradycardia",
    3102: "pacemaker not capturing",
    3108: "pause",
    3122: "extreme tachycardia",
    3158: "irregular heart rate",
    3182: "pacemaker not pacing",
    3192: "supraventricular tachycardia",
    3206: "R on T",
    3208: "multiform ventricular beats",
    3210: "pair of ventricular beats",
    3212: "run of ventricular beats",
    3220: "ventricular rhythm",
    3224: "ventricular tachycardia",
    3226: "non-sustained ventricular tachycardia",
    3236: "trigeminy",
    3246: "desaturation",
    3252: "many ventricular beats",
    6144: "alarms off",
    6152: "calibration mode",
    6154: "calibration running",
    6164: "self-test running",
    6170: "zeroing",
    6176: "sensor warming up",
    6224: "learning",
    6228: "standby",
    6256: "disconnected",
    6658: "check",
    6662: "calibration required",
    6664: "check calibration and zero",
    6666: "check configuration",
    6670: "check set-up",
    6672: "check source",
    6680: "check cable",
    6696: "check sensor",
    61444: "ventricular fibrillation or tachycardia",
    61682: "change site",
    61766: "bradycardia",
    61768: "tachycardia",
}
