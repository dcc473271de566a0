"""Chart and course over HTTP with the real kernel behind: every reason in the answer, one half of nothing."""

from __future__ import annotations

from typing import Any

import pytest

from pumpd.live.port import Words
from pumpd.safety.decisions import Decision, Refused
from pumpd.safety.events import Event
from tests.api.test_kernel_behind import KernelWard
from tests.api.ward import client
from tests.safety.build import BED
from tests.safety.course import LDK, PROTOCOL, STEADY, CourseBed

AT = f"/api/v1/beds/{BED}"


class CourseWard(KernelWard):
    """One bed that keeps courses, with its kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.bed = CourseBed()
        self.vocabulary = Words(
            contraindications=PROTOCOL.contraindications,
            adjuncts=PROTOCOL.adjuncts,
            rules=tuple(rule.value for rule in PROTOCOL.overridable),
            benzodiazepines=("midazolam", "lorazepam"),
        )
        self.hub.mark(BED)
        self.hub.tick()

    async def submit(self, bed_id: str, event: Event) -> tuple[Decision, ...]:
        self.bed.vitals(**STEADY)
        return await super().submit(bed_id, event)


async def post(ward: CourseWard, path: str, body: Any) -> tuple[int, Any]:
    async with client(ward) as web:
        answer = await web.post(f"{AT}/{path}", json={"by": "RN-KL", **body})
    return answer.status_code, answer.json()


async def course_of(ward: CourseWard) -> Any:
    async with client(ward) as web:
        return (await web.get(AT)).json()["course"]


@pytest.mark.req("CRS-02", "CRS-08")
async def test_a_plan_that_lacks_everything_is_refused_with_every_reason_and_whose_each_limit_is() -> None:
    ward = CourseWard()
    status, answer = await post(ward, "course/infusions", {"dose_mg_kg": 1.5, "start_mg_kg_h": 0.4})
    assert (status, answer["error"]["code"]) == (409, "refused")
    reasons = answer["error"]["reasons"]
    assert len(reasons) >= 4
    assert any("0.1 mg/kg/h" in reason and LDK in reason for reason in reasons)
    assert any("0.5 mg/kg" in reason and LDK in reason for reason in reasons)


@pytest.mark.req("CRS-02", "CRS-09")
async def test_a_course_is_opened_checked_and_planned_over_http_and_stands_on_the_screen() -> None:
    ward = CourseWard()
    steps = [
        ("course", {"baseline_mme": 458.8, "context": "palliative"}),
        ("assessments", {"nrs": 9}),
        ("checklist", {"answers": {"pregnancy": False, "active psychosis": False}}),
        ("adjuncts", {"drug": "Haloperidol", "amount_mg": 0.5}),
        ("course/infusions", {"dose_mg_kg": 0.4, "start_mg_kg_h": 0.1}),
    ]
    for path, body in steps:
        status, answer = await post(ward, path, body)
        assert status == 200, (path, answer)
    course = await course_of(ward)
    assert course["id"]
    assert (course["day"], course["max_infusions"], course["missing"]) == (1, 3, [])
    assert [one["phase"] for one in course["infusions"]] == ["planned"]
    assert course["nrs_due"] is not None
    assert {cap["set_by"] for cap in course["caps"]} == {LDK}


@pytest.mark.req("CRS-07")
@pytest.mark.parametrize(
    "body",
    [{"nrs": 11, "poss": 2}, {"nrs": -1, "rass": 0}, {"satisfaction": 12, "oxygen": "on"}, {"nrs": 4, "poss": 9}],
)
async def test_an_assessment_of_which_one_number_cannot_be_is_not_recorded_at_all(body: Any) -> None:
    ward = CourseWard()
    before = ward.bed.state
    status, answer = await post(ward, "assessments", body)
    assert (status, answer["error"]["code"]) == (409, "refused")
    after = ward.bed.state
    assert (after.course.entries, after.breath.assessed, after.breath.oxygen) == (
        before.course.entries,
        before.breath.assessed,
        before.breath.oxygen,
    )


@pytest.mark.req("CRS-08")
async def test_a_rule_that_the_protocol_does_not_give_away_is_refused_by_the_kernel_who_and_why_are_kept() -> None:
    ward = CourseWard()
    status, answer = await post(ward, "course/override", {"rule": "infusion_count", "reason": "severe pain"})
    assert status == 409
    assert any(LDK in reason for reason in answer["error"]["reasons"])
    (refused,) = [decision for _, decision in ward.bed.log if isinstance(decision, Refused)]
    assert (refused.by, refused.why, refused.reasons) == ("RN-KL", "severe pain", tuple(answer["error"]["reasons"]))
    assert (await post(ward, "course/override", {"rule": "step_size", "reason": "severe pain"}))[0] == 200
    assert (await course_of(ward))["set_aside"] == [{"rule": "step_size", "by": "RN-KL"}]


@pytest.mark.req("CEI-09", "CEI-02")
async def test_a_running_pump_says_which_cap_it_reaches_when_and_whose_it_is() -> None:
    ward = CourseWard()
    ward.bed.flow(100)
    ward.bed.keep(10_000, 100)
    ward.hub.mark(BED)
    ward.hub.tick()
    async with client(ward) as web:
        pump = (await web.get(AT)).json()["pumps"][0]
    assert pump["cap"]["per_infusion"]["set_by"] == LDK
    assert pump["cap"]["per_infusion"]["limit_mg"] == 35
    assert pump["time_to_cap"]["span"] == "infusion"
    assert 0 < pump["time_to_cap"]["s"] <= 5 * 3600
