"""What the staff of the simulated day had to listen to, as lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pumpd.safety.policy import AlarmKind, Priority
from tests.day.play import Played

APART_MS = 60_000
PLACE = Path(__file__).resolve().parents[2] / "build" / "day.txt"
HEAD = f"{'bed':>4} {'HIGH':>5} {'MEDIUM':>7} {'LOW':>5} {'of the patient':>15} {'HIGH episodes':>14} {'steps':>8}"


def lines(day: Sequence[Played], hours: int = 24) -> list[str]:
    """The table, the burden per bed-day, and how near the latest alarm came to its time."""
    found = [f"A simulated day: {len(day)} beds, {hours} h, one frame a second, the shipped adult profile", "", HEAD]
    for played in day:
        burden = played.burden
        counts = [burden.count(p) for p in (Priority.HIGH, Priority.MEDIUM, Priority.LOW)]
        own = burden.count(kind=AlarmKind.PHYSIOLOGICAL)
        found.append(
            f"{played.bed:>4} {counts[0]:>5} {counts[1]:>7} {counts[2]:>5} {own:>15} "
            f"{burden.episodes(APART_MS):>14} {played.steps:>8}"
        )
    per = {p: sum(played.burden.count(p) for played in day) / len(day) for p in Priority}
    episodes = sum(played.burden.episodes(APART_MS) for played in day) / len(day)
    found += [
        "",
        "per bed-day: " + ", ".join(f"{p.value} {per[p]:.1f}" for p in Priority),
        f"HIGH episodes per bed-day (closer than {APART_MS // 1000} s is one): {episodes:.1f}",
        "An alarm counts once, at the highest priority that it reached. Most events of this day are scripted trouble:",
        "the figures compare profiles and versions on the same day, they do not foretell a ward's burden.",
        "",
    ]
    return found + slack(day)


def slack(day: Sequence[Played]) -> list[str]:
    """Of each alarm that was demanded: how long before its limit it came."""
    watches = [w for played in day for w in played.watches]
    spare = [w.due_ms - w.came_ms for w in watches if w.due_ms is not None and w.came_ms is not None]
    demanded = f"{len(watches)} alarms were demanded"
    return [f"{demanded}; the one nearest to its limit came {min(spare)} ms before it" if spare else demanded]


def write(day: Sequence[Played]) -> str:
    """The report as printed; also kept in build/day.txt."""
    text = "\n".join(lines(day))
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_text(text + "\n", encoding="utf-8")
    return text
