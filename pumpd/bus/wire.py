"""One connection to an MQTT 5 broker. The only file that knows the client library (aiomqtt over paho).

Nothing here holds up the loop: names are looked up, files read and TLS begun on a thread; what is received goes
straight to `hear`, without a task for each message.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiomqtt
from aiomqtt.types import PayloadType
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from pumpd.config.bus_settings import Broker, BusTls

TIMEOUT_S = 5.0
"""For one answer of the broker. Longer, and the connection is given up and made anew."""
HUNG_UP = "the broker hung up before it answered: does it take our certificate, and we its encryption?"


class LinkLost(ConnectionError):
    """There is no connection (any more); the message says why."""


class Will(NamedTuple):
    """What the broker says for us, retained, when we are gone without a word."""

    topic: str
    payload: bytes


class Heard(NamedTuple):
    """expiry_left_s: None where the message does not expire. number: for `ack`."""

    topic: str
    payload: bytes
    retained: bool
    qos: int
    expiry_left_s: int | None
    number: int


Hear = Callable[[Heard], None]


class _Straight(asyncio.Queue[aiomqtt.Message]):
    """Where the library would queue what it received: handed on at once."""

    hear: Hear | None = None

    def put_nowait(self, item: aiomqtt.Message) -> None:
        if self.hear is not None and isinstance(item.payload, bytes):
            left = getattr(item.properties, "MessageExpiryInterval", None)
            self.hear(Heard(str(item.topic), item.payload, item.retain, item.qos, left, item.mid))


def _queue_for(hear: Hear | None) -> type[asyncio.Queue[aiomqtt.Message]]:
    return type("_Heard", (_Straight,), {"hear": staticmethod(hear) if hear is not None else None})


class Link:
    """An open connection; made by `connect`. Every method raises LinkLost."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False, expiry_s: int | None = None
    ) -> None:
        """QoS 1: returns when the broker has it. QoS 0: when it left for the kernel."""
        properties = None
        if expiry_s is not None:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = expiry_s
        try:
            await self._client.publish(topic, payload, qos, retain, properties)
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            raise LinkLost(str(error)) from error

    async def may_publish(self, topic: str) -> bool:
        """Whether the broker lets us: asked with an empty message that nobody keeps."""
        inner, answered = self._client._client, asyncio.get_running_loop().create_future()
        told = inner.on_publish

        def published(*said: Any) -> None:
            if not answered.done():
                answered.set_result(not said[3].is_failure)
            if told is not None:
                told(*said)

        inner.on_publish = published
        try:
            await self.publish(topic, b"")
            return bool(await answered)
        finally:
            inner.on_publish = told

    async def subscribe(self, topics: Sequence[str], *, qos: int = 1, retained: bool = True) -> None:
        """retained False: what the broker keeps is not wanted."""
        options = SubscribeOptions(qos=qos, retainHandling=0 if retained else 2)
        try:
            for topic in topics:
                await self._client.subscribe(topic, options=options)
        except (aiomqtt.MqttError, OSError) as error:
            raise LinkLost(str(error)) from error

    def ack(self, number: int) -> None:
        """Of a link with by_hand: the broker may forget this message."""
        self._client._client.ack(number, 1)

    async def lost(self) -> None:
        """Waits until the connection is lost, then raises LinkLost."""
        try:
            async for _ in self._client.messages:
                pass  # nothing is queued: see _Straight
        except aiomqtt.MqttError as error:
            raise LinkLost(str(error)) from error
        raise LinkLost("the broker closed the connection")


