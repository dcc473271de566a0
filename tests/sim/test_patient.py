"""The simulated patient moves as recordings of opioid sedation do; nothing here is a clinical claim."""

import pytest

from pumpd.sim import SimPatient

BREATHING_STOPS = 6.0


def _after(patient: SimPatient, seconds: int, ketamine_mg_s: float = 0.0) -> SimPatient:
    for _ in range(seconds):
        patient.step(1.0, ketamine_mg_s)
    return patient


def _trace(seed: int) -> list[tuple[float, float, float, float]]:
    patient = SimPatient(seed)
    return [(p.rr, p.etco2, p.spo2, p.pulse) for p in (_after(patient, 1) for _ in range(60))]


def test_the_same_seed_gives_the_same_patient_and_another_seed_another():
    assert _trace(3) == _trace(3)
    assert _trace(3) != _trace(4)


@pytest.mark.parametrize("seed", range(8))
def test_a_calm_patient_stays_within_every_default_limit_and_moves_a_little(seed):
    trace = _trace(seed)
    assert all(
        10 <= rr <= 20 and 30 <= co2 <= 50 and spo2 >= 95 and 50 <= pulse <= 110 for rr, co2, spo2, pulse in trace
    )
    assert len({round(rr, 2) for rr, *_ in trace}) > 10


def test_breathing_slows_as_the_opioid_load_rises():
    rates = []
    for load in (0.2, 0.6, 1.0, 1.5):
        patient = SimPatient(1)
        patient.give_opioid(load, onset_s=1)
        rates.append(_after(patient, 30).rr)
    assert rates == sorted(rates, reverse=True)
    assert 3.5 <= rates[-1] <= 6


def test_slow_breathing_lets_co2_climb_while_spo2_stays_normal_on_oxygen():
    patient = SimPatient(1)
    patient.give_opioid(1.45, onset_s=6)
    before = patient.etco2
    _after(patient, 200)
    assert patient.etco2 > before + 4
    assert patient.spo2 > 95


def test_after_breathing_stops_spo2_stays_high_for_a_minute_and_then_falls_fast():
    patient = SimPatient(1)
    patient.give_opioid(BREATHING_STOPS, onset_s=0.1)
    _after(patient, 1)
    assert patient.rr == 0
    spo2 = [_after(patient, 1).spo2 for _ in range(180)]
    assert spo2[30] > 97
    assert spo2[55] > 95
    below_90_s = next(at for at, value in enumerate(spo2) if value < 90)
    below_60_s = next(at for at, value in enumerate(spo2) if value < 60)
    assert 75 < below_90_s < 120
    assert below_60_s - below_90_s < 40


def test_no_breath_is_counted_while_breathing_has_stopped():
    patient = SimPatient(1)
    patient.give_opioid(BREATHING_STOPS, onset_s=0.1)
    _after(patient, 1)
    assert patient.breaths == _after(patient, 60).breaths


def test_a_usual_ketamine_dose_changes_little_and_ten_times_it_depresses_breathing():
    usual = _after(SimPatient(2, weight_kg=70), 7200, 70 * 0.15 / 3600)
    tenfold = _after(SimPatient(2, weight_kg=70), 7200, 70 * 1.5 / 3600)
    assert usual.rr > 0.85 * usual.base_rr
    assert tenfold.rr < 0.6 * tenfold.base_rr


def test_ketamine_is_independent_of_how_the_time_is_cut():
    coarse, fine = SimPatient(1), SimPatient(1)
    coarse.step(600.0, 10.0)
    for _ in range(2400):
        fine.step(0.25, 10.0 / 2400)
    assert coarse.ketamine_ng_ml == pytest.approx(fine.ketamine_ng_ml, rel=1e-9)


def test_breathing_comes_back_when_the_load_goes():
    patient = SimPatient(1)
    patient.give_opioid(BREATHING_STOPS, onset_s=0.1)
    _after(patient, 90)
    patient.give_opioid(0.1, onset_s=5)
    _after(patient, 120)
    assert patient.rr > 10
    assert patient.spo2 > 97
