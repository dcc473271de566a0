"""What may wait on a loop has its turns: at most one piece in each, beds before screens, nothing lost."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from pumpd.turns import SHARE, turns


class Line:
    """A line that has something to say on every turn of the loop: it notes how many pieces came in between."""

    def __init__(self) -> None:
        self.pieces: list[int] = []
        self._before = 0
        self._done = 0

    def piece(self) -> None:
        self._done += 1

    async def hear(self, count: int) -> None:
        for _ in range(count):
            await asyncio.sleep(0)
            self.pieces.append(self._done - self._before)
            self._before = self._done


@pytest.mark.req("INT-02")
async def test_a_turn_of_the_loop_has_one_piece_however_many_wait() -> None:
    line = Line()

    async def screen() -> None:
        for _ in range(5):
            await turns().free()
            line.piece()
            turns().soon(line.piece)

    screens = [asyncio.create_task(screen()) for _ in range(3)]
    for _ in range(10):
        turns().soon(line.piece)
    await line.hear(120)
    await asyncio.gather(*screens)
    assert sum(line.pieces) == 40
    assert max(line.pieces) == 1


async def test_beds_come_before_screens_and_each_in_its_order() -> None:
    done: list[str] = []

    async def screen(name: str) -> None:
        await turns().free()
        done.append(name)

    waiting = [asyncio.create_task(screen(name)) for name in ("s1", "s2")]
    await asyncio.sleep(0)
    for name in ("b1", "b2", "b3"):
        turns().soon(partial(done.append, name))
    await asyncio.gather(*waiting)
    assert done in (["b1", "b2", "b3", "s1", "s2"], ["s1", "b1", "b2", "b3", "s2"]), "whose turn has begun keeps it"


async def test_screens_have_turns_however_much_there_is_to_do_for_beds() -> None:
    done: list[str] = []

    def bed() -> None:
        done.append("bed")
        turns().soon(bed)

    bed()
    for _ in range(5):
        await turns().free()
        done.append("screen")
    beds_between = "".join(name[0] for name in done).split("s")
    assert max(map(len, beds_between)) <= SHARE
    assert min(map(len, beds_between[1:-1])) >= SHARE - 1


async def test_what_fails_or_is_cancelled_takes_nobodys_turn() -> None:
    raised: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.append(context["exception"]))
    done: list[int] = []
    turns().free().cancel()
    turns().soon(lambda: 1 // 0)
    turns().soon(partial(done.append, 1))
    await turns().free()
    assert done == [1]
    assert [type(one) for one in raised] == [ZeroDivisionError]


async def test_a_turn_after_a_pause_comes_not_before_it() -> None:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await turns().free_in(0.02)
    assert loop.time() - began_s >= 0.019


async def test_a_loop_has_one_queue_and_another_loop_its_own() -> None:
    async def other() -> object:
        await turns().free()
        return turns()

    mine = turns()
    assert turns() is mine
    theirs = await asyncio.to_thread(asyncio.run, other())
    assert theirs is not mine
