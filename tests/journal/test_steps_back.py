"""The journal's thread takes no processor from the loop: a stop would wait for it, not the journal for a stop."""

from __future__ import annotations

import os
import threading

from pumpd.journal.aside import Aside
from tests.journal.steps import opened


def policies(name: str) -> set[int]:
    """Of this process's threads of that name."""
    return {
        os.sched_getscheduler(thread.native_id) & ~os.SCHED_RESET_ON_FORK
        for thread in threading.enumerate()
        if thread.name == name and thread.native_id is not None
    }


async def test_threads_of_the_journal_step_back_behind_the_loop(any_url: str) -> None:
    async with opened(any_url):
        assert policies("pumpd-journal") == {os.SCHED_BATCH}
        aside = await Aside.open(any_url)
        try:
            assert policies("pumpd-aside") == {os.SCHED_BATCH}
        finally:
            await aside.close()
    assert os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_OTHER, "the loop's own does not"
