"""The ward's protocol for a course, as the kernel judges by it (config/protocols/*.toml). Frozen, pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pumpd.safety.limits import Limit


class ProtocolRule(StrEnum):
    """Rules of a protocol by the name under which a person may set one aside, where the protocol allows it."""

    START_RATE = "start_rate"
    STEP_SIZE = "step_size"
    STEP_INTERVAL = "step_interval"
    START_VITALS = "start_vitals"
    ADJUNCT = "adjunct"
    CHECKLIST = "checklist"
    PLAN = "plan"
    SUB_ANAESTHETIC = "sub_anaesthetic"
    INFUSION_COUNT = "infusion_count"
    COURSE_WINDOW = "course_window"


@dataclass(frozen=True, slots=True)
class VitalRange:
    """A vital sign that must be measured before a start, and in range where ends are given (thousandths)."""

    signal: str
    low_milli: int | None
    high_milli: int | None


@dataclass(frozen=True, slots=True)
class Observation:
    """While until_ms after the start of an infusion has not passed, observe every every_ms."""

    until_ms: int | None
    every_ms: int


@dataclass(frozen=True, slots=True)
class RoutePolicy:
    """Ketamine by another route. bioavailability_ppm and absorption_per_h_milli: of first-order absorption (display).

    window_ppm: the part of an amount that counts in the dose windows. potency: what to say when the route is switched.
    """

    route: str
    bioavailability_ppm: int
    absorption_per_h_milli: int
    window_ppm: int
    source: str
    potency: str = ""


@dataclass(frozen=True, slots=True)
class ProtocolPolicy:
    """The ward's protocol for the governed drug (config/protocols/*.toml); every number with its source there.

    start, step: greatest rate to begin with, greatest single increase; step_interval_ms: least time between increases.
    pause_ends_ms: a pump that has stood still for longer ends the infusion. extra_stop: an infusion beyond
    max_infusions, or after the course's time, is stopped (else only alarmed). overridable: rules that a named person
    may set aside. sub_anaesthetic_low/high_ug_kg: the fraction of the named anaesthetic dose.
    over_percent for over_ms, or over_ul_h for over_ul_h_ms: over-infusion; under_percent for under_ms (DOS-04).
    predicted_pg_ml: the band's lower edge above this is an advisory. adjuncts: drugs that count.
    benzodiazepine_ms: for so long one that was given raises the monitoring class.
    """

    id: str
    version: str
    approved_by: str
    set_by: str
    max_infusions: int
    course_ms: int
    pause_ends_ms: int
    extra_stop: bool
    start: Limit
    step: Limit
    step_interval_ms: int
    start_vitals: tuple[VitalRange, ...]
    observations: tuple[Observation, ...]
    observation_grace_ms: int
    nrs_every_ms: int
    nrs_grace_ms: int
    adjunct_required: bool
    adjuncts: tuple[str, ...]
    contraindications: tuple[str, ...]
    overridable: tuple[ProtocolRule, ...]
    sub_anaesthetic_low_ug_kg: int
    sub_anaesthetic_high_ug_kg: int
    sub_anaesthetic_source: str
    routes: tuple[RoutePolicy, ...] = ()
    predicted_pg_ml: int | None = None
    over_percent: int = 10
    over_ms: int = 900_000
    over_ul_h: int = 600
    over_ul_h_ms: int = 300_000
    under_percent: int = 10
    under_ms: int = 900_000
    benzodiazepine_ms: int = 86_400_000
