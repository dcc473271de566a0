"""A monitor and pumps of our own over the base classes, and a line that the test keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pumpd.device import (
    ControlState,
    DeviceSettings,
    DriverInfo,
    Garbled,
    Integrity,
    Kind,
    Line,
    Out,
    PumpCapabilities,
    PumpStatus,
    Reading,
    Send,
    Vitals,
)
from pumpd.device.framers import TextLines
from pumpd.device.framing import garbled
from pumpd.device.polled import Question, Reply
from pumpd.device.polled_pump import PolledPump
from pumpd.device.talker import Talker
from pumpd.units import Ms


class ToyMonitor(Talker):
    info = DriverInfo("toy", "t", "t", Kind.MONITOR, Line((9600,)), Integrity.NONE, 1000, 2000, ("spo2",))
    greet_ms = 700

    def framer(self) -> TextLines:
        return TextLines()

    def greet(self, now: Ms) -> Sequence[Out]:
        return [Send(b"GO\r")]

    def hear(self, frame: bytes, now: Ms) -> Sequence[Out]:
        name, _, value = frame.decode().partition("=")
        if name != "SPO2":
            return self.said.unmapped(name, value)
        return [Vitals((Reading("spo2", int(value) * 1000),))] if value.isdigit() else [garbled("no number", frame)]


class ToyPump(PolledPump):
    info = DriverInfo(
        "toy_pump", "t", "Toy", Kind.PUMP, Line((9600,)), Integrity.NONE, 1000, 2000,
        pump=PumpCapabilities(can_stop=True, can_set_rate=True, rate_step_ul_h=100, rate_max_ul_h=100_000, lease=True),
    )  # fmt: skip
    questions: ClassVar[tuple[Question, ...]] = (
        Question("ID", "ID"), Question("MODE", "MODE", 1000), Question("RATE", "RATE", 1000), Question("OPT", "OPT"),
    )  # fmt: skip
    status: ClassVar[tuple[str, ...]] = ("MODE", "RATE")
    stop_name, stop_message, rate_name = "STOP", "STOP", "SET"
    control_name, release_message = "CTRL", "CTRL OFF"

    def framer(self) -> TextLines:
        return TextLines()

    def frame(self, message: str) -> bytes:
        return message.encode() + b"\r"

    def control_message(self) -> str:
        return f"CTRL {self.serial}"

    def rate_message(self, rate_ul_h: int) -> str:
        return f"SET {rate_ul_h}"

    def read(self, frame: bytes, now: Ms) -> Reply | Garbled:
        name, _, value = frame.decode().partition("=")
        match name:
            case "MODE" | "RATE":
                return Reply(name, part=value)
            case "ID":
                return Reply(name, serial=value)
            case "CTRL":
                return Reply(
                    name, control=ControlState.GRANTED if value == "OK" else ControlState.REFUSED, detail=value
                )
            case "STOP" | "SET":
                return Reply(name, ok=value != "NO", detail=value, echo=f"SET {value}" if name == "SET" else None)
            case "OPT":
                return Reply(name)
        return garbled("unknown", frame)

    def status_of(self, parts: Mapping[str, object], now: Ms) -> Sequence[Out]:
        return [PumpStatus(parts["MODE"] == "RUN", int(str(parts["RATE"])), None, None, Integrity.NONE)]


class ThreePartPump(ToyPump):
    questions = (Question("MODE", "MODE"), Question("RATE", "RATE"), Question("TOTAL", "TOTAL"))
    status = ("MODE", "RATE", "TOTAL")
    reply_ms = 1000

    def read(self, frame: bytes, now: Ms) -> Reply | Garbled:
        return Reply("TOTAL", part=frame) if frame.startswith(b"TOTAL") else super().read(frame, now)


class Bench:
    """The toy pump on a line whose device answers after 10 ms what `replies` says."""

    def __init__(
        self, *, control: bool = True, serial: str | None = "A1", pump: type[ToyPump] = ToyPump, **replies: str | None
    ) -> None:
        self.replies: dict[str, str | None] = {
            "ID": "ID=A1", "MODE": "MODE=RUN", "RATE": "RATE=5000", "OPT": "OPT", "STOP": "STOP=OK",
            "CTRL A1": "CTRL=OK", "CTRL OFF": "CTRL=OK", "TOTAL": "TOTAL=1", **replies,
        }  # fmt: skip
        self.pump = pump(DeviceSettings("p", serial=serial, control=control))
        self.now, self.latency_ms = 0, 10
        self.sent: list[tuple[int, str]] = []
        self.heard: list[tuple[int, Out]] = []
        self._coming: list[tuple[int, str]] = []
        self.take(self.pump.start(Ms(0)))

    def take(self, outs: list[Out]) -> list[Out]:
        for out in outs:
            if isinstance(out, Send):
                message = out.data.decode().strip()
                self.sent.append((self.now, message))
                reply = self.replies.get(message)
                if reply is not None:
                    self._coming.append((self.now + self.latency_ms, reply))
            else:
                self.heard.append((self.now, out))
        return outs

    def run_until(self, until: int) -> None:
        while True:
            due = self.pump.next_deadline()
            times = [at for at, _ in self._coming[:1]] + ([due] if due is not None else [])
            if not times or min(times) > until:
                self.now = until
                return
            self.now = max(self.now, min(times))
            if self._coming and self._coming[0][0] <= self.now:
                self.take(self.pump.receive(self._coming.pop(0)[1].encode() + b"\r", Ms(self.now)))
            else:
                self.take(self.pump.tick(Ms(self.now)))

    def order(self, order: Any) -> list[Out]:
        return self.take(self.pump.command(order, Ms(self.now)))

    def of(self, kind: type) -> list[Any]:
        return [out for _, out in self.heard if isinstance(out, kind)]
