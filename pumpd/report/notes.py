"""What people wrote into the chart, by section, with corrections; side effects with their dose rate. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pumpd.clinical.chart import Noted, valid
from pumpd.clinical.entries import (
    Adjunct,
    AnyEntry,
    Assessment,
    Checklist,
    Comedication,
    CourseEnd,
    CoursePlan,
    FollowUp,
    InfusionPlan,
    KetamineGiven,
    OpioidGiven,
    PatchOff,
    PatchOn,
    TakenBack,
)
from pumpd.clinical.mme import patch_rate
from pumpd.report.case import Case, accepted
from pumpd.report.doses import dose_rate_at
from pumpd.report.model import Line
from pumpd.report.model_figure import Figure
from pumpd.report.model_found import Effect
from pumpd.report.outcomes import mme_value
from pumpd.report.words import UG_PER_MG, mg, mg_kg, mg_kg_h, spaced
from pumpd.safety.events import Assessed, Charted
from pumpd.units import exact, plain

NG_PER_MG = 1_000_000
SEVERITY = ("absent", "mild", "moderate", "severe")
ASSESSED, SEDATION, OPIOIDS, KETAMINE = "assessments", "sedation and oxygen", "opioids given", "ketamine by hand"
ADJUNCTS, COMEDICATION, CHECKS = "adjuncts", "co-medication", "checklist"
PLANS, FOLLOW_UP = "plans", "follow-up"


def effects(case: Case) -> Iterator[Effect]:
    """Side effects that were asked for in the course, absent ones too, with the dose rate at that moment."""
    for note, entry in valid(case.chart, Assessment):
        if not case.opened_ms <= note.at_ms <= case.until_ms:
            continue
        for one in entry.side_effects:
            words = SEVERITY[one.severity] if one.severity in range(len(SEVERITY)) else str(one.severity)
            dose = dose_rate_at(case, note.at_ms)
            at, name = case.at(note.at_ms), spaced(one.name)
            yield Effect(at, name, one.severity, words, dose, note.by, f"entry {note.id}")


def lines(case: Case) -> Iterator[Line]:
    """Every entry of the stay up to the end, as written, and the follow-up after it; by section, then by time."""
    found = [_line(case, note) for note in case.chart.notes if note.at_ms <= case.until_ms or _is_later(note)]
    found += [*_sedation(case), *_follow_up_elsewhere(case)]
    order = (ASSESSED, SEDATION, OPIOIDS, KETAMINE, ADJUNCTS, COMEDICATION, CHECKS, PLANS, FOLLOW_UP)
    yield from sorted(found, key=lambda line: (order.index(line.section), line.at))


def _is_later(note: Noted) -> bool:
    return isinstance(note.entry, FollowUp | CourseEnd)


def _line(case: Case, note: Noted) -> Line:
    section, text = told(note.entry)
    return Line(
        section=section,
        at=case.at(note.at_ms),
        text=text,
        by=note.by,
        ref=f"entry {note.id}",
        figure=_figure(case, note),
        corrects="" if note.corrects is None else note.corrects,
        why=note.reason,
        replaced="" if note.corrected_by is None else note.corrected_by,
    )


def told(entry: AnyEntry) -> tuple[str, str]:
    """(section, the entry in words)."""
    match entry:
        case Assessment():
            return ASSESSED, _assessment(entry)
        case OpioidGiven() as it:
            return OPIOIDS, f"{it.drug} {it.route} {_amount(it.amount_ug, it.and_ng)}"
        case PatchOn() as it:
            return OPIOIDS, f"{it.drug} patch {patch_rate(it.rate_ng_h)} put on"
        case PatchOff() as it:
            return OPIOIDS, f"patch of entry {it.patch} taken off"
        case KetamineGiven() as it:
            return KETAMINE, f"ketamine {it.route} {_amount(it.amount_ug)}"
        case Adjunct():
            return ADJUNCTS, _adjunct(entry)
        case Comedication() as it:
            return COMEDICATION, _joined(it.drug, "sedating" if it.sedating else "", it.note)
        case Checklist() as it:
            return CHECKS, ", ".join(f"{spaced(name)}: {'PRESENT' if there else 'no'}" for name, there in it.answers)
        case _:
            return _planned(entry)


def _planned(entry: AnyEntry) -> tuple[str, str]:
    match entry:
        case CoursePlan() as it:
            known = it.baseline_mme_milli is not None
            base = f"baseline {mme_value(Decimal(it.baseline_mme_milli or 0) / 1000)} MME/day" if known else ""
            return PLANS, _joined("course opened", base, it.context)
        case InfusionPlan() as it:
            dose, start = plain(mg_kg(it.dose_ug_kg)), plain(mg_kg_h(it.start_ug_kg_h))
            return PLANS, f"infusion planned: {dose} mg/kg, beginning with {start} mg/kg/h"
        case CourseEnd() as it:
            return PLANS, _joined("course ended", it.reason)
        case FollowUp() as it:
            nrs = "" if it.nrs is None else f"NRS {it.nrs}"
            mme = "" if it.mme_milli is None else f"{mme_value(Decimal(it.mme_milli) / 1000)} MME/day"
            return FOLLOW_UP, _joined(it.note, nrs, mme)
        case TakenBack() as it:
            return OPIOIDS, _joined("taken back: it was charted in error", it.note)
        case _:
            raise AssertionError(f"no words for {type(entry).__name__}")


def _assessment(entry: Assessment) -> str:
    worse = [f"{spaced(one.name)} {SEVERITY[min(one.severity, 3)]}" for one in entry.side_effects if one.severity]
    none = "no side effects" if entry.side_effects and not worse else ""
    return _joined(
        "" if entry.nrs is None else f"NRS {entry.nrs}",
        f"pain {', '.join(map(spaced, entry.pain))}" if entry.pain else "",
        ", ".join(worse) or none,
        f"tolerance: {entry.tolerance}" if entry.tolerance else "",
        "" if entry.satisfaction is None else f"satisfaction {entry.satisfaction}",
        f"mood: {entry.mood}" if entry.mood else "",
        entry.note,
    )


def _adjunct(entry: Adjunct) -> str:
    amount = "" if entry.amount_ug is None else _amount(entry.amount_ug)
    kind = "benzodiazepine: adds respiratory depression" if entry.benzodiazepine else ""
    name = "none given" if entry.drug == "none" else entry.drug
    return _joined(f"{name} {amount}".strip(), kind, entry.note)


def _joined(*words: str) -> str:
    return "; ".join(word for word in words if word)


def _amount(amount_ug: int, and_ng: int = 0) -> str:
    if and_ng:
        return f"{plain(exact(amount_ug * 1000 + and_ng, 1000))} mcg"
    return f"{amount_ug} mcg" if amount_ug < UG_PER_MG else mg(Decimal(amount_ug) / UG_PER_MG)


def _mcg_h(rate_ng_h: int) -> str:
    return f"{plain(exact(rate_ng_h, 1000))} mcg/h"


def _figure(case: Case, note: Noted) -> Figure | None:
    """The number of an entry that has one, so that the table of values has it too."""
    origin, refs = case.entry(note), (f"entry {note.id}",)
    match note.entry:
        case Assessment(nrs=int() as nrs):
            return Figure(Decimal(nrs), "NRS", f"NRS {nrs}", origin, refs)
        case OpioidGiven(amount_ug=ug, and_ng=ng):
            return Figure(Decimal(ug * 1000 + ng) / NG_PER_MG, "mg", _amount(ug, ng), origin, refs)
        case KetamineGiven(amount_ug=ug):
            return Figure(Decimal(ug) / UG_PER_MG, "mg", _amount(ug), origin, refs)
        case PatchOn(rate_ng_h=rate):
            return Figure(Decimal(rate) / 1000, "mcg/h", patch_rate(rate), origin, refs)
        case _:
            return None


def _sedation(case: Case) -> Iterator[Line]:
    for step in case.raw.steps:
        if isinstance(step.event, Assessed) and accepted(step) and step.now_ms <= case.until_ms:
            said = step.event
            poss = "S" if said.asleep else said.poss
            text = _joined(
                "" if poss is None else f"POSS {poss}",
                "" if said.rass is None else f"RASS {said.rass:+d}",
                "" if said.oxygen is None else ("on oxygen" if said.oxygen else "without oxygen"),
            )
            yield Line(SEDATION, step.at, text, said.by, f"event {step.row}")


def _follow_up_elsewhere(case: Case) -> Iterator[Line]:
    """After another admission, in another bed."""
    for bed, step in case.raw.later:
        if isinstance(step.event, Charted) and isinstance(step.event.entry, FollowUp) and accepted(step):
            section, text = told(step.event.entry)
            yield Line(section, step.at, f"{text} (bed {bed})", step.event.by, f"entry {step.event.id}")
