"""HTTP: alarm lists, trends, health, metrics and documents."""

from __future__ import annotations

import json
import re

import pytest

from pumpd.live.port import DeviceDetail
from pumpd.safety.alarms import AlarmState, Phase
from tests.api.ward import MemoryWard, client
from tests.live.fakes import alarm


async def test_live_alarms_come_from_the_hub_and_ended_ones_from_the_journal() -> None:
    ward = MemoryWard()
    ward.hub.alarm(alarm("b1", 1), Phase.START)
    ward.history = [alarm("b1", 1), alarm("b2", 0, state=AlarmState.ENDED)]
    async with client(ward) as web:
        live = (await web.get("/api/v1/alarms")).json()["alarms"]
        ended = (await web.get("/api/v1/alarms?state=ended")).json()["alarms"]
        every = (await web.get("/api/v1/alarms?state=all&bed=b2")).json()["alarms"]
        wrong = await web.get("/api/v1/alarms?state=sleepy&limit=0")
    assert [one["id"] for one in live] == ["b1-a1"]
    assert [one["id"] for one in ended] == [one["id"] for one in every] == ["b2-a0"]
    assert len(wrong.json()["error"]["reasons"]) == 2


async def test_trends_show_gaps_as_nulls() -> None:
    ward = MemoryWard()
    span = {"signals": "rr,spo2", "from": "2026-01-15T10:00:00Z", "to": "2026-01-15T11:00:00Z", "points": 60}
    async with client(ward) as web:
        answer = (await web.get("/api/v1/beds/b1/trends", params=span)).json()
    assert answer["series"]["rr"] == [
        {"t": "2026-01-15T10:00:00.000Z", "min": 13, "mean": 14.5, "max": 16},
        {"t": "2026-01-15T11:00:00.000Z", "min": None, "mean": None, "max": None},
    ]
    assert ward.asked[1] == ("rr", "spo2")


@pytest.mark.parametrize(
    "query",
    [
        "signals=rr,pulsee",
        "signals=,",
        "from=2026-01-15T10:00:00",
        "from=2026-01-15T10:00:00Z&to=2026-01-15T09:00:00Z",
        "points=0",
    ],
)
async def test_trends_that_make_no_sense_are_refused_with_reasons(query: str) -> None:
    async with client(MemoryWard()) as web:
        answer = await web.get(f"/api/v1/beds/b1/trends?{query}")
    assert (answer.status_code, bool(answer.json()["error"]["reasons"])) == (422, True)


async def test_health_tells_problems_in_words() -> None:
    ward = MemoryWard()
    async with client(ward) as web:
        assert (await web.get("/livez")).status_code == 200
        assert (await web.get("/startupz")).json() == {"started": True}
        assert (await web.get("/readyz")).json() == {"ready": True, "problems": []}
        ward.problems = ("journal failing: disk full",)
        answer = await web.get("/readyz")
        assert [(await web.get(path)).status_code for path in ("/livez", "/startupz")] == [200, 200], "no dependencies"
    assert (answer.status_code, answer.json()["problems"]) == (503, ["journal failing: disk full"])


async def test_metrics_name_neither_patients_nor_beds() -> None:
    ward = MemoryWard()
    ward.hub.alarm(alarm("b1"), Phase.START)
    async with client(ward) as web:
        text = (await web.get("/metrics")).text
    assert 'pumpd_alarm_active{priority="high"} 1.0' in text
    assert "pumpd_beds 2.0" in text
    assert not any(word in text for word in ("Baker", "4711", "b1", "Bed b"))


async def test_the_documents_are_served_and_say_how_acts_are_guarded() -> None:
    async with client(MemoryWard()) as web:
        openapi = (await web.get("/api/v1/openapi.json")).json()
        asyncapi = (await web.get("/api/v1/asyncapi.json")).json()
    assert "Origin" in openapi["info"]["description"]
    for path in ("pumps/{pump}/stop", "assessments", "opioids", "course/infusions", "chart", "concentration"):
        assert f"/api/v1/beds/{{bed}}/{path}" in openapi["paths"]
    says = {path: next(iter(calls.values()))["responses"]["200"]["content"] for path, calls in openapi["paths"].items()}
    for path, name in (("ward", "WardShape"), ("beds/{bed}", "BedShape"), ("beds/{bed}/course", "Done")):
        assert says[f"/api/v1/{path}"]["application/json"]["schema"] == {"$ref": f"#/components/schemas/{name}"}
    assert set(says["/api/v1/courses/{course}/report"]) == {"text/html", "text/csv", "application/json"}
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(openapi)))
    assert named <= set(openapi["components"]["schemas"])
    assert json.dumps(asyncapi["channels"]["live"]["address"]) == '"/ws/v1/live"'


async def test_a_beds_devices_are_told_with_their_driver_their_line_and_what_it_leaves_out() -> None:
    ward = MemoryWard()
    ward.details = (
        DeviceDetail(
            id="b1-m1",
            driver="my_monitor",
            vendor="V",
            model="M",
            kind="monitor",
            quality="unverified",
            integrity="sum8",
            line="9600 8N1",
            link="socket://10.0.0.5:4001",
            signals=("rr",),
            sources=("manual",),
            frames=7,
            waves=0,
            unmapped=(("PVI", 2, "---"),),
            unmapped_more=0,
        ),
    )
    async with client(ward) as web:
        (found,) = (await web.get("/api/v1/beds/b1/devices")).json()["devices"]
        absent = await web.get("/api/v1/beds/b9/devices")
        metrics = (await web.get("/metrics")).text
    assert (found["unverified"], found["line"], found["frames"]) == (True, "9600 8N1", 7)
    assert found["unmapped"] == [{"tag": "PVI", "count": 2, "value": "---"}]
    assert found["state"]["link"] == "up"
    assert absent.status_code == 404
    assert "pumpd_devices_unverified 0.0" in metrics
