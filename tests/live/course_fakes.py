"""A course and a chart as a view shows them, for the tests of shapes and of the page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pumpd.device.facts import Quality
from pumpd.safety.clinical_view import ClinicalView, ConcentrationView, MmeView, NrsView
from pumpd.safety.decisions import InfusionPhase
from pumpd.safety.view import CapView, CourseView, InfusionView

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
KG_72 = 36_000_000  # 0.5 mg/kg at 72 kg, in ng


def cap(now_ms: int, **changes: Any) -> CapView:
    view = CapView(
        "infusion", KG_72, "drug library 2026.2, palliative-adult", 12_300_000, 12_510_000, now_ms + 38 * MINUTE_MS
    )
    return replace(view, **changes)


def infusion(number: int, now_ms: int, **changes: Any) -> InfusionView:
    view = InfusionView(number, InfusionPhase.RUNNING, ("b1-p1",), now_ms - HOUR_MS, None, 12_300_000, 12_510_000, "")
    return replace(view, **changes)


def over(number: int, now_ms: int) -> InfusionView:
    done = {"phase": InfusionPhase.COMPLETED, "low_ng": 35_990_000, "high_ng": 36_000_000, "why": "stopped at the pump"}
    return infusion(number, now_ms, started_ms=now_ms - 50 * HOUR_MS, ended_ms=now_ms - 44 * HOUR_MS, **done)


def course(now_ms: int = 0, **changes: Any) -> CourseView:
    """The second of three infusions on the third day, one rule set aside, one check missing."""
    view = CourseView(
        id="b1-c1",
        opened_ms=now_ms - 51 * HOUR_MS,
        day=3,
        max_infusions=3,
        infusions=(over(1, now_ms), infusion(2, now_ms)),
        caps=(cap(now_ms), cap(now_ms, span="window", limit_ng=2 * KG_72, set_by="ward 4b", reached_ms=None)),
        nrs_due_ms=now_ms + 95 * MINUTE_MS,
        observe_due_ms=now_ms + 12 * MINUTE_MS,
        missing=("no adjunct is recorded (protocol ldk 2026.1)",),
        set_aside=(("start_vitals", "Dr. Adler"),),
        next_rise_ms=now_ms + 20 * MINUTE_MS,
    )
    return replace(view, **changes)


def concentration(now_ms: int = 0, **changes: Any) -> ConcentrationView:
    view = ConcentrationView(
        now_pg_ml=(40_400, 74_200),
        soon_pg_ml=(44_000, 80_000),
        stopped_pg_ml=(20_000, 41_000),
        models=("Domino 1982", "Kamp 2020", "Clements 1981", "Hijazi 2003"),
        limits=("adults; organ failure and CYP inhibitors are not covered", "norketamine is not included"),
        quality=Quality.OK,
        doubts=(),
        at_ms=now_ms,
    )
    return replace(view, **changes)


def mme(now_ms: int = 0, **changes: Any) -> MmeView:
    view = MmeView(310_000, "cdc-2022", (), 458_800, -3243, ("MME must not be used to convert",), now_ms)
    return replace(view, **changes)


def clinical(now_ms: int = 0, **changes: Any) -> ClinicalView:
    nrs = NrsView(5, now_ms - 145 * MINUTE_MS, "RN-KL", 7)
    return replace(ClinicalView(True, concentration(now_ms), mme(now_ms), nrs), **changes)
