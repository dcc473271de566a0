"""Which values an entry of the chart may hold. Pure: nothing of the bed is asked here.

Bounds are of what can be meant at all, so that a slip of a thousand is refused; what a hospital allows is in its
protocol and its drug library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pumpd.clinical.entries import (
    Adjunct,
    Assessment,
    Checklist,
    Comedication,
    CoursePlan,
    FollowUp,
    InfusionPlan,
    KetamineGiven,
    OpioidGiven,
    PatchOff,
    PatchOn,
)
from pumpd.safety.chart_facts import NONE

MOST_UG = 10_000_000  # 10 g: no single dose of these drugs is greater
MOST_PATCH_NG_H = 10_000_000  # the strongest fentanyl patch gives 100 mcg/h; several may be worn
MOST_DOSE_UG_KG = 100_000  # 100 mg/kg, and 100 mg/kg/h
MOST_MME_MILLI = 100_000_000  # 100,000 MME a day


def is_between(value: object, low: int, high: int) -> bool:
    """A whole number in that range (True is none)."""
    return type(value) is int and low <= value <= high


def score(value: object, high: int, what: str) -> list[str]:
    return [] if value is None or is_between(value, 0, high) else [f"{what} is a whole number from 0 to {high}"]


def amount(value: object, high: int, what: str, unit: str) -> list[str]:
    return [] if is_between(value, 1, high) else [f"{what} is a whole number of {unit} from 1 to {high:,}"]


def fine_amount(entry: OpioidGiven) -> list[str]:
    """A whole number of micrograms, and nanograms beyond them where an amount is finer."""
    if entry.amount_ug == 0 and is_between(entry.and_ng, 1, 999):
        return []
    beyond = [] if is_between(entry.and_ng, 0, 999) else ["what goes beyond whole micrograms is 0 to 999 ng"]
    return amount(entry.amount_ug, MOST_UG, "the amount", "mcg") + beyond


def named(text: str, what: str) -> list[str]:
    return [] if text.strip() else [f"{what} is missing"]


def assessment(entry: Assessment) -> list[str]:
    found = score(entry.nrs, 10, "NRS") + score(entry.satisfaction, 10, "satisfaction")
    for effect in entry.side_effects:
        found += named(effect.name, "the name of a side effect")
        found += score(effect.severity, 3, f"the severity of {effect.name or 'a side effect'}")
    said = (entry.pain, entry.side_effects, entry.tolerance.strip(), entry.mood.strip(), entry.note.strip())
    if entry.nrs is None and entry.satisfaction is None and not any(said):
        found.append("the assessment is empty")
    return found


def adjunct(entry: Adjunct) -> list[str]:
    found = named(entry.drug, "the drug")
    if entry.amount_ug is not None:
        found += amount(entry.amount_ug, MOST_UG, "the amount", "mcg")
    if entry.drug == NONE:
        found += [] if entry.note.strip() else ["to give no adjunct needs a note that says why"]
        if entry.benzodiazepine or entry.amount_ug is not None:
            found.append("no adjunct is neither a benzodiazepine nor an amount")
    return found


def checklist(entry: Checklist) -> list[str]:
    names = [name for name, _ in entry.answers]
    found = [] if names else ["the checklist is empty"]
    found += [] if all(name.strip() for name in names) else ["a contra-indication has no name"]
    twice = sorted({name for name in names if names.count(name) > 1})
    return found + [f"{name} is answered twice" for name in twice]


def mme(value: object) -> list[str]:
    if value is None or is_between(value, 0, MOST_MME_MILLI):
        return []
    return [f"MME a day is a whole number of thousandths from 0 to {MOST_MME_MILLI:,}"]


CHECKS: dict[type, Callable[[Any], list[str]]] = {
    Assessment: assessment,
    OpioidGiven: lambda e: named(e.drug, "the drug") + fine_amount(e),
    PatchOn: lambda e: named(e.drug, "the drug") + amount(e.rate_ng_h, MOST_PATCH_NG_H, "the patch's rate", "ng/h"),
    PatchOff: lambda e: named(e.patch, "the patch's entry"),
    KetamineGiven: lambda e: amount(e.amount_ug, MOST_UG, "the amount", "mcg"),
    Adjunct: adjunct,
    Comedication: lambda e: named(e.drug, "the drug"),
    Checklist: checklist,
    CoursePlan: lambda e: mme(e.baseline_mme_milli),
    InfusionPlan: lambda e: (
        amount(e.dose_ug_kg, MOST_DOSE_UG_KG, "the dose", "mcg/kg")
        + amount(e.start_ug_kg_h, MOST_DOSE_UG_KG, "the start rate", "mcg/kg/h")
    ),
    FollowUp: lambda e: named(e.note, "the note") + score(e.nrs, 10, "NRS") + mme(e.mme_milli),
}


def value_reasons(entry: object) -> list[str]:
    """ALL reasons why these are no values of such an entry."""
    check = CHECKS.get(type(entry))
    return [] if check is None else check(entry)
