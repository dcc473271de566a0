"""A rate in every unit of the bedside is the same rate, and a unit that was probably mixed up is questioned first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pumpd.clinical.rate_units import UnitCheck
from pumpd.live.port import UsualRate
from pumpd.safety.events import RateRequested
from pumpd.safety.limits import Limit
from tests.api.test_live import hear, say, screen
from tests.api.ward import MemoryWard, client, served
from tests.live.fakes import pump

PATH = "/api/v1/beds/b1/pumps/b1-p1/rate"
WHO = {"by": "RN-KL", "reason": "pain"}
USUAL = UsualRate(Limit(100, "drug library 2026.1"), UnitCheck((24, 60, 1000), 1500))


def ward_with_usual() -> MemoryWard:
    """72 kg and 1 mg/mL: the usual 0.1 mg/kg/h is 7.2 mL/h."""
    ward = MemoryWard()
    ward.usual = USUAL
    ward.views["b1"] = replace(ward.views["b1"], pumps=(pump("b1", concentration_ug_ml=1000),))
    ward.hub.mark("b1")
    ward.hub.tick()
    return ward


async def ask(ward: MemoryWard, rate: Any, unit: str, **more: Any) -> tuple[int, Any]:
    async with client(ward) as web:
        answer = await web.post(PATH, json={**WHO, "rate": rate, "unit": unit, **more})
    return answer.status_code, answer.json()


def requested(ward: MemoryWard) -> RateRequested:
    ((_, event),) = ward.events
    assert isinstance(event, RateRequested)
    return event


@pytest.mark.req("UNIT-01")
@pytest.mark.parametrize(
    ("rate", "unit"),
    [
        ("7.2", "mL/h"),
        ("7.2", "mg/h"),
        ("172.8", "mg/24 h"),
        ("0.12", "mg/min"),
        ("0.1", "mg/kg/h"),
        ("100", "mcg/kg/h"),
        (172.8, "mg/24h"),
        (7.2, "mL/hr"),
    ],
)
async def test_one_infusion_in_any_unit_is_one_rate(rate: Any, unit: str) -> None:
    ward = ward_with_usual()
    assert (await ask(ward, rate, unit))[0] == 200
    assert requested(ward).rate_ul_h == 7200


@pytest.mark.req("UNIT-01", "UNIT-02")
async def test_a_unit_that_does_not_come_out_even_is_rounded_down_to_microlitres() -> None:
    ward = ward_with_usual()
    await ask(ward, "1.666666", "mcg/kg/min")
    assert requested(ward).rate_ul_h == 7199


@pytest.mark.req("UNIT-03")
@pytest.mark.parametrize(
    ("rate", "unit", "about"),
    [
        ("1", "µg/kg/min", "write mcg"),
        ("1", "cc/h", "write mL"),
        ("1", "drops/min", "no unit of a rate"),
        (".5", "mL/h", "is no number"),
        ("0,5", "mL/h", "is no number"),
    ],
)
async def test_what_can_be_misread_is_refused_with_the_reason(rate: str, unit: str, about: str) -> None:
    ward = ward_with_usual()
    status, answer = await ask(ward, rate, unit)
    assert status == 422
    assert about in answer["error"]["reasons"][0]
    assert ward.events == []


@pytest.mark.req("UNIT-04")
@pytest.mark.parametrize(
    ("rate", "unit"), [("172.8", "mg/h"), ("7.2", "mg/min"), ("7.2", "mg/24 h"), ("100", "mg/kg/h")]
)
async def test_a_probable_mix_up_is_a_question_and_reaches_no_bed(rate: str, unit: str) -> None:
    ward = ward_with_usual()
    status, answer = await ask(ward, rate, unit)
    assert (status, answer["error"]["code"]) == (409, "implausible_unit")
    (question,) = answer["error"]["reasons"]
    assert unit in question
    assert "drug library 2026.1" in question
    assert ward.events == []


@pytest.mark.req("UNIT-04")
async def test_a_confirmed_unit_goes_to_the_kernel_and_the_record_says_that_it_was_confirmed() -> None:
    ward = ward_with_usual()
    assert (await ask(ward, "172.8", "mg/h", confirm_unit=True))[0] == 200
    event = requested(ward)
    assert event.rate_ul_h == 172_800
    assert event.reason.startswith("pain (172.8 mg/h: unit confirmed by the person; ")


@pytest.mark.req("UNIT-04")
async def test_confirming_a_plausible_unit_adds_nothing_to_the_record() -> None:
    ward = ward_with_usual()
    await ask(ward, "7.2", "mL/h", confirm_unit=True)
    assert requested(ward).reason == "pain"


@pytest.mark.req("UNIT-04")
async def test_the_live_connection_asks_the_same_question() -> None:
    ward = ward_with_usual()
    args = {"bed": "b1", "pump": "b1-p1", "by": "RN-KL", "rate": "172.8", "unit": "mg/h"}
    async with served(ward) as port, screen(port) as socket:
        await say(socket, {"type": "cmd", "id": "1", "op": "set_rate", "args": args, "reason": "pain"})
        asked = await hear(socket, "result")
        sure = {**args, "confirm_unit": True}
        await say(socket, {"type": "cmd", "id": "2", "op": "set_rate", "args": sure, "reason": "pain"})
        assert (await hear(socket, "result"))["ok"]
    assert asked["error"]["code"] == "implausible_unit"
    assert requested(ward).rate_ul_h == 172_800
