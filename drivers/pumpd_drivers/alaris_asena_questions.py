"""What an Asena is asked and when: the schedule of questions, and when the pump counts as silent. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pumpd.device.exchange import Request
from pumpd.device.halfduplex import HalfDuplex
from pumpd.units import Ms
from pumpd_drivers import alaris_asena_wire as wire
from pumpd_drivers.alaris_asena_wire import ALARM, CONTROL, EVENTS_OFF, LEASE, PROTOCOL, SERIAL, STATUS

ORDER_TIMEOUT_MS = 500  # infupy
LATE_MS = 4000  # ours: a reply later than the pump's own time-out is not expected
LEASE_REFRESH_MS = 1000  # infupy refreshes each second, mdpnp with each poll
CONTROL_RETRY_MS = 10_000  # ours: how often a pump that refused is asked again
ONCE_RETRY_MS = 2000  # ours: until a question of ONCE has its answer
MISSED_POLLS = 2  # ours: silent after that many without a believable frame
BUSY_MIN_MS, BUSY_MAX_MS = 100, 500  # ours: a status takes 25 ms on the wire; infupy waits 500 ms for a reply

PRIORITY = (SERIAL, CONTROL, STATUS, ALARM, PROTOCOL, LEASE, EVENTS_OFF)  # first wins when equally due
ONCE = (SERIAL, PROTOCOL, LEASE, EVENTS_OFF)
TRIED_TWICE = (PROTOCOL, LEASE, EVENTS_OFF)  # and then done without; the serial number is asked for until it comes


@dataclass(frozen=True, slots=True)
class Reply:
    """A message whose CRC is right, and the request that it answers (None: unasked)."""

    message: str
    fields: list[str]
    request: Request | None

    @property
    def order_id(self) -> str | None:
        return None if self.request is None else self.request.order_id


class Questions:
    """`line` carries one exchange at a time; this decides what it asks next.

    A question without a reply is followed at once by a status poll: half a poll for the lost reply and the rest for
    the next one, so that one lost reply is no silence, and two missed polls are.
    """

    __slots__ = ("_given_up", "_heard_ms", "_period_ms", "_quiet_ms", "_silent", "line")

    def __init__(self, poll_ms: int, *, mute: bool = False) -> None:
        busy_ms = min(max(poll_ms // 2, BUSY_MIN_MS), BUSY_MAX_MS)
        self.line = HalfDuplex(ORDER_TIMEOUT_MS, LATE_MS, PRIORITY, wire.frame, busy_ms, mute=mute)
        self._quiet_ms = MISSED_POLLS * max(poll_ms, 2 * busy_ms)
        self._period_ms = {
            **dict.fromkeys(ONCE, ONCE_RETRY_MS),
            CONTROL: LEASE_REFRESH_MS,
            STATUS: poll_ms,
            ALARM: 2 * poll_ms,
        }
        self._heard_ms = Ms(0)
        self._silent = False
        self._given_up: set[str] = set()

    def begin(self, now: Ms) -> None:
        """Everything but control is due; control is asked for once the serial number is known."""
        self._heard_ms = now
        for name in PRIORITY:
            if name != CONTROL:
                self.line.ask(name, now)

    def heard(self, now: Ms) -> None:
        """A message whose CRC is right. After a silence all is asked anew: it may have been off, or be another pump."""
        self._heard_ms = now
        if not self._silent:
            return
        self._silent = False
        self._given_up.clear()
        for name in ONCE:
            self.line.ask(name, now)
        self.line.ask_by(CONTROL, now)

    def falls_silent(self, now: Ms) -> bool:
        """True once per outage, when it begins."""
        if self._silent or now < self._heard_ms + self._quiet_ms:
            return False
        self._silent = True
        return True

    def unanswered(self, name: str, now: Ms) -> None:
        """A question has had no reply: is the pump still there? What is asked twice is left after the second time."""
        if not self._silent:
            self.line.ask_by(STATUS, now)
        if name in TRIED_TWICE and name in self._given_up:
            self.line.forget(name)
        self._given_up.add(name)

    def refresh_within(self, lease_ms: int) -> None:
        """The pump has told how long a grant lasts."""
        self._period_ms[CONTROL] = min(LEASE_REFRESH_MS, lease_ms // 4)

    def next(self, now: Ms) -> str | None:
        """The question to send now, due again after its period; None while the line is busy or nothing is due."""
        name = self.line.next_question(now)
        if name == STATUS and self.line.may_be_answered(STATUS, now) and not self.line.is_ahead(STATUS):
            # A lost status may still come; the pump answers in order, so the reply to another question buries it.
            name = ALARM
        if name is not None:
            self.line.ask(name, Ms(now + self._period_ms[name]))
        return name

    def next_deadline(self) -> Ms | None:
        """When a time-out, a due question or the silence wants attention."""
        line_ms = self.line.next_deadline()
        if self._silent:
            return line_ms
        quiet_ms = self._heard_ms + self._quiet_ms
        return Ms(quiet_ms) if line_ms is None or quiet_ms < line_ms else line_ms
