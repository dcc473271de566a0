"""Questions that are still being answered when the journal closes, and what a database says of its refusals.

A question that is cancelled after its connection's thread has ended waits for ever for that thread, so questions end
first, and connections after them.
"""

from __future__ import annotations

import asyncio

GRACE_S = 2.0


async def end_questions(grace_s: float = GRACE_S) -> None:
    """Let the other tasks of this loop finish for so long, then cancel them and wait as long again."""
    await asyncio.sleep(0)  # what was asked a moment ago becomes a task now
    present = asyncio.current_task()
    others = {task for task in asyncio.all_tasks() if task is not present}
    if not others:
        return
    _, late = await asyncio.wait(others, timeout=grace_s)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=grace_s)


def why(error: BaseException) -> str:
    """The database's own words."""
    return str(getattr(error, "orig", None) or error)
