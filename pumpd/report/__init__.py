"""The report of a course: what the journal says of it, as one page, one table or one document.

`report` and `courses` are for an event loop that has better things to do (the daemon's): the work is done by a process
of its own, which only reads the journal.
"""

from pumpd.report.service import courses, report
from pumpd.report.shapes import MEDIA_TYPES, CourseLine, Format, ReportError, UnknownCourse

__all__ = ["MEDIA_TYPES", "CourseLine", "Format", "ReportError", "UnknownCourse", "courses", "report"]
