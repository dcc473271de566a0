"""Base of drivers for devices that only answer: questions in turn, and rounds that make a status. Pure.

What is left to a driver: tables of questions, how a message is framed, and what a reply means. One exchange at a time
is on the line. Orders and remote control of pumps are in polled_pump.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from pumpd.device.contract import DeviceSettings
from pumpd.device.exchange import Request
from pumpd.device.facts import ControlState, Garbled, Out, PumpStatus, Silent
from pumpd.device.framers import Framer
from pumpd.device.halfduplex import HalfDuplex
from pumpd.device.info import DriverInfo
from pumpd.device.saying import Sayings
from pumpd.units import Ms

BUSY_MIN_MS = 100
PART_TRIES = 2  # ours: how often a part of a round is asked again before the round is begun anew


@dataclass(frozen=True, slots=True)
class Question:
    """A question: the name that its reply carries, its message, how often it is asked (None: until answered)."""

    name: str
    message: str
    every_ms: int | None = None


class Reply(Struct, frozen=True, gc=False):
    """What a frame of the device says. A Struct for the reason given in pumpd.device.facts.

    name: of the question or command that it answers, taken from the frame itself. part: what it adds to the status
    round. facts: to be said as they are. ok: of a command: done, refused, or unclear (None); echo: what the pump took,
    compared with what was sent where it is not None. control: what it tells about remote control. serial: who it is.
    """

    name: str
    part: object = None
    facts: tuple[Out, ...] = ()
    ok: bool | None = True
    detail: str = ""
    echo: str | None = None
    control: ControlState | None = None
    serial: str | None = None


class PolledDevice:
    """One device on a line where only the host asks.

    Class attributes are the tables: `questions` in order of priority; `status`: the names of those that together make
    one status, asked back to back (requested_ms of the status is when the first of them left; a part without its
    reply voids the round); `reply_ms`: how long a reply may take; `late_ms`: after that none is expected any more;
    `retry_ms`: how often a question without an interval is asked until it has its answer.
    """

    info: ClassVar[DriverInfo]
    questions: ClassVar[tuple[Question, ...]]
    status: ClassVar[tuple[str, ...]]
    reply_ms: ClassVar[int] = 500
    late_ms: ClassVar[int] = 4000
    retry_ms: ClassVar[int] = 2000
    tries: ClassVar[int] = 3
    """How often a question without an interval is asked before it is done without (until the device is heard anew)."""

    def __init__(self, settings: DeviceSettings) -> None:
        self.settings = settings
        self.said = Sayings()
        self.serial: str | None = None
        self.poll_ms = settings.poll_ms or self.info.poll_ms
        busy_ms = min(max(self.poll_ms // 2, BUSY_MIN_MS), self.reply_ms)
        priority = [question.name for question in self.questions]
        names, mute = [*self.more_names(), *priority], settings.receive_only
        self.line = HalfDuplex(self.reply_ms, self.late_ms, names, self.frame, busy_ms, mute=mute)
        self._framer = self.framer()
        self._table = {question.name: question for question in self.questions}
        self._quiet_ms = self.info.quiet_ms if settings.poll_ms is None else 2 * max(self.poll_ms, 2 * busy_ms)
        self._heard_ms = Ms(0)
        self._silent = False
        self._asked: dict[str, int] = {}
        self._round: dict[str, object] = {}
        self._round_ms: Ms | None = None
        self._again_asked = 0  # how often the part that the round waits for was asked again

    # --- what a driver says ---------------------------------------------------------------------------------

    def framer(self) -> Framer:
        """A new framer for this connection."""
        raise NotImplementedError

    def frame(self, message: str) -> bytes:
        """The message as it stands on the wire."""
        raise NotImplementedError

    def read(self, frame: bytes, now: Ms) -> Reply | Garbled:
        """What a whole frame of the device says. Must not raise on any bytes."""
        raise NotImplementedError

    def status_of(self, parts: Mapping[str, object], now: Ms) -> Sequence[Out]:
        """The facts of a whole round: its parts by name. requested_ms of a PumpStatus is set afterwards."""
        raise NotImplementedError

    def message(self, name: str) -> str:
        """The message of a question; override where it is not always the same."""
        return self._table[name].message

    def more_names(self) -> tuple[str, ...]:
        """Names of questions beyond the table; they come first when equally due."""
        return ()

    # --- the contract ---------------------------------------------------------------------------------------

    def start(self, now: Ms) -> list[Out]:
        self._heard_ms = now
        self._ask_all(now)
        return self._next(now)

    def receive(self, data: bytes, now: Ms) -> list[Out]:
        out: list[Out] = []
        for part in self._framer.feed(data):
            reply = part if isinstance(part, Garbled) else self.read(part, now)
            out += [reply] if isinstance(reply, Garbled) else self._hear(reply, now)
        return out + self._next(now)

    def tick(self, now: Ms) -> list[Out]:
        timed_out, unknown = self.line.overdue(now)
        out: list[Out] = [*unknown]
        if timed_out is not None:
            out += self.unanswered(timed_out, now)
        if not self._silent and now >= self._heard_ms + self._quiet_ms:
            self._silent = True
            out.append(Silent("no answer"))
        return [*out, *self._next(now)]

    def next_deadline(self) -> Ms | None:
        line_ms = self.line.next_deadline()
        if self._silent:
            return line_ms
        quiet_ms = Ms(self._heard_ms + self._quiet_ms)
        return quiet_ms if line_ms is None else min(line_ms, quiet_ms)

    def finish(self, now: Ms) -> list[Out]:
        self.line.forget_all()
        return []

    # --- questions ------------------------------------------------------------------------------------------

    def _ask_all(self, now: Ms) -> None:
        self._asked.clear()
        for name in self._table:
            if name not in self.status[1:]:
                self.line.ask(name, now)

    def _next(self, now: Ms) -> list[Out]:
        """What goes out if the line is free: an order, else the question that has waited longest."""
        line = self.line
        if line.pending is not None:  # the line is busy
            return []
        out: list[Out] = [*line.next_order(now)]
        name = line.next_question(now)
        if name is None:
            return out
        self._asked[name] = self._asked.get(name, 0) + 1
        self._again(name, now)
        return [*out, *self.line.send_question(name, self.message(name), now)]

    def _again(self, name: str, now: Ms) -> None:
        """When this question is next due."""
        if name in self.status:
            self.line.forget(name) if name != self.status[0] else self.line.ask(name, Ms(now + self.poll_ms))
            return
        question = self._table.get(name)
        every_ms = self.retry_ms if question is None or question.every_ms is None else question.every_ms
        if question is not None and question.every_ms is None and self._asked[name] >= self.tries:
            self.line.forget(name)
        else:
            self.line.ask(name, Ms(now + every_ms))

    def unanswered(self, name: str, now: Ms) -> list[Out]:
        """A question or an order has had no reply in time: is the device still there? The status is asked next.

        A round goes on with the part that it waits for, a few times: begun anew it would never end on a slow line.
        """
        if self._silent or not self.line.asks(self.status[0]):
            return []  # a driver that does not know whom to ask any more has forgotten the status
        if self._round and name == self._awaited() and self._again_asked < PART_TRIES and not self._is_asked_anew():
            self._again_asked += 1
            self.line.ask_ahead(name, now)
        else:
            self.line.ask_by(self.status[0], now)
        return []

    def _awaited(self) -> str:
        """The next part of the round."""
        return self.status[len(self._round)]

    def _is_asked_anew(self) -> bool:
        return self.line.is_ahead(self.status[0])

    def read_soon(self, now: Ms) -> None:
        """The status next; after the round that is under way, which would never end if it were begun anew each time."""
        if self.is_reading(now):
            self.line.ask(self.status[0], now)
        else:
            self.line.ask_ahead(self.status[0], now)

    def is_reading(self, now: Ms) -> bool:
        """Is a round under way: may its next part still be answered, or is it next on the line?"""
        return self.line.is_ahead(self._awaited()) or self.line.may_be_answered(self._awaited(), now)

    def read_anew(self, now: Ms) -> None:
        """The status next, and what was read of it before does not count."""
        self._round = {}
        self.line.ask_ahead(self.status[0], now)

    # --- replies --------------------------------------------------------------------------------------------

    def heard(self, now: Ms) -> None:
        """A believable frame. After a silence all is asked anew: it may have been off, or be another device."""
        self._heard_ms = now
        if self._silent:
            self._silent = False
            self._ask_all(now)

    def _hear(self, reply: Reply, now: Ms) -> list[Out]:
        self.heard(now)
        request = self.line.answered(reply.name, now)
        question = self._table.get(reply.name)
        if question is not None and question.every_ms is None and reply.name not in self.status:
            self.line.forget(reply.name)
        out: list[Out] = [*self.answered(reply, request, now), *reply.facts]
        if reply.part is not None:
            out += self._add_part(reply, request, now)
        return out

    def answered(self, reply: Reply, request: Request | None, now: Ms) -> list[Out]:
        """What a reply means beyond its facts and its part of the status; request None: unasked."""
        return []

    def _add_part(self, reply: Reply, request: Request | None, now: Ms) -> list[Out]:
        """One more part of the round; the facts when it is whole."""
        place = self.status.index(reply.name)
        sent_ms = None if request is None else request.sent_ms
        if place == 0:
            self._round, self._round_ms = {}, sent_ms
        elif sent_ms is None or self._round_ms is None:
            self._round_ms = None  # overheard, or too late: it answers no question of this round
        else:
            self._round_ms = min(self._round_ms, sent_ms)
        if len(self._round) != place:  # a part before it is missing
            return []
        self._round[reply.name], self._again_asked = reply.part, 0
        if place + 1 < len(self.status):
            if request is not None:
                self.line.ask_ahead(self.status[place + 1], now)
            return []
        parts, self._round = self._round, {}
        facts = self.status_of(parts, now)
        return [replace(f, requested_ms=self._round_ms) if isinstance(f, PumpStatus) else f for f in facts]
