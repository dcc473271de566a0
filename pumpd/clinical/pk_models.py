"""Compartment models of ketamine in plasma, as a site configures them, and solved for one patient's weight. Pure.

Theory. A model is a central compartment with outflow and one or two side compartments. Its response in plasma to a
unit dose is a sum of falling exponentials, one per eigenvalue of its matrix:

    c(t) = sum over i of gain_i x exp(-decay_i x t),   gain_i = (1 / V1) x P(decay_i) / Q(decay_i)

with P the product of (kj1 - decay_i) over the side compartments and Q that of (decay_m - decay_i) over the other
eigenvalues. The eigenvalues lie one between each two neighbours of 0, the sorted kj1 and infinity, which makes them
easy to find surely, and makes every gain positive: a prediction cannot be negative, and it falls once input stops.
Times are hours, amounts milligrams, volumes litres, concentrations nanograms per millilitre.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import inf, prod

NG_ML_PER_MG_L = 1000.0


@dataclass(frozen=True, slots=True)
class PkModel:
    """One published model at the reference weight.

    out_per_h: k10. sides: (k1j, kj1) of each side compartment, 1/h, no two kj1 alike. clearance_exponent: how
    clearances grow with weight (volumes in proportion).
    """

    name: str
    source: str
    reference_kg: float
    central_l: float
    out_per_h: float
    sides: tuple[tuple[float, float], ...]
    clearance_exponent: float = 1.0


@dataclass(frozen=True, slots=True)
class KnownBand:
    """Concentrations (ng/mL) that literature connects with an effect."""

    name: str
    low_ng_ml: float
    high_ng_ml: float
    source: str


@dataclass(frozen=True, slots=True)
class KnownPoint:
    """One published concentration (ng/mL) without a time."""

    name: str
    ng_ml: float
    source: str


@dataclass(frozen=True, slots=True)
class Pharmacokinetics:
    """What config/pharmacokinetics.toml says. drugs: library codes of what is predicted; limits: said beside it.

    every_ms: between predictions; soon_ms, curve_ms, step_ms: how far ahead, and how finely drawn. Below
    nothing_below_ng_ml nothing is predicted; doubt_percent, doubt_least_mg: see the file.
    """

    models: tuple[PkModel, ...]
    bands: tuple[KnownBand, ...]
    points: tuple[KnownPoint, ...]
    drugs: tuple[str, ...]
    limits: tuple[str, ...]
    age_years_min: int
    weight_min_g: int
    weight_max_g: int
    every_ms: int
    soon_ms: int
    curve_ms: int
    step_ms: int
    nothing_below_ng_ml: float
    doubt_percent: int
    doubt_least_mg: float


@dataclass(frozen=True, slots=True)
class Mode:
    """One exponential: decay 1/h, gain ng/mL for each mg."""

    decay_per_h: float
    gain: float


@dataclass(frozen=True, slots=True)
class Disposition:
    """A model solved for one weight."""

    model: str
    modes: tuple[Mode, ...]


def disposition(model: PkModel, weight_kg: float) -> Disposition:
    """The model for a patient of that weight (kg, above 0)."""
    relative = weight_kg / model.reference_kg
    speed = relative ** (model.clearance_exponent - 1)  # a rate constant is a clearance by a volume
    sides = tuple((out * speed, back * speed) for out, back in model.sides)
    decays = _decays(model.out_per_h * speed, sides)
    unit = NG_ML_PER_MG_L / (model.central_l * relative)
    return Disposition(model.name, tuple(Mode(decay, unit * _share(decay, decays, sides)) for decay in decays))


def _share(decay: float, decays: list[float], sides: tuple[tuple[float, float], ...]) -> float:
    """The part of a dose that falls with this decay, as plasma sees it; the shares add up to 1."""
    others = prod(other - decay for other in decays if other != decay)
    return prod(back - decay for _, back in sides) / others


def _decays(out: float, sides: tuple[tuple[float, float], ...]) -> list[float]:
    """The eigenvalues, ascending."""
    total = out + sum(leaving for leaving, _ in sides)
    backs = sorted(back for _, back in sides)
    ends = [0.0, *backs, total + backs[-1] if backs else 2 * total]
    return [_root(total, sides, low, high) for low, high in pairwise(ends)]


def _root(total: float, sides: tuple[tuple[float, float], ...], low: float, high: float) -> float:
    """The eigenvalue between two neighbouring poles, halved down to the last bit."""
    before = inf
    while True:
        middle = (low + high) / 2
        if middle in (low, high, before):
            return middle
        before = middle
        if _secular(total, sides, middle) > 0:
            low = middle
        else:
            high = middle


def _secular(total: float, sides: tuple[tuple[float, float], ...], decay: float) -> float:
    """Zero at an eigenvalue, falling everywhere else between two poles (the characteristic equation divided by P)."""
    return total - decay - sum(leaving * back / (back - decay) for leaving, back in sides)
