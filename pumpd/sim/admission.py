"""The first minutes of a simulated ward: a nurse at each bed charts, plans and starts the infusion that runs there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from decimal import Decimal

from pumpd.sim.bed import SimBed
from pumpd.sim.http import HttpClient, JsonObject
from pumpd.sim.ldk_course import CHECKED
from pumpd.sim.nurse import Nurse
from pumpd.sim.script import Step

Condition = Callable[[JsonObject], object]
LOOK_S = 0.1
READY_S = 15.0  # so long for a monitor to be heard; then the infusion starts all the same
START_LIMIT = Decimal("0.1")  # of the protocol; a physician sets it aside for more
VITALS = ("rr", "spo2", "pulse")


def admission(dose_mg_kg_h: Decimal) -> tuple[Step, ...]:
    """What is charted before an infusion, and its plan."""
    reason = {"rule": "start_rate", "reason": "continued at the rate of the ward that he came from"}
    higher = (Step(0, "course/override", reason),) if dose_mg_kg_h > START_LIMIT else ()
    return (
        Step(0, "course", {"context": "palliative"}),
        Step(0, "checklist", {"answers": dict.fromkeys(CHECKED, False)}),
        Step(0, "adjuncts", {"drug": "haloperidol", "amount_mg": "1"}),
        Step(0, "assessments", {"nrs": 4, "poss": 1}),
        *higher,
        Step(0, "course/infusions", {"dose_mg_kg": "0.5", "start_mg_kg_h": str(dose_mg_kg_h)}),
    )


async def admit(http: HttpClient, beds: Iterable[tuple[SimBed, float]]) -> list[str]:
    """All beds at once, each with its dose in mg/kg/h; what was not as expected, in words. Ends when all pumps run."""
    found = await asyncio.gather(*(_admit_one(http, bed, Decimal(str(dose))) for bed, dose in beds))
    return [words for surprises in found for words in surprises]


async def _admit_one(http: HttpClient, bed: SimBed, dose_mg_kg_h: Decimal) -> list[str]:
    nurse = Nurse(http, bed)
    await _until(http, bed, lambda seen: all(seen["values"].get(name, {}).get("v") is not None for name in VITALS))
    for step in admission(dose_mg_kg_h):
        await nurse.do(step)
    bed.begin(float(dose_mg_kg_h))
    bed.pump_line.poke()
    await _until(http, bed, lambda seen: seen["pumps"][0]["infusing"])
    await nurse.look()  # "started at the pump": it was the nurse who did
    return nurse.surprises


async def _until(http: HttpClient, bed: SimBed, condition: Condition) -> None:
    """Until the bed looks like that, at most READY_S."""
    for _ in range(int(READY_S / LOOK_S)):
        seen = (await http.get(f"beds/{bed.id}")).body
        if "values" in seen and condition(seen):
            return
        await asyncio.sleep(LOOK_S)
