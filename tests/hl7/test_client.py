"""The client of one destination against receivers as they really are: late, wrong, silent, closing, restarting."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from pumpd_hl7.client import Backoff, Client, NotDelivered, send_once
from pumpd_hl7.mllp import FS, VT, MllpFramer, frame

from pumpd.gateways import SendSettings
from tests.hl7.wire import adt, listening, until
from tests.ports import deaf_port

Write = Callable[[bytes], None]
Behave = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def ack(control_id: str, code: str = "AA", rest: str = "") -> bytes:
    return f"MSH|^~\\&|EHR|H|ADT|H|20260115||ACK|9|P|2.6\rMSA|{code}|{control_id}\r{rest}".encode()


class Receiver:
    """A system that answers as `behave` says; counts connections."""

    def __init__(self, behave: Behave) -> None:
        self.behave, self.connections, self.heard = behave, 0, list[bytes]()
        self.port = 0
        self.open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self.open[task] = writer
        framer = MllpFramer()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                for message in framer.feed(data):
                    assert isinstance(message, bytes)
                    self.heard.append(message)
                    await self.behave(message, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def receiving(behave: Behave) -> AsyncIterator[Receiver]:
    receiver = Receiver(behave)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
        for writer in receiver.open.values():
            writer.close()
        await asyncio.gather(*receiver.open)


def settings(port: int, **more: object) -> SendSettings:
    return SendSettings("ehr", "127.0.0.1", port, ("PCD-01",), **({"ack_ms": 60_000} | more))  # type: ignore[arg-type]


def patient(client: Client) -> None:
    """From now on it waits for an answer as long as a busy machine needs."""
    client._settings = replace(client._settings, ack_ms=60_000)


def message(control_id: str) -> bytes:
    return adt(control_id).encode()


async def say(control_id: str, writer: asyncio.StreamWriter) -> None:
    writer.write(frame(ack(control_id)))


@contextlib.asynccontextmanager
async def closing(client: Client) -> AsyncIterator[Client]:
    try:
        yield client
    finally:
        await client.end()


async def test_messages_go_over_one_connection_to_our_own_listener() -> None:
    async with listening() as bench, closing(Client(settings(bench.server.port))) as client:
        codes = [(await client.send(message(str(n)), str(n))).code for n in range(20)]
        assert codes == ["AA"] * 20
        assert bench.server.connections == 1
        assert client.ignored == 0


async def test_one_message_for_each_connection_where_the_destination_wants_that() -> None:
    async with receiving(lambda raw, writer: say(raw.split(b"|")[9].decode(), writer)) as ehr:
        client = Client(settings(ehr.port, one_message=True))
        for n in range(3):
            assert (await client.send(message(str(n)), str(n))).positive
            assert not client.connected
        assert ehr.connections == 3
        await until(lambda: all(task.done() for task in ehr.open))


async def test_late_and_foreign_answers_are_ignored_and_counted() -> None:
    async def behave(raw: bytes, writer: asyncio.StreamWriter) -> None:
        for control_id in ("0", "other"):
            await say(control_id, writer)
        writer.write(frame(message("5")) + b"noise" + frame(ack("", "AA")) + frame(ack("1", "XX")))
        await say("1", writer)

    async with receiving(behave) as ehr, closing(Client(settings(ehr.port))) as client:
        assert (await client.send(message("1"), "1")).control_id == "1"
        assert client.ignored == 6


async def test_an_answer_that_came_too_late_is_not_that_of_the_next_message() -> None:
    held: list[bytes] = []

    async def behave(raw: bytes, writer: asyncio.StreamWriter) -> None:
        held.append(raw)
        if len(held) == 2:  # the first one's answer only now, and positive; the second one's is a refusal
            writer.write(frame(ack("1")) + frame(ack("2", "AE", "ERR||PID^1^3|204|E||||unknown patient\r")))

    async with receiving(behave) as ehr, closing(Client(settings(ehr.port, ack_ms=50))) as client:
        with pytest.raises(NotDelivered, match="no answer within 50 ms"):
            await client.send(message("1"), "1")
        patient(client)
        answer = await client.send(message("2"), "2")
        assert (answer.code, answer.control_id, answer.text) == ("AE", "2", "unknown patient")
        assert (client.ignored, ehr.connections) == (1, 1)


async def test_a_connection_that_stays_silent_twice_is_dead() -> None:
    async def behave(raw: bytes, writer: asyncio.StreamWriter) -> None:
        if ehr.connections == 2:
            await say("1", writer)

    async with receiving(behave) as ehr, closing(Client(settings(ehr.port, ack_ms=50))) as client:
        for _ in range(2):
            with pytest.raises(NotDelivered):
                await client.send(message("1"), "1")
        patient(client)
        assert (await client.send(message("1"), "1")).positive


async def test_a_receiver_that_closes_after_each_answer_gets_a_new_connection_for_the_next() -> None:
    async def behave(raw: bytes, writer: asyncio.StreamWriter) -> None:
        await say(raw.split(b"|")[9].decode(), writer)
        writer.close()

    async with receiving(behave) as ehr:
        async with closing(Client(settings(ehr.port))) as client:
            for n in range(3):
                assert (await client.send(message(str(n)), str(n))).positive
                await until(lambda: not client.connected)
        assert ehr.connections == 3


async def test_a_receiver_that_closes_instead_of_answering_leaves_it_open_what_became_of_the_message() -> None:
    async def behave(raw: bytes, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with receiving(behave) as ehr, closing(Client(settings(ehr.port))) as client:
        with pytest.raises(NotDelivered, match="ended before the answer"):
            await client.send(message("1"), "1")
        assert not client.connected


async def test_nobody_at_the_other_end_is_told_in_plain_words() -> None:
    with deaf_port() as port, pytest.raises(NotDelivered, match=f"127.0.0.1:{port}"):
        await send_once(settings(port), message("1"), "1")


async def test_an_answer_whose_frame_lacks_its_carriage_return_or_comes_in_pieces_is_an_answer() -> None:
    async def behave(raw: bytes, writer: asyncio.StreamWriter) -> None:
        for byte in VT + ack("1", "CA") + FS:
            writer.write(bytes([byte]))
            await writer.drain()

    async with receiving(behave) as ehr:
        assert (await send_once(settings(ehr.port), message("1"), "1")).code == "CA"


async def test_one_message_is_in_flight_whoever_sends() -> None:
    waiting = asyncio.Event()

    async def behave(raw: bytes, writer: asyncio.StreamWriter) -> None:
        if len(ehr.heard) == 1:
            await waiting.wait()
        await say(raw.split(b"|")[9].decode(), writer)

    async with receiving(behave) as ehr, closing(Client(settings(ehr.port))) as client:
        both = [asyncio.create_task(client.send(message(n), n)) for n in "12"]
        await until(lambda: ehr.heard)
        assert len(ehr.heard) == 1
        waiting.set()
        assert [(await task).control_id for task in both] == ["1", "2"]


async def test_bytes_that_no_frame_can_hold_are_never_sent() -> None:
    client = Client(settings(1))
    with pytest.raises(ValueError, match="frame"):
        await client.send(b"MSH|\x0b", "1")
    assert not client.connected


def test_waits_double_up_to_a_most_and_differ_by_a_fifth() -> None:
    backoff = Backoff(1, 8, 0.2)
    waits = [backoff.next_s() for _ in range(5)]
    for wait, middle in zip(waits, (1, 2, 4, 8, 8), strict=True):
        assert 0.8 * middle <= wait <= 1.2 * middle
    assert len({round(Backoff(1).next_s(), 6) for _ in range(20)}) > 10
    backoff.reset()
    assert backoff.next_s() <= 1.2
