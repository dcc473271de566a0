"""Every driver under broken bytes at any time, between any orders: it never fails, never grows, never says what is not.

A few seconds by default, always the same. PUMPD_HYPOTHESIS_MINUTES=10 searches for ten minutes, shared by the drivers,
each time anew, half of it by hypothesis, which makes what it finds small; a seed that is printed plays again with
`python -m pumpd.sim.conformance DRIVER --captures FOLDER --fuzz 60 --seed SEED`.
"""

from __future__ import annotations

import os
import secrets
import time
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pumpd.sim.conformance import Case
from pumpd.sim.conformance.fuzz import Fuzz
from tests.drivers.conformance.cases import CASES
from tests.drivers.conformance.mutant_rows import MUTANTS
from tests.drivers.conformance.mutants import Mutant, broken

MINUTES = float(os.environ.get("PUMPD_HYPOTHESIS_MINUTES", "0"))
SHARE_S = MINUTES * 60 / len(CASES)
QUICK_RUNS = 60
_HYPOTHESIS = settings(
    max_examples=100 if MINUTES else 8,
    derandomize=not MINUTES,
    database=None,
    deadline=None,
    phases=tuple(phase for phase in Phase if MINUTES or phase is not Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


def _by_hypothesis(fuzz: Fuzz) -> None:
    @_HYPOTHESIS
    @given(st.randoms(use_true_random=False))
    def search(random: Random) -> None:
        fuzz.run(random)  # raises; what was claimed falsely is looked at in the end, for chance lets some pass

    search()


def _by_seeds(fuzz: Fuzz, seed: str, runs: int) -> None:
    for number in range(runs):
        try:
            fuzz.run(Random(f"{seed} {number}"))
        except Exception as error:
            error.add_note(f"{fuzz.case.name}, seed {seed}, run {number}")
            raise


@pytest.mark.req("QUA-04")
@pytest.mark.timeout(SHARE_S + 300)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_bytes_make_a_driver_fail_or_say_what_is_not_so(case: Case) -> None:
    fuzz = Fuzz(case)
    seed = secrets.token_hex(4) if MINUTES else "always the same"
    end_s = time.monotonic() + SHARE_S
    _by_seeds(fuzz, seed, QUICK_RUNS)
    _by_hypothesis(fuzz)
    for part in range(1_000_000):
        if time.monotonic() >= end_s:
            break
        _by_seeds(fuzz, f"{seed}.{part}", 500)
        until_s = time.monotonic() + (end_s - time.monotonic()) / 2 if part == 0 else 0.0
        while time.monotonic() < until_s:
            _by_hypothesis(fuzz)
    tally, integrity = fuzz.tally, case.info.integrity
    if MINUTES:
        print(
            f"\n{case.name} ({integrity}, seed {seed}): {tally.runs} connections, {tally.frames} frames, damaged so "
            f"that it must be noticed {tally.damaged[True]}, anyhow {tally.damaged[False]}; "
            f"false {len(tally.false[True])} and {len(tally.false[False])}"
        )
    assert tally.too_many(integrity) == []


@pytest.mark.parametrize(
    "mutant", [one for one in MUTANTS if one.check in ("flipped_bits", "bytes_lost")], ids=lambda one: one.name
)
def test_a_driver_that_believes_broken_frames_is_found(mutant: Mutant) -> None:
    fuzz = Fuzz(broken(mutant))
    _by_seeds(fuzz, "control", 2 * QUICK_RUNS)
    assert fuzz.tally.too_many(fuzz.case.info.integrity)


def test_a_driver_that_raises_is_found() -> None:
    raises = "    def hear(self, frame, now):\n        return 1 // 0\n"
    with pytest.raises(ZeroDivisionError):
        _by_seeds(Fuzz(broken(Mutant("", "one", body=raises))), "control", QUICK_RUNS)


def test_a_driver_that_keeps_everything_is_found() -> None:
    keeps = "    kept = b''\n\n    def receive(self, data, now):\n        self.kept += data * 20\n        return []\n"
    with pytest.raises(AssertionError, match="are kept"):
        _by_seeds(Fuzz(broken(Mutant("", "one", body=keeps))), "control", 10 * QUICK_RUNS)
