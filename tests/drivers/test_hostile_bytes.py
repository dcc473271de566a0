"""No chunking, noise, flipped bit or flood makes any driver say what the device did not say."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpd.device import Garbled, PumpStatus, Send, Silent, Vitals
from pumpd.units import Ms
from tests.drivers.captures import matches, read_captures
from tests.drivers.kit import CASES, Case, believed, hear, readings

every_driver = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@every_driver
def test_golden_frames_give_exactly_the_facts_written_beside_them(case: Case) -> None:
    for frame in case.frames():
        heard = hear(case.started(), [frame.data])
        assert len(heard) == len(frame.expected), (frame.where, heard)
        for fact, expected in zip(heard, frame.expected, strict=True):
            assert matches(fact, expected), (frame.where, expected, fact)


@every_driver
@settings(max_examples=40)
@given(data=st.data())
def test_any_chunking_gives_the_same_facts(case: Case, data: st.DataObject) -> None:
    noise = data.draw(st.binary(max_size=40))
    stream = noise.join(frame.data for frame in case.frames())
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole = hear(case.started(), [stream])
    assert hear(case.started(), chunks) == whole
    assert hear(case.started(), [stream[i : i + 1] for i in range(len(stream))]) == whole


@every_driver
@settings(max_examples=60)
@given(data=st.data())
def test_noise_never_hides_a_later_frame(case: Case, data: st.DataObject) -> None:
    any_byte = st.sampled_from([*case.special]) | st.integers(0, 255)
    noise = bytes(data.draw(st.lists(any_byte, max_size=600)))
    frame = data.draw(st.sampled_from([frame for frame in case.frames() if frame.expected]))
    alone = readings(hear(case.started(), [frame.data]))
    assert readings(hear(case.started(), [noise, frame.data]))[-len(alone) :] == alone
    assert readings(hear(case.started(), [frame.data + noise]))[: len(alone)] == alone


@pytest.mark.req("QUA-04")
@every_driver
def test_one_flipped_bit_never_makes_a_false_reading(case: Case) -> None:
    # A flip in the framing may at most leave the true frame whole (a flipped byte before or after it).
    for frame in case.frames():
        truth = readings(hear(case.started(), [frame.data]))
        for bit in range(len(frame.data) * 8):
            flipped = bytearray(frame.data)
            flipped[bit // 8] ^= 1 << bit % 8
            heard = believed(hear(case.started(), [bytes(flipped), frame.data]))
            assert all(fact in truth for fact in readings(heard)), (frame.where, bit)
            assert readings(heard)[-len(truth) :] == truth, (frame.where, bit)


@pytest.mark.req("QUA-04")
@every_driver
def test_a_flipped_frame_alone_says_nothing_at_all(case: Case) -> None:
    for frame in case.frames():
        for bit in range(len(frame.data) * 8):
            flipped = bytearray(frame.data)
            flipped[bit // 8] ^= 1 << bit % 8
            heard = hear(case.started(), [bytes(flipped)])
            assert not [fact for fact in heard if isinstance(fact, PumpStatus | Vitals)], (frame.where, bit)


@every_driver
def test_a_megabyte_of_garbage_stays_bounded_and_the_next_frame_is_heard(case: Case) -> None:
    rng = random.Random(7)
    driver = case.started()
    chunk = rng.randbytes(4096).replace(b"\r", b"x")
    driver.receive(chunk * 2, Ms(0))
    tracemalloc.start()
    for _ in range(256):
        driver.receive(chunk, Ms(0))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 20_000
    frame = next(frame for frame in case.frames() if frame.expected)
    assert any(matches(fact, frame.expected[0]) for fact in driver.receive(frame.data, Ms(0)))


@every_driver
def test_garbled_bytes_are_counted_truly_but_carried_only_in_part(case: Case) -> None:
    heard = hear(case.started(), [b"x" * 5000, case.frames()[0].data])
    garbled = [fact for fact in heard if isinstance(fact, Garbled)]
    assert sum(fact.length for fact in garbled) == 5000
    assert all(len(fact.data) <= 64 for fact in garbled)


@every_driver
@settings(max_examples=30)
@given(chunks=st.lists(st.binary(max_size=30), max_size=12))
def test_every_tick_moves_the_deadline(case: Case, chunks: list[bytes]) -> None:
    driver = case.started()
    now = 0
    for chunk in chunks:
        driver.receive(chunk, Ms(now))
        due = driver.next_deadline()
        assert due is not None
        now = max(now, due)
        driver.tick(Ms(now))
        after = driver.next_deadline()
        assert after is not None
        assert after > now


@every_driver
def test_silence_is_said_once_per_outage_and_a_frame_ends_it(case: Case) -> None:
    driver = case.started()

    def quiet(until: int) -> int:
        said, due = 0, driver.next_deadline()
        while due is not None and due < until:
            said += sum(isinstance(out, Silent) for out in driver.tick(due))
            due = driver.next_deadline()
        return said

    assert quiet(60_000) == 1
    frame = next(f for f in case.frames() if f.expected and f.expected[0][0] in ("PumpStatus", "Vitals", "Identity"))
    for other in case.frames():
        driver.receive(other.data, Ms(60_000))
    assert frame.expected
    assert quiet(120_000) == 1


@every_driver
def test_what_the_driver_sends_is_what_the_captures_show(case: Case) -> None:
    known = {frame.data for frame in read_captures(case.name) if not frame.to_host}
    driver = case.driver(case.settings)
    outs = driver.start(Ms(0))
    for _ in range(8):
        for frame in case.frames():
            outs += driver.receive(frame.data, Ms(0))
        due = driver.next_deadline()
        assert due is not None
        outs += driver.tick(due)
    sent = {out.data for out in outs if isinstance(out, Send)}
    assert sent
    assert sent <= known
