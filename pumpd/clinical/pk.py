"""Plasma concentration from what was given: closed form, no integration steps. Pure; floats; decides nothing.

Theory. Each mode of a Disposition is one first-order pool, so a state is one number per mode, and a patient's plasma is
their sum. Over a span of constant rate each pool has an exact solution; so has each amount that is still being
absorbed (first order, ka). Everything is linear: states of different doses may be added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, expm1

from pumpd.clinical.pk_models import Disposition


@dataclass(frozen=True, slots=True)
class Depot:
    """Drug on its way into plasma: mg that will arrive, at ka of what is left per hour."""

    ka_per_h: float
    mg: float


@dataclass(frozen=True, slots=True)
class PkState:
    """parts: ng/mL in plasma by mode. depots: one per ka."""

    parts: tuple[float, ...]
    depots: tuple[Depot, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A span of time of one disposition, solved: what is left of each mode and depot, what 1 mg/h and each depot add.

    from_depots: by depot, by mode, ng/mL for each mg.
    """

    kept: tuple[float, ...]
    from_rate: tuple[float, ...]
    left: tuple[float, ...]
    from_depots: tuple[tuple[float, ...], ...]


def empty(disposition: Disposition) -> PkState:
    """Nothing was given."""
    return PkState((0.0,) * len(disposition.modes))


def plasma_ng_ml(state: PkState) -> float:
    return sum(state.parts)


def bolus(disposition: Disposition, state: PkState, mg: float) -> PkState:
    """mg into the vein at once."""
    parts = tuple(part + mode.gain * mg for part, mode in zip(state.parts, disposition.modes, strict=True))
    return PkState(parts, state.depots)


def absorbing(state: PkState, mg: float, ka_per_h: float) -> PkState:
    """mg (what is bioavailable of a dose) begins to be absorbed."""
    kept = {depot.ka_per_h: depot.mg for depot in state.depots}
    kept[ka_per_h] = kept.get(ka_per_h, 0.0) + mg
    return PkState(state.parts, tuple(Depot(ka, amount) for ka, amount in sorted(kept.items())))


def added(one: PkState, other: PkState) -> PkState:
    """Both together (superposition); of the same disposition."""
    total = PkState(tuple(a + b for a, b in zip(one.parts, other.parts, strict=True)), one.depots)
    for depot in other.depots:
        total = absorbing(total, depot.mg, depot.ka_per_h)
    return total


def solve(disposition: Disposition, depots: Sequence[Depot], hours: float) -> Step:
    """The span, for any state that has depots with these ka."""
    modes = disposition.modes
    return Step(
        tuple(exp(-mode.decay_per_h * hours) for mode in modes),
        tuple(mode.gain * -expm1(-mode.decay_per_h * hours) / mode.decay_per_h for mode in modes),
        tuple(exp(-depot.ka_per_h * hours) for depot in depots),
        tuple(
            tuple(mode.gain * depot.ka_per_h * _overlap(mode.decay_per_h, depot.ka_per_h, hours) for mode in modes)
            for depot in depots
        ),
    )


def _overlap(one: float, other: float, hours: float) -> float:
    """The two exponentials folded into each other: (exp(-one t) - exp(-other t)) / (other - one), also where alike."""
    slow, apart = min(one, other), abs(one - other)
    spread = -expm1(-apart * hours) / apart if apart * hours > 0.0 else hours
    return exp(-slow * hours) * spread


def after(step: Step, state: PkState, rate_mg_h: float) -> PkState:
    """The state at the end of the span, with rate_mg_h into the vein all through it."""
    kept = zip(state.parts, step.kept, step.from_rate, strict=True)
    parts = tuple([part * left + rate_mg_h * gain for part, left, gain in kept])
    if not state.depots:
        return PkState(parts)
    for depot, gains in zip(state.depots, step.from_depots, strict=True):
        parts = tuple([part + depot.mg * gain for part, gain in zip(parts, gains, strict=True)])
    left_over = zip(state.depots, step.left, strict=True)
    return PkState(parts, tuple([Depot(depot.ka_per_h, depot.mg * left) for depot, left in left_over]))


def advance(disposition: Disposition, state: PkState, rate_mg_h: float, hours: float) -> PkState:
    """The state hours later (0 or more) at that rate."""
    return after(solve(disposition, state.depots, hours), state, rate_mg_h)


def ahead(disposition: Disposition, state: PkState, rate_mg_h: float, step_h: float, points: int) -> tuple[float, ...]:
    """ng/mL now and after each of points - 1 steps at that rate."""
    step, curve = solve(disposition, state.depots, step_h), [plasma_ng_ml(state)]
    for _ in range(points - 1):
        state = after(step, state, rate_mg_h)
        curve.append(plasma_ng_ml(state))
    return tuple(curve)
