"""The fifteen goals, which parts measure each of them, and what a run says about each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.bench.report import Found, NotRun, Row

GoalVerdict = Literal["PASS", "PASS in part", "FAIL", "not measured", "not asked for"]
Of = Mapping[str, Sequence[Found] | str]
"""Of each part its rows, or in words why it did not end; no entry for one that was not asked for."""


@dataclass(frozen=True)
class Goal:
    """says: the goal. parts: that measure it. lacks: what of it this bench does not do ("" where it does all)."""

    id: str
    says: str
    parts: tuple[str, ...]
    lacks: str = ""


GOALS: tuple[Goal, ...] = (
    Goal(
        "G1",
        "frame in -> stop bytes out on the same line, daemon: p50 <= 1.5x, p99 <= 3x, p99.9 <= 5x of a uvloop echo",
        ("stop_path",),
        "200 devices speak as on a ward (1 Hz and polls), not at 10 Hz; 50 screens; no broker",
    ),
    Goal(
        "G2",
        "the same beside screens that never read, a stalled disk, a broker that is gone: p99 <= 1.2x of undisturbed",
        ("disturbed",),
    ),
    Goal("G3", "CPU of a frame from line to new state <= 2x add_reader and bare parser", ("ingest",)),
    Goal(
        "G4",
        "against Node-RED, the same flow: p50 and p99 <= 0.5x, CPU <= 0.25x, memory <= 0.75x",
        ("node_red",),
        "Node-RED only checks, compares and stops; the daemon also alarms, journals and serves",
    ),
    Goal("G5", "parser >= 0.6x of split and checksum, in pieces >= 0.5x", ("parser",)),
    Goal(
        "G6",
        "sample -> durable: p90 <= flush interval + 20x fdatasync p50, p99 <= flush interval + 2x fdatasync p99; "
        "CPU of a row <= 2x executemany",
        ("journal",),
    ),
    Goal("G7", "PostgreSQL: >= 0.7x of asyncpg COPY at 1,000 rows", ("journal_server",)),
    Goal("G8", "stored bytes a sample <= 1.5x of a packed i16 row", ("journal", "journal_server")),
    Goal(
        "G9",
        "fan-out to 1,000 screens: CPU of a message <= 3x a C loop of writes, p99 <= pacing window + 20 ms",
        ("fanout",),
    ),
    Goal(
        "G10",
        "3 stalled of 53 screens: the others lose nothing, p99 <= 1.5x; <= 256 kB for each; dropped within 5 s",
        ("fanout",),
    ),
    Goal("G11", "one bed of 40 changed: encoding <= 0.15x of orjson of the snapshot", ("fanout",)),
    Goal("G12", "MQTT QoS 1 at 2,000 a second: CPU <= 2x, p99 <= 3x of a raw codec", ("mqtt",)),
    Goal(
        "G13",
        "HL7 listener: >= 5x python-hl7, >= 0.25x of a raw server; p99 <= 4x of it at 20 connections",
        ("hl7_server",),
    ),
    Goal(
        "G14",
        "loop lateness p99.9 <= 3x of a C sleeper, a million live objects; no collector pause > 5 ms",
        ("lateness",),
        "rounds of 12 s, not 30 minutes; `soak` is the long one",
    ),
    Goal("G15", "a lost device is noticed within two missed frames + 50 ms", ("device_lost",)),
)


@dataclass(frozen=True)
class GoalFound:
    """What a run says of a goal. worst: the row with the least room; None where none was held."""

    id: str
    verdict: GoalVerdict
    worst: Row | None
    why: str


def judge(found: Of) -> list[GoalFound]:
    """What a run found says of every goal, in their order."""
    return [_judged(goal, found) for goal in GOALS]


def _judged(goal: Goal, found: Of) -> GoalFound:
    if not any(part in found for part in goal.parts):
        return GoalFound(goal.id, "not asked for", None, "")
    ours = [one for part in goal.parts for one in _rows(found.get(part)) if one.goal == goal.id]
    held = [row for row in ours if isinstance(row, Row) and row.allowed is not None]
    gaps = [*_gaps(goal, found), *(f"{one.what}: {one.why}" for one in ours if isinstance(one, NotRun))]
    failed = sum(row.verdict == "FAIL" for row in held)
    worst = max(held, key=lambda row: row.strain, default=None)
    count = f"{failed} of {len(held)} rows fail" if failed else f"{len(held)} row{'s' * (len(held) != 1)}"
    why = "; ".join([count] * bool(held) + gaps)
    if worst is None:
        return GoalFound(goal.id, "not measured", None, why or "its parts gave no row")
    return GoalFound(goal.id, "FAIL" if failed else "PASS in part" if gaps else "PASS", worst, why)


def _rows(found: Sequence[Found] | str | None) -> Iterable[Found]:
    return () if found is None or isinstance(found, str) else found


def _gaps(goal: Goal, found: Of) -> list[str]:
    missing = [f"part {part} was not asked for" for part in goal.parts if part not in found]
    return missing + [
        f"part {part} did not end: {found[part]}" for part in goal.parts if isinstance(found.get(part), str)
    ]
