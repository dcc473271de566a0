"""Every deliberate bug in courses turns a test red: the tests of courses, run on a kernel with one bug."""

from __future__ import annotations

import pytest

from tests.model.mutants_course import COURSE_MUTANTS, Caught
from tests.model.mutate import mutated
from tests.safety import build

RED = (AssertionError, AttributeError, IndexError, ValueError)  # a decision that is not there is missed as it is


@pytest.mark.parametrize("caught", COURSE_MUTANTS, ids=lambda caught: caught.mutant.name)
def test_a_deliberate_bug_is_caught(caught: Caught, monkeypatch: pytest.MonkeyPatch) -> None:
    with mutated(caught.mutant) as broken, monkeypatch.context() as patch:
        patch.setattr(build, "kernel", broken)
        with pytest.raises(RED):
            caught.by()


def test_there_are_at_least_twelve_deliberate_bugs_and_no_two_are_the_same() -> None:
    assert len({caught.mutant.source() for caught in COURSE_MUTANTS}) == len(COURSE_MUTANTS) >= 12
