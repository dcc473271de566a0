"""The shipped models, and hypothesis strategies of what may be given."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from pumpd.clinical.pk_curve import Dose, Rate
from pumpd.clinical.pk_models import Pharmacokinetics, disposition
from pumpd.config.pk_file import PkFile, pharmacokinetics
from pumpd.config.read import Parsed, read_record

FILE = Path(__file__).resolve().parents[2] / "config" / "pharmacokinetics.toml"
HOUR_MS = 3_600_000
MINUTE_MS = 60_000


def shipped() -> Pharmacokinetics:
    parsed = read_record(FILE, PkFile)
    assert isinstance(parsed, Parsed), parsed
    return pharmacokinetics(parsed.record)


PK = shipped()
SOLVED_70 = {model.name: disposition(model, 70.0) for model in PK.models}

models = st.sampled_from(PK.models)
weights_kg = st.floats(30, 150)
rates_mg_h = st.floats(0, 100)
hours = st.floats(0, 48)
doses_mg = st.floats(0, 100)
absorptions_per_h = st.floats(0.05, 20)
times_ms = st.integers(0, 48 * HOUR_MS)
flows = st.builds(Rate, times_ms, rates_mg_h)
doses = st.builds(Dose, times_ms, doses_mg, st.none() | absorptions_per_h)
inputs = st.lists(flows | doses, max_size=8)
