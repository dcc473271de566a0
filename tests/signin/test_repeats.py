"""Refusals that repeat: one row with a count, whatever somebody hammers at; nothing is without a trace."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.access.audit import AuditEntry, What
from pumpd.access.repeats import IN_ALL, Kept, Repeats

pytestmark = pytest.mark.req("AUD-04")
S = 1_000_000
REFUSED = AuditEntry(What.REFUSED, "nobody", address="10.0.0.66", subject="/ward", outcome="not_signed_in")


def details(kept: list[Kept]) -> list[str]:
    return [entry.detail for _, entry in kept]


def test_the_first_is_kept_at_once_and_the_others_of_its_minute_are_one_row_with_their_count() -> None:
    repeats = Repeats()
    assert repeats.noted(0, REFUSED) == [(0, REFUSED)]
    assert [repeats.noted(n * S, REFUSED) for n in range(1, 50)] == [[]] * 49
    assert repeats.ended(59 * S) == []
    ((at_us, row),) = repeats.ended(60 * S)
    assert (at_us, row.detail) == (60 * S, "49 more within 49 s")
    assert (row.who, row.address, row.subject, row.outcome) == ("nobody", "10.0.0.66", "/ward", "not_signed_in")


def test_another_address_person_door_or_outcome_has_a_row_of_its_own() -> None:
    repeats = Repeats()
    others = [
        replace(REFUSED, address="10.0.0.67"),
        replace(REFUSED, who="Kim Lee RN (klee)"),
        replace(REFUSED, subject="/audit"),
        replace(REFUSED, outcome="not_permitted"),
    ]
    for entry in (REFUSED, *others):
        assert repeats.noted(0, entry) == [(0, entry)]


def test_what_goes_on_for_hours_makes_a_row_in_a_quarter_of_an_hour_and_what_ends_begins_anew() -> None:
    repeats, rows = Repeats(), 0
    for second in range(6 * 3600):
        rows += len(repeats.noted(second * S, REFUSED)) + len(repeats.ended(second * S))
    assert rows < 30
    later = 7 * 3600 * S
    assert details(repeats.ended(later))[0].endswith(" s")
    assert repeats.ended(later + 3600 * S) == []
    assert not repeats.open
    assert repeats.noted(later + 3600 * S, REFUSED) == [(later + 3600 * S, REFUSED)]


def test_acts_and_what_succeeded_are_each_a_row() -> None:
    repeats = Repeats()
    for entry in (
        AuditEntry(What.ACT, "klee", outcome="refused"),
        AuditEntry(What.SIGN_IN, "klee"),
        AuditEntry(What.SAW, "klee"),
    ):
        assert [repeats.noted(0, entry) for _ in range(3)] == [[(0, entry)]] * 3
    assert not repeats.open


entries = st.builds(
    AuditEntry,
    st.sampled_from([What.REFUSED, What.SIGN_IN]),
    st.sampled_from(["nobody", "klee"]),
    address=st.integers(0, 40).map(lambda n: f"10.0.0.{n}"),
    subject=st.integers(0, 400).map(lambda n: f"/{n}"),
    outcome=st.sampled_from(["wrong", "rate_limited"]),
)


@given(st.lists(st.tuples(st.integers(-1, 20), entries), max_size=800))
def test_whatever_comes_every_one_is_a_row_or_in_a_count_and_rows_are_bounded(
    came: list[tuple[int, AuditEntry]],
) -> None:
    repeats, kept, now_us = Repeats(), list[Kept](), 0
    for step_s, entry in came:
        now_us += step_s * S // 10
        kept += repeats.ended(now_us) + repeats.noted(now_us, entry)
    kept += repeats.ended(now_us, everything=True)
    assert not repeats.open
    counts = [re.match(r"(\d+) more within", entry.detail) for _, entry in kept]
    assert sum(1 if count is None else int(count[1]) for count in counts) == len(came)
    minutes = now_us // (60 * S) + 1
    assert len(kept) <= 2 * (IN_ALL + 30) * (minutes + 1)


def test_one_who_tries_every_door_fills_no_disk() -> None:
    repeats = Repeats()
    rows = sum(
        len(repeats.noted(n * S // 1000, replace(REFUSED, subject=f"/{n}", address=f"10.0.{n % 7}.1")))
        for n in range(60_000)
    )
    assert rows <= IN_ALL + 8
    told = repeats.ended(61 * S)
    assert sum(int(detail.split()[0]) for detail in details(told)) == 60_000 - rows
