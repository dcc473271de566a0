"""What was missed is told again: which past, since when, to whom. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pumpd.bus.payload import State
from pumpd.bus.tellings import MOST, Stretches, Tellings
from pumpd.hub.overdue import AGAIN_MS, Overdue
from pumpd.live.stamp import wall_text, wall_us

SINCE = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
WARD = ("h", "4b")


def up(session: str, *, online: bool = True) -> State:
    return State(online, "up" if online else "lost", session, "1", "", "")


def test_what_was_told_as_history_since_then_begins_where_the_earliest_of_it_began() -> None:
    told = Tellings()
    told.note("b1", 5, 100)
    told.note("b1", 5, 200)  # it went on
    told.note("b1", 90, 300)
    assert [told.start("b1", since) for since in (150, 200, 201, 301)] == [5, 5, 90, None]
    assert told.start("b2", 0) is None


def test_old_tellings_become_one_and_none_is_forgotten() -> None:
    told = Tellings()
    for number in range(5 * MOST):
        told.note("b1", number, 10 * number)
    assert told.start("b1", 0) == 0
    assert told.start("b1", 10 * (5 * MOST - 1)) == 5 * MOST - 1


def test_each_ward_is_asked_once_in_a_session_and_again_if_it_was_cut_off_soon() -> None:
    overdue = Overdue()
    assert overdue.of(WARD, up("s1"), 0) is None
    overdue.begin(SINCE, 1_000)
    assert overdue.of(WARD, up("s1", online=False), 1_000) is None
    assert overdue.of(WARD, None, 1_000) is None
    assert overdue.of(WARD, up("s1"), 1_000) == "2026-01-15T10:00:00+00:00"
    assert overdue.of(WARD, up("s1"), 1_001) is None
    assert overdue.of(WARD, up("s2"), 1_000 + AGAIN_MS) is not None
    assert overdue.of(WARD, up("s3"), 1_001 + AGAIN_MS) is None
    late = ("h", "5a")
    assert overdue.of(late, up("s1"), 10 * AGAIN_MS) is not None  # it was away all the time


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-15T10:00:00", "2026-13-15T10:00:00Z"])
def test_what_is_no_time_with_its_zone_is_none(text: str) -> None:
    assert wall_us(text) is None
    assert wall_text(wall_us("2026-01-15T11:15:30.120+01:00") or 0) == "2026-01-15T10:15:30.120Z"


def test_stretches_of_vital_signs_are_known_by_when_they_were_told() -> None:
    told = Stretches()
    told.note("b1", 0, 3_600, 10_000)
    told.note("b1", 7_200, 9_000, 20_000)
    assert told.since("b1", 10_001) == ((7_200, 9_000),)
    assert told.since("b1", 10_000) == ((0, 3_600), (7_200, 9_000))
    told.note("b1", 0, 3_600, 30_000)  # told once more: only now has it been told to the end
    assert told.since("b1", 20_001) == ((0, 3_600),)
    assert told.since("b2", 0) == ()
