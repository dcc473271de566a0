"""A simulated pump that only answers. Sans-IO: time is an argument."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from typing import ClassVar, Literal

from pumpd.sim.devices.core import SimCore
from pumpd.sim.faults import PumpFaults
from pumpd.sim.panel import PumpPanel
from pumpd.sim.syringe import SyringePump


def taken(buffer: bytearray, request: re.Pattern[bytes]) -> list[re.Match[bytes]]:
    """Every request in the buffer that matches, taken off it with all that stands before it."""
    found = list(request.finditer(bytes(buffer)))
    del buffer[: found[-1].end() if found else 0]
    return found


class SimPolledPump(SimCore, ABC):
    """One pump on one line. `pump` is its mechanics, `panel` the person in front of it, `faults` its switches.

    A subclass sets what SimCore asks for and

    * rate_step_ul_h, volume_step_ul: what its display and its wire can tell apart; `shown` is cut to them,
    * max_rate_ul_h: what its keys and its line accept,
    * lease_ms: how long a control that nobody renews lasts; then it holds and alarms (None: no watchdog),
    * needs_control: whether a host must take control (`control_asked`) before a command is carried out,
    * shows_rate_on_hold: a pump on hold reports its set rate instead of 0,

    and implements `take`, `named` and `answer`. In `answer` the methods `stop_asked`, `rate_asked`, ... carry a command
    out and count it; they return the acknowledgement, or what the faults leave of it.

    heard counts requests by name; asked counts what commands asked for: stop, rate, start, control, release, clear.
    """

    kind: ClassVar[Literal["pump", "monitor"]] = "pump"
    rate_step_ul_h: ClassVar[int] = 100
    volume_step_ul: ClassVar[int] = 1
    max_rate_ul_h: ClassVar[int] = 1_200_000
    lease_ms: ClassVar[int | None] = None
    needs_control: ClassVar[bool] = True
    shows_rate_on_hold: ClassVar[bool] = False
    longest_request: ClassVar[int] = 256

    def __init__(self, serial: str | None = None, *, now_ms: int = 0, seed: int = 1, syringe_ul: int = 50_000) -> None:
        self.faults = PumpFaults()
        super().__init__(self.faults, serial, now_ms, seed)
        self.pump = SyringePump(now_ms, syringe_ul)
        self.panel = PumpPanel(self, self.max_rate_ul_h)
        self.local = False  # somebody has taken it back at its panel: it refuses commands
        self.heard: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self._held = False
        self._buffer = bytearray()
        self._late: list[tuple[int, bytes]] = []
        self._frozen: dict[str, int | bool] | None = None

    # --- what a subclass writes ----------------------------------------------------------------------------------

    @abstractmethod
    def take(self, buffer: bytearray) -> list[bytes]:
        """Take whole valid requests off the front of the buffer, dropping what is none; leave an unfinished one."""

    @abstractmethod
    def named(self, request: bytes) -> str:
        """What `heard` calls this request."""

    @abstractmethod
    def answer(self, request: bytes, now_ms: int) -> bytes | None:
        """What it says to one request, as it stands on the wire; None: nothing."""

    def unasked(self, now_ms: int) -> bytes:
        """What it says on its own (a keep-alive, an alarm), when `next_unasked_ms` is due."""
        return b""

    def next_unasked_ms(self) -> int | None:
        """When `unasked` has something to say."""
        return None

    # --- commands, for `answer` ----------------------------------------------------------------------------------

    @property
    def controlled(self) -> bool:
        """A host may command it now."""
        return not self.local and (self.held or not self.needs_control)

    @property
    def held(self) -> bool:
        """A host holds its remote control, or its watchdog waits for one."""
        return self._held if self.lease_ms is None else self.pump.lease_until_ms is not None

    def control_asked(self, ack: bytes, refusal: bytes | None) -> bytes | None:
        """Grant remote control or renew it, unless its panel or faults.refuse_control say no; never lost or late."""
        self.asked["control"] += 1
        if self.local or self.faults.refuse_control:
            return refusal
        self._held = True
        self.renew()
        return ack

    def renew(self) -> None:
        """The host is alive: the watchdog starts anew. For protocols in which any request shows that."""
        if self.lease_ms is not None:
            self.pump.lease_until_ms = self.pump.now_ms + self.lease_ms

    def release_asked(self, ack: bytes) -> bytes | None:
        """The host gives control back."""
        self.asked["release"] += 1
        self._held, self.pump.lease_until_ms = False, None
        return self.acknowledged(ack)

    def stop_asked(self, ack: bytes, refusal: bytes | None) -> bytes | None:
        """Hold, unless faults.stop_ignored or stop_silent."""
        self.asked["stop"] += 1
        if not self.controlled:
            return refusal
        if self.faults.stop_silent:
            return None
        if not self.faults.stop_ignored:
            self.pump.hold()
        return self.acknowledged(ack)

    def rate_asked(self, rate_ul_h: int, ack: bytes, refusal: bytes | None) -> bytes | None:
        """Take the rate; a running infusion goes on at it."""
        self.asked["rate"] += 1
        if not self.controlled or not 0 < rate_ul_h <= self.max_rate_ul_h or rate_ul_h % self.rate_step_ul_h:
            return refusal
        self.pump.set_rate(rate_ul_h)
        return self.acknowledged(ack)

    def start_asked(self, ack: bytes, refusal: bytes | None) -> bytes | None:
        """Infuse, where there is a rate and something to infuse."""
        self.asked["start"] += 1
        return self.acknowledged(ack) if self.controlled and self.pump.start() else refusal

    def clear_asked(self, ack: bytes, refusal: bytes | None) -> bytes | None:
        """Set the volume counter to zero."""
        return self.commanded("clear", self.pump.clear_volume, ack, refusal)

    def commanded(self, name: str, act: Callable[[], object], ack: bytes, refusal: bytes | None) -> bytes | None:
        """Any other command: carried out and acknowledged while controlled, else refused."""
        self.asked[name] += 1
        if not self.controlled:
            return refusal
        act()
        return self.acknowledged(ack)

    def acknowledged(self, ack: bytes) -> bytes | None:
        """The acknowledgement of what was carried out, unless a fault loses or delays it."""
        if self.faults.lost_ack:
            return None
        if self.faults.late_ack_ms:
            self._late.append((self.pump.now_ms + self.faults.late_ack_ms, ack))
            return None
        return ack

    # --- what the kit and the base use --------------------------------------------------------------------------

    def shown(self, now_ms: int) -> dict[str, int | bool]:
        """What its display says: rate_ul_h, volume_ul, infusing; what it said first, while faults.frozen_values."""
        self.advance(now_ms)
        if not self.faults.frozen_values or self._frozen is None:
            pump = self.pump
            rate_ul_h = pump.rate_ul_h if pump.infusing or self.shows_rate_on_hold else 0
            self._frozen = {
                "rate_ul_h": rate_ul_h - rate_ul_h % self.rate_step_ul_h,
                "volume_ul": pump.counted_ul - pump.counted_ul % self.volume_step_ul,
                "infusing": pump.infusing,
            }
        return dict(self._frozen)

    def receive(self, data: bytes, now_ms: int) -> bytes:
        """Any chunk from the host; returns what the pump answers at once."""
        if not self.advance(now_ms):
            self._buffer.clear()
            return b""
        self._buffer += self._line.lose(data)
        answers = [self._answer(request, now_ms) for request in self.take(self._buffer)]
        del self._buffer[: -self.longest_request]
        return self._line.lose(b"".join(answers)) + self._due(now_ms)

    def tick(self, now_ms: int) -> bytes:
        """Late acknowledgements, what it says unasked, and line noise that are due."""
        return self._due(now_ms) if self.advance(now_ms) else b""

    def next_deadline(self) -> int | None:
        """When tick has bytes to give, in simulated milliseconds."""
        if self._off_until_ms is not None:
            return self._off_until_ms
        dues = [*(due for due, _ in self._late), self._line.next_deadline(), self.next_unasked_ms()]
        return min((due for due in dues if due is not None), default=None)

    def advance(self, now_ms: int) -> bool:
        """Bring the mechanics up to date; False while the pump is switched off."""
        self.pump.advance(now_ms)
        self.pump.occlude(self.faults.occlusion)
        return self._awake(now_ms)

    def switch_off(self, now_ms: int, for_ms: int | None = None) -> None:
        """Power cycle: dark for a while, then in the power-on state."""
        self.pump.power_on_state()
        self._late.clear()
        self._buffer.clear()
        self._frozen, self._held = None, False
        super().switch_off(now_ms, for_ms)

    def _answer(self, request: bytes, now_ms: int) -> bytes:
        self.heard[self.named(request)] += 1
        return self.answer(request, now_ms) or b""

    def _due(self, now_ms: int) -> bytes:
        due = [data for at_ms, data in self._late if at_ms <= now_ms]
        self._late = [item for item in self._late if item[0] > now_ms]
        unasked_ms = self.next_unasked_ms()
        if unasked_ms is not None and unasked_ms <= now_ms:
            due.append(self.unasked(now_ms))
        return self._line.lose(b"".join(due)) + self._line.chatter(now_ms)
