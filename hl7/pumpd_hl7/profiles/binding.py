"""What an ADT message means for the beds: which events, at which bed, in which order. Pure.

Releases come before bindings, so that everything of the old patient is closed before the new one appears. Nothing is
guessed: a place that is no bed of ours binds nobody, and nobody is released who was not meant. Doing it again with what
is bound by then changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pumpd.safety.events import Patient, PatientBound, PatientReleased
from pumpd_hl7.profiles.adt import Admission, Adt, Departure, Ignored, Merge, Transfer, Update
from pumpd_hl7.profiles.people import Location, Person

BedEvent = tuple[str, PatientBound | PatientReleased]


@dataclass(frozen=True, slots=True)
class Changes:
    """(bed, event) in the order in which they are to be submitted. why: why there are none; it names no patient."""

    events: tuple[BedEvent, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Who is where (every bed of ours is a key), and which place is which bed (`unit^room^bed`, or the bed's id).

    left: who was released, from which bed, by the very message that is carried out (it was begun and not ended).
    """

    bound: Mapping[str, Patient | None]
    locations: Mapping[str, str]
    left: Mapping[str, Patient] = field(default_factory=dict)

    def bed_of(self, at: Location) -> str | None:
        for key in (f"{at.key}^{at.facility}", at.key):
            bed = self.locations.get(key, key)
            if at and bed in self.bound:
                return bed
        return None

    def beds_with(self, mrn: str) -> tuple[str, ...]:
        return tuple(bed for bed, patient in self.bound.items() if patient is not None and patient.mrn == mrn)

    def were_with(self, mrn: str) -> tuple[str, ...]:
        """Before the message, as far as it was begun."""
        return (*self.beds_with(mrn), *(bed for bed, patient in self.left.items() if patient.mrn == mrn))

    def known(self, mrn: str) -> Patient | None:
        everybody = (*self.bound.values(), *self.left.values())
        return next((patient for patient in everybody if patient is not None and patient.mrn == mrn), None)


def events_of(adt: Adt, places: Places, by: str) -> Changes:
    """What the message changes at our beds. by: who says so ("ADT A02 of HIS"), never blank."""
    match adt:
        case Admission():
            return _arrival(adt.trigger, adt.person, adt.at, adt.weight_g, places, by)
        case Transfer():
            at = _returned_to(adt, places) if adt.trigger == "A12" else adt.at
            return _arrival(adt.trigger, adt.person, at, adt.weight_g, places, by)
        case Departure():
            return _departure(adt, places, by)
        case Update():
            return _update(adt, places, by)
        case Merge():
            return _merge(adt, places, by)
        case Ignored():
            return Changes(why=adt.why)


def _arrival(trigger: str, person: Person, at: Location, weight_g: int | None, places: Places, by: str) -> Changes:
    bed = places.bed_of(at)
    if bed is None and trigger == "A04":  # to be registered elsewhere is not to have left
        return Changes(why=f"{at.key} is no bed of ours")
    left = [one for one in places.beds_with(person.mrn) if one != bed]
    events: list[BedEvent] = [(one, PatientReleased(by, f"ADT {trigger}: now at {at.key}")) for one in left]
    if bed is None:
        return Changes(tuple(events), "" if events else f"{at.key} is no bed of ours")
    patient = person.as_patient(places.known(person.mrn), weight_g)
    before = places.bound[bed]
    if before is not None and before.mrn != person.mrn:
        events.append((bed, PatientReleased(by, f"ADT {trigger}: the bed was given to another patient")))
    if before != patient:
        events.append((bed, PatientBound(patient, by)))
    return Changes(tuple(events), "" if events else "known already")


def _returned_to(adt: Transfer, places: Places) -> Location:
    """Of PV1-3 and PV1-6 the one at which the patient is not; PV1-6 where that does not tell."""
    here = places.were_with(adt.person.mrn)
    if not adt.prior or (adt.at and places.bed_of(adt.prior) in here):
        return adt.at
    return adt.prior


def _departure(adt: Departure, places: Places, by: str) -> Changes:
    here, said = places.beds_with(adt.person.mrn), places.bed_of(adt.at)
    if adt.outpatient and adt.at and said not in here:
        return Changes(why=f"an outpatient's visit at {adt.at.key} ended")
    events = tuple((bed, PatientReleased(by, f"ADT {adt.trigger}")) for bed in here)
    return Changes(events, "" if events else "the patient is at no bed of ours")


def _update(adt: Update, places: Places, by: str) -> Changes:
    """Names and weight where the patient is bound. Who is bound nowhere comes to a free bed; nobody is moved."""
    here, said = places.beds_with(adt.person.mrn), places.bed_of(adt.at)
    if not here:
        if said is None or places.bound[said] is not None:
            return Changes(why="the patient is at no bed of ours" if said is None else "the bed has another patient")
        return Changes(((said, PatientBound(adt.person.as_patient(None, adt.weight_g), by)),))
    events: list[BedEvent] = []
    for bed in here:
        known = places.bound[bed]
        patient = adt.person.as_patient(known, adt.weight_g)
        if patient != known:
            events.append((bed, PatientBound(patient, by)))
    return Changes(tuple(events), "" if events else "known already")


def _merge(adt: Merge, places: Places, by: str) -> Changes:
    """The patient stays, with doses, caps and alarms; the identifier changes."""
    events: list[BedEvent] = []
    for person, formerly in adt.pairs:
        for bed in places.beds_with(formerly):
            known = places.bound[bed]
            assert known is not None
            events.append((bed, PatientBound(replace(person.as_patient(known), mrn=person.mrn), by, formerly)))
    return Changes(tuple(events), "" if events else "the patient is at no bed of ours")
