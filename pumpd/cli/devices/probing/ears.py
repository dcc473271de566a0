"""Drivers that listen to a line together; what they would send leaves only if it is a harmless question. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pumpd.cli.devices.probing.evidence import Evidence
from pumpd.device import DeviceSettings, Driver, Out, Send, Silent
from pumpd.units import Ms

STALL_MS = 1200
"""A driver that has neither asked nor understood anything for so long gets its next question asked for it."""

LATE_MS = 200
"""Beyond a driver's quiet time, until its silence must have been said if it has believed nothing."""


def patience_ms(driver: type[Driver], ask_ms: int) -> int:
    """How long this driver is asked where something answers: until it must have called it silence, if it was."""
    return max(ask_ms, driver.info.quiet_ms + 2 * LATE_MS)


class Ears:
    """The drivers of one line setting. Bytes in; bytes out, each of them a whole frame of some driver's probe_bytes."""

    def __init__(self, drivers: Iterable[type[Driver]], baud: int, line: str, now: Ms) -> None:
        self._baud = baud
        self._line = line
        self._found = {driver: Evidence(driver.info, line) for driver in drivers}
        self._earlier: list[Evidence] = []
        self._live: dict[type[Driver], Driver] = {}
        self._asking: type[Driver] | None = None
        self._unsent: list[bytes] = []
        self._sent_ms = self._believed_ms = now
        self._silent = False
        self.heard_bytes = 0
        for driver in self._found:
            self._start(driver, now)

    @property
    def evidence(self) -> list[Evidence]:
        return [*self._earlier, *self._found.values()]

    def ask(self, driver: type[Driver], now: Ms) -> list[bytes]:
        """From now on this driver's questions leave; it begins anew, so that its first one is its first."""
        self._asking, self._unsent = driver, list(driver.info.probe_bytes)
        self._silent = False
        self._begin_evidence(driver, asked=True)
        self._sent_ms = Ms(now - STALL_MS)
        self._believed_ms = Ms(now + driver.info.quiet_ms + LATE_MS)
        return self._start(driver, now)

    def receive(self, data: bytes, now: Ms) -> list[bytes]:
        """Bytes of the line, for all."""
        self.heard_bytes += len(data)
        sent: list[bytes] = []
        for driver, evidence in self._found.items():
            evidence.heard_bytes += len(data)
            sent += self._run(driver, lambda session: session.receive(data, now), now)
        return sent

    def tick(self, now: Ms) -> list[bytes]:
        """Let the drivers' timers run; ask for one that is at a loss."""
        sent: list[bytes] = []
        for driver in self._found:
            sent += self._run(driver, lambda session: _ticked(session, now), now)
        if self._asking is not None:
            self._look(self._asking, now)
            if not sent and now - self._sent_ms >= STALL_MS:
                sent += self._next_question(self._asking, now)
        return sent

    def _look(self, driver: type[Driver], now: Ms) -> None:
        """Where nothing believable comes a driver says Silent in time; one that is late has believed something."""
        evidence = self._found[driver]
        if now >= self._believed_ms and driver in self._live and not self._silent:
            evidence.answers |= evidence.heard_bytes > 0 and evidence.clean

    def _next_question(self, driver: type[Driver], now: Ms) -> list[bytes]:
        """All of them again, once they are through, for a device that has answered but not yet often enough."""
        if not self._unsent and self._found[driver].understood:
            self._unsent = list(driver.info.probe_bytes)
        self._sent_ms = now
        return [self._unsent.pop(0)] if self._unsent else []

    @property
    def is_settled(self) -> bool:
        """The driver that asks has called it silence, or has understood something: waiting longer tells no more."""
        return self._asking is None or self._silent or self._found[self._asking].understood > 0

    def finish(self, now: Ms) -> list[bytes]:
        """The end of asking: questions that had no turn yet, the last of which end a session that one began."""
        if self._asking is None:
            return []
        sent = self._run(self._asking, lambda session: session.finish(now), now) + self._unsent
        self._begin_evidence(self._asking, asked=False)
        self._asking, self._unsent = None, []
        return sent

    def _begin_evidence(self, driver: type[Driver], *, asked: bool) -> None:
        """What other drivers' questions make the device say is neither for nor against this one."""
        self._earlier.append(self._found[driver])
        self._found[driver] = Evidence(driver.info, self._line, asked=asked)

    def _start(self, driver: type[Driver], now: Ms) -> list[bytes]:
        try:
            self._live[driver] = driver(DeviceSettings("probe", control=False, options={"baud": str(self._baud)}))
        except Exception as error:  # noqa: BLE001 - supervision boundary: one driver's bug is told, others go on
            self._fails(driver, error)
            return []
        return self._run(driver, lambda session: session.start(now), now)

    def _run(self, driver: type[Driver], act: Callable[[Driver], list[Out]], now: Ms) -> list[bytes]:
        session = self._live.get(driver)
        if session is None:
            return []
        try:
            outs: list[Out] = act(session)
        except Exception as error:  # noqa: BLE001 - supervision boundary: one driver's bug is told, others go on
            self._fails(driver, error)
            return []
        evidence = self._found[driver]
        before = evidence.understood
        for out in outs:
            evidence.note(out)
            if driver is self._asking and isinstance(out, Silent):
                self._look(driver, now)
                self._silent = True
        if driver is self._asking and evidence.understood > before:
            self._sent_ms = now  # its question was the right one: the next may end the session
        return self._let_through(driver, outs, now)

    def _let_through(self, driver: type[Driver], outs: list[Out], now: Ms) -> list[bytes]:
        """Only of the driver that asks now, and only what it declares as harmless."""
        if driver is not self._asking:
            return []
        allowed = [out.data for out in outs if isinstance(out, Send) and out.data in driver.info.probe_bytes]
        for data in allowed:
            self._sent_ms = now
            if data in self._unsent:
                self._unsent.remove(data)
        return allowed

    def _fails(self, driver: type[Driver], error: Exception) -> None:
        self._live.pop(driver, None)
        self._found[driver].failed = f"{type(error).__name__}: {error}"


def _ticked(session: Driver, now: Ms) -> list[Out]:
    due = session.next_deadline()
    return session.tick(now) if due is not None and due <= now else []
