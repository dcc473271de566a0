"""Several works end as one, also where one of them swallows its cancellation once."""

from __future__ import annotations

import asyncio

import pytest

from pumpd.bus import bus
from pumpd.bus import together as works
from pumpd.bus.together import together
from pumpd.daemon.watch import end_tasks

LONGEST_S = works.AGAIN_S


async def stubborn(swallowed: asyncio.Event) -> None:
    """Ends with its second cancellation."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        swallowed.set()
    await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(works, "AGAIN_S", 0.05)


def test_a_goodbye_is_not_cut_short() -> None:
    assert bus.GOODBYE_S < LONGEST_S


async def test_a_work_that_swallows_a_cancellation_does_not_keep_the_others_from_ending() -> None:
    swallowed = asyncio.Event()

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ConnectionError("the link is lost")

    async with asyncio.timeout(20):
        with pytest.raises(ConnectionError, match="the link is lost"):
            await together(stubborn(swallowed), fails())
    assert swallowed.is_set()


async def test_a_clean_exit_ends_a_work_that_swallows_a_cancellation() -> None:
    swallowed = asyncio.Event()
    task = asyncio.create_task(stubborn(swallowed))
    await asyncio.sleep(0)
    async with asyncio.timeout(5) as limit:
        await end_tasks([task], but="web face")
    assert not limit.expired()
    assert swallowed.is_set()
    assert task.cancelled()
