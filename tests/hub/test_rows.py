"""From messages to rows: each has a key, what nobody understands is left out."""

from __future__ import annotations

from pumpd.bus.payload import EventOut, Frame, VitalsPast, encode
from pumpd.bus.topics import Topics
from pumpd.hub.rows import Batch

TOPICS = Topics("h", "4b")


def test_every_kind_of_message_becomes_its_rows_with_their_keys() -> None:
    batch = Batch()
    frame = Frame("s1", 7, 1000, "2026-01-15T10:15:30.120Z", None, True, {}, ())
    event = EventOut("j-b1-9-0", "B1", 9, "alarm", "2026-01-15T10:15:30.120Z", 1000, True, {"phase": "start"})
    past = VitalsPast("x", "B1", "2026-01-15T10:15:30Z", 10, {"rr": [(1, 2, 3), None, (4, 5, 6)]})
    assert batch.add(TOPICS.frame("b1"), encode(frame))
    assert batch.add(TOPICS.event("b1", historical=True), encode(event))
    assert batch.add(TOPICS.vitals("b1"), encode(past))
    assert batch.add(TOPICS.vitals("b1"), encode(past))  # told twice, written once
    assert batch.frames[0][:5] == ("h", "4b", "b1", "s1", 7)
    assert batch.events[0][:4] == ("j-b1-9-0", "h", "4b", "B1")

    assert [len(rows) for _, rows in batch.statements()] in ([1, 1, 2], [1, 2, 1])


def test_what_is_none_of_ours_becomes_no_row() -> None:
    batch = Batch()
    for payload in (b"", b"{", b"\xff", b'{"session":"s","seq":1,"t":"never"}'):
        for topic in (TOPICS.frame("b1"), TOPICS.event("b1"), TOPICS.vitals("b1"), TOPICS.state, "x/y"):
            assert not batch.add(topic, payload)
    assert len(batch) == 0
