"""One thing that was looked at, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """ok: as it should be. warn: it works, and somebody should know. fail: it does not, or not for long."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """area: clock, disk, ... said: what was found. todo: what to do; "" where nothing is."""

    area: str
    level: Level
    said: str
    todo: str = ""


def ok(area: str, said: str) -> Finding:
    return Finding(area, Level.OK, said)


def warn(area: str, said: str, todo: str) -> Finding:
    return Finding(area, Level.WARN, said, todo)


def fail(area: str, said: str, todo: str) -> Finding:
    return Finding(area, Level.FAIL, said, todo)


def exit_code(findings: list[Finding]) -> int:
    """0: all is as it should be. 1: warnings. 2: something fails."""
    levels = {finding.level for finding in findings}
    return 2 if Level.FAIL in levels else 1 if Level.WARN in levels else 0
