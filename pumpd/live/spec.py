"""The live protocol as an AsyncAPI 3 document, generated from the very structs that the code uses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

import msgspec

from pumpd.live.client import LiveTimes
from pumpd.live.messages import ClientMessage, Close, ServerMessage, WardShape

REF = "#/components/schemas/{name}"


def _messages(union: object) -> dict[str, dict[str, Any]]:
    return {
        kind.__struct_config__.tag: {
            "name": kind.__struct_config__.tag,
            "contentType": "application/json",
            "summary": (kind.__doc__ or "").strip().splitlines()[0],
            "payload": {"$ref": REF.format(name=kind.__name__)},
        }
        for kind in get_args(union)
    }


def _refs(messages: dict[str, Any]) -> list[dict[str, str]]:
    return [{"$ref": f"#/channels/live/messages/{name}"} for name in messages]


def _description() -> str:
    codes = ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in Close)
    times = LiveTimes()
    return (
        "JSON text frames. The client says hello; the server answers welcome, snapshot, then deltas of absolute "
        "latest values. Alarms come in order and are never conflated. Every frame carries the server's time t. "
        f"A heartbeat comes when nothing else did for {times.hb_ms} ms; after three missed ones blank all digits. "
        "The client acks the seq of each snapshot and delta that it has rendered; at most two are in flight. "
        f"Close codes: {codes}."
    )


def asyncapi(ops: Iterable[str]) -> dict[str, Any]:
    """The document. ops: the acts that a `cmd` may name. A test holds real frames against the same structs."""
    sent, received = _messages(ServerMessage), _messages(ClientMessage)
    kinds = [*get_args(ServerMessage), *get_args(ClientMessage), WardShape]
    _, schemas = msgspec.json.schema_components(kinds, ref_template=REF)
    schemas["Cmd"]["properties"]["op"]["enum"] = list(ops)
    channel = {"$ref": "#/channels/live"}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "pumpd live", "version": "1", "description": _description()},
        "defaultContentType": "application/json",
        "channels": {"live": {"address": "/ws/v1/live", "messages": {**sent, **received}}},
        "operations": {
            "toScreen": {"action": "send", "channel": channel, "messages": _refs(sent)},
            "fromScreen": {"action": "receive", "channel": channel, "messages": _refs(received)},
        },
        "components": {"schemas": schemas},
    }
