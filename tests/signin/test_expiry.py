"""When sessions end by themselves, and how often somebody may guess: properties over any times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.access.attempts import Attempts
from pumpd.access.expiry import Expired, expired
from pumpd.access.policy import RateLimit
from pumpd.access.secret_rules import normal, password_problems, pin_problems
from tests.signin.memory import shipped_policy

TIMES = st.integers(0, 10**9)
SPANS = st.none() | st.integers(1, 10**8)
LIMITS = (RateLimit(1, 1_000), RateLimit(5, 60_000), RateLimit(20, 3_600_000))


@pytest.mark.req("SEC-03")
@given(TIMES, TIMES, TIMES, SPANS, SPANS)
def test_a_session_never_lives_longer_than_either_of_its_times(
    made: int, idle_for: int, now: int, idle: int | None, absolute: int | None
) -> None:
    seen = max(made, now - idle_for)
    found = expired(made, seen, now, idle, absolute)
    too_old = absolute is not None and now - made > absolute
    unused = idle is not None and now - seen > idle
    assert (found is not None) == (too_old or unused)
    assert (found is Expired.ABSOLUTE) == too_old


@given(TIMES, TIMES, TIMES, st.integers(0, 10**8), SPANS, SPANS)
def test_what_has_ended_stays_ended(
    made: int, seen: int, now: int, more: int, idle: int | None, absolute: int | None
) -> None:
    if expired(made, seen, now, idle, absolute) is not None:
        assert expired(made, seen, now + more, idle, absolute) is not None


def test_a_session_lasts_to_its_last_millisecond_and_one_of_the_future_counts_as_now() -> None:
    assert expired(0, 0, 900_000, 900_000, None) is None
    assert expired(0, 0, 900_001, 900_000, None) is Expired.IDLE
    assert expired(0, 899_999, 900_001, 900_000, 900_000) is Expired.ABSOLUTE
    assert expired(5_000, 5_000, 4_000, 1, 1) is None


@pytest.mark.req("SEC-02")
@given(st.lists(st.tuples(st.integers(0, 90_000), st.sampled_from("ab"), st.sampled_from("xy")), max_size=120))
def test_no_more_guesses_than_the_limits_allow_whoever_guesses_where(steps: list[tuple[int, str, str]]) -> None:
    attempts, now, guesses = Attempts(LIMITS), 0, list[tuple[int, str, str]]()
    for after, account, address in steps:
        now += after
        wait = attempts.begin(account, address, now)
        if wait == 0:
            guesses.append((now, account, address))
        else:
            assert attempts.begin(account, address, now) == wait, "asking again costs nothing"
    for limit in LIMITS:
        for number, key in ((1, "a"), (1, "b"), (2, "x"), (2, "y")):
            times = [one[0] for one in guesses if one[number] == key]
            assert all(sum(t <= other < t + limit.per_ms for other in times) <= limit.count for t in times)


@given(st.integers(1, 5))
def test_the_wait_that_was_told_is_enough_and_no_longer_than_needed(failures: int) -> None:
    attempts, now = Attempts(LIMITS), 0
    for _ in range(failures):
        assert attempts.begin("a", "x", now) == 0
        now += 1_000
    wait = attempts.begin("a", "x", now)
    assert (wait > 0) == (failures == 5)
    if wait:
        assert attempts.begin("a", "x", now + wait - 1) > 0
        assert attempts.begin("a", "x", now + wait) == 0


def test_what_was_right_costs_nothing() -> None:
    attempts = Attempts(LIMITS)
    for now in range(0, 100_000, 1_000):
        assert attempts.begin("a", "x", now) == 0
        attempts.right("a", "x", now)


@pytest.mark.req("SEC-02")
def test_a_stranger_elsewhere_cannot_lock_somebody_out_of_their_own_screen() -> None:
    attempts = Attempts(LIMITS)
    assert attempts.begin("klee", "desk", 0) == 0
    attempts.right("klee", "desk", 0)
    for now in range(10_000, 1_000_000, 1_000):
        attempts.begin("klee", "attic", now)
    assert attempts.begin("klee", "attic", 1_000_000) > 0
    assert attempts.begin("klee", "cellar", 1_000_000) > 0
    assert attempts.begin("klee", "desk", 1_000_000) == 0


def test_names_without_end_fill_no_memory() -> None:
    attempts = Attempts(LIMITS, most_keys=100)
    for number in range(5_000):
        attempts.begin(f"account {number}", f"address {number}", number)
    assert len(attempts._times) <= 100


# what people choose

RULES = shipped_policy().secrets


def test_length_counts_and_what_everybody_tries_does_not() -> None:
    for good in ("a long night shift", "Dienst um halb sieben", "xkvtrpqmzwna", "ключи от склада"):
        assert password_problems(good, "klee", RULES) == (), good
    for bad in (
        "Password 1234",
        "password1234",
        "aaaaaaaaaaaaaa",
        "123456789012",
        "abcdefghijklmnop",
        "short",
        "x" * 257,
    ):
        assert password_problems(bad, "klee", RULES), bad
    assert password_problems("kimlee-kimlee"[:12], "kimlee", RULES)
    assert password_problems("kimlee", "kimlee", RULES)


def test_the_same_letters_from_another_keyboard_are_the_same_password() -> None:
    assert normal("Schlu\u0308ssel") == normal("Schl\u00fcssel")


def test_a_pin_is_digits_and_not_the_first_that_anybody_tries() -> None:
    assert pin_problems("483920", RULES) == ()
    for bad in ("48392", "4839201234567", "111111", "123456", "987654", "121212", "123123", "48392a", "४८३९२०"):
        assert pin_problems(bad, RULES), bad
