"""Dräger MEDIBUS: data and alarm codes, as tables. Pure.

Sources: mdpnp devices/draeger (BSD-2-Clause: measured-data-cp1.map, alarm-message-cp1.map, alarm-message-cp2.map), the
same codes in VSCaptureDrgVent (facts only); EB and E1 are printed in the vendor's protocol definition too. What is
measured in percent of CO2 is not mapped: in mmHg it depends on the ambient pressure.
"""

from __future__ import annotations

KPA_MICRO_MMHG = 7_500_617  # 1 kPa in millionths of mmHg
PLAIN_MICRO = 1_000_000

# signal, then the codes of page 1 that tell it, best first, each with what one unit of it is in millionths of ours
SIGNALS = (
    ("spo2", (("EB", PLAIN_MICRO),)),  # oxygen saturation, %
    ("pulse", (("E1", PLAIN_MICRO),)),  # pulse rate of the oximeter
    ("rr", (("D5", PLAIN_MICRO), ("D6", PLAIN_MICRO))),  # of the CO2 monitor; of the ventilator
    ("etco2", (("E6", PLAIN_MICRO), ("E3", KPA_MICRO_MMHG))),  # in mmHg; in kPa
    ("fico2", (("E5", PLAIN_MICRO), ("FF", KPA_MICRO_MMHG))),
)

ALARMS_1 = {
    0x00: "apnoea",
    0x01: "no SpO2 pulse for 10 s",
    0x02: "pulse rate below its limit",
    0x07: "oxygen saturation below its limit",
    0x08: "inspired oxygen below its limit",
    0x0D: "apnoea: no CO2 for 30 s",
    0x0E: "apnoea: no volume exhaled for 30 s",
    0x0F: "apnoea: no pressure for 15 s",
    0x10: "airway pressure above its limit",
    0x11: "check gas supply",
    0x12: "check air supply",
    0x13: "check oxygen supply",
    0x19: "minute volume below its limit",
    0x1E: "pulse rate above its limit",
    0x22: "oxygen saturation above its limit",
    0x27: "end-tidal CO2 below its limit",
    0x28: "end-tidal CO2 above its limit",
    0x33: "volume not constant",
    0x35: "SpO2 sensor disconnected or faulty",
    0x37: "oxygen above its limit",
    0x3A: "assisted breath longer than 4 s",
    0x3C: "inspired CO2 above its limit",
    0x3D: "CO2 sampling line blocked",
    0x40: "tachypnoea alarm disabled",
    0x42: "check flow sensor",
    0x4B: "battery low",
    0x57: "CO2 alarm disabled",
    0x5B: "oximeter alarm disabled",
    0x5E: "volume alarm disabled",
    0x63: "CO2 monitor in low accuracy",
    0x64: "CO2 window occluded",
    0x65: "loudspeaker failure",
    0x66: "mixed agents",
    0x67: "gas monitor failure",
    0x68: "oximeter failure",
    0x69: "N2O measurement failed",
    0x6A: "CO2 device failure",
    0x6E: "agent measurement failed",
    0x78: "communication error at RS232 port 2",
    0x79: "communication error at RS232 port 1",
    0x7C: "internal communication error",
    0x90: "respiration rate above its limit",
    0x98: "apnoea detected by the ventilator",
    0x9A: "disconnection of the ventilator",
    0x9B: "minute volume above its limit",
    0x9F: "problems with the ventilator",
    0xA0: "ventilator communication lost",
    0xA1: "inspired oxygen measurement failed",
    0xA3: "mean airway pressure below -2 mbar",
    0xA4: "volume measurement failed",
    0xAC: "minute volume alarm disabled",
    0xAD: "pressure measurement failed",
    0xB0: "check expiration valve",
    0xB7: "device temperature too high",
    0xB8: "airway temperature measurement failed",
    0xB9: "check airway temperature sensor",
    0xBA: "airway temperature above its limit",
    0xBC: "breathing system vented",
    0xBD: "check oxygen supply",
    0xBE: "oxygen measurement failed",
    0xBF: "inspired oxygen above its limit",
    0xC0: "inspired oxygen below its limit",
    0xC1: "flow measurement failed",
    0xC3: "volume limited by time",
    0xC4: "volume limited by pressure",
    0xC7: "fails to cycle",
    0xC8: "fresh gas delivery failure",
    0xCA: "fan failure",
    0xD9: "CO2 sensor disconnected or faulty",
    0xE8: "tidal volume above its limit",
    0xEF: "power failure",
    0xF7: "inspired CO2 alarms off",
}

APNOEA = frozenset(("P1_00", "P1_0D", "P1_0E", "P1_0F", "P1_98"))  # the device's own word that nobody breathes

ALARMS_2 = {
    0x36: "oxygen delivery failure",
    0x37: "air delivery failure",
    0x6A: "circle occluded",
    0x8D: "breathing system disconnected",
    0x91: "loss of data",
    0x93: "apnoea ventilation",
    0x9C: "leak in the circle",
    0xA1: "power supply error",
    0xA7: "set tidal volume not reached",
    0xA8: "inspiratory flow sensor failed",
    0xCA: "no air supply",
}

MONTHS = {
    name: month
    for month, names in enumerate(
        ("JAN", "FEB", "MAR MRZ", "APR", "MAI MAY", "JUN", "JUL", "AUG", "SEP", "OKT OCT", "NOV", "DEZ DEC"), start=1
    )
    for name in names.split()
}
