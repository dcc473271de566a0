"""The quick way of a live connection takes whole acknowledgements only, and only where a frame begins."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from pumpd.api.wire import Boundary, acknowledged, framed

MASKS = st.binary(min_size=4, max_size=4)


def client_frame(data: bytes, mask: bytes, opcode: int = 1, fin: bool = True) -> bytes:
    """As a browser sends it: masked."""
    size = len(data)
    head = bytes(((0x80 if fin else 0) | opcode,))
    head += bytes((0x80 | size,)) if size <= 125 else bytes((0xFE,)) + size.to_bytes(2, "big")
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))


def ack(seq: int) -> bytes:
    return json.dumps({"type": "ack", "seq": seq}, separators=(",", ":")).encode()


@given(st.integers(0, 10**17), MASKS)
def test_an_acknowledgement_under_any_mask_is_read(seq: int, mask: bytes) -> None:
    assert acknowledged(client_frame(ack(seq), mask)) == seq


@given(st.integers(0, 10**6), MASKS, st.data())
def test_a_changed_byte_is_never_another_acknowledgement_of_the_same_kind(
    seq: int, mask: bytes, data: st.DataObject
) -> None:
    """What is not exactly an acknowledgement goes the long way, which judges it."""
    whole = client_frame(ack(seq), mask)
    assert acknowledged(whole[: data.draw(st.integers(0, len(whole) - 1))]) is None
    assert acknowledged(whole + b"\x81") is None
    assert acknowledged(client_frame(ack(seq), mask, fin=False)) is None
    assert acknowledged(client_frame(ack(seq), mask, opcode=2)) is None
    assert acknowledged(client_frame(b'{"type":"ack","seq":-1}', mask)) is None
    assert acknowledged(client_frame(b'{"type":"ack","seq":1,"x":2}', mask)) is None
    assert acknowledged(client_frame(b'{"type":"hello","seq":1}', mask)) is None


@given(st.lists(st.tuples(st.integers(0, 300), st.booleans(), st.sampled_from((1, 2, 9, 10))), max_size=6), st.data())
def test_a_boundary_is_claimed_only_where_a_frame_begins(
    frames: list[tuple[int, bool, int]], data: st.DataObject
) -> None:
    stream, starts = b"", {0}
    whole = True
    for size, fin, opcode in frames:
        stream += client_frame(b"x" * size, b"abcd", opcode, fin)
        whole = whole and fin
        if whole:
            starts.add(len(stream))
    boundary, at = Boundary(), 0
    while at < len(stream):
        step = data.draw(st.integers(1, len(stream) - at))
        if boundary.known:
            assert at in starts
            boundary.pass_on(stream[at : at + step])
        at += step
    if boundary.known:
        assert at in starts


@given(st.binary(max_size=70_000))
def test_a_frame_is_what_the_library_would_have_sent(text: bytes) -> None:
    assert framed(text) == Frame(Opcode.TEXT, text).serialize(mask=False)
