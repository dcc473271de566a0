"""Every framer: any chunking gives the same, noise hides no later frame, nothing grows, every byte is accounted for."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pumpd.device import Garbled
from pumpd.device.framers import Bracketed, FixedSize, Flagged, Framer, TextLines


def _sum8(data: bytes) -> bool:
    return len(data) > 1 and sum(data[:-1]) % 256 == data[-1]


def _with_sum(data: bytes) -> bytes:
    return data + bytes([sum(data) % 256])


BRACKETS, FIXED = (_with_sum(data) for data in (b"[abc]", b"\x01\x80\x01a"))
TRAILED = _with_sum(b"[\xa3]")  # its checksum is a bracket


def _this(data: bytes) -> bool:
    return data == FIXED  # what noise makes by chance is not the framer's to judge


def _these(data: bytes) -> bool:
    return data in (BRACKETS, TRAILED)


@dataclass(frozen=True)
class Shape:
    """frame: what the framer must give for `wire`. special: bytes that mean something to it."""

    name: str
    make: Callable[[], Framer]
    wire: bytes
    frame: bytes
    special: bytes


def _stuffed() -> Flagged:
    return Flagged(b"\x7e", b"\x7e", _sum8, limit=64)


def _philips() -> Flagged:
    return Flagged(b"\xc0", b"\xc1", _sum8, limit=64)


INSIDE = _with_sum(b"\x7e\x7d\xc0\xc1ab")
SHAPES = (
    Shape(
        "bracketed", lambda: Bracketed(b"[", b"]", 1, _these, 64), _with_sum(b"[abc]"), _with_sum(b"[abc]"), b"[]\xbd"
    ),
    Shape(
        "fixed",
        lambda: FixedSize(b"\x01", 5, _this, 64),
        _with_sum(b"\x01\x80\x01a"),
        _with_sum(b"\x01\x80\x01a"),
        b"\x01\x80",
    ),
    Shape("text", lambda: TextLines(64), b"\nSPO2=098\r\n", b"SPO2=098", b"\r\nS="),
    Shape("one flag", _stuffed, _stuffed().build(INSIDE, b"\x7e"), INSIDE, b"\x7e\x7d\x5e"),
    Shape("two flags", _philips, _philips().build(INSIDE, b"\xc0"), INSIDE, b"\xc0\xc1\x7d\xe1"),
)
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)


@every_shape
def test_a_frame_comes_out_and_nothing_else(shape: Shape) -> None:
    assert shape.make().feed(shape.wire * 2) == [shape.frame, shape.frame]


@every_shape
@settings(max_examples=200)
@given(data=st.data())
def test_any_chunking_gives_the_same(shape: Shape, data: st.DataObject) -> None:
    piece = (
        st.binary(max_size=90)
        | st.just(shape.wire)
        | st.lists(st.sampled_from([*shape.special]), max_size=9).map(bytes)
    )
    stream = b"".join(data.draw(st.lists(piece, max_size=8)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    chunked, whole = shape.make(), shape.make().feed(stream)
    assert [
        out for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True) for out in chunked.feed(stream[a:b])
    ] == whole
    single = shape.make()
    assert [out for byte in stream for out in single.feed(bytes([byte]))] == whole


@every_shape
@settings(max_examples=200)
@given(data=st.data())
def test_noise_hides_no_later_frame(shape: Shape, data: st.DataObject) -> None:
    noise = bytes(data.draw(st.lists(st.sampled_from([*shape.special]) | st.integers(0, 255), max_size=200)))
    found = [part for part in shape.make().feed(noise + shape.wire) if isinstance(part, bytes)]
    assert found[-1:] == [shape.frame]


@every_shape
def test_a_flood_is_told_in_bounded_pieces_and_kept_no_longer_than_the_limit(shape: Shape) -> None:
    rng, framer, told = random.Random(3), shape.make(), 0
    for _ in range(200):
        for part in framer.feed(bytes(rng.choices(shape.special + b"xyz", k=997))):
            told += len(part) if isinstance(part, bytes) else part.length
            assert not isinstance(part, Garbled) or (part.length <= 64 and len(part.data) <= 64)
    kept = sum(len(value) for value in vars(framer).values() if isinstance(value, bytes))
    assert kept <= 130
    assert told > 0


@every_shape
def test_bytes_of_garbage_are_counted_truly(shape: Shape) -> None:
    parts = shape.make().feed(b"q" * 5000 + shape.wire)
    assert sum(part.length for part in parts if isinstance(part, Garbled)) == 5000
    assert parts[-1] == shape.frame


def test_a_wrong_checksum_or_escape_is_garbled() -> None:
    assert isinstance(_stuffed().feed(b"\x7eab\x00\x7e")[0], Garbled)
    assert isinstance(_stuffed().feed(b"\x7ea\x7d\x41\x7e")[0], Garbled)
    assert isinstance(_philips().feed(b"\xc0ab\x7d\xc1")[0], Garbled)


def test_a_trailer_may_be_a_bracket_and_a_false_frame_in_noise_costs_nothing() -> None:
    make = SHAPES[0].make
    assert TRAILED[-1:] == b"["
    assert make().feed(TRAILED + BRACKETS) == [TRAILED, BRACKETS]
    assert make().feed(b"[x]" + BRACKETS)[-1] == BRACKETS


def test_a_line_with_a_strange_byte_is_garbled_whole() -> None:
    assert isinstance(TextLines().feed(b"SPO2=09\x818\r\n")[0], Garbled)
