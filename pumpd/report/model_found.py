"""What a report says was found at the patient: vital signs, alarms, breathing, effects, pain. Pure.

As in model: what times mean, and that a field may be added, never renamed.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from pumpd.report.model_figure import Figure


class Vital(Struct, frozen=True):
    """A signal's extremes. lows, highs: per part of the course, for drawing."""

    signal: str
    label: str
    unit: str
    count: int
    lowest: Figure
    lowest_at: datetime
    highest: Figure
    highest_at: datetime
    lows: tuple[float | None, ...]
    highs: tuple[float | None, ...]


class AlarmLine(Struct, frozen=True):
    """One alarm instance. priority: the highest it had. acknowledged: when a person first answered, by acknowledging or
    by resetting it latched; response: from onset to then.

    ended None: it still holds, or waits for its reset. climbed: whom it was escalated to, in order.
    """

    id: str
    condition: str
    priority: str
    kind: str
    text: str
    device: str
    onset: datetime
    ended: datetime | None
    acknowledged: datetime | None
    by: str
    reason: str
    response: Figure | None
    climbed: tuple[str, ...]
    worst: Figure | None
    ref: str


class Effect(Struct, frozen=True):
    """A side effect as it was found, with the dose rate that ran at that moment."""

    at: datetime
    name: str
    severity: int
    words: str
    dose: Figure | None
    by: str
    ref: str


class EffectRate(Struct, frozen=True):
    """A side effect at one dose rate: how often it was asked for there, and the worst that was found.

    psychomimetic: of the kind that depends on the dose.
    """

    name: str
    psychomimetic: bool
    dose: Figure
    asked: int
    worst: int
    words: str


class PainDay(Struct, frozen=True):
    """Pain on one day of the ward (YYYY-MM-DD): the mean of what was asked."""

    day: str
    mean: Figure
    asked: int


class Flag(Struct, frozen=True):
    """What is to be thought of because of another medicine."""

    text: str
    by: str
    ref: str


class Episode(Struct, frozen=True):
    """A PRODIGY episode of respiratory depression. ended None: it went on."""

    number: int
    began: datetime
    ended: datetime | None
    signs: tuple[str, ...]
    dose: Figure | None
    ref: str