@asynccontextmanager
async def connect(
    broker: Broker,
    name: str,
    *,
    will: Will | None = None,
    hear: Hear | None = None,
    keep_session_s: int = 0,
    by_hand: bool = False,
    most_unacked: int | None = None,
) -> AsyncIterator[Link]:
    """name: by which the broker knows us; two with one name throw each other out. keep_session_s: how long the broker
    keeps our subscriptions, and what they bring, while we are away. by_hand: what came with QoS 1 is acknowledged by
    `ack`; most_unacked: so many at once. Raises LinkLost.
    """
    try:
        context, password = await asyncio.to_thread(_secrets, broker)
        client = _client(broker, name, will, hear, keep_session_s, most_unacked, context, password)
        _notice_refusal(client)
        _write_while_open(client)
        if by_hand:
            client._client.manual_ack_set(True)
        try:
            async with client:
                yield Link(client)
        finally:
            await asyncio.sleep(0)  # what the library's thread has asked of the loop comes first
            client._client._sock_close()  # it is left open where a connection was begun and not made
    except (aiomqtt.MqttError, OSError) as error:
        raise LinkLost(str(error)) from error


def _client(
    broker: Broker,
    name: str,
    will: Will | None,
    hear: Hear | None,
    keep_session_s: int,
    most_unacked: int | None,
    context: ssl.SSLContext | None,
    password: str | None,
) -> aiomqtt.Client:
    said: PayloadType = None if will is None else will.payload
    return aiomqtt.Client(
        broker.host,
        broker.port,
        username=broker.username or None,
        password=password,
        identifier=name,
        queue_type=_queue_for(hear),
        protocol=aiomqtt.ProtocolVersion.V5,
        will=None if will is None else aiomqtt.Will(will.topic, said, qos=1, retain=True),
        timeout=TIMEOUT_S,
        keepalive=broker.keepalive_s,
        clean_start=keep_session_s == 0,
        properties=_session(keep_session_s, most_unacked),
        tls_context=context,
    )


def _notice_refusal(client: aiomqtt.Client) -> None:
    """A broker that hangs up before it answers (it does not take our certificate) would be waited for in vain."""
    loop, told = asyncio.get_running_loop(), client._client.on_disconnect

    def refused() -> None:
        if client._lock.locked() and not client._connected.done():  # somebody waits for it
            client._connected.set_exception(aiomqtt.MqttError(HUNG_UP))

    def disconnected(*said: Any) -> None:
        loop.call_soon_threadsafe(refused)
        if told is not None:
            told(*said)

    client._client.on_disconnect = disconnected


def _write_while_open(client: aiomqtt.Client) -> None:
    """A broker that goes in the middle of a packet: the socket is closed before the loop comes to wait for it, and what
    the library has asked of the loop by then would be an error in the log, of nothing that is wrong.
    """
    loop, inner = asyncio.get_running_loop(), client._client

    def write() -> None:
        try:
            inner.loop_write()
        except Exception as error:  # noqa: BLE001 - as the library does: whatever it is, the connection is lost
            if not client._disconnected.done():
                client._disconnected.set_exception(error)

    def begin(sock: Any) -> None:
        if sock.fileno() > -1:
            loop.add_writer(sock.fileno(), write)

    def asked(_inner: Any, _data: Any, sock: Any) -> None:
        loop.call_soon_threadsafe(begin, sock)

    inner.on_socket_register_write = asked


def _session(keep_session_s: int, most_unacked: int | None) -> Properties:
    properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = keep_session_s
    if most_unacked is not None:
        properties.ReceiveMaximum = most_unacked
    made: Properties = properties
    return made


def _secrets(broker: Broker) -> tuple[ssl.SSLContext | None, str | None]:
    """Read anew for each connection: a certificate is renewed without a restart."""
    password = None
    if broker.password_file:
        password = Path(broker.password_file).read_text(encoding="utf-8").partition("\n")[0].strip()
    return None if broker.tls is None else _context(broker.tls), password


def _context(tls: BusTls) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.certificate:
        context.load_cert_chain(tls.certificate, tls.key, password=lambda: "")
    return context


def presented(broker: Broker) -> dict[str, Any]:
    """The certificate that an encrypted broker shows. Blocks: for a command. Raises OSError."""
    assert broker.tls is not None
    context = _context(broker.tls)
    plain = socket.create_connection((broker.host, broker.port), TIMEOUT_S)
    with plain, context.wrap_socket(plain, server_hostname=broker.host) as encrypted:
        return dict(encrypted.getpeercert() or {})
