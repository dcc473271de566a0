"""The model check of breathing: the real kernel survives it, and every deliberate bug is caught."""

from __future__ import annotations

import random

import pytest

import pumpd.safety.kernel as kernel
from tests.model.breath_world import ALPHABET, BY_NAME, BreathSearch, search_all
from tests.model.mutants_breath import BREATH_MUTANTS
from tests.model.mutate import Mutant, mutated
from tests.model.search import Violation

CORE = tuple(BY_NAME[name] for name in ("well", "slow", "flagged", "counted", "plunge", "second", "missing", "wait-2"))


@pytest.mark.req("RSP-05", "RSP-06", "RSP-07", "RSP-08", "RSP-09", "QUA-03")
def test_no_word_breaks_an_invariant_of_breathing_one_step_beyond_every_situation() -> None:
    assert search_all(kernel).statistics.steps > 1_500


@pytest.mark.req("RSP-05", "RSP-06", "RSP-07")
def test_no_word_breaks_an_invariant_three_steps_beyond_a_patient_who_is_well() -> None:
    search = BreathSearch(kernel)
    search.explore(3, CORE, [("well",)])  # type: ignore[arg-type]
    assert search.statistics.nodes > 50


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.req("RSP-05", "RSP-06", "RSP-07", "RSP-08", "RSP-09")
def test_long_random_days_break_no_invariant_of_breathing(seed: int) -> None:
    dice = random.Random(seed)
    search = BreathSearch(kernel)
    for _ in range(8):
        node = search.begin()
        for _ in range(60):
            node = search.follow(node, dice.choice(ALPHABET)) or node  # type: ignore[arg-type]


@pytest.mark.parametrize("mutant", BREATH_MUTANTS, ids=lambda mutant: mutant.name)
def test_a_deliberate_bug_of_breathing_is_caught(mutant: Mutant) -> None:
    with mutated(mutant) as broken, pytest.raises(Violation):
        search_all(broken)


def test_no_two_bugs_of_breathing_are_the_same() -> None:
    assert len({mutant.source() for mutant in BREATH_MUTANTS}) == len(BREATH_MUTANTS)
