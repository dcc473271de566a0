"""What the kernel remembers of vital signs and of breathing. Frozen values, never written to. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from pumpd.device.facts import Quality


class Sample(Struct, frozen=True, array_like=True, gc=False):
    """The last reading of one signal of one monitor.

    at_ms: received. good_ms: last believed value (None: never). off_ms: since when the sensor says off.
    """

    value_milli: int | None
    quality: Quality
    at_ms: int
    good_ms: int | None
    off_ms: int | None


class RuleState(Struct, frozen=True, array_like=True):
    """since_ms: true since then (pending or active). gap_ms: a value it needs is missing since then."""

    since_ms: int | None
    gap_ms: int | None
    active: bool


class Since(Struct, frozen=True, array_like=True):
    since_ms: int


class Doubt(Struct, frozen=True, array_like=True):
    """A value that jumped further than its signal can (RSP-06): doubted until until_ms, measured against base_milli,
    the last plausible value, of base_ms."""

    base_milli: int
    base_ms: int
    until_ms: int


class Assessment(Struct, frozen=True, array_like=True):
    """What a named person assessed: POSS, RASS. text: how it was said where the number does not say it ("S")."""

    value_milli: int
    at_ms: int
    by: str
    text: str | None = None


class Oxygen(Struct, frozen=True, array_like=True):
    """Supplemental oxygen as a named person said."""

    on: bool
    at_ms: int
    by: str


class Breath(Struct, frozen=True):
    """What is known of breathing beside the samples; most of it is empty at a quiet bed.

    held: monitor -> signal -> no breath since then, by the monitor's own word: the signal is absent (RSP-05).
    doubts: monitor -> signal -> its jump. differ: signal -> its sources disagree since then (RSP-07).
    assessed: signal -> the newest assessment. oxygen: None while nobody has said.
    runs: criteria of a PRODIGY episode that hold now; episodes: those of this patient; in_episode: one of them goes on,
    as long as there are runs (RSP-09).
    """

    held: Mapping[str, Mapping[str, Since]] = {}
    doubts: Mapping[str, Mapping[str, Doubt]] = {}
    differ: Mapping[str, Since] = {}
    assessed: Mapping[str, Assessment] = {}
    oxygen: Oxygen | None = None
    runs: Mapping[str, RuleState] = {}
    episodes: int = 0
    in_episode: bool = False
