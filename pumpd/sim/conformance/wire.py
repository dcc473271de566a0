"""A driver and its simulated device on a line of any quality, in virtual time."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pumpd.device import DeviceSettings, Out, PumpDriver, PumpOrder, Send, SetLine
from pumpd.sim.conformance.case import Case
from pumpd.sim.patient import SimPatient
from pumpd.units import Ms

STEP_MS = 500  # how often the patient lives on
START_RATE_UL_H = 12_000
MOST_TURNS = 2_000  # at one moment; more is a driver or a device that never lets time pass


@dataclass
class Quality:
    """What the line does to what is on it; may be changed at any time. Whole messages keep their order.

    lost: share of messages lost, either way. bytes_lost: share of single bytes lost. delay_ms: of a message to the
    host, drawn anew for each. muted: nothing of the device comes through; cut: nothing either way.
    """

    lost: float = 0.0
    bytes_lost: float = 0.0
    delay_ms: tuple[int, int] = (0, 0)
    muted: bool = False
    cut: bool = False


class Wire:
    """log: every out of the driver with its time; truth: what the device's display said whenever it spoke.

    problems: what no check has to look for: time that stands still.
    """

    def __init__(
        self,
        case: Case,
        *,
        control: bool = False,
        expect: str | None = None,
        poll_ms: int | None = None,
        faults: Mapping[str, Any] | None = None,
        quality: Quality | None = None,
        seed: int = 1,
    ) -> None:
        """expect: the serial number in the ward file; by default the one that the device tells, if it tells one.
        poll_ms: likewise; by default the driver's own.
        """
        self.case = case
        self.now = 0
        self.quality = quality or Quality()
        self.random = random.Random(seed)
        self.patient = SimPatient(seed)
        device: Any = case.model.device(self.patient, seed=seed)
        self.device = device
        if case.is_pump:
            self.device.panel.set_rate(START_RATE_UL_H, 0)
            self.device.panel.start(0)
        for name, value in (faults or {}).items():
            setattr(self.device.faults, name, value)
        serial = expect if expect is not None else case.model.serial if case.info.tells_serial else None
        self.driver = case.driver(DeviceSettings("d1", serial=serial, control=control, poll_ms=poll_ms))
        self.log: list[tuple[int, Out]] = []
        self.truth: list[tuple[int, Mapping[str, int | None]]] = [(0, self.device.shown(0))]
        self.problems: list[str] = []
        self.said = 0  # messages of the device
        self.spoil: Callable[[int, bytes], bytes] = lambda number, data: data
        self._to_host: deque[tuple[int, bytes]] = deque()
        self._free_ms = self._turns = 0
        self._take(self.driver.start(Ms(0)))

    # --- what a check asks ---------------------------------------------------------------------------------------

    def of(self, *kinds: type, since: int = 0) -> list[Any]:
        """Outs of these types from `since` on."""
        return [out for at, out in self.log if at >= since and isinstance(out, kinds)]

    def last(self, kind: type) -> Any:
        return next((out for _, out in reversed(self.log) if isinstance(out, kind)), None)

    @property
    def settle_ms(self) -> int:
        """Long enough for a driver of this device to have read all of it."""
        return 10_000 + 4 * max(self.case.info.poll_ms, self.case.info.quiet_ms)

    # --- time ----------------------------------------------------------------------------------------------------

    def run(self, for_ms: int) -> Wire:
        self.until(lambda: False, for_ms)
        return self

    def until(self, done: Callable[[], bool], most_ms: int) -> bool:
        """Let time pass until it is done; False if it is not after most_ms."""
        end_ms = self.now + most_ms
        while not done():
            if self.now >= end_ms or len(self.problems) > 20:
                return False
            self._turn(end_ms)
        return True

    def order(self, order: PumpOrder) -> list[Out]:
        """Give an order; its bytes are on the line before this returns. Gives the driver's answer."""
        assert isinstance(self.driver, PumpDriver)
        outs = self.driver.command(order, Ms(self.now))
        self._take(outs)
        return outs

    def finish(self) -> list[Out]:
        outs = self.driver.finish(Ms(self.now))
        self._take(outs)
        return outs

    def _turn(self, end_ms: int) -> None:
        dues = [self.driver.next_deadline(), self.device.next_deadline(), (self.now // STEP_MS + 1) * STEP_MS, end_ms]
        if self._to_host:
            dues.append(self._to_host[0][0])
        before, self.now = self.now, max(self.now, min(due for due in dues if due is not None))
        self._watch_time(before)
        if self.now // STEP_MS != before // STEP_MS:
            self.patient.step(STEP_MS / 1000)
        self._say(self.device.tick(self.now))
        while self._to_host and self._to_host[0][0] <= self.now:
            self._take(self.driver.receive(self._to_host.popleft()[1], Ms(self.now)))
        due = self.driver.next_deadline()
        if due is not None and due <= self.now:
            self._take(self.driver.tick(Ms(self.now)))
            after = self.driver.next_deadline()
            if after is not None and after <= self.now:
                self.problems.append(f"at {self.now} ms tick did not move the deadline ({after} ms)")

    def _watch_time(self, before: int) -> None:
        self._turns = self._turns + 1 if self.now == before else 0
        if self._turns > MOST_TURNS:
            self.problems.append(f"time stands still at {self.now} ms")
            self.now, self._turns = self.now + 1, 0

    # --- bytes ---------------------------------------------------------------------------------------------------

    def _take(self, outs: list[Out]) -> None:
        for out in outs:
            self.log.append((self.now, out))
            if isinstance(out, SetLine) and hasattr(self.device, "line_baud"):
                self.device.line_baud = out.baud
            if isinstance(out, Send) and not self.quality.cut and self._gets_through():
                self._say(self.device.receive(self._fewer(out.data), self.now))

    def _say(self, data: bytes) -> None:
        """The device speaks: what its display says now is the truth of this message."""
        if not data:
            return
        self.truth.append((self.now, self.device.shown(self.now)))
        self.said += 1
        data = self.spoil(self.said, data)
        if self.quality.cut or self.quality.muted or not self._gets_through():
            return
        self._free_ms = max(self._free_ms, self.now + self.random.randint(*self.quality.delay_ms))
        self._to_host.append((self._free_ms, self._fewer(data)))

    def _gets_through(self) -> bool:
        return not self.quality.lost or self.random.random() >= self.quality.lost

    def _fewer(self, data: bytes) -> bytes:
        if not self.quality.bytes_lost:
            return data
        return bytes(value for value in data if self.random.random() >= self.quality.bytes_lost)
