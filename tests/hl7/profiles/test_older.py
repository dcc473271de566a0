"""An ADT that is older than what is known by now: by its own system's clock, or by another's within a tolerance."""

from __future__ import annotations

import pytest
from pumpd_hl7.profiles.older import MINUTE_US, History, Recorded, ahead_us, recorded, time_words

from pumpd.safety.told_events import Word
from pumpd.safety.told_state import Placed
from tests.hl7.mutated import put, read

NOON = 1_768_478_400_000_000  # 2026-01-15 12:00 UTC
CLOCK = 2 * MINUTE_US
HERE = Word("his", "this")
MESSAGE = read("MSH|^~\\&|HIS|H|PUMPD|H|20260115120500+0000||ADT^A01|1|P|2.6\rEVN||20260115130000+0100\rPID|||1\r")


def history(*placed: Placed) -> History:
    """Kernel time 0 is noon."""
    return History({"b1": placed, "b2": ()}, lambda at_ms: NOON + at_ms * 1000, CLOCK)


def is_older(at_us: int, *placed: Placed, mrn: str = "M", beds: tuple[str, ...] = ("b1",), word: Word = HERE) -> bool:
    return history(*placed).is_older(word, Recorded(at_us, at_us), mrn, beds)


def test_the_time_is_evn_2_and_else_msh_7() -> None:
    assert recorded(MESSAGE) == Recorded(NOON, NOON)
    assert recorded(put(MESSAGE, "EVN", 2, "")) == Recorded(NOON + 5 * MINUTE_US, NOON + 5 * MINUTE_US)
    assert recorded(put(MESSAGE, "EVN", 2, "20260115")) == Recorded(NOON + 5 * MINUTE_US, NOON + 5 * MINUTE_US)
    assert recorded(put(MESSAGE, "EVN", 2, "202601151300+0100")) == Recorded(NOON, NOON + MINUTE_US - 1)
    assert recorded(put(MESSAGE, "EVN", 2, "20260115130000"), 60) == Recorded(NOON, NOON)
    assert recorded(put(put(MESSAGE, "EVN", 2, "soon"), "MSH", 7, "2026")) is None


@pytest.mark.parametrize(("later", "older"), [(-1, True), (0, False), (1, False)])
def test_one_systems_words_are_compared_by_its_own_clock_and_equal_ones_are_not_older(later: int, older: bool) -> None:
    assert is_older(NOON + later, Placed("X", 999_999_999, "his", "other", NOON)) is older


@pytest.mark.parametrize(("later", "older"), [(-CLOCK - 1, True), (-CLOCK, False), (0, False)])
def test_a_persons_word_is_compared_by_two_clocks_that_may_differ(later: int, older: bool) -> None:
    assert is_older(NOON + later, Placed("X", 0)) is older
    assert is_older(NOON + later, Placed("X", 999_999_999, "adt2", "other", NOON)) is older


def test_a_time_to_the_minute_may_be_any_second_of_it() -> None:
    known = Placed("X", 0, "his", "other", NOON + MINUTE_US // 2)
    minute = Recorded(NOON, NOON + MINUTE_US - 1)
    assert not history(known).is_older(HERE, minute, "M", ["b1"])
    assert history(known).is_older(HERE, Recorded(NOON, NOON), "M", ["b1"])


def test_the_patients_last_word_counts_at_whichever_bed_and_another_bed_of_others_does_not() -> None:
    known = Placed("M", 0, "his", "other", NOON)
    assert is_older(NOON - 1, known, beds=("b2",))
    assert not is_older(NOON - 1, known, mrn="N", beds=("b2",))


def test_a_message_is_not_older_than_what_it_has_done_itself() -> None:
    assert not is_older(NOON - 1, Placed("M", 0, "his", "this", NOON))


def test_a_clock_that_is_ahead_is_told_and_within_the_tolerance_it_is_not() -> None:
    assert ahead_us(Recorded(NOON + CLOCK, NOON), NOON, CLOCK) == 0
    assert ahead_us(Recorded(NOON + CLOCK + 1, NOON), NOON, CLOCK) == CLOCK + 1
    assert ahead_us(None, NOON, CLOCK) == 0


def test_a_time_is_written_as_people_read_it() -> None:
    assert time_words(NOON) == "2026-01-15 12:00 UTC"
