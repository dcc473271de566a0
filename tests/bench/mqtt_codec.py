"""The least of MQTT 5 that somebody can speak: packets as bytes, and a reader that cuts them. The raw limit of G12."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

CONNACK, PUBLISH, PUBACK, SUBACK = 0x20, 0x30, 0x40, 0x90
QOS1, RETAIN = 0x02, 0x01
EXPIRY = 2  # property identifier


def packet(kind: int, body: bytes) -> bytes:
    """With its variable-length size."""
    size, left = bytearray(), len(body)
    while True:
        left, low = divmod(left, 128)
        size.append(low | (128 if left else 0))
        if not left:
            return bytes((kind, *size)) + body


def text(words: str) -> bytes:
    raw = words.encode()
    return len(raw).to_bytes(2, "big") + raw


def connect(name: str) -> bytes:
    return packet(0x10, text("MQTT") + bytes((5, 2, 0, 0, 0)) + text(name))


def subscribe(topic: str, qos: int) -> bytes:
    return packet(0x82, b"\0\1\0" + text(topic) + bytes((qos,)))


def publish(topic: str, payload: bytes, expiry_s: int = 0, *, number: int = 0, retain: bool = False) -> bytes:
    """number: of a message of QoS 1; 0: QoS 0."""
    properties = bytes((5, EXPIRY)) + expiry_s.to_bytes(4, "big") if expiry_s else b"\0"
    kind = PUBLISH | (QOS1 if number else 0) | (RETAIN if retain else 0)
    at = number.to_bytes(2, "big") if number else b""
    return packet(kind, text(topic) + at + properties + payload)


def cut(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """(first byte, body) of every whole packet, and what is left."""
    found, at, end = [], 0, len(data)
    while at + 2 <= end:
        size, shift, body = 0, 0, at + 1
        while body < end:
            byte = data[body]
            size, shift, body = size | (byte & 127) << shift, shift + 7, body + 1
            if not byte & 128:
                break
        else:
            break
        if data[body - 1] & 128 or body + size > end:
            break
        found.append((data[at], data[body : body + size]))
        at = body + size
    return found, data[at:]


def published(kind: int, body: bytes) -> tuple[bytes, int, bytes]:
    """Topic, number (0: QoS 0) and payload; the properties are stepped over."""
    at = 2 + int.from_bytes(body[:2], "big")
    topic, number = body[2:at], 0
    if kind & 0x06:
        number, at = int.from_bytes(body[at : at + 2], "big"), at + 2
    return topic, number, body[at + 1 + body[at] :]  # properties of less than 128 bytes


class Raw(asyncio.Protocol):
    """A connection; what comes goes to `take` packet by packet."""

    def __init__(self, take: Callable[[int, bytes], None]) -> None:
        self._take, self._rest = take, b""
        self.answered = asyncio.Event()
        """CONNACK or SUBACK has come."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        packets, self._rest = cut(self._rest + data if self._rest else data)
        for kind, body in packets:
            if kind in (CONNACK, SUBACK):
                self.answered.set()
            else:
                self._take(kind, body)


async def opened(port: int, name: str, take: Callable[[int, bytes], None]) -> Raw:
    """Connected and welcomed."""
    loop = asyncio.get_running_loop()
    _, raw = await loop.create_connection(lambda: Raw(take), "127.0.0.1", port)
    raw.transport.write(connect(name))
    await raw.answered.wait()
    raw.answered.clear()
    return raw
