"""What other systems told of a bed, and what people have not yet settled of it. Values only. Pure.

None of it commands a pump or judges one: it is shown to people beside what the pumps report.
"""

from __future__ import annotations

from msgspec import Struct

from pumpd.safety.events import Patient
from pumpd.safety.told_events import AlarmReport, InfusionRequest, StandingOrder


class Shown(Struct, frozen=True):
    """A request for an infusion that no named person has settled yet. at_ms: when it came."""

    request: InfusionRequest
    at_ms: int


class Ordered(Struct, frozen=True):
    """An order that stands for this patient. at_ms: when it came."""

    order: StandingOrder
    at_ms: int


class Notice(Struct, frozen=True):
    """Something about messages that a person should know of. count: how often, the last time at at_ms."""

    id: str
    source: str
    text: str
    count: int
    at_ms: int


class Reported(Struct, frozen=True):
    """What became of one of our alarms elsewhere."""

    report: AlarmReport
    at_ms: int


class Placed(Struct, frozen=True):
    """The last word on where a patient is, at this bed. at_ms: when it was taken.

    source "": a person said so. said_us: the message's own time. left, orders: who was released by that very message,
    so that one that is carried out in two steps can be carried out to its end.
    """

    mrn: str
    at_ms: int
    source: str = ""
    message: str = ""
    said_us: int | None = None
    left: Patient | None = None
    orders: tuple[StandingOrder, ...] = ()


class Told(Struct, frozen=True):
    """Everything of one bed, each oldest first."""

    requests: tuple[Shown, ...] = ()
    orders: tuple[Ordered, ...] = ()
    notices: tuple[Notice, ...] = ()
    reports: tuple[Reported, ...] = ()
    placed: tuple[Placed, ...] = ()
