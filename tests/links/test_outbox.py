"""What waits on a line: urgent first, nothing cut in half, bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.links.backoff import Backoff
from pumpd.links.outbox import Outbox


def drain(box: Outbox, step: int = 1000) -> bytes:
    out = b""
    while head := box.head():
        out += head[:step]
        box.sent(len(head[:step]))
    return out


@pytest.mark.req("INT-02")
def test_an_urgent_frame_overtakes_and_drops_what_has_not_left() -> None:
    box = Outbox(100)
    for frame in (b"poll;", b"rate;"):
        box.push(frame, urgent=False)
    assert box.push(b"STOP;", urgent=True)
    assert drain(box) == b"STOP;"


def test_a_frame_whose_first_byte_left_is_finished_before_the_urgent_one() -> None:
    box = Outbox(100)
    box.push(b"poll;", urgent=False)
    box.push(b"next;", urgent=False)
    box.head()
    box.sent(2)
    box.push(b"STOP;", urgent=True)
    assert drain(box) == b"ll;STOP;"


def test_what_does_not_fit_is_refused_whole_and_a_waiting_stop_is_not_doubled() -> None:
    box = Outbox(8)
    assert box.push(b"12345678", urgent=False)
    assert not box.push(b"9", urgent=False)
    assert box.push(b"STOP", urgent=True)
    assert box.push(b"STOP", urgent=True)
    assert drain(box) == b"STOP"


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=40))
def test_whatever_the_order_of_pushes_and_partial_writes_no_frame_is_cut(acts: list[tuple[bool, int]]) -> None:
    box, out = Outbox(64), b""
    for number, (urgent, room) in enumerate(acts):
        box.push(b"<%d%s>" % (number, b"!" if urgent else b""), urgent=urgent)
        part = box.head()[:room]
        box.sent(len(part))
        out += part
    out += drain(box, 3)
    frames = out.split(b">")
    assert frames[-1] == b""
    assert all(frame.startswith(b"<") and frame.count(b"<") == 1 for frame in frames[:-1])


def test_waits_double_to_the_cap_and_jitter_only_shortens_them() -> None:
    plain = Backoff(100, 500, lambda: 0.0)
    assert [plain.next_s() for _ in range(5)] == [0.1, 0.2, 0.4, 0.5, 0.5]
    plain.reset()
    assert plain.next_s() == 0.1
    shortest = Backoff(100, 500, lambda: 1.0)
    assert [shortest.next_s() for _ in range(4)] == [0.05, 0.1, 0.2, 0.25]
