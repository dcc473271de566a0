"""An act that was begun for one patient is not done to the next; and the audit does not call done what was not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from pumpd.access.audit import What
from pumpd.live.stay import stay_of
from pumpd.safety.events import Patient, Sex, StopRequested
from tests.api.test_live import hear, say
from tests.security.face import Face
from tests.security.test_live_credentials import door, screen  # noqa: F401 - a fixture

NEXT = Patient("SYN-9", "Next", "Nora", "1980-01-01", Sex.FEMALE, 48_000)
RESET = {"reason": "checked"}


def outcomes(face: Face) -> list[str]:
    return [entry.outcome for entry in face.audit.entries if entry.what is What.ACT]


async def test_an_act_for_the_former_patient_is_refused_however_lately_the_next_one_came(face: Face) -> None:
    begun_for = stay_of(face.ward.views["b1"].patient)
    headers = {**await face.person("klee"), "x-stay": begun_for}
    async with face.browser(**headers) as web:
        assert (await web.post("/api/v1/beds/b1/interlock/reset", json=RESET)).status_code == 200
        face.ward.views["b1"] = replace(face.ward.views["b1"], patient=NEXT)
        late = await web.post("/api/v1/beds/b1/interlock/reset", json=RESET)
        assert (late.status_code, late.json()["error"]["code"]) == (409, "another_patient")
        stop = await web.post("/api/v1/beds/b1/pumps/b1-p1/stop", json=RESET)
        assert stop.status_code == 200
    assert type(face.ward.events[-1][1]) is StopRequested
    assert outcomes(face) == ["ok", "another_patient", "ok"]


@pytest.mark.parametrize("op", ["reset_interlock", "set_rate", "assess"])
async def test_an_op_for_the_former_patient_is_refused_and_a_stop_is_not(face: Face, door: int, op: str) -> None:  # noqa: F811
    headers = await face.person("klee")
    async with screen(door, headers) as socket:
        await hear(socket, "snapshot")
        args = {"bed": "b1", "stay": "somebody", "pump": "b1-p1"}
        await say(socket, {"type": "cmd", "id": "1", "op": op, "args": args, "reason": "x"})
        assert (await hear(socket, "result"))["error"]["code"] == "another_patient"
        await say(socket, {"type": "cmd", "id": "2", "op": "stop_pump", "args": args, "reason": "x"})
        assert (await hear(socket, "result"))["ok"] is True
    assert outcomes(face) == ["another_patient", "ok"]


async def test_an_act_that_ends_in_our_own_error_is_not_noted_as_done(face: Face) -> None:
    headers = await face.person("klee")

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    face.ward.submit = broken  # type: ignore[assignment]
    async with face.browser(**headers) as web:
        with pytest.raises(ZeroDivisionError):
            await web.post("/api/v1/beds/b1/pumps/b1-p1/stop", json=RESET)
    assert outcomes(face) == ["unknown"]


async def test_an_act_whose_body_is_too_large_is_not_noted_as_done(face: Face) -> None:
    headers = {**await face.person("klee"), "content-type": "application/json"}

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 10_000

    async with face.browser(**headers) as web:
        answer = await web.post("/api/v1/beds/b1/pumps/b1-p1/stop", content=pieces())
    assert answer.status_code == 413
    assert outcomes(face) == ["too_large"]
