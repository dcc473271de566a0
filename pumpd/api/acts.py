"""What a person may do, as validated bodies and the events they become. HTTP and the WebSocket share it.

There is no sign-in yet: `by` is the name or initials of the person who acts, recorded as given. The page always
sends it; a script that leaves it out acts, and is recorded, as UNSIGNED.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from datetime import UTC, date, datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from pumpd.api.errors import ApiError
from pumpd.live.hub import LiveHub
from pumpd.live.messages import encode
from pumpd.live.port import NotDurable, UnknownBed, WardPort
from pumpd.live.shape import alarm_shape
from pumpd.safety.alarms import Alarm
from pumpd.safety.decisions import AlarmChanged, Decision, Permitted, Refused
from pumpd.safety.events import (
    Acknowledged,
    AckReason,
    AlarmReset,
    Assessed,
    AudioPaused,
    Event,
    InterlockReset,
    Patient,
    PatientBound,
    PatientReleased,
    RateRequested,
    ResumeRequested,
    Sex,
    SoftOverride,
    StopRequested,
)
from pumpd.safety.view import BedView, PumpView

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


UNSIGNED = "unsigned (no sign-in)"  # what the record says of an act whose sender gave no name

# other words for the short list's reasons, as wards write them
REASON_WORDS = {
    "patient_care_in_progress": AckReason.CARE_IN_PROGRESS,
    "seen": AckReason.SEEN_ESCALATED,
    "seen_and_escalated": AckReason.SEEN_ESCALATED,
    "false": AckReason.FALSE_ALARM,
}
SEX_LETTERS = {"m": Sex.MALE, "f": Sex.FEMALE, "o": Sex.OTHER, "u": Sex.UNKNOWN}  # HL7 table 0001


class Body(BaseModel):
    """Unknown keys are errors: a misspelt key must not silently do less than was asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Name = Field(
        UNSIGNED, description="Name or initials of the person who acts; recorded as given (no sign-in yet)"
    )


class Reasoned(Body):
    reason: Text


class AcknowledgeBody(Body):
    reason: AckReason
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""

    @field_validator("reason", mode="before")
    @classmethod
    def _as_wards_write_it(cls, reason: object) -> object:
        words = "_".join(re.split(r"[^a-z]+", reason.strip().lower())) if isinstance(reason, str) else reason
        return REASON_WORDS.get(words, words) if isinstance(words, str) else words

    @model_validator(mode="after")
    def _other_needs_a_note(self) -> AcknowledgeBody:
        if self.reason is AckReason.OTHER and not self.note:
            raise ValueError("reason other needs a note")
        return self


class AudioPauseBody(Body):
    seconds: int | None = Field(
        None, ge=1, le=120, description="ALA-04: at most 120 s, or what the bed's profile allows (the default)"
    )


class RateBody(Reasoned):
    """rate as a number or as text ("1.8"); NaN and infinities are refused."""

    rate: Decimal = Field(ge=0, allow_inf_nan=False, max_digits=12, decimal_places=6)
    unit: Literal["mL/h", "mg/kg/h"]


class AssessmentBody(Body):
    """What was found at the bedside; at least one of them. A number may be text ("3"); poss "S": asleep."""

    poss: int | Literal["S"] | None = Field(None, description="POSS: S (asleep, easy to arouse), 1, 2, 3 or 4")
    rass: int | None = Field(None, description="RASS: -5 to 4")
    oxygen: bool | None = Field(None, description='on supplemental oxygen: "on" or "off"')

    @field_validator("poss", mode="before")
    @classmethod
    def _as_nurses_write_it(cls, poss: object) -> object:
        return poss.strip().upper() if isinstance(poss, str) else poss

    @field_validator("poss", "rass", mode="before")
    @classmethod
    def _no_truth(cls, score: object) -> object:
        if isinstance(score, bool):
            raise ValueError("a score is a number")
        return score

    def assessed(self) -> Assessed:
        poss = None if self.poss == "S" else self.poss
        return Assessed(self.by, poss, self.poss == "S", self.rass, self.oxygen)


class InterlockResetBody(Reasoned):
    pump: str | None = Field(None, description="needed where the bed has more than one pump")


class PatientBody(Body):
    mrn: Name
    family_name: Name
    given_name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=80)] = ""
    birth_date: date
    sex: Sex = Sex.UNKNOWN
    weight_kg: Decimal | None = Field(gt=0, le=700, allow_inf_nan=False, max_digits=6, decimal_places=3)

    @field_validator("sex", mode="before")
    @classmethod
    def _as_hl7_writes_it(cls, sex: object) -> object:
        return SEX_LETTERS.get(sex.strip().lower(), sex.strip().lower()) if isinstance(sex, str) else sex

    @field_validator("birth_date")
    @classmethod
    def _born(cls, born: date) -> date:
        if not date(1880, 1, 1) <= born <= datetime.now(UTC).date():
            raise ValueError("birth_date is in the future or too long ago")
        return born

    def patient(self) -> Patient:
        weight_g = None if self.weight_kg is None else int(self.weight_kg * 1000)
        born = self.birth_date.isoformat()
        return Patient(self.mrn, self.family_name, self.given_name, born, self.sex, weight_g)


