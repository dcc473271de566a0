"""Reports of courses, made by a process of its own from the journal: nothing at the bedside waits for one."""

from __future__ import annotations

from fastapi import Response

from pumpd import report
from pumpd.access.roles import Identity
from pumpd.api.errors import ApiError
from pumpd.live.messages import encode

# a report is one file with its styles in it; it runs nothing and fetches nothing
REPORT_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class Reports:
    """journal_url None: this ward keeps no journal that could be read, and knows of no courses."""

    def __init__(self, journal_url: str | None) -> None:
        self._journal_url = journal_url

    async def list(self, identity: Identity) -> bytes:
        """The courses as JSON, newest first, with no more of who the patients are."""
        if self._journal_url is None:
            return encode({"courses": []})
        try:
            return encode({"courses": await report.courses(self._journal_url, identity)})
        except report.ReportError as error:
            raise _failed(error) from None

    async def report(self, course: str, fmt: str, identity: Identity) -> Response:
        """The report with its media type. Raises ApiError: 404 unknown course, 503 the journal cannot be read."""
        if self._journal_url is None:
            raise ApiError(404, "unknown_course", f"no course {course!r}: no journal is kept")
        try:
            data = await report.report(self._journal_url, course, fmt, identity)
        except report.UnknownCourse as error:
            raise ApiError(404, "unknown_course", str(error)) from None
        except report.ReportError as error:
            raise _failed(error) from None
        headers = {"content-security-policy": REPORT_CSP}
        return Response(data, media_type=report.MEDIA_TYPES[report.Format(fmt)], headers=headers)


def _failed(error: report.ReportError) -> ApiError:
    return ApiError(503, "report_failed", str(error), temporary=True)
