"""What the kernel remembers of a course and of what was given in it; parts of BedState. Frozen Structs. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from pumpd.clinical.entries import Adjunct, Assessment, Checklist, KetamineGiven, PatchOff
from pumpd.safety.decisions import InfusionPhase


class Mark(Struct, frozen=True, array_like=True):
    """The patient's total (at least, at most) at a moment at which every pump's counter run was closed: what is given
    after it lies between the differences; see pumpd.safety.given."""

    at_ms: int
    low_ng: int
    high_ng: int


class Infusion(Struct, frozen=True):
    """One infusion of the course. mark: the totals when it began; low_ng, high_ng: given in it by pumps, once over.

    pumps: that have given in it. paused_ms: no pump infuses since then. plan, dose_ug_kg: the entry of its plan, and
    what that wants given. capped: the span whose cap stopped it. why: what stopped it, in words.
    """

    number: int
    phase: InfusionPhase
    pumps: tuple[str, ...]
    started_ms: int
    mark: Mark
    paused_ms: int | None = None
    ended_ms: int | None = None
    low_ng: int | None = None
    high_ng: int | None = None
    why: str = ""
    plan: str | None = None
    dose_ug_kg: int | None = None
    capped: str | None = None


class Manual(Struct, frozen=True, array_like=True):
    """A dose of ketamine by hand that still counts in a window. ng: what counts of it; entry: its id."""

    entry: str
    at_ms: int
    ng: int


class Earlier(Struct, frozen=True, array_like=True):
    """What a patient who left may have been given in the window until then: it counts again where the same one comes
    back (a discharge that was a mistake, a transfer there and back)."""

    mrn: str
    at_ms: int
    high_ng: int


class Counted(Struct, frozen=True, array_like=True):
    """What a pump should have given by its reported rates (at least, at most), and its counter, since some moment."""

    at_ms: int
    low_nl: int
    high_nl: int
    count_ul: int


class Flow(Struct, frozen=True):
    """What of one pump's flow was told last, and when it has to be looked at again.

    drug, governed: of that pump then. infusing, rate_ul_h, conc_ug_ml, live: as told. level_nl, look_ms, count_ul: it
    is looked at when its Dose.high_nl reaches that level, at a report from that time on, when it stands still and its
    counter moves on. counted: the last minutes, oldest first; over, under, free: words of what holds now (DOS-04).
    """

    drug: str | None
    governed: bool
    infusing: bool | None
    rate_ul_h: int | None
    conc_ug_ml: int | None
    live: bool
    level_nl: int = 0
    look_ms: int = 0
    count_ul: int | None = None
    serial: str | None = None
    counted: tuple[Counted, ...] = ()
    over: str | None = None
    under: str | None = None
    free: str | None = None


class Given(Struct, frozen=True):
    """What was given to this patient. course: totals when the course began. marks: the sliding window's, oldest first.

    gone_low_ng, gone_high_ng: by pumps that are no longer part of the bed. due_ms: when time alone next changes
    something here. flows: per pump. opening: the mark of an infusion that begins in this step. stop: why every governed
    pump of the bed has to stand still, in words; near: (span, percent, words) of caps that are nearly reached.
    sum_ms, sum_stop: the pumps together are above the hard ceiling since then; surely, in words. held: a cap stopped
    the last infusion of a course that is over since, in words: another one must be planned first.
    earlier: of patients who left, oldest first.
    """

    infusions: tuple[Infusion, ...] = ()
    course: Mark | None = None
    marks: tuple[Mark, ...] = ()
    manual: tuple[Manual, ...] = ()
    gone_low_ng: int = 0
    gone_high_ng: int = 0
    due_ms: int | None = None
    flows: Mapping[str, Flow] = {}
    opening: Mark | None = None
    stop: str | None = None
    near: tuple[tuple[str, int, str], ...] = ()
    sum_ms: int | None = None
    sum_stop: str | None = None
    held: str = ""
    earlier: tuple[Earlier, ...] = ()


class Plan(Struct, frozen=True):
    """The planned next infusion."""

    entry: str
    dose_ug_kg: int
    start_ug_kg_h: int
    by: str
    at_ms: int


class SetAside(Struct, frozen=True):
    """A rule of the protocol that a named person set aside. infusion: the number for which it holds."""

    rule: str
    by: str
    reason: str
    at_ms: int
    infusion: int


class Noted(Struct, frozen=True, array_like=True):
    """An entry of the chart as far as a correction of it, or a judgement, needs it. kind: the entry's class.

    entry: without its notes; None for a kind that nothing is judged by.
    """

    kind: str
    by: str
    at_ms: int
    entry: Assessment | Checklist | Adjunct | KetamineGiven | PatchOff | None = None


class Course(Struct, frozen=True):
    """The course of the patient in the bed, and what of the patient's chart is judged. id None: none is open.

    number: of the newest course, counted per bed; starts_ms: of the infusions that count against the protocol's number,
    in whichever course, until its time since the first of them is over. bound_ms: the patient is bound since then.
    judged: the newest infusion that was judged at its start; missing: what it was started without, by rule; extra: by
    rule, why it should not run at all. set_aside: rules, for one infusion each. judged_course: the number of the course
    that these belong to.
    last_ng_h, last_rise_ms: the flow of mass that titration steps from, and when it last rose; steep: by rule, what was
    wrong with a rise from steep_from_ng_h.
    checked_ms, adjunct_ms, benzodiazepine_ms, nrs_ms, seen_ms: the last checklist, adjunct, benzodiazepine, pain score,
    observation. present: contra-indications that are present.
    route: the last that ketamine was given by, at route_ms; switched, above: advisories until acknowledged (another
    route, a dose given above the sub-anaesthetic band). entries: by id, oldest first.
    predicted: the predicted band now in pg/mL, at predicted_ms, by those models.
    due_ms: when time alone next changes something here.
    """

    id: str | None = None
    opened_ms: int | None = None
    by: str = ""
    planned: bool = False
    plan: Plan | None = None
    judged: int = 0
    judged_course: int = 0
    missing: Mapping[str, str] = {}
    set_aside: tuple[SetAside, ...] = ()
    last_ng_h: int | None = None
    last_rise_ms: int | None = None
    steep: Mapping[str, str] = {}
    steep_from_ng_h: int | None = None
    extra: Mapping[str, str] = {}
    starts_ms: tuple[int, ...] = ()
    checked_ms: int | None = None
    present: tuple[str, ...] = ()
    adjunct_ms: int | None = None
    benzodiazepine_ms: int | None = None
    nrs_ms: int | None = None
    seen_ms: int | None = None
    route: str | None = None
    route_ms: int | None = None
    switched: str | None = None
    above: str | None = None
    entries: Mapping[str, Noted] = {}
    predicted: tuple[int, int] | None = None
    predicted_ms: int | None = None
    models: tuple[str, ...] = ()
    number: int = 0
    bound_ms: int | None = None
    due_ms: int | None = None
