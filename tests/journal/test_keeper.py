"""Which records reach shared memory, and in which order."""

from __future__ import annotations

import sys
from typing import Any, cast

from pumpd.journal.inbox import Entry, Waiters
from pumpd.journal.keeper import ASIDE, Keeper
from pumpd.journal.tail import Tail
from tests.journal.steps import reading_step
from tests.journal.test_durability import fault_step


class Given(Tail):
    """Stands for the tail: collects the tokens that it is given."""

    def __init__(self) -> None:
        self.tokens: list[int] = []

    def add(self, entry: Entry, committed: int) -> None:
        self.tokens.append(entry.token)


def kept() -> tuple[Keeper, list[int], Waiters]:
    tail, waiters = Given(), Waiters()
    return Keeper(cast("Any", tail), waiters), tail.tokens, waiters


def read(keeper: Keeper, *tokens: int, bed: str = "b1") -> None:
    for token in tokens:
        keeper.reading(bed, Entry(token, 5, False, reading_step(token, token, bed)))


def test_readings_reach_it_just_before_what_matters_and_only_those_of_the_bed_that_are_not_committed() -> None:
    keeper, tokens, waiters = kept()
    read(keeper, 1, 2)
    read(keeper, 3, bed="b2")
    waiters.advance(1)
    assert tokens == []
    keeper.urgent(Entry(4, 5, True, fault_step(4, 4)))
    assert tokens == [2, 4]
    keeper.urgent(Entry(5, 5, True, fault_step(5, 5)))
    assert tokens == [2, 4, 5]


def test_while_the_disk_does_not_follow_readings_do_not_pile_up_outside_of_the_bounded_tail() -> None:
    keeper, tokens, _ = kept()
    read(keeper, *range(1, ASIDE + 1))
    assert tokens == list(range(1, ASIDE + 1))


def test_a_bed_s_committed_readings_are_forgotten_with_its_next_one_and_not_by_the_dozen() -> None:
    keeper, _, waiters = kept()
    first = Entry(1, 5, False, reading_step(1, 1))
    keeper.reading("b1", first)
    references = sys.getrefcount(first)
    read(keeper, 2)
    assert sys.getrefcount(first) == references, "not committed"
    waiters.advance(2)
    read(keeper, 3)
    assert sys.getrefcount(first) == references - 1


def test_committed_readings_are_forgotten() -> None:
    keeper, tokens, waiters = kept()
    waiters.advance(ASIDE - 1)
    read(keeper, *range(1, ASIDE + 1))
    keeper.urgent(Entry(ASIDE + 1, 5, True, fault_step(99, 99)))
    assert tokens == [ASIDE, ASIDE + 1]
