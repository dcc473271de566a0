"""A report for somebody who may not know whose it is. What people wrote in their own words stays. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from pumpd.access.roles import Identity
from pumpd.report.model import CourseReport, Patient, Refusal
from pumpd.report.shapes import CourseLine

WITHHELD = "withheld"
OF_A_PATIENT = ("bind", "release")  # refused acts whose subject is a patient's number


def as_seen(report: CourseReport, identity: Identity) -> CourseReport:
    """The same report with no more of who the patient is."""
    if identity is Identity.FULL:
        return report
    head = replace(report.head, patient=_patient(report.head.patient, identity))
    return replace(report, head=head, refusals=tuple(_refusal(one) for one in report.refusals))


def line_as_seen(line: CourseLine, identity: Identity) -> CourseLine:
    """As as_seen, of a line in the list of courses."""
    return line if identity is Identity.FULL else replace(line, mrn=WITHHELD, name=_name(line.name, identity))


def _patient(patient: Patient, identity: Identity) -> Patient:
    return replace(patient, mrn=WITHHELD, name=_name(patient.name, identity), birth_date=WITHHELD)


def _name(name: str, identity: Identity) -> str:
    return "".join(part[0].upper() for part in name.split()) if identity is Identity.INITIALS else WITHHELD


def _refusal(one: Refusal) -> Refusal:
    return replace(one, subject=WITHHELD) if one.act in OF_A_PATIENT else one
