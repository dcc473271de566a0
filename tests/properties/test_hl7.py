"""HL7 readers under broken messages: none of them fails, none takes long, none says a number that is not there.

A few seconds by default, always the same messages. PUMPD_HYPOTHESIS_MINUTES=10 searches for ten minutes, each time
anew; the seed that is printed plays again.
"""

from __future__ import annotations

import os
import secrets
import time
from random import Random

import pytest

from pumpd.config.opioids import default_opioids
from tests.hl7.fuzz import Fuzz

MINUTES = float(os.environ.get("PUMPD_HYPOTHESIS_MINUTES", "0"))
QUICK_RUNS = 2500


@pytest.mark.timeout(MINUTES * 60 + 300)
def test_no_bytes_make_a_reader_fail_or_say_a_number_that_is_not_there() -> None:
    fuzz = Fuzz(default_opioids())
    seed = secrets.token_hex(4) if MINUTES else "always the same"
    end_s = time.monotonic() + MINUTES * 60
    number = 0
    while number < QUICK_RUNS or time.monotonic() < end_s:
        try:
            fuzz.run(Random(f"{seed} {number}"))
        except Exception as error:
            error.add_note(f"seed {seed!r}, run {number}: {fuzz.broken(Random(f'{seed} {number}'))!r:.2000}")
            raise
        number += 1
    tally = fuzz.tally
    if MINUTES:
        print(f"\nHL7 (seed {seed}): {tally}")
    assert tally.read > number / 3
    assert tally.values > number
