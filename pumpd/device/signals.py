"""The signals a monitor may report: unit, believable sensor range, IEEE 11073 code. One table. Pure.

Codes: IEEE 11073-10101 MDC reference ids and context-free 32-bit codes (partition x 65536 + term);
empty and 0 where no verified code is known (never a guess). A pressure channel whose site the device does not tell has
none: P1 is where P1 was connected.
Ranges are what a sensor can physically report, not what is healthy; outside them a value is withdrawn (QUA-01).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signal:
    """name, unit as shown, label on the screen, sensor range in thousandths, MDC reference id and code.

    episodic: measured now and then. wave: a curve of samples, never one value. flag: the monitor's own alarm, yes
    (1) or no (0).
    """

    name: str
    unit: str
    label: str
    min_milli: int
    max_milli: int
    refid: str
    code: int
    episodic: bool = False
    wave: bool = False
    flag: bool = False


_ROWS = (
    Signal("rr", "/min", "RR", 0, 150_000, "MDC_CO2_RESP_RATE", 151594),
    Signal("rr_imp", "/min", "RR imp", 0, 150_000, "MDC_TTHOR_RESP_RATE", 151578),
    Signal("spo2", "%", "SpO2", 0, 100_000, "MDC_PULS_OXIM_SAT_O2", 150456),
    Signal("etco2", "mmHg", "EtCO2", 0, 150_000, "MDC_AWAY_CO2_ET", 151728),
    Signal("fico2", "mmHg", "FiCO2", 0, 150_000, "", 0),
    Signal("pulse", "/min", "PR", 0, 350_000, "MDC_PULS_OXIM_PULS_RATE", 149530),
    Signal("hr", "/min", "HR", 0, 350_000, "MDC_ECG_HEART_RATE", 147842),
    Signal("nibp_sys", "mmHg", "NIBP sys", 0, 300_000, "MDC_PRESS_BLD_NONINV_SYS", 150021, episodic=True),
    Signal("nibp_dia", "mmHg", "NIBP dia", 0, 300_000, "MDC_PRESS_BLD_NONINV_DIA", 150022, episodic=True),
    Signal("nibp_mean", "mmHg", "NIBP mean", 0, 300_000, "MDC_PRESS_BLD_NONINV_MEAN", 150023, episodic=True),
    Signal("nibp_pulse", "/min", "NIBP pulse", 0, 350_000, "MDC_PULS_RATE_NON_INV", 149546, episodic=True),
    Signal("ibp1_sys", "mmHg", "P1 sys", -50_000, 400_000, "", 0),
    Signal("ibp1_dia", "mmHg", "P1 dia", -50_000, 400_000, "", 0),
    Signal("ibp1_mean", "mmHg", "P1 mean", -50_000, 400_000, "", 0),
    Signal("ibp2_sys", "mmHg", "P2 sys", -50_000, 400_000, "", 0),
    Signal("ibp2_dia", "mmHg", "P2 dia", -50_000, 400_000, "", 0),
    Signal("ibp2_mean", "mmHg", "P2 mean", -50_000, 400_000, "", 0),
    Signal("temp", "°C", "Temp", 10_000, 50_000, "MDC_TEMP", 150344, episodic=True),
    Signal("temp2", "°C", "Temp 2", 10_000, 50_000, "", 0, episodic=True),
    Signal("pi", "%", "PI", 0, 20_000, "MDC_PULS_OXIM_PERF_REL", 150448),
    Signal("pvi", "%", "PVI", 0, 100_000, "", 0),
    Signal("spco", "%", "SpCO", 0, 100_000, "", 0),
    Signal("spmet", "%", "SpMet", 0, 100_000, "", 0),
    Signal("no_breath_s", "s", "Time without breath", 0, 255_000, "", 0),
    Signal("no_breath", "", "No breath", 0, 1_000, "", 0, flag=True),
    Signal("ipi", "", "IPI", 1_000, 10_000, "", 0),
    Signal("poss", "", "POSS", 0, 4_000, "", 0, episodic=True),
    Signal("rass", "", "RASS", -5_000, 4_000, "", 0, episodic=True),
    Signal("co2_wave", "mmHg", "CO2", 0, 256_000, "", 0, wave=True),
    Signal("pleth_wave", "", "Pleth", 0, 65_535_000, "MDC_PULS_OXIM_PLETH", 150452, wave=True),
    Signal("ecg_wave", "mV", "ECG", -10_000, 10_000, "MDC_ECG_ELEC_POTL", 131328, wave=True),
    Signal("resp_wave", "", "Resp", 0, 255_000, "", 0, wave=True),
)

SIGNALS: dict[str, Signal] = {row.name: row for row in _ROWS}
