"""A fictional monitor and a fictional pump on the simulators' bases: the simplest that there can be."""

from __future__ import annotations

from typing import ClassVar

from pumpd.sim.devices.base import SimPolledPump, SimTalker


class ToyMonitor(SimTalker):
    model, text, number = "toy_monitor", "Toy monitor", "T1"
    steps: ClassVar = {"spo2": 1000, "temp": 100, "rr": 1000, "nibp_sys": 1000, "hr": 1000}

    def message(self, now_ms: int) -> bytes:
        return repr((self.shown_serial, *self.shown(now_ms).values())).encode() + b"\r"

    def hears(self, data: bytes, now_ms: int) -> bytes:
        return self.say(now_ms) if data == b"?" else b""


class ToyPump(SimPolledPump):
    """S? status, H hold, R<n> rate in 0.1 mL/h, G go, C control, D release, Z zero; CR ends."""

    model, text, number = "toy_pump", "Toy pump", "P1"
    lease_ms = 4000
    volume_step_ul = 100

    def take(self, buffer: bytearray) -> list[bytes]:
        *lines, rest = bytes(buffer).split(b"\r")
        buffer[:] = rest
        return lines

    def named(self, request: bytes) -> str:
        return request[:1].decode("ascii", "replace")

    def answer(self, request: bytes, now_ms: int) -> bytes | None:
        no = b"no\r"
        match self.named(request):
            case "S":
                shown = self.shown(now_ms)
                return f"{shown['rate_ul_h']} {shown['volume_ul']} {shown['infusing']}\r".encode()
            case "H":
                return self.stop_asked(b"H\r", no)
            case "R":
                return self.rate_asked(int(request[1:]) * 100, request + b"\r", no)
            case "G":
                return self.start_asked(b"G\r", no)
            case "C":
                return self.control_asked(b"C\r", no)
            case "D":
                return self.release_asked(b"D\r")
            case "Z":
                return self.clear_asked(b"Z\r", no)
        return None
