"""The model check of doses: the real kernel survives it, and every deliberate bug is caught."""

from __future__ import annotations

import random

import pytest

import pumpd.safety.kernel as kernel
from tests.model.dose_ghost import World
from tests.model.dose_world import ALPHABET, follow, search_all
from tests.model.mutants_dose import DOSE_MUTANTS
from tests.model.mutate import Mutant, mutated
from tests.model.search import Violation


@pytest.mark.req("CEI-09", "CEI-11", "DOS-01", "DOS-02", "DOS-04")
def test_no_word_breaks_an_invariant_of_doses_one_step_beyond_every_situation() -> None:
    assert search_all(kernel) > 400


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.req("CEI-09", "CEI-11", "DOS-01", "DOS-02")
def test_long_random_days_break_no_invariant_of_doses(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(3):
        world = World(kernel).begin()
        for _ in range(25):
            follow(world, dice.choice(tuple(ALPHABET)))
        assert world.now > 0


@pytest.mark.parametrize("mutant", DOSE_MUTANTS, ids=lambda mutant: mutant.name)
def test_a_deliberate_bug_in_accounting_is_caught(mutant: Mutant) -> None:
    with mutated(mutant) as broken, pytest.raises(Violation):
        search_all(broken)


def test_no_two_bugs_in_accounting_are_the_same() -> None:
    assert len({mutant.source() for mutant in DOSE_MUTANTS}) == len(DOSE_MUTANTS) >= 12
