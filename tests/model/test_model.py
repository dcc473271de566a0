"""The model check: the real kernel survives the search, and every deliberate bug is caught by it."""

from __future__ import annotations

import random

import pytest

import pumpd.safety.kernel as kernel
from tests.model.mutants import MUTANTS as KERNEL_MUTANTS
from tests.model.mutants_alarms import ALARM_MUTANTS
from tests.model.mutants_glance import GLANCE_MUTANTS
from tests.model.mutants_guard import GUARD_MUTANTS
from tests.model.mutate import Mutant, mutated
from tests.model.search import Search, Violation
from tests.model.world import (
    ALARM_ALPHABET,
    ALARM_SITUATIONS,
    ALPHABET,
    BY_NAME,
    GUARD_ALPHABET,
    GUARD_SITUATIONS,
    SITUATIONS,
)

MUTANTS = (*KERNEL_MUTANTS, *GUARD_MUTANTS, *GLANCE_MUTANTS, *ALARM_MUTANTS)
CORE = tuple(
    BY_NAME[name]
    for name in (
        *("low", "over", "odd-over", "hold", "stale-hold", "done", "unknown", "apnoea", "well", "missing"),
        *("pump-down", "control-lost", "control-back", "ack", "reset-interlock", "restart", "wait-6"),
    )
)


@pytest.mark.req("INT-01", "INT-02", "INT-03", "INT-05", "CEI-03", "CEI-06", "QUA-03", "ALA-02", "ALA-03")
def test_no_word_of_the_alphabet_breaks_an_invariant_one_step_beyond_every_situation() -> None:
    search = Search(kernel)
    search.explore(1, ALPHABET)
    assert search.statistics.steps > 1_500


@pytest.mark.req("INT-01", "INT-02", "INT-03")
def test_no_word_of_the_stops_alphabet_breaks_an_invariant_three_steps_beyond_a_running_infusion() -> None:
    search = Search(kernel)
    search.explore(3, CORE, [("control-back", "well", "low", "over")])
    assert search.statistics.nodes > 100


@pytest.mark.req("INT-03", "INT-07", "INT-08")
def test_no_word_breaks_an_invariant_one_step_beyond_a_stop_a_reset_a_resume_or_unwatched_breathing() -> None:
    search = Search(kernel)
    search.explore(1, GUARD_ALPHABET, GUARD_SITUATIONS)
    assert search.statistics.steps > 1_500


@pytest.mark.req("ALA-02", "ALA-03", "ALA-04", "ALA-05")
def test_no_word_breaks_an_invariant_two_steps_beyond_an_alarm_that_eases_worsens_or_waits() -> None:
    search = Search(kernel)
    search.explore(2, ALARM_ALPHABET, ALARM_SITUATIONS)
    assert search.statistics.steps > 3_000


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.req("INT-02", "ALA-01", "ALA-03", "ALA-04", "QUA-01", "QUA-02")
def test_long_random_days_break_no_invariant(seed: int) -> None:
    dice = random.Random(seed)
    search = Search(kernel)
    for _ in range(10):
        node = search.begin()
        for _ in range(40):
            node = search.follow(node, dice.choice(ALPHABET)) or node
        assert node.ghost.now > 0


def search_all(search: Search) -> None:
    """Every situation, then one step beyond each: deep situations first, so that most bugs show at once."""
    for situation in (*SITUATIONS, *GUARD_SITUATIONS, *ALARM_SITUATIONS):
        search.word(situation)
    search.explore(1, ALPHABET)
    search.explore(1, GUARD_ALPHABET, GUARD_SITUATIONS)
    search.explore(1, ALARM_ALPHABET, ALARM_SITUATIONS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_deliberate_bug_is_caught(mutant: Mutant) -> None:
    with mutated(mutant) as broken, pytest.raises(Violation):
        search_all(Search(broken))


def test_there_are_at_least_twenty_five_deliberate_bugs_and_no_two_are_the_same() -> None:
    assert len({mutant.source() for mutant in MUTANTS}) == len(MUTANTS) >= 25


def test_the_real_kernel_is_back_after_a_mutant() -> None:
    with mutated(MUTANTS[0]) as broken:
        assert broken is not kernel
    import pumpd.safety.kernel as again

    assert again is kernel
