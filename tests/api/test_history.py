"""Histories and limits over HTTP, and the curve of a bed over the live connection."""

from __future__ import annotations

import json

import msgspec
import websockets

from pumpd.device.facts import Waveform
from pumpd.live.messages import ServerMessage
from tests.api.ward import MemoryWard, client, served


async def test_without_a_journal_there_is_no_history_and_it_is_said() -> None:
    async with client(MemoryWard()) as http:
        for part in ("vitals", "doses", "events"):
            answer = await http.get(f"/api/v1/beds/b1/history/{part}")
            assert answer.status_code == 503
            assert answer.json()["error"] == {"code": "no_history", "reasons": ["no journal is kept"]}


async def test_an_unknown_bed_signal_or_span_is_refused_with_its_name() -> None:
    async with client(MemoryWard()) as http:
        for path, status in (
            ("beds/b9/history/vitals", 404),
            ("beds/b9/limits", 404),
            ("beds/b1/history/vitals?signals=co2_wave", 422),
            ("beds/b1/history/vitals?signals=", 422),
            ("beds/b1/history/events?hours=0", 422),
            ("beds/b1/history/vitals?points=100000", 422),
        ):
            answer = await http.get(f"/api/v1/{path}")
            assert answer.status_code == status, path
            assert answer.json()["error"]["reasons"]


async def test_limits_name_their_rule_and_who_set_them() -> None:
    async with client(MemoryWard()) as http:
        found = (await http.get("/api/v1/beds/b1/limits")).json()
    lines = [rule for rule in found["rules"] if rule["line"]]
    assert {rule["terms"][0]["signal"] for rule in lines} >= {"rr", "spo2"}
    assert all(rule["priority"] in ("high", "medium", "low") for rule in found["rules"])
    (drug,) = found["drugs"]
    assert drug["hard"]["set_by"]
    assert drug["hard"]["unit"] == "mg/kg/h"


async def test_the_stay_of_a_bed_says_nothing_of_who_it_is() -> None:
    ward = MemoryWard()
    async with client(ward) as http:
        bed = (await http.get("/api/v1/beds/b1")).json()
    assert bed["stay"]
    assert ward.views["b1"].patient is None or ward.views["b1"].patient.mrn not in bed["stay"]


async def test_a_curve_is_sent_to_who_asks_for_it_and_to_nobody_else() -> None:
    ward = MemoryWard()
    async with served(ward) as port:
        url = f"ws://127.0.0.1:{port}/ws/v1/live"
        async with websockets.connect(url) as asked, websockets.connect(url) as other:
            await asked.send(json.dumps({"type": "hello", "proto": [1], "subs": ["ward:*", "wave:b1"]}))
            await other.send(json.dumps({"type": "hello", "proto": [1], "subs": ["ward:*"]}))
            ward.hub.waves.heard("b1", "m1", Waveform("co2_wave", 50, (0, 38_000, None)), ward.clock.now_ms())
            seen = [message async for message in until(asked, "wave")]
            assert seen[-1]["samples"] == [0, 38, None]
            assert seen[-1]["bed"] == "b1"
            ward.breathe("b1", 17)
            assert "wave" not in [message["type"] async for message in until(other, "delta")]


async def test_a_curve_of_no_bed_is_refused() -> None:
    async with served(MemoryWard()) as port, websockets.connect(f"ws://127.0.0.1:{port}/ws/v1/live") as line:
        await line.send(json.dumps({"type": "hello", "proto": [1], "subs": ["wave:b9"]}))
        await line.wait_closed()
        assert line.close_code == 4403


async def until(line: websockets.ClientConnection, kind: str):  # type: ignore[no-untyped-def]
    """Messages up to the first of this kind, each held against its struct, acknowledged."""
    while True:
        text = await line.recv()
        msgspec.json.decode(text, type=ServerMessage)
        message = json.loads(text)
        if message["type"] in ("snapshot", "delta"):
            await line.send(json.dumps({"type": "ack", "seq": message["seq"]}))
        yield message
        if message["type"] == kind:
            return
