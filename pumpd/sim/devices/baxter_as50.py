"""A simulated Baxter AS50 syringe pump that speaks the real bytes. Sans-IO: time is an argument.

Frame: `[TEXT]` and the CRC-16/XMODEM of `[`..`]` as two binary bytes. Keys and answers follow two public drivers.

Assumptions, because no source shows them: the words of STATUS (RUN, STANDBY, ALARM); two decimals; `[REJECT]` without
words; that a set is taken while it infuses; that a frame with a wrong CRC is answered `[RESEND]`.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import ClassVar

from pumpd.device.checksums import crc16_xmodem
from pumpd.sim.devices.base import SimPolledPump
from pumpd.sim.syringe import NEAR_END

LONGEST = 64


def framed(text: str) -> bytes:
    """`[text]` as it stands on the wire."""
    body = f"[{text}]".encode("ascii")
    return body + crc16_xmodem(body).to_bytes(2, "big")


ACK, REJECT, RESEND = framed("ACK"), framed("REJECT"), framed("RESEND")
_BAD = b"\0"  # stands for a request whose CRC is wrong


class BaxterAs50Sim(SimPolledPump):
    """One pump. resends: so many answers from now on are [RESEND], whatever was heard."""

    model: ClassVar[str] = "baxter_as50"
    text: ClassVar[str] = "Baxter AS50 syringe pump"
    rate_step_ul_h = 100
    volume_step_ul = 10
    max_rate_ul_h = 999_900
    needs_control = False
    shows_rate_on_hold = True

    def __init__(self, serial: str | None = None, *, now_ms: int = 0, seed: int = 1, syringe_ul: int = 60_000) -> None:
        super().__init__(serial, now_ms=now_ms, seed=seed, syringe_ul=syringe_ul)
        self.resends = 0

    def take(self, buffer: bytearray) -> list[bytes]:
        found: list[bytes] = []
        while (begin := buffer.find(b"[")) >= 0:
            end = buffer.find(b"]", begin)
            if end < 0 or end + 3 > len(buffer):
                if len(buffer) - begin <= LONGEST:
                    del buffer[:begin]
                    return found
                del buffer[: begin + 1]
                continue
            request = bytes(buffer[begin : end + 3])
            right = crc16_xmodem(request[:-2]).to_bytes(2, "big") == request[-2:]
            found.append(request[1:-3] if right else _BAD)
            del buffer[: end + 3]
        buffer.clear()
        return found

    def named(self, request: bytes) -> str:
        return request.decode("ascii", "replace").partition("=")[0].rstrip("?")

    def answer(self, request: bytes, now_ms: int) -> bytes | None:
        if request == _BAD or self.resends:
            self.resends = max(0, self.resends - 1)
            return RESEND
        text = request.decode("ascii", "replace")
        if text.endswith("?"):
            told = self._told(text[:-1], now_ms)
            return REJECT if told is None else framed(f"{text[:-1]}={told}")
        key, _, value = text.partition("=")
        return self._commanded(key, value)

    def _told(self, key: str, now_ms: int) -> str | None:
        shown = self.shown(now_ms)
        values = {
            "DEV": "AS50",
            "STATUS": self._state(),
            "PRIRATE": _millilitres(shown["rate_ul_h"]),
            "TVI": _millilitres(shown["volume_ul"]),
            "PRIVTBI": "50.00",
            "BOLRAT": "0.00",
            "BOLSIZ": "0.00",
            "LBOLUS": "0.00",
        }
        if self.faults.shifted_fields and key in ("PRIRATE", "TVI"):
            return ""
        return values.get(key)

    def _state(self) -> str:
        if self.pump.infusing:
            return "RUN"
        return "ALARM" if self.pump.alarms - {NEAR_END} else "STANDBY"

    def _commanded(self, key: str, value: str) -> bytes | None:
        match key:
            case "EXIT":
                return ACK
            case "PRIRATE":
                return self.rate_asked(_microlitres(value), ACK, REJECT)
            case "PRIST":
                return self.start_asked(ACK, REJECT)
            case "BOLST":
                return self.commanded("bolus", lambda: None, ACK, REJECT)
            case "CLRTVI":
                return self.clear_asked(ACK, REJECT)
        return REJECT


def _millilitres(value_ul: int) -> str:
    return f"{Decimal(value_ul).scaleb(-3):.2f}"


def _microlitres(text: str) -> int:
    """-1 for what is no number."""
    try:
        value = Decimal(text) * 1000
    except InvalidOperation:
        return -1
    return int(value) if value.is_finite() and value == int(value) else -1
