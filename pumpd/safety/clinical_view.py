"""What a screen may show of a patient's chart and of what is predicted from it: the shapes. Pure.

The kernel decides nothing by these: they are computed by the shell from the journal (pumpd.bedside.charts).
"""

from __future__ import annotations

from dataclasses import dataclass

from pumpd.device.facts import Quality

PgPerMl = tuple[int, int]
"""(lowest, highest) over the models, in picograms per millilitre (1000 is 1 ng/mL)."""


@dataclass(frozen=True, slots=True)
class ReferenceBand:
    """Concentrations known from literature, drawn beside the prediction. name: in a few words; source: a citation."""

    name: str
    low_pg_ml: int
    high_pg_ml: int
    source: str


@dataclass(frozen=True, slots=True)
class ReferencePoint:
    """One published concentration ("0.5 mg/kg oral"), without a time."""

    name: str
    pg_ml: int
    source: str


@dataclass(frozen=True, slots=True)
class ConcentrationView:
    """Predicted plasma ketamine as a band over the models, never one line. Advisory only.

    soon: in 30 min if the present rates go on; stopped: in 30 min if everything stops now. quality: ok, or
    questionable with every reason in doubts; at_ms: kernel time for which it was computed. limits: what the models do
    not know, for people to read.
    """

    now_pg_ml: PgPerMl
    soon_pg_ml: PgPerMl
    stopped_pg_ml: PgPerMl
    models: tuple[str, ...]
    limits: tuple[str, ...]
    quality: Quality
    doubts: tuple[str, ...]
    at_ms: int


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The band at one moment of kernel time. on: if the present rates go on; stopped: if everything stops now.

    In the past both are the same: what follows from the reported rates.
    """

    at_ms: int
    on_pg_ml: PgPerMl
    stopped_pg_ml: PgPerMl


@dataclass(frozen=True, slots=True)
class ConcentrationCurve:
    """The band over time; points before now.at_ms are the past. now None: nothing is predicted, and why says why."""

    now: ConcentrationView | None
    points: tuple[CurvePoint, ...]
    bands: tuple[ReferenceBand, ...]
    references: tuple[ReferencePoint, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class MmeView:
    """Opioids administered in the last 24 h, in thousandths of MME a day.

    per_day_milli: at least; at_most_milli: where pumps leave more possible (None: they do not).
    table: the factors it was computed with; incomplete: why it is not the whole (each in words), empty when it is.
    change_centi_percent: against the baseline, -3243 is -32.43 %. notes: what the table's authors say of its use.
    parts: each opioid and route with its amount, factor and table.
    """

    per_day_milli: int
    table: str
    incomplete: tuple[str, ...]
    baseline_milli: int | None
    change_centi_percent: int | None
    notes: tuple[str, ...]
    at_ms: int
    at_most_milli: int | None = None
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NrsView:
    """The last pain score of this patient, and how many there are. When the next is due stands in CourseView."""

    last: int
    at_ms: int
    by: str
    count: int


@dataclass(frozen=True, slots=True)
class ClinicalView:
    """ready False: the chart is still being read from the journal (or cannot be: why), nothing of it is shown yet.

    concentration, mme, nrs None: there is nothing to show (why says why there is no prediction, where it should be).
    flags: what is to be thought of because of other medicines of the patient.
    """

    ready: bool
    concentration: ConcentrationView | None = None
    mme: MmeView | None = None
    nrs: NrsView | None = None
    why: str = ""
    flags: tuple[str, ...] = ()
