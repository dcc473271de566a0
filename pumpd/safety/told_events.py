"""What other systems tell of a bed and of its patient, as events of that bed. Frozen values, no clock, no I/O.

None of it commands a pump or judges one: people see it beside what the pumps report, and settle it.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct


@dataclass(frozen=True, slots=True)
class Word:
    """The message of another system that says where a patient is. id: the same each time it is carried out.

    said_us: when that system recorded it, in microseconds since 1970 by its own clock; None: it did not say.
    """

    source: str
    id: str
    said_us: int | None = None


class InfusionRequest(Struct, frozen=True):
    """An infusion that another system asks for at a pump, to be shown to people. No pump is ever told of it.

    id: the same each time the message is carried out. asked_us: when a clinician asked, by that system's clock.
    text: drug, rate, volume in words, "" where it may not be shown here. against: every reason for which it was
    refused; none: it was verified. order, clinician: as that system names them.
    """

    id: str
    source: str
    pump: str
    asked_us: int
    text: str
    order: str = ""
    clinician: str = ""
    against: tuple[str, ...] = ()


class StandingOrder(Struct, frozen=True):
    """An infusion that was ordered for the bed's patient, to be compared with what the pumps report. Information only.

    id: placer's or filler's number with its system. names: the drug, our code first, plainly written; drug: as it was
    ordered. Rate: as a volume (rate_ul_h), or as a mass (ng_h, or ng_kg_h for the patient's weight); None: not said.
    conc_ug_ml None: not said. from_ms, until_ms: kernel times, None: at once, without end. held: it is suspended.
    percent: by how much a rate may differ before that is said. also: another name of the order ("": none).
    """

    id: str
    source: str
    drug: str
    names: tuple[str, ...]
    text: str
    rate_ul_h: int | None = None
    ng_h: int | None = None
    ng_kg_h: int | None = None
    conc_ug_ml: int | None = None
    route: str = ""
    from_ms: int | None = None
    until_ms: int | None = None
    held: bool = False
    percent: int = 0
    also: str = ""


class AlarmReport(Struct, frozen=True):
    """What became of one of our alarms at an alarm manager; it acknowledges nothing here.

    status: its word for it ("Delivered", "Read", "Accepted"). person: whom it reached, "" for nobody who was named.
    """

    alarm: str
    source: str
    status: str
    person: str = ""


@dataclass(frozen=True, slots=True)
class RequestTold:
    """Another system asks for an infusion: shown until a named person settles it, a newer one for the same pump
    replaces it, or the patient leaves."""

    request: InfusionRequest


@dataclass(frozen=True, slots=True)
class OrderTold:
    """An order stands for the bed's patient, instead of an earlier one of the same id."""

    order: StandingOrder


@dataclass(frozen=True, slots=True)
class OrderEnded:
    """Orders are discontinued. ids: every name under which one may stand; by: who says so."""

    ids: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class NoticeTold:
    """Something about messages that a person should know of, in words without a patient's name.

    id: told again under the same one it is counted; a person settles it.
    """

    id: str
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class ToldSettled:
    """A named person has seen a request (accepted: set at the pump by hand, else declined with a reason) or a notice.

    id: of the request or notice. The gateway settles a notice itself when what could not be done was done after all.
    """

    id: str
    by: str
    accepted: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AlarmReported:
    """What became of one of our alarms elsewhere, shown beside it as long as it stands."""

    report: AlarmReport
