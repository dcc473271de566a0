"""A device behind a gateway: its link follows its messages, and no order reaches it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from pumpd.bedside import RemoteSession
from pumpd.clock import Clock
from pumpd.config.model import DeviceConfig
from pumpd.config.remote import remote_info
from pumpd.device import Kind, Outcome, ReadStatus
from pumpd.device.facts import CommandOutcome, Reading, Vitals
from pumpd.device.orders import StopOrder
from pumpd.safety.events import Event, Heard, LinkChanged

SPO2 = Vitals((Reading("spo2", 97_000),))


class Bed:
    """What the bed was told, in order."""

    def __init__(self, quiet_ms: int) -> None:
        self.told: list[Event] = []
        self.more = asyncio.Event()
        info = replace(remote_info(Kind.MONITOR, {}), quiet_ms=quiet_ms)
        device = DeviceConfig("m1", "hl7", info, "hl7:MON7", None, False, None)
        self.session = RemoteSession(device, Clock(), self.post)

    def post(self, event: Event) -> None:
        self.told.append(event)
        self.more.set()

    @property
    def links(self) -> list[str]:
        return [event.state.value for event in self.told if isinstance(event, LinkChanged)]

    async def until(self, count: int) -> None:
        while len(self.told) < count:
            self.more.clear()
            await self.more.wait()


@pytest.mark.req("QUA-02")
async def test_its_link_is_down_until_its_first_message_silent_when_they_stop_and_up_with_the_next() -> None:
    bed = Bed(quiet_ms=20)
    bed.session.start()
    assert bed.links == ["down"]
    bed.session.hear(SPO2)
    assert bed.told[1:] == [LinkChanged("m1", "up"), Heard("m1", SPO2)]  # type: ignore[arg-type]
    await bed.until(4)
    assert bed.links == ["down", "up", "silent"]
    bed.session.hear(SPO2)
    assert bed.links == ["down", "up", "silent", "up"]
    await bed.session.close()


async def test_a_stop_is_refused_with_the_reason_and_a_read_asks_nothing() -> None:
    bed = Bed(quiet_ms=1000)
    (event,) = bed.session.command(StopOrder("order"))
    assert isinstance(event, Heard)
    assert event.fact == CommandOutcome("order", Outcome.REFUSED, "a pump behind HL7 is only heard")
    assert bed.session.command(ReadStatus("read")) == []
