"""Packed readings come back exactly as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.device.facts import Integrity, PumpStatus, Quality, Reading, Vitals
from pumpd.journal.batch import Marks
from pumpd.journal.packing import FORMS, SPAN_MS, Packer
from pumpd.journal.rows import Builder, Names
from pumpd.journal.shapes import MOST, NoRoom, Shapes
from pumpd.journal.unpacking import unpack
from pumpd.safety.events import Event, Heard, Tick
from pumpd.units import Ms
from tests.journal.steps import reading_step, wall

BELIEVED = (Quality.OK, Quality.QUESTIONABLE)
numbers = st.one_of(
    st.integers(0, 300).map(lambda n: n * 1000),
    st.integers(-3_300_000, 3_300_000),
    st.integers(-(2**40), 2**40),
    st.sampled_from([0, -1, 32_767_00, 32_768_00, -32_768_00, 2**31, -(2**31), 2**63, -(2**63), 2**70]),
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
times = st.one_of(
    st.none(),
    texts,
    st.datetimes().map(lambda t: t.replace(microsecond=0).isoformat()),
    st.sampled_from(["2026-01-15T10:00:00Z", "20260115T100000", "2026-01-15T10:00:00+01:00", "1969-12-31T23:59:59"]),
)


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    quality = draw(st.sampled_from(Quality))
    name = draw(st.sampled_from(["rr", "spo2", "etco2", "x"]))
    return Reading(name, draw(numbers) if quality in BELIEVED else None, quality)


frames = st.builds(Vitals, st.lists(readings(), max_size=9).map(tuple), times, st.sampled_from(Integrity))
optional = st.one_of(st.none(), numbers)
statuses = st.builds(
    PumpStatus,
    infusing=st.sampled_from([None, True, False]),
    rate_ul_h=optional,
    volume_ul=optional,
    requested_ms=optional,
    integrity=st.sampled_from(Integrity),
    serial=st.none() | texts,
    alarming=st.booleans(),
    drug=st.none() | texts,
    pressure_mmhg=st.none() | texts,
    time_left_s=optional,
    mode=texts,
)
heard = st.one_of(st.just(Tick()), st.builds(Heard, st.sampled_from(["m1", "p1", "ü"]), st.one_of(frames, statuses)))


def packed(first_seq: int, first_ms: int, shapes: Shapes, *entries: tuple[int, int, Event]) -> bytes:
    packer = Packer(first_seq, first_ms, wall(0), first_seq, first_ms, [])
    for seq, now_ms, event in entries:
        packer.add(seq, now_ms, event, FORMS[type(event.fact if isinstance(event, Heard) else event)], shapes)
    return packer.body()


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(-5, 70_000), heard), max_size=12))
def test_any_events_come_back_identical_and_in_order(entries: list[tuple[int, int, Event]]) -> None:
    shapes = Shapes()
    seq, now_ms, expected = 7, 5_000, list[tuple[int, int, Event]]()
    for dseq, dms, event in entries:
        seq, now_ms = seq + dseq, now_ms + dms
        expected.append((seq, now_ms, event))
    body = packed(7, 5_000, shapes, *expected)
    stored = Shapes()
    stored.load(shapes.fresh())
    assert unpack(7, 5_000, body, stored) == expected


def test_a_frame_of_eight_signals_takes_less_than_four_bytes_a_value() -> None:
    names = ("rr", "spo2", "etco2", "fico2", "pulse", "hr", "temp", "ipi")
    frame = Vitals(tuple(Reading(name, 36_600) for name in names), "2026-01-15T10:00:00", Integrity.SUM8)
    assert len(packed(1, 0, Shapes(), (1, 0, Heard("m1", frame)))) <= 4 * len(names)


def test_a_row_spans_one_second_and_no_time_before_its_first_entry() -> None:
    times = (5_000, 5_000 + SPAN_MS - 1, 5_000 + SPAN_MS, 4_999)
    records = [reading_step(seq, now_ms) for seq, now_ms in enumerate(times, 1)]
    rows = Builder(Names(), Shapes(), "").build(records, Marks()).samples
    assert [(row[2], row[3]) for row in rows] == [(1, 5_000), (3, 6_000), (4, 4_999)]


def test_a_device_that_invents_texts_without_end_fills_no_table_and_loses_nothing() -> None:
    shapes = Shapes()
    for number in range(MOST):
        shapes.id_of(("pump", str(number)))
    with pytest.raises(NoRoom):
        shapes.id_of(("one", "more"))
    event = Heard("p1", PumpStatus(True, 1, None, Ms(3), Integrity.NONE, mode="new"))
    assert unpack(1, 0, packed(1, 0, shapes, (1, 0, event)), shapes) == [(1, 0, event)]


def test_numbers_of_shapes_stay_the_same_after_a_restart() -> None:
    first = Shapes()
    ids = [first.id_of(("vitals", name)) for name in "abc"]
    second = Shapes()
    second.load(first.fresh())
    assert [second.id_of(("vitals", name)) for name in "cba"] == ids[::-1]
    assert second.fresh() == []
