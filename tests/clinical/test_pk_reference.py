"""Every figure of pk_reference.csv, by every model: to a ten-thousandth of a nanogram per millilitre."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pumpd.clinical.pk_curve import Dose, Input, Rate, begun, sampled
from pumpd.clinical.pk_models import disposition
from tests.clinical.pk_models import HOUR_MS, MINUTE_MS, PK, SOLVED_70

TOLERANCE_NG_ML = 1e-4
W = 70

SCENARIOS: dict[str, tuple[Input, ...]] = {
    "S1_seed_35mg_over_40min": (Rate(0, 35 / (40 / 60)), Rate(40 * MINUTE_MS, 0)),
    "S2_seed_35mg_over_60min": (Rate(0, 35), Rate(HOUR_MS, 0)),
    "S4_0.1mgkgh_24h": (Rate(0, 0.1 * W), Rate(24 * HOUR_MS, 0)),
    "S6_bolus_0.3mgkg_then_0.15mgkgh_4h": (Dose(0, 0.3 * W), Rate(0, 0.15 * W), Rate(4 * HOUR_MS, 0)),
    "S8_titration_0.05_0.1_0.2_0.3_0.5mgkgh_hourly": (
        *(Rate(hour * HOUR_MS, rate * W) for hour, rate in enumerate((0.05, 0.1, 0.2, 0.3, 0.5))),
        Rate(5 * HOUR_MS, 0),
    ),
}


def reference() -> dict[tuple[str, str], list[tuple[int, float]]]:
    """(model, scenario) -> (ms, ng/mL) as the file has them."""
    found: dict[tuple[str, str], list[tuple[int, float]]] = {}
    text = (Path(__file__).parent / "pk_reference.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    for row in rows:
        at_ms = round(float(row["time_min"]) * MINUTE_MS)
        found.setdefault((row["model"], row["scenario"]), []).append((at_ms, float(row["cp_ng_per_ml"])))
    return found


REFERENCE = reference()


@pytest.mark.req("PK-01")
def test_the_reference_holds_every_shipped_model_in_every_scenario() -> None:
    names = {model.name.replace(" ", "") for model in PK.models}
    assert set(REFERENCE) == {(name, scenario) for name in names for scenario in SCENARIOS}
    assert sum(map(len, REFERENCE.values())) == 1156


@pytest.mark.req("PK-01")
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("model", PK.models, ids=lambda model: model.name)
def test_plasma_matches_the_reference(model, scenario) -> None:  # type: ignore[no-untyped-def]
    rows = REFERENCE[model.name.replace(" ", ""), scenario]
    found = sampled(begun(model, W, 0), SCENARIOS[scenario], [at_ms for at_ms, _ in rows])
    worst = max(abs(ours - theirs) for ours, (_, theirs) in zip(found, rows, strict=True))
    assert worst < TOLERANCE_NG_ML


@pytest.mark.req("PK-01")
def test_the_dose_of_the_case_report_peaks_where_the_models_are_known_to_peak() -> None:
    peaks = {
        model.name: round(sampled(begun(model, W, 0), SCENARIOS["S1_seed_35mg_over_40min"], [40 * MINUTE_MS])[0])
        for model in PK.models
    }
    assert peaks == {"Domino 1982": 240, "Kamp 2020": 253, "Clements 1981": 177, "Hijazi 2003": 225}


@pytest.mark.req("PK-01")
@pytest.mark.parametrize("model", PK.models, ids=lambda model: model.name)
def test_the_shares_of_a_dose_add_up_to_all_of_it(model) -> None:  # type: ignore[no-untyped-def]
    gains = sum(mode.gain for mode in SOLVED_70[model.name].modes)
    assert gains == pytest.approx(1000 / model.central_l, rel=1e-12)
    assert all(mode.gain > 0 and mode.decay_per_h > 0 for mode in SOLVED_70[model.name].modes)


@pytest.mark.req("PK-03")
def test_linear_models_scale_volumes_only_and_kamp_scales_clearance_by_its_exponent() -> None:
    for model in PK.models:
        light, heavy = disposition(model, 50.0), disposition(model, 100.0)
        speed = 2 ** (model.clearance_exponent - 1)
        for one, two in zip(light.modes, heavy.modes, strict=True):
            assert two.decay_per_h == pytest.approx(one.decay_per_h * speed, rel=1e-9)
            assert two.gain == pytest.approx(one.gain / 2, rel=1e-9)
    assert {model.name: model.clearance_exponent for model in PK.models} == {
        "Domino 1982": 1.0,
        "Kamp 2020": 0.75,
        "Clements 1981": 1.0,
        "Hijazi 2003": 1.0,
    }
