"""The journal's thread does not run: the loop goes on, says so, promises nothing, and the hole is written down."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pumpd.journal import Journal, JournalUnavailable
from pumpd.journal.limits import Limits
from pumpd.journal.replay import replay
from tests.journal.steps import BOOT, Recorder, admitted
from tests.journal.test_durability import fault_step
from tests.journal.test_faults import Told

QUICK = Limits(flush_s=0.02, stall_s=0.02, retry_first_s=0.01, retry_most_s=0.02, readings=50, records=50)


class Held:
    """Holds up the journal's loop until it is released."""

    def __init__(self, journal: Journal) -> None:
        self._go, self._there = threading.Event(), threading.Event()
        assert journal._writer.loop is not None
        journal._writer.loop.call_soon_threadsafe(self._hold)
        self._there.wait()

    def _hold(self) -> None:
        self._there.set()
        self._go.wait()

    def release(self) -> None:
        self._go.set()


async def durable_at_last(journal: Journal, token: int) -> None:
    """With such short limits a busy machine may starve the thread once more."""
    while True:
        try:
            return await journal.durable(token)
        except JournalUnavailable:
            await asyncio.sleep(0.01)


async def test_it_is_told_and_what_found_no_room_is_never_called_durable_but_becomes_a_gap(any_url: str) -> None:
    told = Told()
    journal = await Journal.open(any_url, BOOT, limits=QUICK, on_fault=told)
    recorder = admitted(Recorder(journal))
    await durable_at_last(journal, recorder.token)
    before = len(told.faults)  # a busy machine may have starved the thread already, and it is over
    held = Held(journal)
    while not journal.stats().dropped_records:
        recorder.seconds(1)
    with pytest.raises(JournalUnavailable):
        await journal.durable(recorder.token)
    await told.until(before + 1)
    fault = told.faults[before]
    assert fault is not None
    assert "does not run" in fault.detail
    with pytest.raises(JournalUnavailable):
        await journal.append_durable(fault_step(recorder.seq + 1, recorder.now))
    recorder.seq += 1
    held.release()
    await told.until(before + 2)
    assert told.faults[before + 1] is None
    refused = recorder.token
    recorder.seconds(1)
    await durable_at_last(journal, recorder.token)
    with pytest.raises(JournalUnavailable):
        await journal.durable(refused)
    await journal.close()
    (bed,) = (await asyncio.to_thread(replay, any_url)).beds
    assert "missing" in bed.note
