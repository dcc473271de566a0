"""A line in virtual time with an Asena driver on one end and a table of replies on the other."""

from __future__ import annotations

from typing import TypeVar

from pumpd_drivers.alaris_asena import AlarisAsena
from pumpd_drivers.alaris_asena_wire import frame

from pumpd.device import DeviceSettings, Out, PumpOrder, Send
from pumpd.sim.conformance.case import facts
from pumpd.units import Ms

T = TypeVar("T")
SERIAL = "8002-51740"
ENABLE = "REMOTE_CTRL^ENABLED^3CC1"
STOP_BYTES = b"!INF_STOP|CD57\r"
REPLY_MS = 20


def status(mode: str = "SET", rate: str = "3.50", flag: str = "-", serial: str = SERIAL, volume: str = "0.000") -> str:
    return f"INF^{serial}^{flag}^{mode}^{rate}^ml/h^^{volume}^ml^17.91^mmHg^24+^EVENT^127904"


REPLIES = {
    "INST_SERIALNO": f"INST_SERIALNO^{SERIAL}",
    "COMMS_PROTOCOL": "COMMS_PROTOCOL^Asena Rev 2.1.5",
    "COMMS_RESPONSE_MAX": "COMMS_RESPONSE_MAX^4000^ms",
    "REMQUERY^DEACT": "REMQUERY^DEACT^^^^",
    "ALARM": "ALARM^AL_NOALM^ ^ ",
    ENABLE: "REMOTE_CTRL^ENABLED^****^PERMIT^0^ms",
    "REMOTE_CTRL^DISABLED": "REMOTE_CTRL^DISABLED^****^PERMIT^0^ms",
    "INF": status(),
    "INF_STOP": "INF_STOP",
}


class AsenaLine:
    """Runs the driver; every message that it sends is noted with its time and answered from `replies`."""

    def __init__(
        self, serial: str | None = SERIAL, control: bool = True, poll_ms: int | None = None, **replies: str | None
    ) -> None:
        self.driver = AlarisAsena(DeviceSettings("p1", serial, control, poll_ms))
        self.replies: dict[str, str | None] = {**REPLIES, **replies}
        self.now = 0
        self.sent: list[tuple[int, str]] = []
        self.heard: list[Out] = []
        self.answered_ms = 0
        self.reply_ms = REPLY_MS
        self._asked_ms = 0
        self.lost: set[int] = set()  # which messages, by their number, have no reply
        self._waiting: list[str] = []
        self._take(self.driver.start(Ms(0)))

    def _take(self, outs: list[Out]) -> list[Out]:
        for out in outs:
            if isinstance(out, Send):
                message = out.data[1:-6].decode()
                self.sent.append((self.now, message))
                self._asked_ms = self.now
                self._waiting.append(message)
        self.heard += facts(outs)
        return outs

    @property
    def pending(self) -> str | None:
        """The message that waits for its reply."""
        return self._waiting[-1] if self._waiting else None

    def _reply(self) -> str | None:
        if self.pending is None or len(self.sent) in self.lost:
            return None
        return self.replies.get(self.pending)

    def say(self, message: str, after_ms: int | None = None) -> list[Out]:
        """The pump says this now."""
        self.now += self.reply_ms if after_ms is None else after_ms
        self.answered_ms = self.now
        self._waiting.clear()
        return self._take(self.driver.receive(frame(message), Ms(self.now)))

    def order(self, order: PumpOrder) -> list[Out]:
        return self._take(self.driver.command(order, Ms(self.now)))

    def step(self) -> None:
        """The reply to what is pending, or the next deadline where that comes first."""
        reply = self._reply()
        due = self.driver.next_deadline()
        assert due is not None
        if reply is not None and due >= self._asked_ms + self.reply_ms:
            self.say(reply, self._asked_ms + self.reply_ms - self.now)
            return
        self.now = max(self.now, due)
        if reply is None:
            self._waiting.clear()
        self._take(self.driver.tick(Ms(self.now)))

    def run_until_pending(self, message: str) -> None:
        for _ in range(200):
            if self.pending == message:
                return
            self.step()
        raise AssertionError(f"{message} is never sent")

    def run_until(self, until_ms: int) -> None:
        while True:
            due = self.driver.next_deadline() if self._reply() is None else 0
            if due is None or max(self.now, due) >= until_ms:
                return
            self.step()

    def of(self, kind: type[T]) -> list[T]:
        return [fact for fact in self.heard if isinstance(fact, kind)]

    def times_of(self, message: str) -> list[int]:
        return [at for at, sent in self.sent if sent == message]
