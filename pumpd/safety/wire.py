"""Events, decisions and state as JSON-able values and bytes, and back: what the journal stores. Pure.

Values carry their class name under "type"; a Heard's fact carries its own. Unknown types and broken values
raise WireError, so that a journal of another version is noticed and never half-read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast, get_args

import msgspec

from pumpd.device.facts import Fact
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Event, Heard
from pumpd.safety.state import BedState

STATE_VERSION: Final = 1
EVENTS: Final[dict[str, type]] = {kind.__name__: kind for kind in get_args(Event)}
DECISIONS: Final[dict[str, type]] = {kind.__name__: kind for kind in get_args(Decision)}
FACTS: Final[dict[str, type]] = {kind.__name__: kind for kind in get_args(Fact)}
_encoder = msgspec.json.Encoder()  # keeps the order of mappings: alarms are walked in the order of their onset


class WireError(ValueError):
    """A stored value that this version cannot read."""


def _tagged(value: object) -> dict[str, Any]:
    return {"type": type(value).__name__, **cast("dict[str, Any]", msgspec.to_builtins(value))}


def _untagged(value: dict[str, Any], kinds: dict[str, type]) -> Any:
    kind = kinds.get(str(value.get("type")))
    if kind is None:
        raise WireError(f"unknown type {value.get('type')!r}")
    try:
        return msgspec.convert({key: item for key, item in value.items() if key != "type"}, kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise WireError(f"{value.get('type')}: {error}") from error


def event_to_wire(event: Event) -> dict[str, Any]:
    """The event as JSON-able values."""
    if isinstance(event, Heard):
        return {"type": "Heard", "device": event.device, "fact": _tagged(event.fact)}
    return _tagged(event)


def event_from_wire(value: dict[str, Any]) -> Event:
    """The event of `event_to_wire`; raises WireError."""
    if value.get("type") != "Heard":
        return cast("Event", _untagged(value, EVENTS))
    device, fact = value.get("device"), value.get("fact")
    if not isinstance(device, str) or not isinstance(fact, dict):
        raise WireError("Heard without device or fact")
    return Heard(device, _untagged(fact, FACTS))


def decision_to_wire(decision: Decision) -> dict[str, Any]:
    """The decision as JSON-able values."""
    return _tagged(decision)


def decision_from_wire(value: dict[str, Any]) -> Decision:
    """The decision of `decision_to_wire`; raises WireError."""
    return cast("Decision", _untagged(value, DECISIONS))


class _Stored(msgspec.Struct):
    version: int
    state: BedState


_decoder = msgspec.json.Decoder(_Stored)


def state_to_bytes(state: BedState) -> bytes:
    """The whole state (ALA-06); the same history gives the same bytes."""
    return _encoder.encode(_Stored(STATE_VERSION, state))


def not_understood(data: bytes) -> tuple[str, ...]:
    """What the bytes of a state hold and this version has no place for ("pumps.p1.dose"), as after a step back to an
    older version; raises WireError as `state_from_bytes`."""
    read = msgspec.to_builtins(state_from_bytes(data))
    return tuple(_beyond(msgspec.json.decode(data)["state"], read, ()))


def _beyond(stored: Any, read: Any, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(stored, dict) and isinstance(read, dict):
        for key, value in stored.items():
            if key in read:
                yield from _beyond(value, read[key], (*path, key))
            elif value:  # nothing, 0, "" and false say nothing
                yield ".".join((*path, key))
    elif isinstance(stored, list) and isinstance(read, list | tuple):
        for number, (one, other) in enumerate(zip(stored, read, strict=False)):
            yield from _beyond(one, other, (*path, str(number)))
        if any(stored[len(read) :]):
            yield ".".join(path)


def state_from_bytes(data: bytes) -> BedState:
    """The state of `state_to_bytes`; raises WireError for other bytes or another version."""
    try:
        stored = _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise WireError(str(error)) from error
    if stored.version != STATE_VERSION:
        raise WireError(f"state version {stored.version} is not {STATE_VERSION}")
    return stored.state
