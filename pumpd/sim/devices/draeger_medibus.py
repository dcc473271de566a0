"""A simulated Dräger device with CO2 monitor and oximeter that speaks MEDIBUS. Sans-IO: time is an argument.

Commands begin with ESC, responses with SOH and the command's code; both end with the sum of their bytes as two hex
digits and CR. The device asks for communication every three seconds until it is answered, then asks who the host is;
every two seconds of quiet it sends a command that does nothing. Data are two hex digits and four characters each,
blank where there is no value; alarms a priority, two hex digits and twelve characters.
Assumptions: a host that says nothing for three seconds is forgotten; values are centred in their four characters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pumpd.device.checksums import sum8
from pumpd.sim.devices.base import SimTalker

INIT, IDENTIFY, NOTHING, STOP, CORRUPT = 0x51, 0x52, 0x30, 0x55, 0x15
FORGET_MS = 3000
_CODES = {"spo2": 0xEB, "pulse": 0xE1, "rr": 0xD5, "etco2": 0xE6, "fico2": 0xE5}


def framed(first: int, code: int, data: str = "") -> bytes:
    """A command (first ESC) or a response (first SOH)."""
    plain = bytes([first, code]) + data.encode("ascii")
    return plain + b"%02X\r" % sum8(plain)


class DraegerMedibusSim(SimTalker):
    """device_name: what it calls itself."""

    model: ClassVar[str] = "draeger_medibus"
    text: ClassVar[str] = "Dräger ventilator or monitor on MEDIBUS"
    usual_baud: ClassVar[int] = 19200
    usual_frame: ClassVar[str] = "8E"
    period_ms: ClassVar[int] = 1000
    steps: ClassVar[Mapping[str, int]] = dict.fromkeys(_CODES, 1000)

    device_name = "Evita 4"
    _open = False
    _heard_ms = 0
    _said_ms = -FORGET_MS
    _rest = b""

    def say(self, now_ms: int) -> bytes:
        """What it asks the host: nothing that its display has to do with."""
        return self.message(now_ms)

    def message(self, now_ms: int) -> bytes:
        if now_ms - self._heard_ms >= FORGET_MS:
            self._open = False
        code, every_ms = (NOTHING, 2000) if self._open else (INIT, 3000)
        if now_ms - self._said_ms < every_ms or (self._open and now_ms - self._heard_ms < every_ms):
            return b""
        self._said_ms = now_ms
        return framed(0x1B, code)

    def hears(self, data: bytes, now_ms: int) -> bytes:
        *frames, self._rest = (self._rest + data).split(b"\r")
        self._rest = self._rest[-512:]
        return b"".join(self._answer(frame, now_ms) for frame in frames)

    def _answer(self, frame: bytes, now_ms: int) -> bytes:
        start = max(frame.rfind(b"\x1b"), frame.rfind(b"\x01"))
        frame = frame[max(start, 0) :]
        if start < 0 or len(frame) < 4 or frame[-2:] != b"%02X" % sum8(frame[:-2]):
            return framed(0x01, CORRUPT) if frame[:1] == b"\x1b" else b""
        self._heard_ms = now_ms
        code = frame[1]
        if frame[:1] == b"\x01":
            if code == INIT and not self._open:
                self._open = True
                return framed(0x1B, IDENTIFY)
            return b""
        self._open = code != STOP and (self._open or code == INIT)
        return framed(0x01, code, self._data(code, now_ms))

    def _data(self, code: int, now_ms: int) -> str:
        match code:
            case 0x52:
                return f"8200'{self.device_name}'04.00:04.03"
            case 0x28:
                seconds = now_ms // 1000
                return f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}06-MAI-24"
            case 0x24:
                self.look(now_ms)
                text = "".join(f"{_CODES[name]:02X}{_four(milli)}" for name, milli in self._shown.items())
                return text[1:] if self.faults.shifted_fields else text
            case 0x27:
                return self._alarms()
        return ""

    def _alarms(self) -> str:
        shown = self._shown
        raised = [("0D", "APNEA CO2")] if shown["rr"] == 0 else []
        raised += [("35", "SPO2 SENSOR")] if shown["spo2"] is None else []
        return "".join(f"7{code}{phrase:<12}" for code, phrase in raised)

    def switched_on(self, now_ms: int) -> None:
        super().switched_on(now_ms)
        self._open, self._rest = False, b""


def _four(milli: int | None) -> str:
    return "    " if milli is None else f"{milli // 1000:>3} "
