"""What people write into a patient's chart: assessments, doses by hand, plans, checks. Values only. Pure.

An entry says what was found or given; who and when stand in the event that carries it (`pumpd.safety.events.Charted`).
Nothing is ever changed or deleted: a correction is a new entry that names the one it replaces. Amounts are integers of
micrograms, ketamine as base. Words (pain characteristics, side effects, contra-indications) are the vocabulary of
config/assessments.toml and of the protocol; the shell checks them before an entry is made.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Route(StrEnum):
    """Ways of giving a drug, as charts abbreviate them."""

    INTRAVENOUS = "iv"
    SUBCUTANEOUS = "sc"
    INTRAMUSCULAR = "im"
    ORAL = "oral"
    SUBLINGUAL = "sublingual"
    NASAL = "nasal"
    TRANSDERMAL = "transdermal"
    BUCCAL = "buccal"
    RECTAL = "rectal"
    ENTERAL = "enteral"  # through a tube
    INHALED = "inhaled"
    EPIDURAL = "epidural"
    INTRATHECAL = "intrathecal"


class Entry(Struct, frozen=True, tag=True):
    """Any entry; the tag is the class name."""


class SideEffect(Struct, frozen=True):
    """name: of the vocabulary. severity: 0 absent, 1 mild, 2 moderate, 3 severe."""

    name: str
    severity: int


class Assessment(Entry, frozen=True):
    """What was found at the bedside (source B's six sections; vitals and respiratory depression are measured).

    nrs: pain 0 to 10. pain: characteristics. satisfaction: 0 to 10. tolerance, mood: notes. POSS, RASS and oxygen are
    the event Assessed.
    """

    nrs: int | None = None
    pain: tuple[str, ...] = ()
    side_effects: tuple[SideEffect, ...] = ()
    satisfaction: int | None = None
    tolerance: str = ""
    mood: str = ""
    note: str = ""


class OpioidGiven(Entry, frozen=True):
    """One administration. drug: a code of the factor tables or of the library; an unknown one is kept and marked.

    and_ng: what the amount is more than whole micrograms, 0 to 999 nanograms (12.5 mcg is 12 and 500).
    """

    drug: str
    route: Route
    amount_ug: int
    and_ng: int = 0


class PatchOn(Entry, frozen=True):
    """A transdermal patch was put on; it is known by the id of this entry.

    rate_ng_h: in nanograms an hour, since patches of 12.5 and 37.5 mcg/h exist (37_500).
    """

    drug: str
    rate_ng_h: int


class PatchOff(Entry, frozen=True):
    """The patch of that entry was taken off."""

    patch: str


class KetamineGiven(Entry, frozen=True):
    """A dose of ketamine beside the pump: oral, intramuscular, ..."""

    route: Route
    amount_ug: int


class Adjunct(Entry, frozen=True):
    """A benzodiazepine or haloperidol, or the decision of a named person to give none (drug "none", with a note)."""

    drug: str
    benzodiazepine: bool
    amount_ug: int | None = None
    note: str = ""


class Comedication(Entry, frozen=True):
    """Another drug of the patient; sedating: it adds to sedation (gabapentin, opioids)."""

    drug: str
    sedating: bool
    note: str = ""


class Checklist(Entry, frozen=True):
    """Contra-indications that were asked for: (name, present). All of the protocol's must have been asked."""

    answers: tuple[tuple[str, bool], ...]


class CoursePlan(Entry, frozen=True):
    """A course is opened. baseline_mme_milli: opioid use before it, in thousandths of MME a day, where it is known.

    context: in a few words ("palliative").
    """

    baseline_mme_milli: int | None = None
    context: str = ""


class InfusionPlan(Entry, frozen=True):
    """The next infusion of the course: what shall be given, and the rate it shall start with."""

    dose_ug_kg: int
    start_ug_kg_h: int


class CourseEnd(Entry, frozen=True):
    """A named person ends the course."""

    reason: str


class FollowUp(Entry, frozen=True):
    """After the course, months later too (source B)."""

    note: str
    nrs: int | None = None
    mme_milli: int | None = None


class TakenBack(Entry, frozen=True):
    """What it corrects was charted in error: it did not happen. Only as a correction; both stay in the record."""

    note: str = ""


AnyEntry = (
    Assessment
    | OpioidGiven
    | PatchOn
    | PatchOff
    | KetamineGiven
    | Adjunct
    | Comedication
    | Checklist
    | CoursePlan
    | InfusionPlan
    | CourseEnd
    | FollowUp
    | TakenBack
)
