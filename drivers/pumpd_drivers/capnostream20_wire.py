"""Capnostream 20 and 20p: codes, bytes and their meaning, as tables. Pure.

Source: Capnostream Data Transfer Protocols, PN D006045C (Oridion 2007), and mdpnp's Capnostream.java. Positions are
those in LEN + body + CHK: LEN is 0, the code 1, the vendor's data byte 1 is 2.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pumpd.device import SIGNALS, AlarmCode, DeviceAlarms, Quality, Reading, Waveform
from pumpd.device.framing import EscapedFramer

_build = EscapedFramer().build
ENABLE, DISABLE = _build(b"\x01"), _build(b"\x02")
START_REAL_TIME, STOP_REAL_TIME = _build(b"\x04"), _build(b"\x05")

WAVE, NUMERICS, DEVICE_ID = 0, 1, 4  # what the monitor sends; other codes are of no use here
WAVE_SIZE, NUMERICS_SIZE = 7, 30  # LEN and CHK included

# numerics
ETCO2, FICO2, RR, SPO2, PULSE, SLOW_STATUS = 6, 7, 8, 9, 10, 11
CO2_ALARMS, SPO2_ALARMS, NO_BREATH_S = 15, 16, 17
ETCO2_HI, ETCO2_LO, RR_HI, RR_LO, FICO2_HI, SPO2_HI, SPO2_LO, PULSE_HI, PULSE_LO = range(18, 27)
UNITS, EXTENDED = 27, 28
NO_VALUE = 0xFF
MMHG, KPA_X10, VOL_X10 = 1, 2, 3
KPA_X10_MICRO_MMHG = 750_062  # 0.1 kPa in millionths of mmHg: 1 kPa is 7.50062 mmHg

NO_BREATH_BIT = 0x01
PULSE_NOT_FOUND, SPO2_OFF = 0x01, 0x20 | 0x40  # sensor off, sensor disconnected
PUMP_OFF = 0x04  # in EXTENDED

# wave
COUNTER, INTEGER, FRACTION, FAST_STATUS = 2, 3, 4, 5
SAMPLE_INVALID, NO_FILTER_LINE = 0x01, 0x40
CO2_NOT_MEASURED = 0x02 | 0x04 | 0x20 | 0x80  # initialising, occlusion, purging, malfunction
NO_SAMPLE = SAMPLE_INVALID | NO_FILTER_LINE | CO2_NOT_MEASURED
SAMPLE_MS = 50
PACKET = 10  # samples in one Waveform
LONGEST_GAP = 20  # lost samples that are filled with None; after a longer gap the wave simply goes on

# byte, bit, code, text, position of the limit that it names (0: none)
_ALARM_BITS = (
    (SLOW_STATUS, 0x20, "ADVISORY", "device advisory", 0),
    (CO2_ALARMS, 0x01, "NO_BREATH", "no breath", 0),
    (CO2_ALARMS, 0x02, "ETCO2_HIGH", "EtCO2 above", ETCO2_HI),
    (CO2_ALARMS, 0x04, "ETCO2_LOW", "EtCO2 below", ETCO2_LO),
    (CO2_ALARMS, 0x08, "RR_HIGH", "respiration rate above", RR_HI),
    (CO2_ALARMS, 0x10, "RR_LOW", "respiration rate below", RR_LO),
    (CO2_ALARMS, 0x20, "FICO2_HIGH", "FiCO2 above", FICO2_HI),
    (SPO2_ALARMS, 0x01, "PULSE_NOT_FOUND", "pulse not found", 0),
    (SPO2_ALARMS, 0x02, "SPO2_HIGH", "SpO2 above", SPO2_HI),
    (SPO2_ALARMS, 0x04, "SPO2_LOW", "SpO2 below", SPO2_LO),
    (SPO2_ALARMS, 0x08, "PULSE_HIGH", "pulse rate above", PULSE_HI),
    (SPO2_ALARMS, 0x10, "PULSE_LOW", "pulse rate below", PULSE_LO),
    (SPO2_ALARMS, 0x20, "SPO2_SENSOR_OFF", "SpO2 sensor off the patient", 0),
    (SPO2_ALARMS, 0x40, "SPO2_DISCONNECTED", "SpO2 sensor disconnected", 0),
    (EXTENDED, 0x01, "CHECK_CALIBRATION", "check calibration", 0),
    (EXTENDED, 0x02, "CHECK_FLOW", "check flow", 0),
    (EXTENDED, 0x04, "PUMP_OFF", "sampling pump off", 0),
)
_BYTE_NAMES = {SLOW_STATUS: "SLOW", CO2_ALARMS: "CO2", SPO2_ALARMS: "SPO2", EXTENDED: "EXT"}
_NO_ALARM_BITS = {SLOW_STATUS: 0x5F}  # neonate, silences, beeps: states, not alarms
_KNOWN_BITS = {
    byte: _NO_ALARM_BITS.get(byte, 0) | sum(row[1] for row in _ALARM_BITS if row[0] == byte) for byte in _BYTE_NAMES
}
_CO2_LIMITS, _SPO2_LIMITS = (ETCO2_HI, ETCO2_LO, FICO2_HI), (SPO2_HI, SPO2_LO)
_CO2_UNITS = {MMHG: (1, "mmHg"), KPA_X10: (10, "kPa"), VOL_X10: (10, "vol%")}


def _milli_mmhg(value: int, per: int, units: int) -> int | None:
    """Thousandths of mmHg of value / per, to the nearest; None for vol%: that needs the ambient pressure."""
    if units == MMHG:
        return (value * 1000 + per // 2) // per
    return (value * KPA_X10_MICRO_MMHG + 500 * per) // (1000 * per) if units == KPA_X10 else None


def _table(signal: str, milli: list[int | None]) -> tuple[Reading, ...]:
    """The reading of every byte value: made once, for a frame then costs only look-ups."""
    highest = SIGNALS[signal].max_milli
    good = [m if m is not None and m <= highest and value != NO_VALUE else None for value, m in enumerate(milli)]
    return tuple(Reading(signal, m, Quality.INVALID if m is None else Quality.OK) for m in good)


_PLAIN = [value * 1000 for value in range(256)]
_RR, _SPO2, _PULSE, _NO_BREATH_S = (_table(name, [*_PLAIN]) for name in ("rr", "spo2", "pulse", "no_breath_s"))
_NO_BREATH = (Reading("no_breath", 0), Reading("no_breath", 1000))
_ETCO2, _FICO2 = (
    {units: _table(name, [_milli_mmhg(value, 1, units) for value in range(256)]) for units in _CO2_UNITS}
    for name in ("etco2", "fico2")
)
_CO2_SIGNALS = ("rr", "etco2", "fico2", "no_breath", "no_breath_s")
_SPO2_SIGNALS = ("spo2", "pulse")
_NO_READING = (Quality.INVALID, Quality.OFF)
_WITHOUT = {
    names: {quality: tuple(Reading(name, None, quality) for name in names) for quality in _NO_READING}
    for names in (_CO2_SIGNALS, _SPO2_SIGNALS)
}


def readings_of(part: bytes, co2: Quality | None) -> tuple[Reading, ...]:
    """All readings of believable numerics; co2 is the quality that the wave's status allows (None: ok).

    FF is no value, RR 0 is one. What the sensors' own status bits exclude carries no value either.
    """
    if part[EXTENDED] & PUMP_OFF:
        co2 = Quality.OFF
    breath = _WITHOUT[_CO2_SIGNALS][co2] if co2 is not None else _breath(part)
    status = part[SPO2_ALARMS]
    if status & SPO2_OFF:
        return breath + _WITHOUT[_SPO2_SIGNALS][Quality.OFF]
    if status & PULSE_NOT_FOUND:
        return breath + _WITHOUT[_SPO2_SIGNALS][Quality.INVALID]
    return (*breath, _SPO2[part[SPO2]], _PULSE[part[PULSE]])


def _breath(part: bytes) -> tuple[Reading, ...]:
    units = part[UNITS]
    return (
        _RR[part[RR]],
        _ETCO2[units][part[ETCO2]],
        _FICO2[units][part[FICO2]],
        _NO_BREATH[part[CO2_ALARMS] & NO_BREATH_BIT],
        _NO_BREATH_S[part[NO_BREATH_S]],
    )


def why_not_numerics(part: bytes) -> str | None:
    """Why a numerics frame with a right checksum is not believed; None where it is.

    mdpnp met frames whose fields had moved one place (RR equal to SpO2); the bytes behind them move too.
    """
    if len(part) != NUMERICS_SIZE:
        return f"numerics of {part[0]} bytes"
    if part[UNITS] not in _CO2_UNITS:
        return "numerics shifted: no such unit"
    if part[RR] == part[SPO2] and 0 < part[RR] < NO_VALUE:
        return "numerics shifted: respiration rate equals SpO2"
    return _why_not_limits(part[ETCO2_HI:UNITS])


@lru_cache(maxsize=64)  # limits hardly ever change
def _why_not_limits(limits: bytes) -> str | None:
    etco2_hi, etco2_lo, rr_hi, rr_lo, _, spo2_hi, spo2_lo, pulse_hi, pulse_lo = limits
    pairs = ((etco2_hi, etco2_lo), (rr_hi, rr_lo), (spo2_hi, spo2_lo), (pulse_hi, pulse_lo))
    shifted = any(0 < high < low < NO_VALUE for high, low in pairs)
    return "numerics shifted: a low limit above its high limit" if shifted else None


def alarms_of(part: bytes) -> DeviceAlarms:
    """Every alarm that the numerics carry; a bit that the vendor's table lacks is an alarm of unknown meaning."""
    raised = (row for row in _ALARM_BITS if part[row[0]] & row[1])
    found = [AlarmCode(code, _text(part, text, limit)) for _, _, code, text, limit in raised]
    for byte, name in _BYTE_NAMES.items():
        for bit in (1 << n for n in range(8)):
            if part[byte] & bit & ~_KNOWN_BITS[byte]:
                found.append(AlarmCode(f"{name}_{bit:02X}", f"{name} status bit {bit:02X}", known=False))
    return DeviceAlarms(tuple(found))


