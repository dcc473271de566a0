"""The acts over the WebSocket: op -> the same body and the same act as the HTTP route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

import msgspec
from pydantic import ValidationError

from pumpd.api.acts import Acts
from pumpd.api.acts_chart import ChartActs
from pumpd.api.bodies import AcknowledgeBody, AudioPauseBody, Body, InterlockResetBody, RateBody, Reasoned
from pumpd.api.bodies_chart import (
    AdjunctBody,
    AssessmentBody,
    Charting,
    ChecklistBody,
    ComedicationBody,
    DoseBody,
    OpioidBody,
)
from pumpd.api.bodies_course import CourseBody, CourseEndBody, FollowUpBody, InfusionBody, ProtocolOverrideBody
from pumpd.api.errors import ApiError, reasons_of
from pumpd.live.messages import Cmd, Result, ResultError, encode

Args = dict[str, Any]


def _take(args: Args, key: str) -> str:
    value = args.pop(key, None)
    if not isinstance(value, str) or not value:
        raise ApiError(422, "invalid", f"{key}: required")
    return value


class Does(NamedTuple):
    """Everybody who carries out acts."""

    acts: Acts
    chart: ChartActs


async def _ack_alarm(does: Does, args: Args) -> bytes:
    return await does.acts.acknowledge(_take(args, "alarm"), AcknowledgeBody.model_validate(args))


async def _reset_alarm(does: Does, args: Args) -> bytes:
    return await does.acts.reset_alarm(_take(args, "alarm"), Reasoned.model_validate(args))


async def _pause_audio(does: Does, args: Args) -> bytes:
    args.pop("reason", None)
    return await does.acts.pause_audio(_take(args, "bed"), AudioPauseBody.model_validate(args))


async def _pause_ward_audio(does: Does, args: Args) -> bytes:
    args.pop("reason", None)
    return await does.acts.pause_ward_audio(AudioPauseBody.model_validate(args))


async def _stop_pump(does: Does, args: Args) -> bytes:
    return await does.acts.stop(_take(args, "bed"), _take(args, "pump"), Reasoned.model_validate(args))


async def _set_rate(does: Does, args: Args) -> bytes:
    return await does.acts.set_rate(_take(args, "bed"), _take(args, "pump"), RateBody.model_validate(args))


async def _override(does: Does, args: Args) -> bytes:
    return await does.acts.override(_take(args, "bed"), _take(args, "pump"), Reasoned.model_validate(args))


async def _resume_pump(does: Does, args: Args) -> bytes:
    return await does.acts.resume(_take(args, "bed"), _take(args, "pump"), Reasoned.model_validate(args))


async def _reset_interlock(does: Does, args: Args) -> bytes:
    return await does.acts.reset_interlock(_take(args, "bed"), InterlockResetBody.model_validate(args))


Act = Callable[["Does", Args], Awaitable[bytes]]
B = TypeVar("B", bound=Body)


def _at_bed(kind: type[B], act: Callable[[ChartActs, str, B], Awaitable[bytes]]) -> Act:
    """An act that names its bed and has a body."""

    async def perform_it(does: Does, args: Args) -> bytes:
        return await act(does.chart, _take(args, "bed"), kind.model_validate(args))

    return perform_it


def _entry(kind: type[Charting]) -> Act:
    return _at_bed(kind, ChartActs.chart)


OPS: dict[str, Act] = {
    "ack_alarm": _ack_alarm,
    "reset_alarm": _reset_alarm,
    "pause_audio": _pause_audio,
    "pause_ward_audio": _pause_ward_audio,
    "stop_pump": _stop_pump,
    "set_rate": _set_rate,
    "override": _override,
    "reset_interlock": _reset_interlock,
    "assess": _at_bed(AssessmentBody, ChartActs.assess),
    "resume_pump": _resume_pump,
    "chart_opioid": _at_bed(OpioidBody, ChartActs.opioid),
    "chart_dose": _entry(DoseBody),
    "chart_adjunct": _at_bed(AdjunctBody, ChartActs.adjunct),
    "chart_comedication": _at_bed(ComedicationBody, ChartActs.comedication),
    "chart_checklist": _at_bed(ChecklistBody, ChartActs.checklist),
    "open_course": _entry(CourseBody),
    "plan_infusion": _entry(InfusionBody),
    "override_protocol": _at_bed(ProtocolOverrideBody, ChartActs.override),
    "end_course": _entry(CourseEndBody),
    "follow_up": _entry(FollowUpBody),
}


async def perform(does: Does, cmd: Cmd, time: str) -> str:
    """Carry out the command; always an answer with all reasons, never an exception for a refusal."""
    try:
        data = await _perform(does, cmd)
    except ApiError as error:
        reasons = list(error.reasons)
        failed = ResultError(error.code, "; ".join(reasons), reasons, error.temporary)
        return encode(Result(cmd.id, False, time, error=failed)).decode()
    return encode(Result(cmd.id, True, time, data=msgspec.json.decode(data))).decode()


async def _perform(does: Does, cmd: Cmd) -> bytes:
    op = OPS.get(cmd.op)
    if op is None:
        raise ApiError(422, "unknown_op", f"op {cmd.op!r} is not one of {', '.join(OPS)}")
    args = dict(cmd.args)
    if cmd.reason is not None:
        args.setdefault("reason", cmd.reason)
    try:
        return await op(does, args)
    except ValidationError as error:
        raise ApiError(422, "invalid", *reasons_of([dict(item) for item in error.errors()])) from None
