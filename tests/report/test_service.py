"""Reports for a daemon: made by a process of their own while the journal is in use."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pumpd import report
from pumpd.report import service
from tests.journal.test_kept import first_schema
from tests.report.conftest import COURSE, Recorded
from tests.report.played import ZERO


@pytest.mark.req("REP-03")
async def test_a_report_is_made_while_the_loop_goes_on(case: Recorded) -> None:
    turns = 0

    async def loop_lives() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.005)

    living = asyncio.create_task(loop_lives())
    data = await report.report(case.url, COURSE, "html")
    living.cancel()
    assert b"-32.43 %" in data
    assert turns > 20, "the loop was never held up by the drawing"


async def test_courses_are_listed_newest_first_with_their_patients(case: Recorded) -> None:
    (line,) = await report.courses(case.url)
    assert (line.id, line.bed, line.mrn, line.name) == (COURSE, "b1", "SYN-0055", "Erik Example")
    assert (line.by, line.infusions, line.planned) == ("Dr A. Brandt", 3, True)
    assert line.opened > ZERO
    assert line.closed is not None


@pytest.mark.req("REP-03")
async def test_an_unknown_course_names_the_nearest_and_what_there_is(case: Recorded) -> None:
    with pytest.raises(report.UnknownCourse, match=r"no course b1-c7; did you mean b1-c1\?") as caught:
        await report.report(case.url, "b1-c7", "json")
    assert caught.value.known == (COURSE,)


async def test_a_journal_that_is_not_there_is_explained_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(report.ReportError, match="does not exist"):
        await report.report(f"sqlite+aiosqlite:///{tmp_path}/none.db", COURSE, "html")
    assert not (tmp_path / "none.db").exists()


async def test_a_journal_of_an_older_pumpd_says_what_to_do(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/old.db"
    await first_schema(url)
    with pytest.raises(report.ReportError, match="pumpd db upgrade"):
        await report.courses(url)


async def test_a_form_that_does_not_exist_is_refused_at_once(case: Recorded) -> None:
    with pytest.raises(ValueError, match="pdf"):
        await report.report(case.url, COURSE, "pdf")


async def test_reports_wait_for_one_another(case: Recorded) -> None:
    both = await asyncio.gather(*(report.report(case.url, COURSE, "csv") for _ in range(2)))
    assert both[0] == both[1]


async def test_a_report_that_takes_too_long_is_given_up(case: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LONGEST_S", 0.0)
    with pytest.raises(report.ReportError, match="given up"):
        await report.report(case.url, COURSE, "html")
