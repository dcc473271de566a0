"""What a screen may show of a bed: the shapes. Pure; computed by `pumpd.safety.kernel.view`.

A digit exists only where the quality allows it (QUA-01): value_milli is None unless ok or questionable.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pumpd.device.facts import ControlState, Quality
from pumpd.device.info import Origin
from pumpd.safety.alarms import Alarm
from pumpd.safety.clinical_view import ClinicalView
from pumpd.safety.decisions import InfusionPhase, InterlockState, Resume
from pumpd.safety.events import LinkState, Patient
from pumpd.safety.limits import Limit
from pumpd.safety.policy import Enforcement
from pumpd.safety.told_view import NOTHING_TOLD, ToldView


@dataclass(frozen=True, slots=True)
class ValueView:
    """value_milli in thousandths of `unit`; at_ms: when it was received (None: never seen).

    source: the monitor that counts, or the person who assessed; origin: what it is measured by. why: why it is not
    taken at its word (held, jump); text: how it was said where the number does not say it ("S"). pace: of a digit that
    ages, up to which age it is live and from which one it is withdrawn, in ms.
    """

    value_milli: int | None
    unit: str
    quality: Quality
    at_ms: int | None
    source: str | None
    origin: Origin | None = None
    why: str | None = None
    text: str | None = None
    pace: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class OxygenView:
    """Supplemental oxygen. by, at_ms: who said so and when; None where it is the bed's default."""

    on: bool
    by: str | None = None
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class DoseView:
    """Delivered dose as (at least, at most), in nanograms; None while weight-independent facts are missing."""

    at_least_ng: int
    at_most_ng: int


@dataclass(frozen=True, slots=True)
class CapView:
    """One dose cap as it stands. span: infusion, course, window; limit_ng: for this patient's weight.

    reached_ms: kernel time at which `at most` reaches it at the present rate, None where it does not.
    """

    span: str
    limit_ng: int
    set_by: str
    low_ng: int
    high_ng: int
    reached_ms: int | None


@dataclass(frozen=True, slots=True)
class InfusionView:
    """number 0: not yet begun (planned)."""

    number: int
    phase: InfusionPhase
    pumps: tuple[str, ...]
    started_ms: int | None
    ended_ms: int | None
    low_ng: int | None
    high_ng: int | None
    why: str


@dataclass(frozen=True, slots=True)
class CourseView:
    """The patient's course. caps: those that bind now, the nearest to being reached first.

    nrs_due_ms, observe_due_ms: when the next is due (overdue once passed). missing: what the running infusion was
    started without. set_aside: rules and by whom. next_rise_ms: the earliest next increase of the rate.
    """

    id: str | None
    opened_ms: int | None
    day: int | None
    max_infusions: int
    infusions: tuple[InfusionView, ...]
    caps: tuple[CapView, ...]
    nrs_due_ms: int | None
    observe_due_ms: int | None
    missing: tuple[str, ...]
    set_aside: tuple[tuple[str, str], ...]
    next_rise_ms: int | None


@dataclass(frozen=True, slots=True)
class PumpView:
    """infusing None: unknown, the pump may still be infusing. dose is None when it may not be computed (CEI-05).

    drug as the ward file names it, drug_label as the library has it printed; governed: its dose is judged.
    resume_reasons: why a resume would be refused now (empty: it would be granted, or is not needed); resume_until_ms:
    the end of a granted one.
    """

    id: str
    drug: str | None
    concentration_ug_ml: int | None
    infusing: bool | None
    rate_ul_h: int | None
    rate_quality: Quality
    dose_mg_kg_h: Decimal | None
    at_ms: int | None
    delivered: DoseView | None
    hard: Limit | None
    soft: Limit | None
    enforcement: Enforcement
    interlock: InterlockState
    interlock_cause: str | None
    control: ControlState | None
    override_by: str | None
    not_verified: tuple[str, ...]
    drug_label: str | None = None
    resume: Resume = Resume.NOT_NEEDED
    resume_reasons: tuple[str, ...] = ()
    resume_until_ms: int | None = None
    governed: bool = False


@dataclass(frozen=True, slots=True)
class DeviceView:
    """unverified: its driver is under development; it is shown with that mark. tap: its line is receive-only."""

    id: str
    driver: str
    link: LinkState
    since_ms: int | None
    detail: str
    garbled: int
    unverified: bool = False
    tap: bool = False


@dataclass(frozen=True, slots=True)
class BedView:
    """monitored False: no kernel stands behind the bed, or no vital source is live.

    audio_paused_by: who paused the sound; audio_paused_ward: of the whole ward. audio_pause_max_ms: the longest pause
    that the bed's profile allows.
    episodes: PRODIGY episodes of this patient (RSP-09). clinical: chart and prediction, put in by the shell; None: none
    is kept. told: what other systems told of the bed.
    """

    id: str
    label: str
    patient: Patient | None
    values: dict[str, ValueView]
    pumps: tuple[PumpView, ...]
    devices: tuple[DeviceView, ...]
    alarms: tuple[Alarm, ...]
    monitored: bool
    audio_paused_until_ms: int | None
    audio_paused_by: str | None = None
    audio_paused_ward: bool = False
    oxygen: OxygenView | None = None
    episodes: int = 0
    audio_pause_max_ms: int = 0
    course: CourseView | None = None
    clinical: ClinicalView | None = None
    told: ToldView = NOTHING_TOLD
