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
        "Who opens it is known by the session's cookie (with an exact Origin), by Authorization: Bearer, or by the "
        "token in a machine's hello; who has not the permission view is closed with 4403, who is nobody, or no more "
        "(sign-out, expiry, revocation), with 4401. Each op needs the permission of its HTTP route; names of patients "
        "are sent as far as welcome.identity says. "
        "JSON text frames. The client says hello; the server answers welcome, snapshot, then deltas of absolute "
        "latest values. Alarms come in order and are never conflated. Every frame carries the server's time t. "
        f"A heartbeat comes when nothing else did for {times.hb_ms} ms; after three missed ones blank all digits. "
        "At most `credit` (two) snapshots and deltas are in flight. A client acks a snapshot, and then the last of as "
        "many deltas as its credit, once it has rendered them; an ack gives credit back for all that came before, and "
        f"may be sent more often. A client whose credit has been used up for {times.stall_ms} ms is closed as slow. "
        f"Who subscribes to `wave:BED` also gets that bed's curve of CO2 in pieces, about every {times.wave_ms} ms, as "
        "far as it keeps up: a piece with `gap` does not follow on the one before. "
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
