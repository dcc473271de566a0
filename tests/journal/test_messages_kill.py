"""kill -9 at many moments of a stream of messages: what was promised is there once, in and out."""

from __future__ import annotations

import asyncio

from pumpd.journal import ops
from pumpd.journal.replay import replay
from tests.journal.daemons import corresponds, daemon
from tests.journal.letters import letters, rows

MOMENTS = (1, 3, 21, 64, 200, 501, 1000)  # lines after which it is killed; the kernel adds chance of its own


def kill_after(url: str, first: int, lines: int) -> list[str]:
    """A stream that is killed once it has promised so much; all that it had promised by then."""
    with daemon(corresponds, url, first, f"bed {lines}") as stream:
        promised = [str(stream.line()) for _ in range(lines)]
        return promised + stream.kill()


async def test_a_killed_daemon_has_every_promised_message_once(any_url: str) -> None:
    promised: set[str] = set()
    for lines in MOMENTS:
        first = max(0, len(promised) // 2 - 5)  # what was promised last is sent again
        found = await asyncio.to_thread(kill_after, any_url, first, lines)
        assert len(found) >= lines
        promised.update(found)
        taken = await rows(any_url, "SELECT control_id FROM messages_in WHERE state <> 'withdrawn'")
        queued = await rows(any_url, "SELECT id FROM messages_out")
        there = [f"in {name}" for (name,) in taken] + [f"out {name}" for (name,) in queued]
        assert len(there) == len(set(there))
        assert promised <= set(there)
    async with letters(any_url) as (journal, store):
        assert (await journal.verify()).problems == ()
        applied = await rows(any_url, "SELECT count(*) FROM messages_in WHERE state = 'applied'")
        assert applied[0][0] + len(await store.unapplied()) == len(await rows(any_url, "SELECT id FROM messages_in"))
    assert (await asyncio.to_thread(ops.verify, any_url)).ok
    assert (await asyncio.to_thread(replay, any_url)).identical
