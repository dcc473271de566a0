"""A simulated Gemini infusion pump on its C2 port that speaks the real bytes. Sans-IO: time is an argument.

Frame: `<` `A` address channel `:` items `>` CRC-16/XMODEM of `<`..`>` as four hex digits, no terminator. One channel.

Assumptions, because no source shows them: words of MODE other than LOCAL and ALARM; a set is acknowledged with an empty
body and refused with the letter N; TIMER is in seconds and any request restarts it; when it lapses the pump holds and
says COMTMOUT; the end of the bag is an alarm EMPTY (a code that no table has); VINF has one decimal. `local` is the
panel's control: the Computer Control key (`press_computer_control`) ends it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import ClassVar

from pumpd.device.checksums import crc16_xmodem
from pumpd.sim.devices.base import SimPolledPump
from pumpd.sim.syringe import COMMS_TIMEOUT, END_STOPPED, NEAR_END, OCCLUSION, VTBI_DONE

_REQUEST = re.compile(rb"<A([0-9]{4}[A-D]):([^<>]*)>([0-9A-F]{4})")
_CODES = {OCCLUSION: "OCCL", COMMS_TIMEOUT: "COMTMOUT", END_STOPPED: "EMPTY", VTBI_DONE: "VTBIDONE"}


def framed(text: str) -> bytes:
    """The text between brackets as it stands on the wire."""
    body = f"<{text}>".encode("ascii")
    return b"%b%04X" % (body, crc16_xmodem(body))


class GeminiC2Sim(SimPolledPump):
    """Channel `place[4]` of the pump with the address `place[:4]`."""

    model: ClassVar[str] = "gemini_c2"
    text: ClassVar[str] = "IMED Gemini infusion pump (C2)"
    rate_step_ul_h = 1000
    volume_step_ul = 100
    max_rate_ul_h = 999_000
    needs_control = False
    shows_rate_on_hold = True

    def __init__(
        self, serial: str | None = None, *, now_ms: int = 0, seed: int = 1, bag_ul: int = 500_000, place: str = "0000A"
    ) -> None:
        super().__init__(serial, now_ms=now_ms, seed=seed, syringe_ul=bag_ul)
        self.place = place
        self.timer_s: int | None = None
        self.code: str | None = None  # an alarm that the mechanics do not know

    def press_computer_control(self) -> None:
        """The key that leaves control to a computer."""
        self.local = False

    def press_local(self) -> None:
        """The panel takes control back; the timer ends."""
        self.local = True
        self.pump.lease_until_ms = None

    def renew(self) -> None:
        if self.timer_s is not None:
            self.pump.lease_until_ms = self.pump.now_ms + self.timer_s * 1000

    def take(self, buffer: bytearray) -> list[bytes]:
        found = list(_REQUEST.finditer(bytes(buffer)))
        del buffer[: found[-1].end() if found else 0]
        whole = [match for match in found if b"%04X" % crc16_xmodem(match[0][:-4]) == match[3]]
        return [match[2] for match in whole if match[1].decode() == self.place]

    def named(self, request: bytes) -> str:
        return re.split(r"[=?]", request.decode("ascii", "replace"))[0]

    def answer(self, request: bytes, now_ms: int) -> bytes | None:
        if self.timer_s is not None and self.pump.lease_until_ms is not None:
            self.renew()
        body = request.decode("ascii", "replace")
        if "=" in body:
            return self._set(*body.split("=", 1))
        told = [text for item in body.split(";") if (text := self._told(item, now_ms))]
        return self._ok(";".join(told))

    # --- what it tells ------------------------------------------------------------------------------------------

    def _told(self, item: str, now_ms: int) -> str | None:
        shown = self.shown(now_ms)
        values: dict[str, Callable[[], str]] = {
            "RATE?": lambda: str(shown["rate_ul_h"] // 1000),
            "VTBI?": lambda: "500",
            "VINF?": lambda: f"{Decimal(shown['volume_ul']).scaleb(-3):.1f}",
            "MODE?": self._mode,
            "ALARM?": lambda: self._alarm() or "",
        }
        if item not in values:
            return None
        value = "" if self.faults.shifted_fields and item in ("RATE?", "VINF?", "MODE?") else values[item]()
        return f"{item[:-1]}@{value}"

    def _mode(self) -> str:
        infusing = self.pump.infusing
        action = "ALARM" if self._alarm() else "INFUSE" if infusing else "HOLD"
        return f"(PUMP,{'LOCAL' if self.local else 'COMPUTER'},OFF,{'ON' if infusing else 'OFF'},{action})"

    def _alarm(self) -> str | None:
        raised = self.pump.alarms - {NEAR_END}
        return self.code or next((_CODES[alarm] for alarm in _CODES if alarm in raised), None)

    # --- what it is told ----------------------------------------------------------------------------------------

    def _set(self, key: str, value: str) -> bytes | None:
        ack, refusal = self._ok(""), framed(f"N{self.place}:")
        number = int(value) if value.isdecimal() else None
        match key, value:
            case "INFUSE", "OFF":
                return self.stop_asked(ack, refusal)
            case "INFUSE", "ON":
                return self.start_asked(ack, refusal)
            case "RATE", _ if number is not None:
                return self.rate_asked(number * 1000, ack, refusal)
            case "VINF", "0":
                return self.clear_asked(ack, refusal)
            case "TIMER", _ if number is not None:
                if not self.local:
                    self.timer_s = number
                return self.control_asked(ack, refusal)
        return refusal

    def _ok(self, body: str) -> bytes:
        return framed(f"A{self.place}:{body}")
