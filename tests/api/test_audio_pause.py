"""The audio pause of a whole ward, and what a screen tells of its sound (ALA-04, ALA-08)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from pumpd.live.port import NotDurable
from pumpd.live.screens import screens_of
from pumpd.safety.decisions import Decision, Refused
from pumpd.safety.events import AudioPaused, Event
from tests.api.test_live import hear, say, screen
from tests.api.ward import MemoryWard, client, served

PAUSE = "/api/v1/ward/audio-pause"


class PatchyWard(MemoryWard):
    """Bed b2's record does not become durable."""

    async def submit(self, bed_id: str, event: Event) -> tuple[Decision, ...]:
        if bed_id == "b2":
            raise NotDurable("disk full")
        return await super().submit(bed_id, event)


async def pause(ward: MemoryWard, body: Any) -> tuple[int, Any]:
    async with client(ward) as web:
        answer = await web.post(PAUSE, json=body)
    return answer.status_code, answer.json()


@pytest.mark.req("ALA-04")
async def test_a_ward_pause_is_posted_to_every_bed_and_answered_for_each() -> None:
    ward = MemoryWard(beds=3)
    status, said = await pause(ward, {"by": "RN-KL", "seconds": 60})
    assert (status, said["ok"]) == (200, True)
    assert said["beds"] == {bed: {"ok": True, "reasons": []} for bed in ("b1", "b2", "b3")}
    assert ward.events == [(bed, AudioPaused("RN-KL", 60, ward=True)) for bed in ("b1", "b2", "b3")]


@pytest.mark.req("ALA-04")
@pytest.mark.parametrize("seconds", [0, 121, -1, 3600])
async def test_a_ward_pause_is_no_longer_than_a_beds(seconds: int) -> None:
    ward = MemoryWard()
    status, said = await pause(ward, {"by": "RN-KL", "seconds": seconds})
    assert (status, said["error"]["code"]) == (422, "invalid")
    assert ward.events == []


@pytest.mark.req("ALA-04")
async def test_a_pause_of_no_stated_length_lasts_as_long_as_each_bed_allows() -> None:
    ward = MemoryWard()
    for bed, longest_ms in (("b1", 120_000), ("b2", 60_000)):
        ward.views[bed] = replace(ward.views[bed], audio_pause_max_ms=longest_ms)
        ward.hub.mark(bed)
    ward.hub.tick()
    assert (await pause(ward, {"by": "RN-KL"}))[0] == 200
    assert [(bed, event.seconds) for bed, event in ward.events if isinstance(event, AudioPaused)] == [
        ("b1", 120),
        ("b2", 60),
    ]


@pytest.mark.req("ALA-04")
async def test_a_bed_that_could_not_be_paused_is_named_with_its_reasons_and_the_others_are_paused() -> None:
    ward = PatchyWard(beds=3)
    status, said = await pause(ward, {"by": "RN-KL", "seconds": 60})
    assert (status, said["ok"]) == (200, False)
    assert "disk full" in said["beds"]["b2"]["reasons"][0]
    assert [bed for bed, _ in ward.events] == ["b1", "b3"]


@pytest.mark.req("ALA-04")
async def test_a_ward_pause_that_no_bed_takes_is_refused() -> None:
    ward = MemoryWard()
    ward.answer = (Refused("audio_pause", "x", ("an audio pause lasts 1 to 60 s",)),)
    status, said = await pause(ward, {"by": "RN-KL", "seconds": 90})
    assert status == 409
    assert said["error"]["reasons"] == ["an audio pause lasts 1 to 60 s"]


@pytest.mark.req("ALA-04")
async def test_the_live_connection_pauses_the_ward_with_the_same_act() -> None:
    ward = MemoryWard()
    async with served(ward) as port, screen(port) as socket:
        command = {"type": "cmd", "id": "1", "op": "pause_ward_audio", "args": {"by": "RN-KL", "seconds": 60}}
        await say(socket, command)
        result = await hear(socket, "result")
    assert result["ok"]
    assert set(result["data"]["beds"]) == {"b1", "b2"}


@pytest.mark.req("ALA-08")
async def test_a_screen_counts_as_watched_and_heard_as_it_says_of_itself() -> None:
    ward = MemoryWard()

    async def until(watched: int, sounding: int) -> None:
        async with asyncio.timeout(60):
            while screens_of(ward.hub.clients) != (watched, sounding):  # noqa: ASYNC110 - the hub has no event for it
                await asyncio.sleep(0)

    async with served(ward) as port:
        async with screen(port, sound="locked") as one, screen(port) as two:
            await hear(one, "snapshot")
            await hear(two, "snapshot")
            await until(2, 0)
            await say(one, {"type": "status", "sound": "on"})
            await until(2, 1)
            await say(one, {"type": "status", "sound": "on", "visible": False})
            await until(1, 0)
        await until(0, 0)
