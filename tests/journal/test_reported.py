"""The same course reported from either database is the same report."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from pumpd.report.draw import made
from tests.report.played import PlayedBed
from tests.report.test_refusals import rushed


@pytest.mark.req("REP-03", "REP-04")
async def test_a_course_is_reported_from_either_database(any_url: str, tmp_path: Path) -> None:
    bed = PlayedBed(tmp_path)
    rushed(bed)
    await bed.journal(any_url)
    report = await made(any_url, "b1-c1")
    assert [one.reasons for one in report.refusals] == bed.refused
    assert report.head.course == "b1-c1"
    assert {one.signal for one in report.vitals} == {"rr", "spo2", "etco2", "pulse"}
    assert report.missing == ()
    assert msgspec.json.encode(report)
