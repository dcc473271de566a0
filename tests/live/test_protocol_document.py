"""The AsyncAPI document and the frames are held against the same structs."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from pumpd.live.messages import Close, ServerMessage, WardShape, decode_client
from pumpd.live.spec import asyncapi
from pumpd.safety.alarms import Phase
from tests.live.fakes import Ward, alarm


def every_frame() -> list[str]:
    ward = Ward()
    client = ward.hub.join(2)
    frames = [ward.hub.welcome("b-1"), client.next_frame(ward.hub, 0)]
    ward.breathe("b1", 9)
    ward.change("b2", patient=None, audio_paused_until_ms=120_000)
    ward.hub.tick()
    ward.hub.alarm(alarm("b1"), Phase.START)
    frames += [client.next_frame(ward.hub, 0), client.next_frame(ward.hub, 0), ward.hub.heartbeat()]
    return [frame for frame in frames if frame is not None]


def test_every_frame_is_exactly_its_documented_message() -> None:
    kinds = []
    for frame in every_frame():
        message: Any = msgspec.json.decode(frame, type=ServerMessage)
        assert json.loads(msgspec.json.encode(message)) == json.loads(frame)
        kinds.append(json.loads(frame)["type"])
    assert kinds == ["welcome", "snapshot", "alarm", "delta", "hb"]


def test_the_ward_over_http_is_exactly_its_documented_shape() -> None:
    ward = Ward()
    ward.hub.alarm(alarm("b1"), Phase.START)
    data = ward.hub.ward_json()
    assert json.loads(msgspec.json.encode(msgspec.json.decode(data, type=WardShape))) == json.loads(data)


def test_every_frame_carries_the_time_of_the_server() -> None:
    assert all("t" in json.loads(frame) for frame in every_frame())


def test_the_document_names_every_message_and_close_code_and_all_its_references_resolve() -> None:
    document = asyncapi(["stop_pump"])
    assert document["components"]["schemas"]["Cmd"]["properties"]["op"]["enum"] == ["stop_pump"]
    assert document["asyncapi"].startswith("3.")
    assert set(document["channels"]["live"]["messages"]) == {
        *("welcome", "snapshot", "delta", "alarm", "hb", "wave", "result"),
        *("hello", "ack", "status", "cmd"),
    }
    assert all(str(code.value) in document["info"]["description"] for code in Close)
    for reference in references(document):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [ref for child in node.values() for ref in references(child)]
    return [ref for child in node for ref in references(child)] if isinstance(node, list) else []


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"type":"hello"}', '{"type":"ack","seq":"1"}', '{"type":"snapshot"}', "{" * 100]
)
def test_what_is_not_a_client_message_is_refused(text: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_client(text)
