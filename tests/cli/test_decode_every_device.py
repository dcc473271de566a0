"""A capture of any device decodes to what was heard live: the driver of `decode` only overhears what another asked."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from pumpd.cli.devices.decode import facts_of
from pumpd.device import DeviceSettings, Driver, Garbled, PumpStatus, Send, Vitals
from pumpd.links.capture import Chunk
from pumpd.registry import drivers
from pumpd.sim.catalog import CATALOG
from pumpd.sim.patient import SimPatient
from pumpd.units import Ms
from tests.cli.probing import STEP_MS, device

KNOWN = sorted(set(CATALOG) & set(drivers()))
LASTS_MS = 30_000


class Heard:
    """A driver and its simulated device in virtual time: what the line carried, and the facts."""

    def __init__(self, name: str) -> None:
        self.device = device(name)
        self.session: Driver = drivers()[name](DeviceSettings("d"))
        self.chunks: list[Chunk] = []
        self.facts: list[object] = []
        self.now_ms = 0

    def run(self) -> None:
        self.take(self.session.start(Ms(0)))
        patient = getattr(self.device, "patient", None)
        while self.now_ms < LASTS_MS:
            self.now_ms += STEP_MS
            if isinstance(patient, SimPatient):
                patient.step(STEP_MS / 1000)
            self.hear(self.device.tick(self.now_ms))
            due = self.session.next_deadline()
            if due is not None and due <= self.now_ms:
                self.take(self.session.tick(Ms(self.now_ms)))

    def hear(self, data: bytes) -> None:
        if data:
            self.chunks.append(Chunk(self.now_ms, data))
            self.take(self.session.receive(data, Ms(self.now_ms)))

    def take(self, outs: Iterable[object]) -> None:
        for out in outs:
            self.facts.append(out)
            if isinstance(out, Send):
                self.chunks.append(Chunk(self.now_ms, out.data, sent=True))
                self.hear(self.device.receive(out.data, self.now_ms))


def told(facts: Iterable[object]) -> list[object]:
    """Values and statuses, without what only the asking one can know."""
    found = [fact for fact in facts if isinstance(fact, Vitals | PumpStatus)]
    return [replace(fact, requested_ms=None) if isinstance(fact, PumpStatus) else fact for fact in found]


@pytest.mark.parametrize("name", KNOWN)
def test_what_was_heard_live_comes_out_of_the_capture(name: str) -> None:
    line = Heard(name)
    line.run()
    live = told(line.facts)
    replayed = [fact for _, fact in facts_of(drivers()[name], line.chunks)]
    assert len(live) > 2
    assert not [fact for fact in replayed if isinstance(fact, Garbled)]
    assert told(replayed) == live
