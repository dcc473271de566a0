"""What a person may do, as the events that it becomes. HTTP and the WebSocket share it; the kernel decides."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable

from pumpd.api.bodies import (
    AcknowledgeBody,
    AudioPauseBody,
    InterlockResetBody,
    PatientBody,
    RateBody,
    Reasoned,
)
from pumpd.api.errors import ApiError
from pumpd.api.rates import requested_ul_h
from pumpd.live.hub import LiveHub
from pumpd.live.messages import encode
from pumpd.live.port import NotDurable, UnknownBed, WardPort
from pumpd.live.shape import alarm_shape
from pumpd.safety.alarms import Alarm
from pumpd.safety.decisions import AlarmChanged, Decision, Permitted, Refused
from pumpd.safety.events import (
    Acknowledged,
    AlarmReset,
    AudioPaused,
    Event,
    InterlockReset,
    Patient,
    PatientBound,
    PatientReleased,
    RateRequested,
    ResumeRequested,
    SoftOverride,
    StopRequested,
)
from pumpd.safety.view import BedView, PumpView


class Acts:
    """Turns bodies into events and submits them. Every method raises ApiError with all reasons."""

    def __init__(self, hub: LiveHub, ward: WardPort) -> None:
        self._hub, self._ward = hub, ward

    async def acknowledge(self, alarm: str, body: AcknowledgeBody) -> bytes:
        event = Acknowledged(alarm, body.by, body.reason, body.note)
        return await self.submit(self._alarm_bed(alarm), event)

    async def reset_alarm(self, alarm: str, body: Reasoned) -> bytes:
        return await self.submit(self._alarm_bed(alarm), AlarmReset(alarm, body.by, body.reason))

    async def pause_audio(self, bed: str, body: AudioPauseBody) -> bytes:
        return await self.submit(bed, self._pause_of(bed, body))

    async def pause_ward_audio(self, body: AudioPauseBody) -> bytes:
        """The same pause at every bed, answered per bed; an error only where no bed took it."""
        answers: list[asyncio.Task[ApiError | None]] = []
        beds = self._ward.bed_ids()
        for bed in beds:
            answers.append(asyncio.create_task(self._pause_one(bed, body)))
            await asyncio.sleep(0)  # a step for each bed: the loop is free between them, for a stop may be due
        errors = dict(zip(beds, await asyncio.gather(*answers), strict=True))
        failed = [error for error in errors.values() if error is not None]
        if failed and len(failed) == len(beds):
            raise ApiError(failed[0].status, failed[0].code, *failed[0].reasons, temporary=failed[0].temporary)
        said = {bed: {"ok": error is None, "reasons": error.reasons if error else ()} for bed, error in errors.items()}
        return encode({"ok": not failed, "time": self._hub.time(), "beds": said})

    def _pause_of(self, bed: str, body: AudioPauseBody, ward: bool = False) -> AudioPaused:
        """As long as was asked for, or as the bed allows."""
        seconds = self.bed_view(bed).audio_pause_max_ms // 1000 if body.seconds is None else body.seconds
        return AudioPaused(body.by, seconds, ward)

    async def _pause_one(self, bed: str, body: AudioPauseBody) -> ApiError | None:
        try:
            await self.submit(bed, self._pause_of(bed, body, ward=True))
        except ApiError as error:
            return error
        return None

    async def stop(self, bed: str, pump: str, body: Reasoned) -> bytes:
        self._pump(bed, pump)
        return await self.submit(bed, StopRequested(pump, body.by, body.reason))

    async def set_rate(self, bed: str, pump: str, body: RateBody) -> bytes:
        view = self._pump(bed, pump)
        usual = self._ward.usual_rate(bed, pump)
        rate_ul_h, reason = requested_ul_h(body, view, self._weight_g(bed), usual)
        request = f"r-{secrets.token_hex(6)}"
        return await self.submit(bed, RateRequested(request, pump, rate_ul_h, body.by, reason))

    async def override(self, bed: str, pump: str, body: Reasoned) -> bytes:
        self._pump(bed, pump)
        return await self.submit(bed, SoftOverride(pump, body.by, body.reason))

    async def resume(self, bed: str, pump: str, body: Reasoned) -> bytes:
        self._pump(bed, pump)
        return await self.submit(bed, ResumeRequested(pump, body.by, body.reason))

    async def reset_interlock(self, bed: str, body: InterlockResetBody) -> bytes:
        pump = body.pump or self._only_pump(bed)
        self._pump(bed, pump)
        return await self.submit(bed, InterlockReset(pump, body.by, body.reason))

    async def bind_patient(self, bed: str, body: PatientBody) -> bytes:
        return await self.submit(bed, PatientBound(body.patient(), body.by))

    async def release_patient(self, bed: str, body: Reasoned) -> bytes:
        return await self.submit(bed, PatientReleased(body.by, body.reason))

    def bed_view(self, bed: str) -> BedView:
        view = self._hub.view(bed) if bed in self._ward.bed_ids() else None
        if view is None:
            raise unknown_bed(bed)
        return view

    def patient_now(self, bed: str) -> Patient | None:
        """Who lies there at this very moment, whatever was last shown. Raises ApiError for an unknown bed."""
        view = self._hub.view_now(bed) if bed in self._ward.bed_ids() else None
        if view is None:
            raise unknown_bed(bed)
        return view.patient

    def _alarm_bed(self, alarm: str) -> str:
        found = self._ward.find_alarm(alarm)
        if found is None:
            raise ApiError(404, "unknown_alarm", f"no live alarm {alarm!r}: it has ended or never was")
        return found[0]

    def _pump(self, bed: str, pump: str) -> PumpView:
        for view in self.bed_view(bed).pumps:
            if view.id == pump:
                return view
        raise ApiError(404, "unknown_pump", f"bed {bed!r} has no pump {pump!r}")

    def _only_pump(self, bed: str) -> str:
        pumps = self.bed_view(bed).pumps
        if len(pumps) != 1:
            raise ApiError(422, "invalid", f"pump: name it, bed {bed!r} has {len(pumps)} pumps")
        return pumps[0].id

    def _weight_g(self, bed: str) -> int | None:
        patient = self.bed_view(bed).patient
        return patient.weight_g if patient else None

    async def submit(self, bed: str, event: Event, **said: object) -> bytes:
        """The answer to the caller once the event is durable; said: further keys of it."""
        return self.done(await self.decide(bed, event), **said)

    async def decide(self, bed: str, event: Event) -> tuple[Decision, ...]:
        """What the bed's kernel decided, durably. Raises ApiError with every reason of a refusal."""
        try:
            decisions = await self._ward.submit(bed, event)
        except UnknownBed:
            raise unknown_bed(bed) from None
        except NotDurable as error:
            said = str(error) or "the journal is failing"
            raise ApiError(503, "not_durable", f"applied, but not recorded durably: {said}", temporary=True) from None
        reasons = tuple(
            reason for decision in decisions if isinstance(decision, Refused) for reason in decision.reasons
        )
        if reasons:
            raise ApiError(409, "refused", *reasons)
        return decisions

    def done(self, decisions: Iterable[Decision], *notes: str, **said: object) -> bytes:
        """What the caller reads: alarms that changed, and in notes what differs from what was asked for."""
        made, stamp = list(decisions), self._hub.stamp()
        alarms: list[Alarm] = [decision.alarm for decision in made if isinstance(decision, AlarmChanged)]
        told = [decision.note for decision in made if isinstance(decision, Permitted) and decision.note]
        shapes = [alarm_shape(alarm, stamp) for alarm in alarms]
        return encode({"ok": True, "time": self._hub.time(), "alarms": shapes, "notes": [*told, *notes], **said})


def unknown_bed(bed: str) -> ApiError:
    return ApiError(404, "unknown_bed", f"no bed {bed!r} in this ward")
