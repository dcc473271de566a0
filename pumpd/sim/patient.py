"""A simulated patient whose breathing answers to opioid and ketamine load. Illustrative, NOT clinical. Sans-IO.

The model, all numbers chosen so that it moves like published recordings and none fitted to a patient:

* ketamine: one compartment fed by what the pump really delivered, propagated in closed form;
* drive: RR = baseline / (1 + load^2), load = opioid effect + (ketamine / C50)^2; below 2.5 /min breathing stops.
  At 0.1-0.3 mg/kg/h ketamine adds next to nothing, at ten times that it ends in apnoea;
* CO2: dP/dt = (baseline - P x ventilation) / tau, hence the metabolic hyperbola P = baseline / ventilation at rest
  and +4 to 5 mmHg a minute in apnoea;
* oxygen: the lungs are a store on low-flow nasal oxygen, emptied by metabolism and refilled by ventilation; SpO2
  follows by the Severinghaus curve and the probe's averaging. After breathing stops SpO2 stays near 100 % for about
  a minute and then falls fast;
* pulse: slight movement, faster when hypoxic, slow when severely so;
* pressure: a resting pressure that ketamine and carbon dioxide raise; the finger's perfusion falls in hypoxia.
"""

from __future__ import annotations

import math
import random

KETAMINE_V_L_KG = 2.0  # apparent volume
KETAMINE_HALF_LIFE_S = 45 * 60.0
KETAMINE_C50_NG_ML = 700.0  # load 1 on the drive
APNOEA_BELOW_RR = 2.5
CO2_TAU_S = 480.0
O2_INSPIRED_MMHG = 250.0  # about 35 % oxygen
O2_METABOLIC_MMHG = 50.0
O2_TAU_S = 33.0
PROBE_TAU_S = 8.0
NOISE_TAU_S = 20.0
MAX_STEP_S = 1.0  # longer steps are divided
MAX_CO2_MMHG = 120.0
KETAMINE_PRESSURE_MMHG, KETAMINE_PRESSURE_C50 = 30.0, 500.0  # most that ketamine adds, and where half of it is


class _Wander:
    """Slow random movement around zero (Ornstein-Uhlenbeck), exact for any step."""

    def __init__(self, source: random.Random, spread: float) -> None:
        self._source = source
        self._spread = spread
        self.value = 0.0

    def step(self, dt_s: float) -> None:
        keep = math.exp(-dt_s / NOISE_TAU_S)
        self.value = self.value * keep + self._spread * math.sqrt(1 - keep * keep) * self._source.gauss(0.0, 1.0)


