"""From a journal to the bytes of a report, here and now; pumpd.report.report does it in a process of its own."""

from __future__ import annotations

from pumpd.access.roles import Identity
from pumpd.report.assemble import assemble
from pumpd.report.document import document
from pumpd.report.gather import Gathered, gather, reading
from pumpd.report.identity import as_seen
from pumpd.report.model import CourseReport
from pumpd.report.page import page
from pumpd.report.shapes import Format
from pumpd.report.tables import tables_of
from pumpd.report.tidy import table


async def made(journal_url: str, course: str) -> CourseReport:
    """The report as values. Raises UnknownCourse, ReportError."""
    async with reading(journal_url) as connection:
        gathered = await gather(connection, course)
    return assemble(gathered, tables_of(_files(gathered)))


async def drawn(journal_url: str, course: str, fmt: Format, identity: Identity = Identity.FULL) -> bytes:
    """The report in one of its forms, with no more of who the patient is. Raises UnknownCourse, ReportError."""
    report = as_seen(await made(journal_url, course), identity)
    if fmt is Format.JSON:
        return document(report)
    return table(report) if fmt is Format.CSV else page(report).encode()


def _files(gathered: Gathered) -> dict[str, str] | None:
    """What the last run of the course read; None where that was not recorded."""
    earlier = [run.origins for run in gathered.runs if run.at <= gathered.until]
    origins = earlier[-1] if earlier else None
    return None if origins is None else dict(origins.files)
