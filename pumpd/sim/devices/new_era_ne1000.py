"""A simulated New Era NE-1000 laboratory syringe pump that speaks the real bytes. Sans-IO: time is an argument.

Basic mode: host address CMD CR, pump STX address status data ETX. Safe mode: STX LEN data CRC ETX both ways, a watchdog
that every valid packet restarts, alarms sent unasked. From the vendor's manual and two libraries (nesp_lib,
labmcp_new_era): an alarm is told instead of the next answer, and thereby acknowledged; SAFn in a safe packet is taken
in basic mode too and answered in the new mode; STP pauses, and resets a paused program; a stopped pump answers ?NA.

Assumptions: an unasked alarm goes out once; a command that an alarm answers is not carried out; VER, RAT and DIS in a
safe packet are not answered in basic mode; the counter is told in tenths of a mL; the syringe holds 50 mL, in mL/h.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from pumpd.device.checksums import crc16_xmodem
from pumpd.sim.devices.base import SimPolledPump
from pumpd.sim.syringe import COMMS_TIMEOUT, END_STOPPED, OCCLUSION

_LETTERS = {OCCLUSION: "S", END_STOPPED: "S", COMMS_TIMEOUT: "T"}


def basic_reply(text: str) -> bytes:
    return b"\x02" + text.encode("ascii") + b"\x03"


def safe_packet(text: str) -> bytes:
    data = text.encode("latin-1")  # a packet that only looks like one may hold any byte
    return bytes([2, len(data) + 4]) + data + crc16_xmodem(data).to_bytes(2, "big") + b"\x03"


class NewEraNe1000Sim(SimPolledPump):
    """One pump. safe: it talks in safe mode; timeout_s: its watchdog, 0 where it has none."""

    model: ClassVar[str] = "new_era_ne1000"
    text: ClassVar[str] = "New Era NE-1000 laboratory syringe pump"
    usual_baud = 19200
    rate_step_ul_h = 100
    volume_step_ul = 100
    max_rate_ul_h = 999_900
    needs_control = False
    shows_rate_on_hold = True

    def __init__(
        self,
        serial: str | None = None,
        *,
        now_ms: int = 0,
        seed: int = 1,
        syringe_ul: int = 50_000,
        address: int = 0,
        safe: bool = True,
    ) -> None:
        super().__init__(serial, now_ms=now_ms, seed=seed, syringe_ul=syringe_ul)
        self.address = address
        self.safe = safe
        self.timeout_s = 0
        self.paused = False
        self.withdrawing = False
        self.alarm: str | None = None  # the letter that the next answer tells
        self._unsaid = False  # in safe mode an alarm is also sent unasked, once
        self._in_safe_packet = False

    # --- power and watchdog -------------------------------------------------------------------------------------

    def renew(self) -> None:
        if self.timeout_s:
            self.pump.lease_until_ms = self.pump.now_ms + self.timeout_s * 1000

    def switched_on(self, now_ms: int) -> None:
        self._alarms("R")

    def advance(self, now_ms: int) -> bool:
        awake = super().advance(now_ms)
        raised = [_LETTERS[alarm] for alarm in self.pump.alarms if alarm in _LETTERS]
        if raised:
            self.pump.alarms.clear()
            self.paused = False
            self._alarms(raised[0])
        return awake

    def _alarms(self, letter: str) -> None:
        self.alarm, self._unsaid = letter, self.safe

    def next_unasked_ms(self) -> int | None:
        lapse_ms = self.pump.lease_until_ms
        return self.pump.now_ms if self._unsaid else None if lapse_ms is None else lapse_ms + 1

    def unasked(self, now_ms: int) -> bytes:
        if not self._unsaid:
            return b""
        self._unsaid = False
        return safe_packet(f"{self.address:02d}A?{self.alarm}")

    # --- requests -----------------------------------------------------------------------------------------------

    def take(self, buffer: bytearray) -> list[bytes]:
        """Requests as `S` or `B` (safe packet or basic line) and their text."""
        found: list[bytes] = []
        while buffer:
            if buffer[0] == 2:
                if len(buffer) < 2 or len(buffer) < buffer[1] + 1:
                    break
                packet = bytes(buffer[: buffer[1] + 1])
                right = len(packet) > 4 and packet == safe_packet(packet[2:-3].decode("latin-1"))
                del buffer[: len(packet) if right else 1]
                found += [b"S" + packet[2:-3]] if right else []
            elif buffer[0] == 13 or b"\r" not in buffer:
                if buffer[0] != 13 and b"\x02" not in buffer:
                    break
                del buffer[0]
            else:
                line = bytes(buffer).partition(b"\r")[0]
                del buffer[: len(line) + 1]
                found += [b"B" + line.replace(b" ", b"").upper()] if line.isascii() and not self.safe else []
        return [request for request in found if self._is_for_us(request[1:])]

    def _is_for_us(self, text: bytes) -> bool:
        digits = text[: len(text) - len(text.lstrip(b"0123456789"))]
        return not digits or int(digits) == self.address

    def named(self, request: bytes) -> str:
        return request[1:].decode("latin-1").lstrip("0123456789")[:3]

    def answer(self, request: bytes, now_ms: int) -> bytes | None:
        text = request[1:].decode("latin-1").lstrip("0123456789")
        if request[:1] == b"S" and not self.safe and text[:3] != "SAF":
            return None
        if self.pump.lease_until_ms is not None:
            self.renew()
        if self.alarm is not None:
            letter, self.alarm, self._unsaid = self.alarm, None, False
            return self._framed(f"{self.address:02d}A?{letter}")
        return self._done(text[:3], text[3:], now_ms)

    def _done(self, name: str, data: str, now_ms: int) -> bytes | None:
        match name, data:
            case "", _:
                return self._reply("")
            case "VER", "":
                return self._reply("NE1000V3.92")
            case "RAT", "":
                return self._reply(f"{_four_digits(self.shown(now_ms)['rate_ul_h'])}MH")
            case "DIS", "":
                return self._dispensed(now_ms)
            case "SAF", "":
                return self._reply(str(self.timeout_s))
            case "SAF", _:
                return self._watchdog(data)
            case "RAT", _:
                return self._set_rate(data)
            case "STP", "":
                return self._stop()
            case "RUN", "":
                self.paused = False
                return self.start_asked(self._reply("", "I"), self._reply("?NA"))
            case "CLD", "INF":
                return self.clear_asked(self._reply(""), self._reply("?NA"))
        return self._reply("?")

    def _dispensed(self, now_ms: int) -> bytes:
        infused, withdrawn = _four_digits(self.shown(now_ms)["volume_ul"]), "0.000"
        return self._reply(f"I{withdrawn if self.faults.shifted_fields else infused}W{withdrawn}ML")

    def _watchdog(self, data: str) -> bytes | None:
        if not data.isdecimal() or int(data) > 255 or (int(data) and self.faults.refuse_control):
            return self._reply("?OOR")
        self.timeout_s = int(data)
        self.safe = bool(self.timeout_s)
        if self.safe:
            return self.control_asked(self._reply(""), self._reply("?NA"))
        return self.release_asked(self._reply(""))

    def _set_rate(self, data: str) -> bytes | None:
        try:
            rate_ul_h = Decimal(data.removesuffix("MH")) * 1000
        except ArithmeticError:
            return self._reply("?OOR")
        if rate_ul_h != int(rate_ul_h) or len(data.removesuffix("MH").replace(".", "")) > 4:
            return self._reply("?OOR")
        return self.rate_asked(int(rate_ul_h), self._reply(""), self._reply("?OOR"))

    def _stop(self) -> bytes | None:
        if not self.pump.infusing:
            said = "" if self.paused else "?NA"
            self.paused = False
            self.asked["stop"] += 1
            return self.acknowledged(self._reply(said))
        self.paused = not (self.faults.stop_ignored or self.faults.stop_silent)
        return self.stop_asked(self._reply("", "P" if self.paused else "I"), self._reply("?NA"))

    # --- answers ------------------------------------------------------------------------------------------------

    def _letter(self) -> str:
        if self.pump.infusing:
            return "W" if self.withdrawing else "I"
        return "P" if self.paused else "S"

    def _reply(self, data: str, letter: str | None = None) -> bytes:
        return self._framed(f"{self.address:02d}{letter or self._letter()}{data}")

    def _framed(self, text: str) -> bytes:
        return safe_packet(text) if self.safe else basic_reply(text)


def _four_digits(value_ul: int) -> str:
    """Millilitres in four digits."""
    decimals = 3 if value_ul < 10_000 else 2 if value_ul < 100_000 else 1
    return f"{Decimal(value_ul).scaleb(-3):.{decimals}f}"
