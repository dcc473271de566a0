"""What may be done about alarms, pumps and patients under /api/v1. Bodies are validated by pydantic."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from pumpd.access.principal import Principal
from pumpd.api.acts import Acts
from pumpd.api.bodies import AcknowledgeBody, AudioPauseBody, InterlockResetBody, PatientBody, RateBody, Reasoned
from pumpd.api.errors import REFUSALS
from pumpd.api.needs import ACKNOWLEDGE, BIND, INTERLOCK, PAUSE_AUDIO, RATE, STOP, versioned
from pumpd.api.people import signed
from pumpd.api.routes import answered


def act_routes(acts: Acts, whose: Any) -> APIRouter:
    """What may be done. Every act names its person (`by`) and is answered once it is durable."""
    router = versioned(*REFUSALS, first=whose)

    @router.post("/alarms/{alarm}/acknowledge", summary="Acknowledge one alarm instance; its condition goes on")
    async def acknowledge(alarm: str, body: AcknowledgeBody, who: Principal = ACKNOWLEDGE) -> Response:
        return answered(await acts.acknowledge(alarm, signed(body, who)))

    @router.post("/alarms/{alarm}/reset", summary="Clear one latched alarm whose condition is over")
    async def reset_alarm(alarm: str, body: Reasoned, who: Principal = ACKNOWLEDGE) -> Response:
        return answered(await acts.reset_alarm(alarm, signed(body, who)))

    @router.post("/beds/{bed}/audio-pause", summary="Sound of this bed's present alarms off, at most 120 s")
    async def pause_audio(bed: str, body: AudioPauseBody, who: Principal = PAUSE_AUDIO) -> Response:
        return answered(await acts.pause_audio(bed, signed(body, who)))

    @router.post("/ward/audio-pause", summary="Sound of all beds' present alarms off, at most 120 s; per bed")
    async def pause_ward_audio(body: AudioPauseBody, who: Principal = PAUSE_AUDIO) -> Response:
        return answered(await acts.pause_ward_audio(signed(body, who)))

    _pump_routes(router, acts)
    _patient_routes(router, acts)
    return router


def _pump_routes(router: APIRouter, acts: Acts) -> None:
    @router.post("/beds/{bed}/pumps/{pump}/stop", summary="Stop a pump")
    async def stop(bed: str, pump: str, body: Reasoned, who: Principal = STOP) -> Response:
        return answered(await acts.stop(bed, pump, signed(body, who)))

    @router.post("/beds/{bed}/pumps/{pump}/rate", summary="Ask for an absolute rate at a running pump")
    async def set_rate(bed: str, pump: str, body: RateBody, who: Principal = RATE) -> Response:
        return answered(await acts.set_rate(bed, pump, signed(body, who)))

    @router.post("/beds/{bed}/pumps/{pump}/override", summary="Confirm a rate above the soft ceiling")
    async def override(bed: str, pump: str, body: Reasoned, who: Principal = RATE) -> Response:
        return answered(await acts.override(bed, pump, signed(body, who)))

    @router.post("/beds/{bed}/pumps/{pump}/resume", summary="Permit a person to start a stopped pump; starts nothing")
    async def resume(bed: str, pump: str, body: Reasoned, who: Principal = INTERLOCK) -> Response:
        return answered(await acts.resume(bed, pump, signed(body, who)))

    @router.post("/beds/{bed}/interlock/reset", summary="Re-arm a tripped interlock; never starts the pump")
    async def reset_interlock(bed: str, body: InterlockResetBody, who: Principal = INTERLOCK) -> Response:
        return answered(await acts.reset_interlock(bed, signed(body, who)))


def _patient_routes(router: APIRouter, acts: Acts) -> None:
    @router.put("/beds/{bed}/patient", summary="Bind a patient to the bed")
    async def bind_patient(bed: str, body: PatientBody, who: Principal = BIND) -> Response:
        return answered(await acts.bind_patient(bed, signed(body, who)))

    @router.delete("/beds/{bed}/patient", summary="Release the bed's patient (discharge, transfer)")
    async def release_patient(bed: str, body: Reasoned, who: Principal = BIND) -> Response:
        return answered(await acts.release_patient(bed, signed(body, who)))
