"""What may be written into a chart and read of it, under /api/v1."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from pumpd.access.principal import Principal
from pumpd.api.acts_chart import ChartActs
from pumpd.api.bodies_chart import AdjunctBody, AssessmentBody, ChecklistBody, ComedicationBody, DoseBody, OpioidBody
from pumpd.api.errors import REFUSALS
from pumpd.api.needs import CHART, HISTORY, VIEW, versioned
from pumpd.api.people import signed
from pumpd.api.reading_chart import ChartReading
from pumpd.api.routes import answered


def chart_routes(acts: ChartActs, whose: Any) -> APIRouter:
    """Each becomes one entry, answered with its id once it is durable; `corrects` makes it replace another one."""
    router = versioned(*REFUSALS, first=whose)

    @router.post("/beds/{bed}/assessments", summary="What was found: pain, sedation, side effects, oxygen, mood")
    async def assess(bed: str, body: AssessmentBody, who: Principal = CHART) -> Response:
        return answered(await acts.assess(bed, signed(body, who)))

    @router.post("/beds/{bed}/opioids", summary="An opioid was given, or a patch put on or taken off")
    async def opioid(bed: str, body: OpioidBody, who: Principal = CHART) -> Response:
        return answered(await acts.opioid(bed, signed(body, who)))

    @router.post("/beds/{bed}/doses", summary="Ketamine was given beside the pump (oral, intramuscular, ...)")
    async def dose(bed: str, body: DoseBody, who: Principal = CHART) -> Response:
        return answered(await acts.chart(bed, signed(body, who)))

    @router.post("/beds/{bed}/adjuncts", summary="A benzodiazepine or haloperidol, or that none is given and why")
    async def adjunct(bed: str, body: AdjunctBody, who: Principal = CHART) -> Response:
        return answered(await acts.adjunct(bed, signed(body, who)))

    @router.post("/beds/{bed}/comedications", summary="Another drug of the patient, and whether it adds to sedation")
    async def comedication(bed: str, body: ComedicationBody, who: Principal = CHART) -> Response:
        return answered(await acts.comedication(bed, signed(body, who)))

    @router.post("/beds/{bed}/checklist", summary="Contra-indications that were asked for")
    async def checklist(bed: str, body: ChecklistBody, who: Principal = CHART) -> Response:
        return answered(await acts.checklist(bed, signed(body, who)))

    return router


def chart_reading_routes(reading: ChartReading) -> APIRouter:
    """What a chart says, and what is predicted from it."""
    router = versioned(404, 422)

    @router.get("/beds/{bed}/chart", summary="All entries, newest first; what a correction replaced is marked")
    async def get_chart(bed: str, who: Principal = HISTORY) -> Response:
        return answered(reading.chart(bed))

    @router.get("/beds/{bed}/vocabulary", summary="Words that charts of this bed know")
    async def get_vocabulary(bed: str, who: Principal = VIEW) -> Response:
        return answered(reading.vocabulary(bed))

    @router.get("/beds/{bed}/concentration", summary="Predicted plasma concentration: a band over models, not measured")
    async def get_concentration(bed: str, hours: int = 24, who: Principal = HISTORY) -> Response:
        return answered(await reading.concentration(bed, hours))

    return router
