"""What named persons write into the chart (Charted): accepted whole, or refused with ALL reasons. Pure.

The journal keeps every entry; kept here is what is judged by, until it is too old to be corrected. A correction takes
back what the entry that it names has done.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from pumpd.clinical.entries import (
    Adjunct,
    Assessment,
    Checklist,
    CourseEnd,
    CoursePlan,
    InfusionPlan,
    KetamineGiven,
    OpioidGiven,
    PatchOff,
    PatchOn,
    TakenBack,
)
from pumpd.safety import planning
from pumpd.safety.answers import refuse, unexplained, unnamed
from pumpd.safety.chart_checks import value_reasons
from pumpd.safety.chart_facts import judged_by
from pumpd.safety.course_state import Noted
from pumpd.safety.decisions import Permitted
from pumpd.safety.events import Charted
from pumpd.safety.hand_doses import dose_reasons, take_back, take_dose
from pumpd.safety.state import Draft
from pumpd.units import MS_PER_H

ACT = "chart"
OLDEST_MS = 7 * 24 * MS_PER_H  # what is entered as longer ago is a mistyped date; older entries are not corrected here
PATCH_MS = 5 * OLDEST_MS  # a patch is worn for a week at most; one that was forgotten can still be taken off
LEAST = InfusionPlan(1, 1)  # what stands against any plan, when this one has no numbers
KEPT = 400  # entries of a busy week; the oldest are forgotten first, and what is forgotten is asked for again
OF_THE_STAY = (Assessment, Checklist, CoursePlan, InfusionPlan, CourseEnd)  # nothing that was done before admission
ENDS = (CoursePlan.__name__, CourseEnd.__name__)


def charted(d: Draft, event: Charted) -> None:
    """Take the entry, or refuse it with all reasons."""
    found = reasons(d, event)
    if found:
        refuse(d, ACT, event.id, found, event.by, event.reason)
        return
    at = len(d.out)
    note = take(d, event)
    d.out.insert(at, Permitted(ACT, event.id, event.by, note))


def reasons(d: Draft, event: Charted) -> list[str]:
    """ALL reasons against the entry."""
    found = unnamed(event.by)
    if d.patient is None:
        found.append("no patient is bound")
    if not event.id.strip():
        found.append("the entry has no id")
    elif event.id in d.course.entries:
        found.append(f"there is an entry {event.id} already")
    values = value_reasons(event.entry)
    found += values + time_reasons(d, event) + correction_reasons(d, event)
    return found + act_reasons(d, event, values)


def happened_ms(d: Draft, event: Charted) -> int:
    """A correction without a time happened when that happened which it corrects."""
    if event.at_ms is not None:
        return event.at_ms
    old = None if event.corrects is None else d.course.entries.get(event.corrects)
    return d.now if old is None else old.at_ms


def time_reasons(d: Draft, event: Charted) -> list[str]:
    """Nothing is charted for the future, for long ago, or (what is of this stay) for before the patient came."""
    at_ms, bound_ms = event.at_ms, d.course.bound_ms
    if at_ms is None:
        return []
    if type(at_ms) is not int:
        return ["the time is not a whole number of milliseconds"]
    if at_ms > d.now:
        return ["the time is in the future"]
    if at_ms < d.now - OLDEST_MS:
        return [f"the time is more than {OLDEST_MS // MS_PER_H // 24} days ago"]
    if isinstance(event.entry, OF_THE_STAY) and bound_ms is not None and at_ms < bound_ms:
        return ["the time is before the patient was bound to the bed"]
    return []


def correction_reasons(d: Draft, event: Charted) -> list[str]:
    """A correction names an entry of this patient that is known, and says why."""
    if event.corrects is None:
        return ["nothing is taken back: name the entry that was charted in error"] if is_taken_back(event) else []
    found, old, kind = unexplained(event.reason), d.course.entries.get(event.corrects), type(event.entry).__name__
    if old is None:
        return [*found, f"there is no entry {event.corrects} of this patient that could be corrected here"]
    if (old.kind in ENDS or kind in ENDS) and old.kind != kind:
        found.append("a course is opened and ended by entries of their own, not by a correction")
    elif kind == CourseEnd.__name__:
        found.append("the end of a course cannot be corrected: open another course")
    return found


def is_taken_back(event: Charted) -> bool:
    return isinstance(event.entry, TakenBack)


def act_reasons(d: Draft, event: Charted, values: list[str]) -> list[str]:
    """What stands against the act that the entry is, beside what is wrong with its values."""
    entry, protocol = event.entry, d.policy.protocol
    match entry:
        case KetamineGiven():
            return [] if values else dose_reasons(d, event, entry)
        case CoursePlan():
            return [] if event.corrects is not None else planning.course_reasons(d, protocol)
        case InfusionPlan():
            return planning.plan_reasons(d, protocol, LEAST if values else entry)
        case OpioidGiven():
            return planning.opioid_reasons(d, entry)
        case PatchOff():
            return patch_reasons(d, event, entry)
        case CourseEnd():
            return planning.end_reasons(d, entry)
        case _:
            return []


def patch_reasons(d: Draft, event: Charted, entry: PatchOff) -> list[str]:
    """A patch that nobody put on, or that is off, cannot be taken off: the one that is worn would go on counting."""
    worn = d.course.entries.get(entry.patch)
    if entry.patch.strip() and (worn is None or worn.kind != PatchOn.__name__):
        return [f"there is no patch {entry.patch} of this patient"]
    earlier = (noted for name, noted in d.course.entries.items() if name != event.corrects and noted.entry == entry)
    return [f"the patch {entry.patch} was taken off already, by {noted.by}" for noted in earlier][:1]


# --- taking it


def take(d: Draft, event: Charted) -> str:
    """Do what the entry does, and keep it; returns what the answer says beside yes."""
    at_ms, entry = happened_ms(d, event), event.entry
    if event.corrects is not None:
        undo(d, event.corrects)
    keep(d, event, at_ms)
    match entry:
        case KetamineGiven():
            return take_dose(d, event, entry, at_ms)
        case CoursePlan():
            return planning.take_course(d, event, entry)
        case InfusionPlan():
            return planning.take_plan(d, event, entry)
        case CourseEnd():
            return planning.take_end(d, event, entry)
        case _:
            return ""


def undo(d: Draft, entry_id: str) -> None:
    """Take back what the corrected entry has done."""
    entries = dict(d.course.entries)
    old = entries.pop(entry_id)
    d.course = replace(d.course, entries=entries)
    if old.kind == KetamineGiven.__name__:
        take_back(d, entry_id, old)
    plan = d.course.plan
    if plan is not None and plan.entry == entry_id:
        d.course = replace(d.course, plan=None)


def keep(d: Draft, event: Charted, at_ms: int) -> None:
    """Remember the entry as far as it is judged, forget those that are too old, and judge by what is left."""
    new = Noted(type(event.entry).__name__, event.by, at_ms, bare(event.entry))
    known = {name: noted for name, noted in d.course.entries.items() if d.now - noted.at_ms <= kept_ms(noted)}
    entries = dict(list({**known, event.id: new}.items())[-KEPT:])
    d.course = replace(d.course, entries=entries, **judged_by(entries, d.policy.protocol))


def kept_ms(noted: Noted) -> int:
    return PATCH_MS if noted.kind == PatchOn.__name__ else OLDEST_MS


def bare(entry: Any) -> Assessment | Checklist | Adjunct | KetamineGiven | PatchOff | None:
    """The entry without its words, where it is judged."""
    match entry:
        case Assessment():
            return Assessment(nrs=entry.nrs)
        case Adjunct():
            return replace(entry, note="")
        case Checklist() | KetamineGiven() | PatchOff():
            return entry
        case _:
            return None
