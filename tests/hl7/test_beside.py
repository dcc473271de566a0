"""A long message keeps nobody waiting: it is read on a thread and worked off in slices."""

from __future__ import annotations

import asyncio
import threading

import pytest
from pumpd_hl7 import beside as module
from pumpd_hl7.beside import AT_ONCE_BYTES, Turns, beside
from pumpd_hl7.message import Message, read_message

from tests.hl7.wire import adt


def message(length: int) -> Message:
    text = adt("1") + "NTE|1||"
    found = read_message((text + "x" * (length - len(text) - 1) + "\r").encode())
    assert isinstance(found, Message)
    assert len(found.raw) == length
    return found


@pytest.mark.parametrize(("length", "away"), [(AT_ONCE_BYTES, False), (AT_ONCE_BYTES + 1, True), (1 << 20, True)])
async def test_a_long_message_is_read_on_a_thread_and_a_short_one_where_it_is(length: int, away: bool) -> None:
    def read(said: Message, *, more: str) -> tuple[str, bool, str]:
        return said.control_id, threading.current_thread() is not threading.main_thread(), more

    one = message(length)
    assert await beside(one, read, one, more="m") == ("1", away, "m")


async def test_work_of_many_steps_lets_others_come_first_once_it_has_had_its_slice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    came: list[str] = []

    async def work() -> None:
        turns = Turns()
        for step in "abc":
            came.append(step)
            await turns.give()

    monkeypatch.setattr(module, "SLICE_S", 3600.0)
    asyncio.get_running_loop().call_soon(came.append, "other")
    await work()
    assert came == ["a", "b", "c"]
    await asyncio.sleep(0)
    came.clear()
    monkeypatch.setattr(module, "SLICE_S", -1.0)
    asyncio.get_running_loop().call_soon(came.append, "other")
    await work()
    assert came == ["a", "other", "b", "c"]