def _text(part: bytes, text: str, limit: int) -> str:
    if not limit or part[limit] == NO_VALUE:
        return text
    scale, unit = _CO2_UNITS[part[UNITS]] if limit in _CO2_LIMITS else (1, "%" if limit in _SPO2_LIMITS else "/min")
    return f"{text} {part[limit] / scale:g} {unit}"


_DEVICE_ID = re.compile(r"(V\S{2,8}) +(\S{8,10}) +(\S{6,16}) *")


def device_id(data: bytes) -> tuple[str | None, str | None]:
    """Software and serial number from `Vxx.xx mm/dd/yyyy zzrrnnnnnn`; what is not of that form is software only."""
    text = data.decode("ascii", "replace").replace("\0", " ").strip()
    found = _DEVICE_ID.fullmatch(text)
    if found is not None and text.isascii() and text.isprintable():
        return f"{found[1]} {found[2]}", found[3]
    return text[:64] if text and text.isascii() and text.isprintable() else None, None


def co2_quality(fast_status: int) -> Quality | None:
    """What the wave's status leaves of the CO2 numerics; None: they are as good as they say."""
    if fast_status & NO_FILTER_LINE:
        return Quality.OFF
    return Quality.INVALID if fast_status & CO2_NOT_MEASURED else None


class CO2Wave:
    """Samples collected into packets; lost ones, by the frame's counter, are None. Unit unknown: None as well."""

    def __init__(self) -> None:
        self.units: int | None = None
        self._samples: list[int | None] = []
        self._counter: int | None = None

    def add(self, part: bytes) -> list[Waveform]:
        """One wave frame; a packet when it is full."""
        lost = 0 if self._counter is None else (part[COUNTER] - self._counter - 1) % 256
        if lost <= LONGEST_GAP:
            self._samples += [None] * lost
        self._counter = part[COUNTER]
        believed = self.units is not None and not part[FAST_STATUS] & NO_SAMPLE
        value = part[INTEGER] * 256 + part[FRACTION]
        self._samples.append(_milli_mmhg(value, 256, self.units or 0) if believed else None)
        return self._packets()

    def _packets(self) -> list[Waveform]:
        out = []
        while len(self._samples) >= PACKET:
            out.append(Waveform("co2_wave", SAMPLE_MS, tuple(self._samples[:PACKET])))
            del self._samples[:PACKET]
        return out
