"""What the beds decide is queued for other systems: nothing is left out, and no alarm waits for a report."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from pumpd_hl7 import reporting, telling
from pumpd_hl7.telling import Teller

from pumpd.gateways import Hl7Settings, Outgoing, SendSettings
from pumpd.report import ReportError
from pumpd.safety.alarms import Phase
from pumpd.safety.decisions import AlarmChanged, CourseChanged, Decision
from pumpd.safety.events import Tick
from tests.hl7.test_writers import ALARM, NOW_US, PATIENT, VIEW

SETTINGS = Hl7Settings("PUMPD", "H", None, (SendSettings("ehr", "h", 1, ("PCD-04", "MDM")),), {})


class Store:
    """Keeps what is queued; closed: nobody gets through."""

    def __init__(self) -> None:
        self.queued: list[Outgoing] = []
        self.open, self.some = asyncio.Event(), asyncio.Event()
        self.open.set()
        self.marks: list[tuple[str, str, int]] = []
        self.steps: list[tuple[int, int, int, tuple[Decision, ...]]] = []

    async def queue(self, messages: Sequence[Outgoing]) -> None:
        await self.open.wait()
        known = {message.id for message in self.queued}
        self.queued += [message for message in messages if message.id not in known]
        self.some.set()

    async def told_until(self, destination: str) -> dict[str, int]:
        return {"b1": max((message.seq for message in self.queued), default=0)} if self.queued else {}

    async def told(self, destination: str, bed: str, seq: int) -> None:
        self.marks.append((destination, bed, seq))

    async def last_step(self, bed: str) -> int:
        return max((step[0] for step in self.steps), default=0)

    async def decisions_after(self, bed: str, seq: int) -> Any:
        return [step for step in self.steps if step[0] > seq]

    async def pumps_before(self, bed: str, seq: int) -> Any:
        return []

    async def patients(self, bed: str) -> Any:
        return []

    async def until(self, ids: set[str]) -> None:
        while not ids <= {message.id for message in self.queued}:
            self.some.clear()
            await self.some.wait()


class Port:
    generation, beds = "real", ("b1",)

    def __init__(self) -> None:
        self.store, self.report, self.clear = Store(), asyncio.Event(), asyncio.Event()
        self.faults: list[tuple[str, bool]] = []

    def fault(self, code: str, detail: str, active: bool) -> None:
        self.faults.append((code, active))
        if not active:
            self.clear.set()

    def patient(self, bed: str) -> Any:
        return PATIENT

    def view(self, bed: str) -> Any:
        return VIEW

    def alarms(self) -> Sequence[Any]:
        return ()

    def now_ms(self) -> int:
        return 0

    def wall_us(self, now_ms: int | None = None) -> int:
        return NOW_US

    def listen(self, told: Any) -> None:
        pass

    def volume_ul(self, bed: str, pump: str) -> None:
        return None

    async def course_report(self, course: str) -> bytes:
        await self.report.wait()
        return b"<html></html>"


def changed(seq: int, port: Port, teller: Teller, *more: Decision) -> str:
    decisions = (AlarmChanged(ALARM, Phase.UPDATE), *more)
    port.store.steps.append((seq, seq, NOW_US, decisions))
    teller.told("b1", seq, seq, Tick(), decisions)
    return f"{ALARM.id}.{seq}.0"


async def test_no_alarm_waits_for_a_report_that_is_being_made() -> None:
    port = Port()
    teller = Teller(SETTINGS, port, lambda destination: None)  # type: ignore[arg-type]
    teller.listen()
    running = asyncio.create_task(teller.run())
    first = changed(1, port, teller, CourseChanged("c1", False, PATIENT.mrn, "N"))
    await port.store.until({first})
    second = changed(2, port, teller)
    await port.store.until({second})
    port.report.set()
    await port.store.until({"c1.report"})
    running.cancel()


async def test_what_found_no_room_in_memory_is_told_again_from_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "MOST_WAITING", 3)
    port = Port()
    teller = Teller(SETTINGS, port, lambda destination: None)  # type: ignore[arg-type]
    teller.listen()
    running = asyncio.create_task(teller.run())
    ids = {changed(1, port, teller)}
    await port.store.until(ids)
    port.store.open.clear()
    ids |= {changed(seq, port, teller) for seq in range(2, 9)}
    port.store.open.set()
    original = port.store.queue

    async def late(messages: Sequence[Outgoing]) -> None:
        """One more comes while there is room again: it must not hide what was left out before it."""
        if messages[0].seq == 3:
            ids.add(changed(9, port, teller))
        await original(messages)

    port.store.queue = late  # type: ignore[method-assign]
    async with asyncio.timeout(60):
        await port.store.until(ids | {f"{ALARM.id}.9.0"})
    running.cancel()


async def test_a_report_that_fails_is_an_alarm_and_is_made_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "FIRST_S", 0.0)
    port = Port()
    failures = iter([ReportError("the journal cannot be read")] * 3)

    async def failing(course: str) -> bytes:
        for error in failures:
            raise error
        return b"<html></html>"

    port.course_report = failing  # type: ignore[method-assign]
    teller = Teller(SETTINGS, port, lambda destination: None)  # type: ignore[arg-type]
    teller.listen()
    running = asyncio.create_task(teller.run())
    changed(1, port, teller, CourseChanged("c1", False, PATIENT.mrn, "N"))
    await port.store.until({"c1.report"})
    await port.clear.wait()
    assert port.faults == [("hl7_report_owed", True), ("hl7_report_owed", False)]
    assert ("ehr MDM", "b1", 1) in port.store.marks
    (report,) = [message for message in port.store.queued if message.kind == "MDM"]
    assert report.seq == 0  # it must not say that everything up to its step has been told
    running.cancel()
