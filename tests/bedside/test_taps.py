"""A receive-only tap: not one byte leaves, whoever asks; what is overheard answers nobody."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from typing import ClassVar

import pytest
from pumpd_drivers.alaris_asena import AlarisAsena
from pumpd_drivers.alaris_asena_wire import frame

from pumpd.bedside import DeviceSession
from pumpd.clock import Clock
from pumpd.config.model import DeviceConfig
from pumpd.device import (
    DeviceSettings,
    Driver,
    Identity,
    Outcome,
    PumpStatus,
    ReadStatus,
    ReleaseControl,
    SetRateOrder,
    StopOrder,
)
from pumpd.safety.events import Event, Heard, LinkChanged, LinkState
from tests.bedside.parts import LINKS, SHELL, PlainPump
from tests.drivers.asena_line import status
from tests.links.ends import PtyEnd
from tests.links.serial_server import SerialServer


class Tap:
    """A session on a line with ?receive_only=1."""

    def __init__(self, link: str, driver: type[Driver]) -> None:
        self.events: list[Event] = []
        self._changed = asyncio.Event()
        device = DeviceConfig("p1", driver.info.name, driver.info, f"{link}?receive_only=1", None, True, None)
        self.session = DeviceSession(device, driver, Clock(), self._post, links=LINKS, shell=SHELL)
        self.session.start()

    def _post(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def heard(self, kind: type) -> list[object]:
        return [event.fact for event in self.events if isinstance(event, Heard) and isinstance(event.fact, kind)]

    async def until_up(self) -> None:
        await self.until(lambda: any(isinstance(e, LinkChanged) and e.state is LinkState.UP for e in self.events))


@pytest.fixture
async def tap() -> AsyncIterator[Callable[..., Tap]]:
    made: list[Tap] = []

    def make(link: str, driver: type[Driver] = PlainPump) -> Tap:
        made.append(Tap(link, driver))
        return made[-1]

    yield make
    for one in made:
        await one.session.close()


def nothing_came(end: PtyEnd) -> bool:
    """Nothing waits at the device's end; once the line is closed, that is an error of the pty."""
    with contextlib.suppress(BlockingIOError, OSError):
        return os.read(end.master, 1000) == b""
    return True


ORDERS = (StopOrder("o1"), SetRateOrder("o2", 1000, 5000), ReadStatus("o3"), ReleaseControl("o4"))


async def test_not_one_byte_leaves_at_start_on_orders_in_answer_or_at_the_end(
    end: PtyEnd, tap: Callable[..., Tap]
) -> None:
    one = tap(f"serial://{end.path}")
    await one.until_up()
    end.send(b"word,")  # PlainPump answers every word with a poll
    await one.until(lambda: one.heard(Identity))
    for order in ORDERS:
        one.session.command(order)
    assert not one.session.line.write(b"x", urgent=True)
    await one.session.close()
    assert nothing_came(end)


async def test_a_tap_at_a_serial_server_talks_to_the_server_and_never_to_the_device(
    end: PtyEnd, tap: Callable[..., Tap]
) -> None:
    server = SerialServer(end.path)
    one = tap(f"rfc2217://127.0.0.1:{server.port}")
    await one.until_up()
    end.send(b"word,")
    await one.until(lambda: one.heard(Identity))
    one.session.command(StopOrder("o1"))
    await one.session.close()
    assert nothing_came(end)
    assert server.settings is not None
    assert (server.settings.dtr, server.settings.rts, server.settings.rtscts) == (False, False, False)
    server.close()


async def test_a_tap_on_tcp_sends_nothing(tap: Callable[..., Tap]) -> None:
    connections: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await connections.put((reader, writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    one = tap(f"socket://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    reader, writer = await connections.get()
    writer.write(b"word,")
    await one.until(lambda: one.heard(Identity))
    one.session.command(StopOrder("o1"))
    await one.session.close()
    assert await reader.read() == b""
    writer.close()
    server.close()


@pytest.mark.parametrize("order", ORDERS[:2])
async def test_an_order_is_refused_in_words(end: PtyEnd, tap: Callable[..., Tap], order: StopOrder) -> None:
    one = tap(f"serial://{end.path}")
    await one.until_up()
    [answer] = one.session.command(order)
    assert isinstance(answer, Heard)
    assert answer.fact.outcome is Outcome.REFUSED
    assert answer.fact.detail == "receive-only tap: nothing is ever sent on this line"


async def test_a_polled_pumps_status_is_overheard_and_answers_nobody(end: PtyEnd, tap: Callable[..., Tap]) -> None:
    one = tap(f"serial://{end.path}", AlarisAsena)
    await one.until_up()
    end.send(frame(status()))
    await one.until(lambda: one.heard(PumpStatus))
    [heard] = one.heard(PumpStatus)
    assert isinstance(heard, PumpStatus)
    assert (heard.infusing, heard.rate_ul_h, heard.requested_ms) == (True, 3500, None)
    await one.session.close()
    assert nothing_came(end)


class Presumptuous(PlainPump):
    """Believes that every status is the answer to its own question."""

    def word(self, word: bytes) -> list[object]:  # type: ignore[override]
        return [PumpStatus(True, 1000, 0, requested_ms=7, integrity=self.info.integrity)]  # type: ignore[arg-type]


async def test_a_status_verifies_no_stop_whatever_the_driver_believes(end: PtyEnd, tap: Callable[..., Tap]) -> None:
    one = tap(f"serial://{end.path}", Presumptuous)  # type: ignore[arg-type]
    await one.until_up()
    end.send(b"status,")
    await one.until(lambda: one.heard(PumpStatus))
    assert [heard.requested_ms for heard in one.heard(PumpStatus)] == [None]  # type: ignore[attr-defined]


class Noting(PlainPump):
    """Notes what it was made with."""

    settings: ClassVar[list[DeviceSettings]] = []

    def __init__(self, settings: DeviceSettings) -> None:
        super().__init__(settings)
        self.settings.append(settings)


async def test_the_driver_is_told_that_it_is_a_tap_and_never_to_take_control(
    end: PtyEnd, tap: Callable[..., Tap]
) -> None:
    await tap(f"serial://{end.path}", Noting).until_up()  # made with control wanted
    assert [(one.receive_only, one.control) for one in Noting.settings] == [(True, False)]
