"""Courses over HTTP and the live connection: opened, planned, overridden, ended, followed up, read and reported."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pumpd import report
from pumpd.access.always import AlwaysSignedIn
from pumpd.access.roles import Identity
from pumpd.api.app import create_app
from pumpd.clinical.entries import CourseEnd, CoursePlan, Entry, FollowUp, InfusionPlan
from pumpd.report import CourseLine, ReportError, UnknownCourse
from pumpd.safety.decisions import Refused
from pumpd.safety.events import Charted, ProtocolOverride
from tests.api.test_live import hear, say, screen
from tests.api.ward import MemoryWard, client, config, served

COURSE = "/api/v1/beds/b1/course"
LINE = CourseLine(
    "b1-c1", "b1", "4711", "Baker, Ann", datetime(2026, 1, 15, 8, tzinfo=UTC), None, "Dr. Adler", "", 2, True
)


async def post(ward: MemoryWard, path: str, body: Any) -> tuple[int, Any]:
    async with client(ward) as web:
        answer = await web.post(f"{COURSE}{path}", json={"by": "Dr. Adler", **body})
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("path", "body", "entry"),
    [
        ("", {}, CoursePlan()),
        ("", {"baseline_mme": "458.8", "context": "palliative"}, CoursePlan(458_800, "palliative")),
        ("/infusions", {"dose_mg_kg": 0.5, "start_mg_kg_h": "0.1"}, InfusionPlan(500, 100)),
        ("/end", {"reason": "three infusions given"}, CourseEnd("three infusions given")),
        ("/follow-up", {"note": "at home", "nrs": 4, "mme": 310}, FollowUp("at home", 4, 310_000)),
    ],
)
async def test_an_act_about_a_course_becomes_one_entry(path: str, body: Any, entry: Entry) -> None:
    ward = MemoryWard()
    status, answer = await post(ward, path, body)
    assert status == 200, answer
    ((bed, event),) = ward.events
    assert isinstance(event, Charted)
    assert (bed, event.entry, event.by) == ("b1", entry, "Dr. Adler")
    assert event.id == answer["entry"]


@pytest.mark.parametrize(
    ("path", "body", "about"),
    [
        ("", {"baseline_mme": -1}, "baseline_mme"),
        ("/infusions", {"dose_mg_kg": 0.5}, "start_mg_kg_h"),
        ("/infusions", {"dose_mg_kg": 0, "start_mg_kg_h": 0.1}, "dose_mg_kg"),
        ("/infusions", {"dose_mg_kg": "NaN", "start_mg_kg_h": 0.1}, "dose_mg_kg"),
        ("/infusions", {"dose_mg_kg": 0.5, "start_mg_kg_h": 0.0001}, "start_mg_kg_h"),
        ("/end", {}, "reason"),
        ("/override", {"rule": "step_size"}, "reason"),
        ("/follow-up", {"nrs": 4}, "note"),
    ],
)
async def test_what_cannot_be_read_reaches_no_bed(path: str, body: Any, about: str) -> None:
    ward = MemoryWard()
    status, answer = await post(ward, path, body)
    assert (status, [reason.split(":")[0] for reason in answer["error"]["reasons"]]) == (422, [about])
    assert ward.events == []


@pytest.mark.req("CRS-08")
async def test_a_rule_is_set_aside_by_name_and_reason_and_an_unknown_rule_is_told_the_nearest() -> None:
    ward = MemoryWard()
    status, answer = await post(ward, "/override", {"rule": "stepsize", "reason": "severe pain"})
    assert (status, ward.events) == (422, [])
    assert 'did you mean "step_size"?' in answer["error"]["reasons"][0]
    assert (await post(ward, "/override", {"rule": "step_size", "reason": "severe pain"}))[0] == 200
    assert ward.events == [("b1", ProtocolOverride("step_size", "Dr. Adler", "severe pain"))]


@pytest.mark.req("CRS-02")
async def test_a_refused_plan_lists_every_reason() -> None:
    ward = MemoryWard()
    reasons = ("the course has had its 3 infusions (protocol ldk 1)", "no adjunct is recorded (protocol ldk 1)")
    ward.answer = (Refused("infusion_plan", "b1", reasons, "Dr. Adler"),)
    status, answer = await post(ward, "/infusions", {"dose_mg_kg": 0.5, "start_mg_kg_h": 0.1})
    assert (status, answer["error"]) == (409, {"code": "refused", "reasons": list(reasons)})


async def test_the_live_connection_takes_the_same_acts() -> None:
    ward = MemoryWard()
    acts: list[tuple[str, dict[str, Any]]] = [
        ("open_course", {"baseline_mme": 458.8}),
        ("plan_infusion", {"dose_mg_kg": 0.5, "start_mg_kg_h": 0.1}),
        ("override_protocol", {"rule": "step_size", "reason": "severe pain"}),
        ("end_course", {"reason": "over"}),
        ("follow_up", {"note": "at home"}),
    ]
    async with served(ward) as port, screen(port) as socket:
        for number, (op, args) in enumerate(acts):
            body = {"bed": "b1", "by": "Dr. Adler", **args}
            await say(socket, {"type": "cmd", "id": str(number), "op": op, "args": body})
            assert (await hear(socket, "result"))["ok"]
    assert [type(event) for _, event in ward.events] == [Charted, Charted, ProtocolOverride, Charted, Charted]


async def read(path: str, journal_url: str | None = "sqlite+aiosqlite:///x.db") -> Any:
    ward = MemoryWard()
    async with client(ward) as web:
        app = create_app(ward.hub, ward, config(), "b", journal_url=journal_url, access=AlwaysSignedIn())
        web._transport.app = app  # type: ignore[attr-defined]
        return await web.get(f"/api/v1/{path}")


async def test_courses_are_listed_from_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    async def courses(url: str, identity: Identity) -> list[CourseLine]:
        assert url.endswith("x.db")
        return [LINE]

    monkeypatch.setattr(report, "courses", courses)
    (line,) = (await read("courses")).json()["courses"]
    assert (line["id"], line["infusions"], line["closed"]) == ("b1-c1", 2, None)
    assert (await read("courses", None)).json() == {"courses": []}


@pytest.mark.req("REP-01", "REP-05")
@pytest.mark.parametrize(
    ("path", "fmt", "kind"),
    [
        ("courses/b1-c1", "json", "application/json"),
        ("courses/b1-c1/report", "html", "text/html; charset=utf-8"),
        ("courses/b1-c1/report?format=csv", "csv", "text/csv; charset=utf-8"),
    ],
)
async def test_a_report_comes_in_the_form_that_was_asked_for(
    path: str, fmt: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def made(url: str, course: str, form: str, identity: Identity) -> bytes:
        return f"{course} as {form}".encode()

    monkeypatch.setattr(report, "report", made)
    answer = await read(path)
    assert (answer.text, answer.headers["content-type"]) == (f"b1-c1 as {fmt}", kind)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; style-src 'unsafe-inline'" in policy, "its styles are in it, and it fetches nothing"
    assert "script" not in policy


async def test_a_course_that_is_not_there_is_404_with_the_nearest_and_a_journal_that_cannot_be_read_503(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def unknown(url: str, course: str, form: str, identity: Identity) -> bytes:
        raise UnknownCourse(course, ("b1-c1",), "b1-c1")

    async def broken(url: str, course: str, form: str, identity: Identity) -> bytes:
        raise ReportError("the journal is locked")

    monkeypatch.setattr(report, "report", unknown)
    answer = await read("courses/b1-c9/report")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_course")
    assert "b1-c1" in answer.json()["error"]["reasons"][0]
    monkeypatch.setattr(report, "report", broken)
    assert (await read("courses/b1-c1")).status_code == 503
    assert (await read("courses/b1-c1", None)).status_code == 404
    assert (await read("courses/b1-c1/report?format=pdf")).status_code == 422
