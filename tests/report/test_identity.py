"""Somebody who may not know whose course it is gets the same report without any byte of who it is."""

from __future__ import annotations

import pytest

from pumpd.access.roles import Identity
from pumpd.report.draw import drawn
from pumpd.report.gather import list_courses, reading
from pumpd.report.identity import line_as_seen
from pumpd.report.shapes import Format
from tests.report.conftest import Recorded, aside


@pytest.mark.parametrize("fmt", Format)
def test_no_byte_of_the_patient_is_in_any_form_of_the_report(case: Recorded, fmt: Format) -> None:
    patient = case.report.head.patient
    whole = aside(drawn(case.url, case.report.head.course, fmt))
    without = aside(drawn(case.url, case.report.head.course, fmt, Identity.NONE))
    for secret in (patient.mrn, patient.name, *patient.name.split(), patient.birth_date):
        assert secret.encode() in whole or fmt is Format.CSV, secret
        assert secret.encode() not in without, secret
    assert len(without) > len(whole) * 0.9, "and nothing else is gone"


def test_the_list_of_courses_names_initials_or_nobody(case: Recorded) -> None:
    async def lines() -> list[str]:
        async with reading(case.url) as connection:
            (line,) = await list_courses(connection)
        return [f"{(one := line_as_seen(line, identity)).mrn} {one.name}" for identity in Identity]

    patient = case.report.head.patient
    initials = "".join(part[0] for part in patient.name.split())
    assert aside(lines()) == [f"{patient.mrn} {patient.name}", f"withheld {initials}", "withheld withheld"]
