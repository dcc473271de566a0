"""The process that makes reports: one request on standard input, the answer on standard output (see service)."""

from __future__ import annotations

import asyncio
import os
import sys

import msgspec

from pumpd.report.draw import drawn
from pumpd.report.gather import list_courses, reading
from pumpd.report.identity import line_as_seen
from pumpd.report.service import FAILED, GOOD, UNKNOWN, Request, Unknown
from pumpd.report.shapes import ReportError, UnknownCourse


async def answer(request: Request) -> bytes:
    """What was asked for. Raises UnknownCourse, ReportError."""
    if request.course is not None:
        return await drawn(request.journal, request.course, request.format, request.identity)
    async with reading(request.journal) as connection:
        lines = await list_courses(connection)
    return msgspec.json.encode([line_as_seen(line, request.identity) for line in lines])


def main() -> int:
    """The exit code."""
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    if request.nice:
        os.nice(10)
    try:
        out, code = asyncio.run(answer(request)), GOOD
    except UnknownCourse as unknown:
        out, code = msgspec.json.encode(Unknown(unknown.course, unknown.known, unknown.nearest)), UNKNOWN
    except ReportError as error:
        sys.stderr.write(str(error))
        return FAILED
    sys.stdout.buffer.write(out)
    return code


if __name__ == "__main__":
    sys.exit(main())
