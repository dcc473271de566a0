"""The acts over the WebSocket: op -> the same body and the same act as the HTTP route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

import msgspec
from pydantic import ValidationError

from pumpd.access.principal import Credentials, Principal
from pumpd.access.roles import Permission
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
from pumpd.api.gate import UNKNOWN, Gate, require
from pumpd.api.people import signed
from pumpd.api.whose import of_whom
from pumpd.live.messages import Cmd, Result, ResultError, encode

Args = dict[str, Any]
B = TypeVar("B", bound=Body)


class Does(NamedTuple):
    """Everybody who carries out acts."""

    acts: Acts
    chart: ChartActs


class Said(NamedTuple):
    """An op's arguments, and who says them."""

    args: Args
    who: Principal

    def take(self, key: str) -> str:
        """A text that must be there."""
        value = self.args.pop(key, None)
        if not isinstance(value, str) or not value:
            raise ApiError(422, "invalid", f"{key}: required")
        return value

    def body(self, kind: type[B]) -> B:
        """The rest, as the body of the HTTP route of the same act."""
        return signed(kind.model_validate(self.args), self.who)


async def _ack_alarm(does: Does, said: Said) -> bytes:
    return await does.acts.acknowledge(said.take("alarm"), said.body(AcknowledgeBody))


async def _reset_alarm(does: Does, said: Said) -> bytes:
    return await does.acts.reset_alarm(said.take("alarm"), said.body(Reasoned))


async def _pause_audio(does: Does, said: Said) -> bytes:
    said.args.pop("reason", None)
    return await does.acts.pause_audio(said.take("bed"), said.body(AudioPauseBody))


async def _pause_ward_audio(does: Does, said: Said) -> bytes:
    said.args.pop("reason", None)
    return await does.acts.pause_ward_audio(said.body(AudioPauseBody))


async def _stop_pump(does: Does, said: Said) -> bytes:
    return await does.acts.stop(said.take("bed"), said.take("pump"), said.body(Reasoned))


async def _set_rate(does: Does, said: Said) -> bytes:
    return await does.acts.set_rate(said.take("bed"), said.take("pump"), said.body(RateBody))


async def _override(does: Does, said: Said) -> bytes:
    return await does.acts.override(said.take("bed"), said.take("pump"), said.body(Reasoned))


async def _resume_pump(does: Does, said: Said) -> bytes:
    return await does.acts.resume(said.take("bed"), said.take("pump"), said.body(Reasoned))


async def _reset_interlock(does: Does, said: Said) -> bytes:
    return await does.acts.reset_interlock(said.take("bed"), said.body(InterlockResetBody))


Act = Callable[[Does, Said], Awaitable[bytes]]


def _at_bed(kind: type[B], act: Callable[[ChartActs, str, B], Awaitable[bytes]]) -> Act:
    """An act that names its bed and has a body."""

    async def perform_it(does: Does, said: Said) -> bytes:
        return await act(does.chart, said.take("bed"), said.body(kind))

    return perform_it


def _entry(kind: type[Charting]) -> Act:
    return _at_bed(kind, ChartActs.chart)


class Op(NamedTuple):
    """What it needs, and what it does."""

    need: Permission
    act: Act


OPS: dict[str, Op] = {
    "ack_alarm": Op(Permission.ACKNOWLEDGE, _ack_alarm),
    "reset_alarm": Op(Permission.ACKNOWLEDGE, _reset_alarm),
    "pause_audio": Op(Permission.PAUSE_AUDIO, _pause_audio),
    "pause_ward_audio": Op(Permission.PAUSE_AUDIO, _pause_ward_audio),
    "stop_pump": Op(Permission.STOP, _stop_pump),
    "set_rate": Op(Permission.RATE, _set_rate),
    "override": Op(Permission.RATE, _override),
    "reset_interlock": Op(Permission.INTERLOCK, _reset_interlock),
    "assess": Op(Permission.CHART, _at_bed(AssessmentBody, ChartActs.assess)),
    "resume_pump": Op(Permission.INTERLOCK, _resume_pump),
    "chart_opioid": Op(Permission.CHART, _at_bed(OpioidBody, ChartActs.opioid)),
    "chart_dose": Op(Permission.CHART, _entry(DoseBody)),
    "chart_adjunct": Op(Permission.CHART, _at_bed(AdjunctBody, ChartActs.adjunct)),
    "chart_comedication": Op(Permission.CHART, _at_bed(ComedicationBody, ChartActs.comedication)),
    "chart_checklist": Op(Permission.CHART, _at_bed(ChecklistBody, ChartActs.checklist)),
    "open_course": Op(Permission.COURSE, _entry(CourseBody)),
    "plan_infusion": Op(Permission.COURSE, _entry(InfusionBody)),
    "override_protocol": Op(Permission.COURSE, _at_bed(ProtocolOverrideBody, ChartActs.override)),
    "end_course": Op(Permission.COURSE, _entry(CourseEndBody)),
    "follow_up": Op(Permission.COURSE, _entry(FollowUpBody)),
}


class Asker(NamedTuple):
    """A live connection: what it brought, and from where."""

    credentials: Credentials
    address: str


async def perform(does: Does, gate: Gate, asker: Asker, cmd: Cmd, time: str) -> str:
    """Carry out the command; always an answer with all reasons, never an exception for a refusal."""
    try:
        data = await _perform(does, gate, asker, cmd)
    except ApiError as error:
        reasons = list(error.reasons)
        failed = ResultError(error.code, "; ".join(reasons), reasons, error.temporary)
        return encode(Result(cmd.id, False, time, error=failed)).decode()
    return encode(Result(cmd.id, True, time, data=msgspec.json.decode(data))).decode()


async def _perform(does: Does, gate: Gate, asker: Asker, cmd: Cmd) -> bytes:
    args, subject = dict(cmd.args), f"op {cmd.op}"[:80]
    bed = args.get("bed") if isinstance(args.get("bed"), str) else None
    screen = who = gate.access.who(asker.credentials)
    try:
        op, screen = _op(cmd.op), gate.signed_in(asker.credentials, active=True)
        who = gate.person(screen, str(args.pop("step_up", "")), op.need)
        require(who, op.need)
    except ApiError as error:
        gate.note_refused(who or screen, asker.address, subject, bed, error.code)
        raise
    return await _noted(does, gate, asker, op, Said(_with_reason(args, cmd), who), subject, bed)


async def _noted(does: Does, gate: Gate, asker: Asker, op: Op, said: Said, subject: str, bed: str | None) -> bytes:
    outcome, stay = UNKNOWN, str(said.args.pop("stay", ""))
    try:
        if bed is not None and op.need is not Permission.STOP:
            of_whom(does.acts, bed, stay)
        data = await op.act(does, said)
        outcome = "ok"
        return data
    except ValidationError as error:
        outcome = "invalid"
        raise ApiError(422, "invalid", *reasons_of([dict(item) for item in error.errors()])) from None
    except ApiError as error:
        outcome = error.code
        raise
    finally:
        gate.note_act(said.who, asker.address, subject, bed, outcome)


def _op(name: str) -> Op:
    if name not in OPS:
        raise ApiError(422, "unknown_op", f"op {name!r} is not one of {', '.join(OPS)}")
    return OPS[name]


def _with_reason(args: Args, cmd: Cmd) -> Args:
    return args if cmd.reason is None else {"reason": cmd.reason} | args
