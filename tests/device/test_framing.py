"""Framers: escapes both ways, resynchronisation, bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.device import Garbled
from pumpd.device.framing import EscapedFramer, LineFramer


def _lines() -> LineFramer:
    return LineFramer(start=b"!", end=b"\r", abort=b"\x1b", limit=64)


@pytest.mark.parametrize(
    ("body", "hexed"),
    [
        ("01", "85010100"),
        ("0303", "8502030302"),
        ("3b85", "8502 3b8005 bc"),
        ("85", "85 01 8005 84"),
        ("80", "85 01 8000 81"),
    ],
)
def test_a_body_is_framed_with_its_length_checksum_and_escapes(body: str, hexed: str) -> None:
    assert EscapedFramer().build(bytes.fromhex(body)) == bytes.fromhex(hexed)


def test_the_printed_escape_vector_is_read_back() -> None:
    # mdpnp's test: 44 85 55 80 00 77 goes over the wire as 44 80 05 55 80 00 00 77 (here with a LEN before it)
    raw = bytes.fromhex("05 44 8005 55 8000 00 77")
    assert EscapedFramer()._unescape(raw) == (len(raw), bytes.fromhex("05 44 85 55 80 00 77"))


@given(st.lists(st.binary(min_size=1, max_size=255), max_size=5))
def test_what_is_built_is_read_back(bodies: list[bytes]) -> None:
    framer = EscapedFramer()
    wire = b"".join(framer.build(body) for body in bodies)
    assert [part[1:-1] for part in framer.feed(wire) if isinstance(part, bytes)] == bodies


def test_a_start_byte_ends_an_unfinished_frame() -> None:
    framer = EscapedFramer()
    assert framer.feed(bytes.fromhex("8510010203")) == []
    cut, whole = framer.feed(framer.build(b"\x01"))
    assert isinstance(cut, Garbled)
    assert whole == b"\x01\x01\x00"


def test_an_escape_that_means_nothing_spoils_only_its_own_frame() -> None:
    framer = EscapedFramer()
    parts = framer.feed(bytes.fromhex("8504018001ff") + framer.build(b"\x01"))
    assert [type(part) for part in parts] == [Garbled, Garbled, bytes]


def test_an_oversized_line_is_dropped_and_the_next_one_read() -> None:
    framer = _lines()
    parts = framer.feed(b"!" + b"A" * 200 + b"\r!B\r")
    assert [part for part in parts if isinstance(part, bytes)] == [b"B"]
    assert sum(part.length for part in parts if isinstance(part, Garbled)) == 201


def test_a_frame_that_begins_in_an_oversized_noise_is_read() -> None:
    framer = _lines()
    parts = framer.feed(b"x" * 63 + b"!HELLO" + b"\r")
    assert parts[-1] == b"HELLO"


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=8))
def test_line_framing_does_not_depend_on_chunks(data: bytes, cuts: list[int]) -> None:
    data = data.replace(b"\x00", b"!").replace(b"\x01", b"\r").replace(b"\x02", b"\x1b")
    at = sorted({min(cut, len(data)) for cut in cuts})
    one, many = _lines(), _lines()
    whole = one.feed(data)
    pieces = [part for a, b in zip([0, *at], [*at, len(data)], strict=True) for part in many.feed(data[a:b])]
    assert pieces == whole


@given(st.lists(st.sampled_from([0x85, 0x80, 0, 5, 1, 2, 0x84]), max_size=120))
def test_escaped_framing_does_not_depend_on_chunks(values: list[int]) -> None:
    data = bytes(values)
    one, many = EscapedFramer(limit=16), EscapedFramer(limit=16)
    assert [part for value in data for part in many.feed(bytes([value]))] == one.feed(data)
