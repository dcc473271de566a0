"""The web face with the real kernel behind it: what a person asks is decided there, and shown from its view."""

from __future__ import annotations

from typing import Any

import pytest

from pumpd.safety import kernel
from pumpd.safety.decisions import AlarmChanged, Decision, StopPump
from pumpd.safety.events import Event
from tests.api.ward import MemoryWard, client
from tests.safety.build import BED, PUMP, Bed


class KernelWard(MemoryWard):
    """One bed with its kernel, stepped at the bed's own time."""

    def __init__(self) -> None:
        super().__init__(beds=0)
        self.bed = Bed()
        self.views = {BED: self.view()}
        self.hub.register(BED, self.view)
        self.hub.tick()

    def view(self) -> Any:
        return kernel.view(self.bed.state, self.bed.now, self.bed.policy)

    async def submit(self, bed_id: str, event: Event) -> tuple[Decision, ...]:
        return self.tell(self.bed.do(event))

    def tell(self, decisions: tuple[Decision, ...]) -> tuple[Decision, ...]:
        for decision in decisions:
            if isinstance(decision, AlarmChanged):
                self.hub.alarm(decision.alarm, decision.phase)
        self.hub.mark(BED)
        return decisions


@pytest.mark.req("CEI-04", "CEI-03")
async def test_a_rate_above_the_ceiling_is_refused_with_reasons_and_nothing_is_commanded() -> None:
    ward = KernelWard()
    ward.tell(ward.bed.pump(10_000))
    body = {"rate": "5", "unit": "mg/kg/h", "by": "RN-KL", "reason": "because"}
    async with client(ward) as web:
        answer = await web.post(f"/api/v1/beds/{BED}/pumps/{PUMP}/rate", json=body)
    assert answer.status_code == 409
    assert answer.json()["error"]["reasons"]


@pytest.mark.req("CEI-06", "ALA-03")
async def test_a_breach_is_on_the_ward_and_acknowledging_it_ends_neither_alarm_nor_trip() -> None:
    ward = KernelWard()
    ward.tell(ward.bed.pump(700_000))
    async with client(ward) as web:
        before = (await web.get("/api/v1/ward")).json()
        (high,) = [one for one in before["alarms"] if one["priority"] == "high"]
        body = {"by": "RN-KL", "reason": "care_in_progress"}
        answer = await web.post(f"/api/v1/alarms/{high['id']}/acknowledge", json=body)
        after = (await web.get("/api/v1/ward")).json()
    assert answer.status_code == 200
    (kept,) = [one for one in after["alarms"] if one["id"] == high["id"]]
    assert (kept["state"], kept["present"], kept["acknowledged"]["by"]) == ("acknowledged", True, "RN-KL")
    assert after["beds"][0]["pumps"][0]["interlock"] == "tripped"


async def test_a_person_stops_a_pump() -> None:
    ward = KernelWard()
    ward.tell(ward.bed.pump(10_000))
    async with client(ward) as web:
        body = {"by": "RN-KL", "reason": "over-sedated"}
        answer = await web.post(f"/api/v1/beds/{BED}/pumps/{PUMP}/stop", json=body)
    assert answer.status_code == 200
    assert any(isinstance(decision, StopPump) for decision in ward.bed.out)
