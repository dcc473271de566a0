"""`python -m tests.chaos.storm`: one storm. Exit code 1: the ghost and the journal disagree."""

from __future__ import annotations

import argparse
import asyncio
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.storm.court import Court
from tests.chaos.storm.run import Outcome, asked, kept, readable, storm
from tests.chaos.storm.servers import has_postgres
from tests.chaos.storm.story import read_post, read_story
from tests.chaos.storm.verdict import judge

JOURNALS = ("sqlite", "postgresql")
OPEN_TO_ALL = 0o755  # PostgreSQL runs as a user of its own


def main() -> int:
    words = argparse.ArgumentParser(
        description="A storm over a simulated ward, and whether pumpd told the truth of it."
    )
    words.add_argument("--minutes", type=float, default=20.0)
    words.add_argument("--seed", type=int, default=None, help="default: a new one, which is printed")
    words.add_argument("--beds", type=int, default=16)
    words.add_argument("--folder", type=Path, default=None, help="where journal, acts and outputs are left behind")
    words.add_argument("--journal", choices=("both", *JOURNALS), default="both", help="both: half of the time each")
    words.add_argument("--again", type=Path, default=None, help="judge the storm of this folder once more")
    said = words.parse_args()
    if said.again is not None:
        return told(asyncio.run(judged(kept(said.again), said.again)))
    seed = int(time.time()) % 100_000 if said.seed is None else said.seed
    folder = said.folder or Path(tempfile.mkdtemp(prefix="pumpd-storm-"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        words.error(f"{folder} is not empty: a storm wants a folder of its own")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the daemon is ended then, too
    journals = JOURNALS if said.journal == "both" and has_postgres() else (said.journal.replace("both", JOURNALS[0]),)
    folder.chmod(OPEN_TO_ALL)
    found = 0
    for journal in journals:
        minutes, where = said.minutes / len(journals), folder / journal
        where.mkdir()
        say(f"storm: seed {seed}, {minutes:g} minutes, {said.beds} beds, journal on {journal}, in {where}")
        found += told(asyncio.run(_play(where, seed, minutes, said.beds, journal)))
    say(f"\nagain: python -m tests.chaos.storm --seed {seed} --minutes {said.minutes:g} --journal {said.journal}")
    return min(1, found)


async def _play(folder: Path, seed: int, minutes: float, beds: int, journal: str) -> Court:
    outcome = await storm(folder, seed, minutes, beds, journal)
    return await judged(outcome, folder)


async def judged(outcome: Outcome, folder: Path) -> Court:
    """Both stories side by side."""
    async with readable(outcome, folder) as found:
        await asked(found)
        say(_weather(found))
        return judge(found, await read_story(found.url), await read_post(found.url))


def _weather(outcome: Outcome) -> str:
    counted: dict[str, int] = {}
    for _, act in outcome.done:
        counted[act.what] = counted.get(act.what, 0) + 1
    done = ", ".join(f"{what} {many}" for what, many in sorted(counted.items()))
    hubs = 0 if outcome.hub is None else outcome.hub.starts
    return f"weather: {done}; could not be {len(outcome.passed)}; daemon started {outcome.starts} times, hub {hubs}"


def told(verdict: Court) -> int:
    """Counts, latencies, and every disagreement; the exit code."""
    for name, many in sorted(verdict.counts.items()):
        say(f"  {many:7d}  {name}")
    for name, values in sorted(verdict.latency_ms.items()):
        middle, worst = statistics.median(values), max(values)
        say(f"  {name}: {len(values)} times, median {middle:.0f} ms after it could be known, at most {worst:.0f} ms")
    busy = len(verdict.outcome.ghost.machine.rows)
    gaps = sum(len(story.missing) for story in verdict.stories.values())
    say(f"  {busy} times the machine was too busy to be judged; {gaps} gaps in the journal")
    for one in verdict.found:
        say(f"\nDISAGREEMENT {one}")
    say("\nthe ghost and the journal agree" if not verdict.found else f"\n{len(verdict.found)} disagreements")
    return 1 if verdict.found else 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