class SimPatient:
    """State of one patient; `step` is the only thing that moves it. Deterministic for a seed and the same steps.

    Readable: rr (/min), etco2 (mmHg), spo2 (%), pulse and hr (/min), systolic and diastolic (mmHg), temp (°C),
    perfusion (%), breaths (count), ketamine_ng_ml.
    cannula_off: the sampling cannula has slipped, so that no breath reaches the monitor. finger_off likewise.
    """

    def __init__(self, seed: int = 1, weight_kg: float = 70.0) -> None:
        source = random.Random(seed)
        self.weight_kg = weight_kg
        self.base_rr = 14.0 + source.uniform(-1.0, 1.5)
        self.base_co2 = 38.0 + source.uniform(-2.0, 2.0)
        self.base_pulse = 74.0 + source.uniform(-8.0, 8.0)
        rest = random.Random(f"{seed} at rest")  # a source of its own: the others' numbers stay what they were
        self.base_systolic = 122.0 + rest.uniform(-10.0, 12.0)
        self.temp = 36.8 + rest.uniform(-0.4, 0.5)
        self.base_perfusion = rest.uniform(2.0, 5.0)
        self.cannula_off = False
        self.finger_off = False
        self.opioid_load = 0.2
        self._opioid_target = 0.2
        self._opioid_tau_s = 60.0
        self._ketamine_mg = 0.0
        self._rr_wander = _Wander(source, 0.5)
        self._pulse_wander = _Wander(source, 1.5)
        self._co2_wander = _Wander(source, 0.5)
        self._probe_wander = _Wander(source, 0.4)
        self._probe_bias = source.uniform(-1.5, 0.0)
        self._phase = source.random()
        self._alveolar_o2 = O2_INSPIRED_MMHG - O2_METABOLIC_MMHG
        self._co2 = self.base_co2
        self._felt_spo2 = saturation(self._alveolar_o2)
        self.breaths = 0
        self.rr = self._driven_rr()

    def give_opioid(self, load: float, onset_s: float) -> None:
        """Let the opioid effect move to `load` (1 halves the drive) with time constant onset_s."""
        self._opioid_target, self._opioid_tau_s = load, max(onset_s, 0.001)

    def step(self, dt_s: float, ketamine_mg: float = 0.0) -> None:
        """Let dt_s seconds pass in which ketamine_mg was delivered evenly."""
        parts = max(1, math.ceil(dt_s / MAX_STEP_S))
        for _ in range(parts):
            self._part(dt_s / parts, ketamine_mg / parts)

    def _part(self, dt_s: float, ketamine_mg: float) -> None:
        if dt_s <= 0:
            self._ketamine_mg += ketamine_mg
            return
        for wander in (self._rr_wander, self._pulse_wander, self._co2_wander, self._probe_wander):
            wander.step(dt_s)
        self._drugs(dt_s, ketamine_mg)
        self.rr = self._driven_rr()
        self._breathe(dt_s)
        self._gases(dt_s)

    def _drugs(self, dt_s: float, ketamine_mg: float) -> None:
        gone = math.log(2) / KETAMINE_HALF_LIFE_S
        keep = math.exp(-gone * dt_s)
        self._ketamine_mg = self._ketamine_mg * keep + ketamine_mg / dt_s * (1 - keep) / gone
        slide = math.exp(-dt_s / self._opioid_tau_s)
        self.opioid_load = self._opioid_target + (self.opioid_load - self._opioid_target) * slide

    def _driven_rr(self) -> float:
        load = self.opioid_load + (self.ketamine_ng_ml / KETAMINE_C50_NG_ML) ** 2
        drive = 1 / (1 + load * load)
        rate = (self.base_rr + self._rr_wander.value) * drive
        return rate if rate >= APNOEA_BELOW_RR else 0.0

    def _breathe(self, dt_s: float) -> None:
        self._phase += self.rr / 60 * dt_s
        whole = int(self._phase)
        self._phase -= whole
        self.breaths += whole

    def _gases(self, dt_s: float) -> None:
        ventilation = self.rr / self.base_rr
        self._co2 = min(MAX_CO2_MMHG, _washed(self._co2, self.base_co2, ventilation, CO2_TAU_S, dt_s))
        supply = O2_INSPIRED_MMHG * ventilation - O2_METABOLIC_MMHG
        self._alveolar_o2 = max(0.0, _washed(self._alveolar_o2, supply, ventilation, O2_TAU_S, dt_s))
        lag = math.exp(-dt_s / PROBE_TAU_S)
        actual = saturation(self._alveolar_o2)
        self._felt_spo2 = actual + (self._felt_spo2 - actual) * lag

    @property
    def ketamine_ng_ml(self) -> float:
        """mg / L is 1000 ng/mL."""
        return self._ketamine_mg / (KETAMINE_V_L_KG * self.weight_kg) * 1000

    @property
    def spo2(self) -> float:
        """Saturation as the probe reads it: averaged, slightly off, slightly moving."""
        return min(100.0, max(0.0, self._felt_spo2 + self._probe_bias + self._probe_wander.value))

    @property
    def etco2(self) -> float:
        """End-tidal CO2 that the next breath would show."""
        return max(0.0, self._co2 + self._co2_wander.value)

    @property
    def pulse(self) -> float:
        hypoxia = max(0.0, 92.0 - self._felt_spo2)
        answer = min(hypoxia, 20.0) * 1.2 - max(0.0, hypoxia - 30.0) * 1.3
        return max(20.0, self.base_pulse + self._pulse_wander.value + answer)

    @property
    def hr(self) -> float:
        """From the ECG: the heart has no beat that the finger does not feel."""
        return self.pulse

    @property
    def systolic(self) -> float:
        level = self.ketamine_ng_ml
        ketamine = KETAMINE_PRESSURE_MMHG * level / (level + KETAMINE_PRESSURE_C50)
        return self.base_systolic + ketamine + 0.3 * max(0.0, self._co2 - self.base_co2)

    @property
    def diastolic(self) -> float:
        return self.systolic * 0.62

    @property
    def perfusion(self) -> float:
        """Perfusion index of the finger."""
        return max(0.05, self.base_perfusion * min(1.0, max(0.0, self._felt_spo2 - 50.0) / 45.0))


def saturation(o2_mmhg: float) -> float:
    """SpO2 in % at an oxygen tension (Severinghaus 1979)."""
    cubic = o2_mmhg**3 + 150 * o2_mmhg
    return 100 / (23400 / cubic + 1) if cubic > 0 else 0.0


def _washed(value: float, supply: float, ventilation: float, tau_s: float, dt_s: float) -> float:
    """Exact solution of dP/dt = (supply - P x ventilation) / tau over dt at constant ventilation."""
    if ventilation <= 0:
        return value + supply / tau_s * dt_s
    rest = supply / ventilation
    return rest + (value - rest) * math.exp(-ventilation / tau_s * dt_s)
