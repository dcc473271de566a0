"""kill -9 at many moments of a stream of messages: what was promised is there once, in and out."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from pumpd.journal import ops
from pumpd.journal.replay import replay
from tests.journal.letters import letters, rows

STREAM = """
import asyncio, itertools, sys
from tests.journal.letters import letters, message, outgoing
from tests.journal.steps import Recorder, admitted
async def main():
    numbers = itertools.count(int(sys.argv[2]))
    async with letters(sys.argv[1]) as (journal, store):
        recorder = admitted(Recorder(journal, "bed " + sys.argv[3]))
        async def one():
            for n in numbers:
                own = message(f"m{n}", answer=b"%d" % n)
                await store.received(own)
                print(f"in m{n}", flush=True)
                await store.applied(own.key)
                await store.queue([outgoing(f"m{n}", urgent=n % 3 == 0, bed="b1", seq=n + 1)])
                print(f"out m{n}", flush=True)
                recorder.seconds(1)
        await asyncio.gather(*(one() for _ in range(20)))
asyncio.run(main())
"""
MOMENTS = (1, 3, 21, 64, 200, 501, 1000)  # lines after which it is killed; the kernel adds chance of its own


def kill_after(url: str, first: int, lines: int) -> list[str]:
    """A stream that is killed once it has promised so much; all that it had promised by then."""
    command = [sys.executable, "-c", STREAM, url, str(first), str(lines)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        promised = [process.stdout.readline() for _ in range(lines)]
        os.kill(process.pid, signal.SIGKILL)
        whole = [line.strip() for line in (*promised, *process.stdout) if line.endswith("\n")]
        return [line for line in whole if line.startswith(("in ", "out "))]  # the rest is the log


async def test_a_killed_daemon_has_every_promised_message_once(url: str) -> None:
    promised: set[str] = set()
    for lines in MOMENTS:
        first = max(0, len(promised) // 2 - 5)  # what was promised last is sent again
        found = await asyncio.to_thread(kill_after, url, first, lines)
        assert len(found) >= lines - 3
        promised.update(found)
        taken = await rows(url, "SELECT control_id FROM messages_in WHERE state <> 'withdrawn'")
        queued = await rows(url, "SELECT id FROM messages_out")
        there = [f"in {name}" for (name,) in taken] + [f"out {name}" for (name,) in queued]
        assert len(there) == len(set(there))
        assert promised <= set(there)
    async with letters(url) as (journal, store):
        assert (await journal.verify()).problems == ()
        applied = await rows(url, "SELECT count(*) FROM messages_in WHERE state = 'applied'")
        assert applied[0][0] + len(await store.unapplied()) == len(await rows(url, "SELECT id FROM messages_in"))
    assert (await asyncio.to_thread(ops.verify, url)).ok
    assert (await asyncio.to_thread(replay, url)).identical
