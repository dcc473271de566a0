"""Telnet's bytes by the RFCs' numbers: doubled IACs, negotiation, subnegotiation, cut anywhere, bounded."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pumpd.links.telnet import BINARY, COM_PORT, ECHO, SUB_LIMIT, Decoder, Said, Sub, Verb, escape

Part = bytes | Said | Sub


def joined(parts: list[Part]) -> list[Part]:
    """Neighbouring pieces of a device's bytes as one, so that cuts do not show."""
    found: list[Part] = []
    for one in parts:
        if isinstance(one, bytes) and found and isinstance(found[-1], bytes):
            found[-1] += one
        else:
            found.append(one)
    return found


@pytest.mark.parametrize(
    ("wire", "meant"),
    [
        ("21 31 0d", [b"!1\r"]),
        ("41 ff ff 42", [b"A\xffB"]),
        ("ff fb 00", [Said(Verb.WILL, BINARY)]),
        ("ff fc 01", [Said(Verb.WONT, ECHO)]),
        ("ff fd 2c", [Said(Verb.DO, COM_PORT)]),
        ("ff fe 2c", [Said(Verb.DONT, COM_PORT)]),
        ("ff fd ff", [Said(Verb.DO, 255)]),
        ("41 ff f1 42 ff f6", [b"AB"]),  # NOP and "are you there" say nothing to us
        ("ff fa 2c 65 00 00 25 80 ff f0", [Sub(COM_PORT, bytes.fromhex("65 00 00 25 80"))]),
        ("ff fa 2c 65 00 00 ff ff ff ff ff f0", [Sub(COM_PORT, bytes.fromhex("65 00 00 ff ff"))]),
        ("41 ff fa 2c 6b 00 ff f0 42", [b"A", Sub(COM_PORT, b"k\0"), b"B"]),
        ("ff fa ff f0 41", [b"A"]),  # nothing inside
        ("ff fa 2c 01 ff fb 00 41", [Said(Verb.WILL, BINARY), b"A"]),  # the other side lost its thread
    ],
)
def test_the_numbers_of_the_rfcs_are_understood(wire: str, meant: list[Part]) -> None:
    assert Decoder().feed(bytes.fromhex(wire)) == meant


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (Said(Verb.WILL, COM_PORT), "ff fb 2c"),
        (Sub(COM_PORT, bytes.fromhex("01 00 00 4b 00")), "ff fa 2c 01 00 00 4b 00 ff f0"),
        (Sub(COM_PORT, bytes.fromhex("01 00 00 ff ff")), "ff fa 2c 01 00 00 ff ff ff ff ff f0"),
    ],
)
def test_what_is_said_has_the_numbers_of_the_rfcs(value: Said | Sub, wire: str) -> None:
    assert value.wire() == bytes.fromhex(wire)


WORDS = st.one_of(
    st.builds(Said, st.sampled_from(Verb), st.integers(0, 255)),
    st.builds(Sub, st.integers(0, 255), st.binary(max_size=20)),
    st.binary(min_size=1, max_size=8).map(lambda data: data + b"\xff"),
)


@given(st.lists(WORDS, max_size=12), st.data())
def test_whatever_is_said_is_heard_however_it_is_cut(words: list[Part], data: st.DataObject) -> None:
    wire = b"".join(escape(one) if isinstance(one, bytes) else one.wire() for one in words)
    decoder, heard = Decoder(), []
    while wire:
        cut = data.draw(st.integers(1, len(wire)))
        heard += decoder.feed(wire[:cut])
        wire = wire[cut:]
    assert joined(heard) == joined(list(words))


NOISE = st.binary(max_size=60).map(lambda data: data.replace(b"\x01", b"\xff").replace(b"\x02", b"\xff\xfa"))


@given(NOISE, st.integers(1, 9))
@example(b"\xff\xfa" + b"\xff\xff" * 4 + b"A\xff", 3)
def test_noise_means_the_same_however_it_is_cut(noise: bytes, step: int) -> None:
    decoder = Decoder()
    pieces = [part for at in range(0, len(noise), step) for part in decoder.feed(noise[at : at + step])]
    assert joined(pieces) == joined(Decoder().feed(noise))


@pytest.mark.parametrize("length", [SUB_LIMIT - 2, SUB_LIMIT - 1, SUB_LIMIT, SUB_LIMIT + 1, 5000])
@pytest.mark.parametrize("step", [1, 2, 255, 256, 257, 258, 10_000])
def test_a_subnegotiation_without_an_end_costs_no_memory_and_what_follows_it_is_heard(length: int, step: int) -> None:
    wire = b"\xff\xfa\x2c" + b"x" * (length - 3) + b"\xff\xf0" + b"after"
    decoder, heard = Decoder(), []
    for at in range(0, len(wire), step):
        heard += decoder.feed(wire[at : at + step])
        assert len(decoder._rest) <= SUB_LIMIT + 1
    kept = [Sub(COM_PORT, b"x" * (length - 3))] if length <= SUB_LIMIT else []
    assert joined(heard) == [*kept, b"after"]
