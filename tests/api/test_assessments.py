"""POSS, RASS and oxygen over HTTP and the live connection: one body, one event, every reason (RSP-02, RSP-08)."""

from __future__ import annotations

from typing import Any

import pytest

from pumpd.access.always import DEMO
from pumpd.safety.decisions import Refused
from pumpd.safety.events import Assessed
from tests.api.test_live import hear, say, screen
from tests.api.ward import MemoryWard, client, served

PATH = "/api/v1/beds/b1/assessments"


async def post(ward: MemoryWard, body: Any, path: str = PATH) -> tuple[int, Any]:
    async with client(ward) as web:
        answer = await web.post(path, json=body)
    return answer.status_code, answer.json()


@pytest.mark.req("RSP-02", "RSP-08")
@pytest.mark.parametrize(
    ("body", "event"),
    [
        ({"by": "RN-KL", "poss": 3}, Assessed("RN-KL", poss=3)),
        ({"by": "RN-KL", "poss": "3"}, Assessed("RN-KL", poss=3)),
        ({"by": "RN-KL", "poss": " s "}, Assessed("RN-KL", asleep=True)),
        ({"by": "RN-KL", "rass": -2}, Assessed("RN-KL", rass=-2)),
        ({"by": "RN-KL", "oxygen": "on"}, Assessed("RN-KL", oxygen=True)),
        ({"by": "RN-KL", "oxygen": "off"}, Assessed("RN-KL", oxygen=False)),
        (
            {"by": "RN-KL", "poss": 1, "rass": 0, "oxygen": True},
            Assessed("RN-KL", poss=1, rass=0, oxygen=True),
        ),
        ({"poss": 2}, Assessed(DEMO.by, poss=2)),
    ],
)
async def test_an_assessment_becomes_exactly_one_event(body: Any, event: Assessed) -> None:
    ward = MemoryWard()
    status, answer = await post(ward, body)
    assert (status, answer.get("ok")) == (200, True), answer
    assert ward.events == [("b1", event)]


@pytest.mark.req("RSP-02")
@pytest.mark.parametrize(
    ("body", "about"),
    [
        ({"poss": "drowsy", "rass": 1.5, "oxygen": "2 L", "nsr": 3}, {"nsr", "oxygen", "poss", "rass"}),
        ({"poss": True}, {"poss"}),
        ({"rass": False}, {"rass"}),
        ({"by": " ", "poss": 2}, {"by"}),
    ],
)
async def test_what_cannot_be_read_is_named_whole_and_reaches_no_bed(body: Any, about: set[str]) -> None:
    ward = MemoryWard()
    status, answer = await post(ward, body)
    assert status == 422
    assert {reason.split(":")[0].split(".")[0] for reason in answer["error"]["reasons"]} == about
    assert ward.events == []


@pytest.mark.req("RSP-02")
async def test_a_refusal_by_the_kernel_comes_with_all_its_reasons() -> None:
    ward = MemoryWard()
    ward.answer = (Refused("assessment", "b1", ("POSS is S, 1, 2, 3 or 4", "RASS is a whole number from -5 to 4")),)
    status, answer = await post(ward, {"by": "RN-KL", "poss": 7, "rass": 9})
    assert (status, answer["error"]["code"], len(answer["error"]["reasons"])) == (409, "refused", 2)


async def test_an_assessment_at_an_unknown_bed_is_404() -> None:
    assert (await post(MemoryWard(), {"poss": 1}, "/api/v1/beds/b9/assessments"))[0] == 404


@pytest.mark.req("RSP-02")
async def test_the_live_connection_takes_the_same_act() -> None:
    ward = MemoryWard()
    async with served(ward) as port, screen(port) as socket:
        args = {"bed": "b1", "by": "RN-KL", "poss": "S", "oxygen": "on"}
        await say(socket, {"type": "cmd", "id": "1", "op": "assess", "args": args})
        assert (await hear(socket, "result"))["ok"]
        await say(socket, {"type": "cmd", "id": "2", "op": "assess", "args": {"bed": "b1", "poss": "x"}})
        failed = await hear(socket, "result")
    assert failed["error"]["code"] == "invalid"
    assert ward.events == [("b1", Assessed("RN-KL", asleep=True, oxygen=True))]
