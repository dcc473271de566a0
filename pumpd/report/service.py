"""Reports for an event loop: a process of its own reads and draws, so that nothing at the bedside waits for it.

A thread would not do: drawing a course keeps the interpreter for a second or two, and a stop would wait for its turn.
"""

from __future__ import annotations

import asyncio
import sys
from weakref import WeakKeyDictionary

import msgspec

from pumpd.access.roles import Identity
from pumpd.report.shapes import CourseLine, Format, ReportError, UnknownCourse

LONGEST_S = 120.0  # a year's journal takes seconds; beyond this something is stuck
GOOD, UNKNOWN, FAILED = 0, 3, 4  # the worker's exit codes
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class Request(msgspec.Struct, frozen=True):
    """What the worker is asked, on its standard input: a URL may hold a password, so it is no argument.

    course None: the list of courses. nice: the worker steps back behind everything else on the machine. identity: how
    much of who a patient is leaves the worker.
    """

    journal: str
    course: str | None = None
    format: Format = Format.HTML
    nice: bool = True
    identity: Identity = Identity.FULL


class Unknown(msgspec.Struct, frozen=True):
    """The worker's answer when there is no such course."""

    course: str
    known: tuple[str, ...]
    nearest: str | None


async def report(journal_url: str, course_id: str, fmt: str, identity: Identity = Identity.FULL) -> bytes:
    """The report of one course; fmt: html, csv or json. The journal may be in use, and the course may still run.

    identity: how much of who the patient is may stand in it.

    Raises UnknownCourse, ReportError (the journal cannot be read), ValueError (no such format).
    """
    return await _ask(Request(journal_url, course_id, Format(fmt), identity=identity))


async def courses(journal_url: str, identity: Identity = Identity.FULL) -> list[CourseLine]:
    """All courses of a journal, newest first. Raises ReportError."""
    return msgspec.json.decode(await _ask(Request(journal_url, identity=identity)), type=list[CourseLine])


async def _ask(request: Request) -> bytes:
    """One report at a time: a page that is loaded again and again must not take the machine."""
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "pumpd.report.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(LONGEST_S):
                out, err = await worker.communicate(msgspec.json.encode(request))
        except TimeoutError:
            raise ReportError(f"the report was given up after {LONGEST_S:g} s") from None
        finally:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()
    return _answer(worker.returncode, out, err)


def _answer(code: int | None, out: bytes, err: bytes) -> bytes:
    if code == GOOD:
        return out
    if code == UNKNOWN:
        found = msgspec.json.decode(out, type=Unknown)
        raise UnknownCourse(found.course, found.known, found.nearest)
    said = err.decode(errors="replace").strip()
    if code == FAILED:
        raise ReportError(said)
    raise ReportError(f"the report's process ended with {code}: {said[-500:]}")
