"""The public JSON shapes, field by field (design: names here are a contract with users; add, never rename). Pure."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

from pumpd.live.fields_course import ClinicalShape, CourseShape, PumpCapShape, TimeToCapShape
from pumpd.live.told_shape import ToldShape


class ValueShape(Struct):
    """v is null unless q is ok or questionable; t is when it was received, age_ms its age when rendered.

    source: the device that counts, or the person who assessed. Only where there is something to say: origin, what it
    is measured by (co2, impedance, ...); why it is not taken at its word: held (no breath renews it, t is the last
    breath) or jump; text, how it was said where the number does not say it ("S" for POSS asleep); live_ms and blank_ms
    of a monitor that reports seldom: to which age a screen shows it as live, and from which one no more, where that is
    not 5 s and 15 s.
    """

    v: int | float | None
    u: str
    q: str
    t: str | None
    age_ms: int | None
    source: str | None
    origin: str | UnsetType = UNSET
    why: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    live_ms: int | UnsetType = UNSET
    blank_ms: int | UnsetType = UNSET


class DeliveredShape(Struct):
    at_least: int | float
    at_most: int | float


class CeilingShape(Struct):
    """set_by names the rule behind the hard ceiling, soft_set_by the one behind the soft ceiling."""

    hard_mg_kg_h: int | float | None
    soft_mg_kg_h: int | float | None
    set_by: str | None
    soft_set_by: str | None


class PumpShape(Struct):
    """infusing null: unknown, the pump may still be infusing. line and line2 are what a screen prints of the dose.

    drug is the ward file's word for it, drug_label the library's (tall-man letters).
    resume: not_needed, needed (a person must ask before the pump is started again), or allowed until resume_until;
    resume_reasons: why asking would be refused now. cap: the patient's dose caps as they bind this pump.
    """

    id: str
    drug: str | None
    concentration_mg_ml: int | float | None
    infusing: bool | None
    rate_ml_h: ValueShape
    dose_mg_kg_h: ValueShape
    delivered_mg: DeliveredShape | None
    cap: PumpCapShape | None
    ceiling: CeilingShape | None
    enforcement: str
    interlock: str
    interlock_cause: str | None
    control: str | None
    override: str | None
    not_verified: tuple[str, ...]
    weight_kg: int | float | None
    rate_text: str | None
    dose_text: str | None
    line: str | None
    line2: str
    delivered_text: str | None
    drug_label: str | None
    resume: str
    resume_reasons: tuple[str, ...]
    resume_until: str | None
    time_to_cap: TimeToCapShape | None


class PatientShape(Struct):
    """Null where it does not leave the server for whoever asks: mrn and name with initials only, all three with none.

    That somebody lies in the bed, and the weight that doses are judged by, is told to everybody.
    """

    mrn: str | None
    name: str | None
    initials: str | None
    weight_kg: int | float | None


class DeviceShape(Struct):
    """unverified: its driver is under development; a screen marks the device and each of its values.

    tap: pumpd only listens on its line, beside another host, and can command nothing there.
    """

    id: str
    driver: str
    link: str
    since: str | None
    detail: str
    garbled: int
    unverified: bool = False
    tap: bool = False


class UnmappedShape(Struct):
    """A tag that the device sends and that no row of its driver's table maps; value: the last one, as text."""

    tag: str
    count: int
    value: str


class DeviceDetailShape(Struct):
    """A device as a biomedical engineer looks at it. state: its link, as in the bed's `devices`, None where unknown.

    quality: of its driver; "unverified" is a driver under development. line: as the driver expects it ("9600 8N1").
    frames: believed vital signs and statuses since the start. unmapped_more: further tags, not listed. poll_ms: how
    often it is asked, or reports. serial: what the ward file wants the device to be. options: the ward file's for it.
    """

    id: str
    driver: str
    vendor: str
    model: str
    kind: str
    quality: str
    unverified: bool
    integrity: str
    line: str
    link: str
    signals: tuple[str, ...]
    sources: tuple[str, ...]
    frames: int
    waves: int
    unmapped: list[UnmappedShape]
    unmapped_more: int
    state: DeviceShape | None
    poll_ms: int = 0
    serial: str | None = None
    options: dict[str, str] = {}
    cautions: tuple[str, ...] = ()


class DevicesShape(Struct):
    """`GET /api/v1/beds/{bed}/devices`."""

    bed: str
    time: str
    devices: list[DeviceDetailShape]


class AcknowledgedShape(Struct):
    by: str
    at: str
    reason: str
    note: str


class EscalationShape(Struct):
    """to: who is signalled, beside those of the steps below, since `since`; level: the step of the ladder, from 0."""

    to: str
    since: str
    level: int


class AlarmShape(Struct):
    """present: the condition holds now; rule: the rule of the alarm profile that drives it now; action: what to do.

    escalation: how far a HIGH that nobody acknowledges has climbed. broke_audio_pause: it ended one.
    """

    id: str
    bed: str
    device: str | None
    condition: str
    priority: str
    kind: str
    state: str
    text: str
    value: str | None
    limit: str | None
    onset: str
    present: bool
    acknowledged: AcknowledgedShape | None
    ended: str | None
    rule: str | None
    action: str
    escalation: EscalationShape | None
    broke_audio_pause: bool


class AudioPauseShape(Struct):
    """by: the person's name as given; ward: the sound of the whole ward was paused."""

    by: str
    ward: bool


class OxygenShape(Struct):
    """Supplemental oxygen. by and since are null where it is the bed's default."""

    on: bool
    by: str | None
    since: str | None


class ProdigyShape(Struct):
    """Episodes of respiratory depression of this patient, as the PRODIGY trial defined them (RSP-09)."""

    episodes: int


class BedParts(Struct):
    """The top-level keys of a bed that a delta may carry; each is absolute, never a difference."""

    label: str | UnsetType = UNSET
    patient: PatientShape | UnsetType | None = UNSET
    stay: str | UnsetType = UNSET
    values: dict[str, ValueShape] | UnsetType = UNSET
    pumps: list[PumpShape] | UnsetType = UNSET
    devices: list[DeviceShape] | UnsetType = UNSET
    monitored: bool | UnsetType = UNSET
    audio_paused_until: str | UnsetType | None = UNSET
    audio_pause: AudioPauseShape | UnsetType | None = UNSET
    oxygen: OxygenShape | UnsetType | None = UNSET
    prodigy: ProdigyShape | UnsetType = UNSET
    course: CourseShape | UnsetType | None = UNSET
    clinical: ClinicalShape | UnsetType | None = UNSET
    told: ToldShape | UnsetType = UNSET


class BedShape(Struct):
    """stay: another word for every patient, which says nothing of who it is: with another one nothing that was drawn
    before is this patient's."""

    id: str
    label: str
    patient: PatientShape | None
    stay: str
    values: dict[str, ValueShape]
    pumps: list[PumpShape]
    devices: list[DeviceShape]
    monitored: bool
    audio_paused_until: str | None
    audio_pause: AudioPauseShape | None
    oxygen: OxygenShape | None
    prodigy: ProdigyShape
    course: CourseShape | None
    clinical: ClinicalShape | None
    told: ToldShape