class Acts:
    """Turns bodies into events and submits them. Every method raises ApiError with all reasons."""

    def __init__(self, hub: LiveHub, ward: WardPort) -> None:
        self._hub, self._ward = hub, ward

    async def acknowledge(self, alarm: str, body: AcknowledgeBody) -> bytes:
        event = Acknowledged(alarm, body.by, body.reason, body.note)
        return await self._submit(self._alarm_bed(alarm), event)

    async def reset_alarm(self, alarm: str, body: Reasoned) -> bytes:
        return await self._submit(self._alarm_bed(alarm), AlarmReset(alarm, body.by, body.reason))

    async def pause_audio(self, bed: str, body: AudioPauseBody) -> bytes:
        return await self._submit(bed, self._pause_of(bed, body))

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
            await self._submit(bed, self._pause_of(bed, body, ward=True))
        except ApiError as error:
            return error
        return None

    async def stop(self, bed: str, pump: str, body: Reasoned) -> bytes:
        self._pump(bed, pump)
        return await self._submit(bed, StopRequested(pump, body.by, body.reason))

    async def set_rate(self, bed: str, pump: str, body: RateBody) -> bytes:
        view = self._pump(bed, pump)
        rate_ul_h = rate_ul_h_of(body.rate, body.unit, view, self._weight_g(bed))
        request = f"r-{secrets.token_hex(6)}"
        return await self._submit(bed, RateRequested(request, pump, rate_ul_h, body.by, body.reason))

    async def override(self, bed: str, pump: str, body: Reasoned) -> bytes:
        self._pump(bed, pump)
        return await self._submit(bed, SoftOverride(pump, body.by, body.reason))

    async def resume(self, bed: str, pump: str, body: Reasoned) -> bytes:
        self._pump(bed, pump)
        return await self._submit(bed, ResumeRequested(pump, body.by, body.reason))

    async def reset_interlock(self, bed: str, body: InterlockResetBody) -> bytes:
        pump = body.pump or self._only_pump(bed)
        self._pump(bed, pump)
        return await self._submit(bed, InterlockReset(pump, body.by, body.reason))

    async def assess(self, bed: str, body: AssessmentBody) -> bytes:
        return await self._submit(bed, body.assessed())

    async def bind_patient(self, bed: str, body: PatientBody) -> bytes:
        return await self._submit(bed, PatientBound(body.patient(), body.by))

    async def release_patient(self, bed: str, body: Reasoned) -> bytes:
        return await self._submit(bed, PatientReleased(body.by, body.reason))

    def bed_view(self, bed: str) -> BedView:
        view = self._hub.view(bed) if bed in self._ward.bed_ids() else None
        if view is None:
            raise unknown_bed(bed)
        return view

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

    async def _submit(self, bed: str, event: Event) -> bytes:
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
        return self._done(decisions)

    def _done(self, decisions: tuple[Decision, ...]) -> bytes:
        stamp = self._hub.stamp()
        alarms: list[Alarm] = [decision.alarm for decision in decisions if isinstance(decision, AlarmChanged)]
        notes = [decision.note for decision in decisions if isinstance(decision, Permitted) and decision.note]
        shapes = [alarm_shape(alarm, stamp) for alarm in alarms]
        return encode({"ok": True, "time": self._hub.time(), "alarms": shapes, "notes": notes})


def unknown_bed(bed: str) -> ApiError:
    return ApiError(404, "unknown_bed", f"no bed {bed!r} in this ward")


def rate_ul_h_of(rate: Decimal, unit: str, pump: PumpView, weight_g: int | None) -> int:
    """The request in whole µL/h, rounded DOWN; a dose needs concentration and weight (all that is missing is named)."""
    if unit == "mL/h":
        return int((rate * 1000).to_integral_value(ROUND_FLOOR))
    missing = []
    if not pump.concentration_ug_ml:
        missing.append("the pump's concentration is not known")
    if not weight_g:
        missing.append("the patient's weight is not known")
    if missing or not pump.concentration_ug_ml or not weight_g:
        raise ApiError(409, "refused", *missing)
    # mg/kg/h x g is ug/h; over ug/mL is mL/h. Decimal's // is the exact whole quotient.
    return int(rate * weight_g * 1000 // pump.concentration_ug_ml)
