"""A simulated Graseby 3400 syringe pump that speaks the real bytes. Sans-IO: time is an argument.

Host `<` CMD n `>` SUM CR, pump `<` OK|CE CMD state data `>` SUM CR; SUM: characters `<`..`>` mod 256, two hex digits.
Numbers are tenths of a mL or of a mL/h. States and their behaviour follow STANPUMP (GR_3400.C).

Assumptions, because no source shows them: GETR tells the set rate also in standby; CHKR with another rate than the
present one is refused; after an alarm the pump stands still; an unknown command is not answered. `panel.start` stands
for an infusion that some host has started; `press_start` is the START key, which ends the interface (STANPUMP). What
the pump does without CHKR is not known: `silence_ms` makes it hold and alarm after that time, None lets it go on.
"""

from __future__ import annotations

import re
from typing import ClassVar

from pumpd.sim.devices.base import SimPolledPump

_REQUEST = re.compile(rb"<([A-Z]{4})([0-9]*)>([0-9A-F]{2})\r")


def framed(text: str) -> bytes:
    """The text as it stands on the wire."""
    body = f"<{text}>".encode("ascii")
    return b"%b%02X\r" % (body, sum(body) % 256)


class Graseby3400Sim(SimPolledPump):
    """One pump. `local`: the interface is off because START was pressed; STOP at the panel ends that."""

    model: ClassVar[str] = "graseby_3400"
    text: ClassVar[str] = "Graseby 3400 syringe pump"
    rate_step_ul_h = 100
    volume_step_ul = 100
    needs_control = False
    shows_rate_on_hold = True
    longest_request = 64

    def __init__(
        self,
        serial: str | None = None,
        *,
        now_ms: int = 0,
        seed: int = 1,
        syringe_ul: int = 50_000,
        silence_ms: int | None = None,
    ) -> None:
        super().__init__(serial, now_ms=now_ms, seed=seed, syringe_ul=syringe_ul)
        self.silence_ms = silence_ms

    def press_start(self, now_ms: int) -> bool:
        """The START key: it infuses, and no host is heard any more."""
        self.local = self.panel.start(now_ms)
        return self.local

    def press_stop(self, now_ms: int) -> None:
        """The STOP key: it holds, and listens to a host again."""
        self.panel.stop(now_ms)
        self.local = False

    def renew(self) -> None:
        if self.silence_ms is not None:
            self.pump.lease_until_ms = self.pump.now_ms + self.silence_ms

    def take(self, buffer: bytearray) -> list[bytes]:
        found = list(_REQUEST.finditer(bytes(buffer)))
        del buffer[: found[-1].end() if found else 0]
        return [match[0] for match in found if sum(match[0][:-3]) % 256 == int(match[3], 16)]

    def named(self, request: bytes) -> str:
        return request[1:5].decode()

    def answer(self, request: bytes, now_ms: int) -> bytes | None:
        name = self.named(request)
        number = int(request[5 : request.index(b">")] or b"0")
        match name:
            case "CHCK":
                return self._reply("CE" if self.local else "OK", name)
            case "GETR":
                return self._reply("CE" if self.local else "OK", name, self._shown_tenths("rate_ul_h", now_ms))
            case "TOTL":
                return self._reply("CE" if self.local else "OK", name, self._shown_tenths("volume_ul", now_ms))
        return self._commanded(name, number)

    def _commanded(self, name: str, number: int) -> bytes | None:
        refusal = self._reply("CE", name)
        match name:
            case "STOP":
                return self.stop_asked(
                    framed(f"OKSTOP{self._state() if self.faults.stop_ignored else 'STBY'}"), refusal
                )
            case "CHGR":
                return self.rate_asked(number * 100, self._reply("OK", name), refusal)
            case "STRT":
                return self.start_asked(framed("OKSTRTINFS"), refusal)
            case "ZTOT":
                return self.clear_asked(self._reply("OK", name), refusal)
            case "CHKR":
                return self._refreshed(number, refusal)
        return None

    def _refreshed(self, number: int, refusal: bytes) -> bytes | None:
        if number * 100 != self.pump.rate_ul_h or not self.pump.infusing:
            return refusal
        return self.control_asked(self._reply("OK", "CHKR"), refusal)

    def _state(self) -> str:
        if self.pump.infusing:
            return "INFS"
        return "ALRM" if self.pump.alarms else "STBY"

    def _shown_tenths(self, what: str, now_ms: int) -> int:
        return self.shown(now_ms)[what] // 100

    def _reply(self, ack: str, name: str, number: int | None = None) -> bytes:
        data = "" if number is None else str(number)
        shifted = self.faults.shifted_fields
        return framed(f"{ack}{name}{data}{self._state()}" if shifted else f"{ack}{name}{self._state()}{data}")
