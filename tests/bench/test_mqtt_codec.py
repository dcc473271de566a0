"""The bare MQTT packets that the bench holds ours against: a limit that was wrong would be none."""

from __future__ import annotations

import pytest

from tests.bench import mqtt_codec as codec

TOPIC = b"ward/bed"


@pytest.mark.parametrize("size", [0, 1, 100, 127, 128, 20_000])
@pytest.mark.parametrize("step", [1, 2, 7, 65536])
def test_packets_are_cut_the_same_in_any_pieces(size: int, step: int) -> None:
    sent = [codec.publish("ward/bed", bytes(size), number=number) for number in (0, 1, 300)]
    stream, rest = b"".join(sent) + codec.packet(codec.PUBACK, b"\0\7"), b""
    found: list[tuple[int, bytes]] = []
    for at in range(0, len(stream), step):
        whole, rest = codec.cut(rest + stream[at : at + step])
        found += whole
    assert not rest
    assert [codec.published(kind, body) for kind, body in found[:3]] == [(TOPIC, n, bytes(size)) for n in (0, 1, 300)]
    assert found[3] == (codec.PUBACK, b"\0\7")


def test_the_properties_of_a_message_are_none_of_its_payload() -> None:
    [(kind, body)], rest = codec.cut(codec.publish("ward/bed", b"{}", 7, retain=True))
    assert kind == codec.PUBLISH | codec.RETAIN
    assert (codec.published(kind, body), rest) == ((TOPIC, 0, b"{}"), b"")
