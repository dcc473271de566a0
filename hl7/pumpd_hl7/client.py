"""One destination: its connection, one message in flight, and the answer that belongs to it."""

from __future__ import annotations

import asyncio
from secrets import SystemRandom
from typing import cast

import structlog

from pumpd.gateways import SendSettings
from pumpd_hl7.acks import Answer, read_answer
from pumpd_hl7.keepalive import keep_alive
from pumpd_hl7.mllp import Fault, MllpFramer, frame
from pumpd_hl7.tls import client_context

log = structlog.get_logger(__name__)

CONNECT_S = 10.0
CLOSE_S = 1.0
SILENCES = 2
"""Answers that did not come, one after another, after which a connection is taken for dead."""


class NotDelivered(Exception):
    """No answer to this message came: whether it was taken is not known, and it may be sent again as it is."""


class Unanswered(NotDelivered):
    """Its bytes left and the connection stood, and nothing came back in time."""


class Client:
    """Sends one message at a time. Connects when there is something to send; who calls decides when to try again."""

    def __init__(self, settings: SendSettings) -> None:
        self._settings = settings
        self._link: _Link | None = None
        self._turn = asyncio.Lock()
        self._silences = 0
        self._ignored = 0

    @property
    def connected(self) -> bool:
        return self._link is not None and self._link.up

    @property
    def ignored(self) -> int:
        """What came back and answered nothing that was waiting: late, for somebody else, or no answer at all."""
        return self._ignored + (self._link.ignored if self._link else 0)

    async def connect(self) -> None:
        """Raises NotDelivered with the reason when there is nobody, or nobody that we trust."""
        if self.connected:
            return
        self.close()
        s = self._settings
        try:
            async with asyncio.timeout(CONNECT_S):
                _, self._link = await asyncio.get_running_loop().create_connection(
                    _Link, s.host, s.port, ssl=client_context(s.tls) if s.tls else None
                )
        except TimeoutError as error:
            raise NotDelivered(f"{s.host}:{s.port} does not let us in within {CONNECT_S:g} s") from error
        except OSError as error:
            raise NotDelivered(f"{s.host}:{s.port}: {error}") from error

    async def send(self, message: bytes, control_id: str) -> Answer:
        """The answer whose MSA-2 is `control_id`, which must be MSH-10 of the message.

        Raises NotDelivered when none came within ack_ms or the connection was lost, ValueError for bytes that no frame
        can hold.
        """
        framed = frame(message)
        async with self._turn:
            await self.connect()
            try:
                return await self._exchange(framed, control_id)
            finally:
                if self._settings.one_message:
                    self.close()

    async def tell(self, message: bytes) -> None:
        """For a message that wants no answer: returns when its bytes have left. Raises as `send`."""
        framed = frame(message)
        async with self._turn:
            await self.connect()
            assert self._link is not None
            try:
                async with asyncio.timeout(self._settings.ack_ms / 1000):
                    await self._link.push(framed)
            except TimeoutError as error:
                self.close()
                raise NotDelivered(f"its bytes did not leave within {self._settings.ack_ms} ms") from error
            except ConnectionError as error:
                self.close()
                raise NotDelivered(str(error)) from error

    async def _exchange(self, framed: bytes, control_id: str) -> Answer:
        assert self._link is not None
        try:
            async with asyncio.timeout(self._settings.ack_ms / 1000):
                answer = await self._link.ask(framed, control_id)
        except TimeoutError as error:
            self._silences += 1
            if self._silences >= SILENCES:
                self.close()
            raise Unanswered(f"no answer within {self._settings.ack_ms} ms") from error
        except ConnectionError as error:
            self.close()
            raise NotDelivered(str(error)) from error
        self._silences = 0
        return answer

    def close(self) -> None:
        """Connects anew at the next message."""
        if self._link is not None:
            self._ignored += self._link.ignored
            self._link.close()
        self._link = None
        self._silences = 0

    async def end(self) -> None:
        """Close, and wait until it is closed."""
        link = self._link
        self.close()
        if link is not None:
            await link.lost(CLOSE_S)


async def send_once(settings: SendSettings, message: bytes, control_id: str) -> Answer:
    """One message on a connection of its own. Raises as `Client.send`."""
    client = Client(settings)
    try:
        return await client.send(message, control_id)
    finally:
        await client.end()


class Backoff:
    """How long to wait before the next try: doubled each time up to a most, a share of it at random."""

    def __init__(self, first_s: float = 0.5, most_s: float = 30.0, jitter: float = 0.2) -> None:
        self._first_s, self._most_s, self._jitter = first_s, most_s, jitter
        self._next_s = first_s
        self._random = SystemRandom()

    def next_s(self) -> float:
        wait_s = self._next_s
        self._next_s = min(self._most_s, 2 * wait_s)
        return wait_s * (1 + self._random.uniform(-self._jitter, self._jitter))

    def reset(self) -> None:
        self._next_s = self._first_s


class _Link(asyncio.Protocol):
    """An open connection: writes a message, waits for what answers it, counts everything else."""

    def __init__(self) -> None:
        self._framer = MllpFramer(end_without_cr=True)  # an answer alone in its frame is safe without the CR
        self._transport: asyncio.Transport
        self._waits: tuple[str, asyncio.Future[Answer]] | None = None
        self._lost, self._empty = asyncio.Event(), asyncio.Event()
        self.up = False
        self.ignored = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(0)  # so that we are told when everything has left
        keep_alive(transport.get_extra_info("socket"))
        self._empty.set()
        self.up = True

    def pause_writing(self) -> None:
        self._empty.clear()

    def resume_writing(self) -> None:
        self._empty.set()

    def data_received(self, data: bytes) -> None:
        for item in self._framer.feed(data):
            answer = None if isinstance(item, Fault) else read_answer(item)
            if answer is None or self._waits is None or answer.control_id != self._waits[0]:
                self.ignored += 1
                log.info("hl7_answer_ignored", control_id=answer.control_id if answer else "")
            elif not self._waits[1].done():
                self._waits[1].set_result(answer)

    def connection_lost(self, error: Exception | None) -> None:
        self.up = False
        self._lost.set()
        self._empty.set()
        if self._waits is not None and not self._waits[1].done():
            self._waits[1].set_exception(
                ConnectionResetError(f"the connection ended before the answer ({error or 'closed'})")
            )

    async def push(self, framed: bytes) -> None:
        """Raises ConnectionError when the connection ends before all of it has left."""
        self._transport.write(framed)
        await self._empty.wait()
        if not self.up:
            raise ConnectionResetError("the connection has ended")

    async def ask(self, framed: bytes, control_id: str) -> Answer:
        """Raises ConnectionError when the connection ends first."""
        if not self.up:
            raise ConnectionResetError("the connection has ended")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waits = control_id, future
        try:
            self._transport.write(framed)
            return await future
        finally:
            self._waits = None

    def close(self) -> None:
        """At once where something is still unsent: it is sent again anyway."""
        self.up = False
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        self._transport.close()

    async def lost(self, within_s: float) -> None:
        """It is closed; at once when the other side does not say good-bye in time."""
        try:
            async with asyncio.timeout(within_s):
                await self._lost.wait()
        except TimeoutError:
            self._transport.abort()
