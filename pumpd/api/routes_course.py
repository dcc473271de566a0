"""Courses under /api/v1: opened, planned, ended, read and reported."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Response

from pumpd.access.principal import Principal
from pumpd.api.acts_chart import ChartActs
from pumpd.api.bodies_course import CourseBody, CourseEndBody, FollowUpBody, InfusionBody, ProtocolOverrideBody
from pumpd.api.errors import REFUSALS
from pumpd.api.needs import COURSE, HISTORY, versioned
from pumpd.api.people import signed
from pumpd.api.reports import Reports
from pumpd.api.routes import answered


def course_routes(acts: ChartActs, whose: Any) -> APIRouter:
    """What people decide about a course. Its infusions are derived from what the pumps report, never typed in."""
    router = versioned(*REFUSALS, first=whose)

    @router.post("/beds/{bed}/course", summary="Open a course")
    async def open_course(bed: str, body: CourseBody, who: Principal = COURSE) -> Response:
        return answered(await acts.chart(bed, signed(body, who)))

    @router.post("/beds/{bed}/course/infusions", summary="Plan the next infusion; starts nothing")
    async def plan(bed: str, body: InfusionBody, who: Principal = COURSE) -> Response:
        return answered(await acts.chart(bed, signed(body, who)))

    @router.post("/beds/{bed}/course/override", summary="Set aside one rule of the protocol, where it allows that")
    async def override(bed: str, body: ProtocolOverrideBody, who: Principal = COURSE) -> Response:
        return answered(await acts.override(bed, signed(body, who)))

    @router.post("/beds/{bed}/course/end", summary="End the course")
    async def end(bed: str, body: CourseEndBody, who: Principal = COURSE) -> Response:
        return answered(await acts.chart(bed, signed(body, who)))

    @router.post("/beds/{bed}/course/follow-up", summary="Note after the course, months later too")
    async def follow_up(bed: str, body: FollowUpBody, who: Principal = COURSE) -> Response:
        return answered(await acts.chart(bed, signed(body, who)))

    return router


def course_reading_routes(reports: Reports) -> APIRouter:
    """Courses of this journal, running and over."""
    router = versioned(404, 422)

    @router.get("/courses", summary="Courses, newest first")
    async def get_courses(who: Principal = HISTORY) -> Response:
        return answered(await reports.list(who.identity))

    @router.get("/courses/{course}", summary="One course: the same as its report as JSON")
    async def get_course(course: str, who: Principal = HISTORY) -> Response:
        return await reports.report(course, "json", who.identity)

    @router.get("/courses/{course}/report", summary="The report of a course: a page that prints, CSV or JSON")
    async def get_report(
        course: str, format: Literal["html", "csv", "json"] = "html", who: Principal = HISTORY
    ) -> Response:
        return await reports.report(course, format, who.identity)

    return router
