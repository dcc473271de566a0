"""What a person may do, as validated bodies. HTTP and the WebSocket share them.

The record names who is signed in (`pumpd.api.people.signed`). `by` is for systems that act for people whom they name.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from pumpd.clinical.rate_units import RateUnit, UnitProblem, parse_entered, parse_unit
from pumpd.safety.alarms import AckReason
from pumpd.safety.events import Patient, Sex

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


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
        "",
        description="Who acts, where a system acts for people (permission name_others): recorded as given. Else leave "
        "it out: the record names who is signed in, and another name is refused",
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
    """rate as a number or as text ("1.8"); NaN and infinities are refused. unit as nurses write it ("mL/hr")."""

    rate: Decimal = Field(ge=0, allow_inf_nan=False, max_digits=12, decimal_places=6)
    unit: str = Field(description=f"one of {', '.join(RateUnit)}")
    confirm_unit: bool = Field(False, description="The unit was questioned and is meant (answer 409, implausible_unit)")

    @field_validator("rate", mode="before")
    @classmethod
    def _not_to_be_misread(cls, rate: object) -> object:
        read = parse_entered(rate, RateUnit.ML_H) if isinstance(rate, str) else None
        if isinstance(read, UnitProblem):
            raise ValueError(read.reason)
        return rate

    @field_validator("unit")
    @classmethod
    def _a_unit(cls, unit: str) -> str:
        known = parse_unit(unit)
        if isinstance(known, UnitProblem):
            raise ValueError(known.reason)
        return str(known)


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
