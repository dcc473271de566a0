"""The framer: whole messages only, the same for any chunking, and never two messages glued together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pumpd_hl7.mllp import Fault, FaultKind, MllpFramer, frame

pieces = st.sampled_from([b"\x0b", b"\x1c", b"\r", b"a", b"b" * 20, b"\x1c\r", b"\n", b"\0"])


def _all(framer: MllpFramer, chunks: list[bytes]) -> list[bytes | Fault]:
    return [part for chunk in chunks for part in framer.feed(chunk)] + framer.finish()


@settings(max_examples=300)
@given(st.lists(pieces, max_size=40).map(b"".join), st.lists(st.integers(0, 300), max_size=8), st.booleans())
def test_any_chunking_gives_the_same(stream: bytes, cuts: list[int], lenient: bool) -> None:
    places = sorted(min(cut, len(stream)) for cut in cuts)
    chunks = [stream[a:b] for a, b in zip([0, *places], [*places, len(stream)], strict=True)]
    whole = _all(MllpFramer(30, end_without_cr=lenient), [stream])
    assert _all(MllpFramer(30, end_without_cr=lenient), chunks) == whole
    assert _all(MllpFramer(30, end_without_cr=lenient), [bytes([byte]) for byte in stream]) == whole


@settings(max_examples=100)
@given(st.lists(st.binary(min_size=1, max_size=20).filter(lambda m: not {0x0B, 0x1C} & set(m)), max_size=6))
def test_what_is_framed_comes_out(messages: list[bytes]) -> None:
    assert MllpFramer().feed(b"".join(map(frame, messages))) == messages


def test_a_lost_end_never_glues_two_messages() -> None:
    found = MllpFramer().feed(b"\x0bMSH|A\r\x0bMSH|B\r\x1c\r")
    assert [part.kind if isinstance(part, Fault) else part for part in found] == [FaultKind.RESTARTED, b"MSH|B\r"]


def test_a_lost_carriage_return_is_a_fault_unless_the_peer_is_known_for_it() -> None:
    stream = b"\x0bA\x1c\x0bB\x1c\r"
    assert [type(part) for part in MllpFramer().feed(stream)] == [Fault, bytes]
    assert MllpFramer(end_without_cr=True).feed(stream) == [b"A", b"B"]
    assert MllpFramer(end_without_cr=True).feed(b"\x0bA\x1c") == [b"A"]


def test_a_lost_start_is_told_and_costs_one_message() -> None:
    found = MllpFramer().feed(b"MSH|A\r\x1c\r\x0bMSH|B\r\x1c\r")
    assert [part.kind if isinstance(part, Fault) else part for part in found] == [FaultKind.OUTSIDE, b"MSH|B\r"]


def test_nuls_white_space_and_a_byte_order_mark_between_frames_are_nothing() -> None:
    assert MllpFramer().feed(b"\0\0\xef\xbb\xbf \r\n\x0bA\x1c\r\r\n\0\x0bB\x1c\r") == [b"A", b"B"]


def test_an_oversize_frame_is_told_once_skipped_and_never_kept() -> None:
    framer = MllpFramer(100)
    found = [part for _ in range(50) for part in framer.feed(b"\x0b" * (_ == 0) + b"x" * 100)]
    assert found == [Fault(FaultKind.OVERSIZE, b"x" * 100, 100)]
    assert framer.feed(b"\x1c\r\x0bA\x1c\r") == [b"A"]
    assert MllpFramer(3).feed(b"\x0babc\x1c\r") == [b"abc"]


def test_a_connection_that_ends_inside_of_a_frame_leaves_a_fault() -> None:
    framer = MllpFramer()
    framer.feed(b"\x0bMSH|")
    assert framer.in_frame
    assert framer.finish() == [Fault(FaultKind.UNFINISHED, b"MSH|", 4)]
    assert not framer.in_frame


def test_an_empty_frame_is_a_fault() -> None:
    assert MllpFramer().feed(b"\x0b\x1c\r") == [Fault(FaultKind.EMPTY)]


@pytest.mark.parametrize("message", [b"a\x0b", b"\x1cb"])
def test_a_message_that_holds_bytes_of_a_frame_is_not_framed(message: bytes) -> None:
    with pytest.raises(ValueError, match="frame"):
        frame(message)
