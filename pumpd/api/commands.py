"""The acts over the WebSocket: op -> the same body and the same act as the HTTP route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from pydantic import ValidationError

from pumpd.api.acts import (
    AcknowledgeBody,
    Acts,
    AssessmentBody,
    AudioPauseBody,
    InterlockResetBody,
    RateBody,
    Reasoned,
)
from pumpd.api.errors import ApiError, reasons_of
from pumpd.live.messages import Cmd, Result, ResultError, encode

Args = dict[str, Any]


def _take(args: Args, key: str) -> str:
    value = args.pop(key, None)
    if not isinstance(value, str) or not value:
        raise ApiError(422, "invalid", f"{key}: required")
    return value


async def _ack_alarm(acts: Acts, args: Args) -> bytes:
    return await acts.acknowledge(_take(args, "alarm"), AcknowledgeBody.model_validate(args))


async def _reset_alarm(acts: Acts, args: Args) -> bytes:
    return await acts.reset_alarm(_take(args, "alarm"), Reasoned.model_validate(args))


async def _pause_audio(acts: Acts, args: Args) -> bytes:
    args.pop("reason", None)
    return await acts.pause_audio(_take(args, "bed"), AudioPauseBody.model_validate(args))


async def _pause_ward_audio(acts: Acts, args: Args) -> bytes:
    args.pop("reason", None)
    return await acts.pause_ward_audio(AudioPauseBody.model_validate(args))


async def _stop_pump(acts: Acts, args: Args) -> bytes:
    return await acts.stop(_take(args, "bed"), _take(args, "pump"), Reasoned.model_validate(args))


async def _set_rate(acts: Acts, args: Args) -> bytes:
    return await acts.set_rate(_take(args, "bed"), _take(args, "pump"), RateBody.model_validate(args))


async def _override(acts: Acts, args: Args) -> bytes:
    return await acts.override(_take(args, "bed"), _take(args, "pump"), Reasoned.model_validate(args))


async def _resume_pump(acts: Acts, args: Args) -> bytes:
    return await acts.resume(_take(args, "bed"), _take(args, "pump"), Reasoned.model_validate(args))


async def _reset_interlock(acts: Acts, args: Args) -> bytes:
    return await acts.reset_interlock(_take(args, "bed"), InterlockResetBody.model_validate(args))


async def _assess(acts: Acts, args: Args) -> bytes:
    return await acts.assess(_take(args, "bed"), AssessmentBody.model_validate(args))


OPS: dict[str, Callable[[Acts, Args], Awaitable[bytes]]] = {
    "ack_alarm": _ack_alarm,
    "reset_alarm": _reset_alarm,
    "pause_audio": _pause_audio,
    "pause_ward_audio": _pause_ward_audio,
    "stop_pump": _stop_pump,
    "set_rate": _set_rate,
    "override": _override,
    "reset_interlock": _reset_interlock,
    "assess": _assess,
    "resume_pump": _resume_pump,
}


async def perform(acts: Acts, cmd: Cmd, time: str) -> str:
    """Carry out the command; always an answer with all reasons, never an exception for a refusal."""
    try:
        data = await _perform(acts, cmd)
    except ApiError as error:
        reasons = list(error.reasons)
        failed = ResultError(error.code, "; ".join(reasons), reasons, error.temporary)
        return encode(Result(cmd.id, False, time, error=failed)).decode()
    return encode(Result(cmd.id, True, time, data=msgspec.json.decode(data))).decode()


async def _perform(acts: Acts, cmd: Cmd) -> bytes:
    op = OPS.get(cmd.op)
    if op is None:
        raise ApiError(422, "unknown_op", f"op {cmd.op!r} is not one of {', '.join(OPS)}")
    args = dict(cmd.args)
    if cmd.reason is not None:
        args.setdefault("reason", cmd.reason)
    try:
        return await op(acts, args)
    except ValidationError as error:
        raise ApiError(422, "invalid", *reasons_of([dict(item) for item in error.errors()])) from None
