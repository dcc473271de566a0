"""A simulated Fresenius Vial base with one syringe module. Sans-IO: time is an argument.

Frame: STX, address, text, checksum (FFh less the sum of the characters, two hex digits), ETX. ACK or NAK answers each
frame; the base asks ENQ and wants DC4. Seven data bits: the eighth of each byte is not heard. Numbers are hexadecimal,
the rate in 0.1 mL/h, the volume in uL. Assumptions, because no source shows them: on hold the rate reads 0; the alarm
variable is 0 without an alarm and 1, 2, 4, 8 for occlusion, end, near end and volume reached; the mode variable is 1
or 2 as in the command; a command without PC control is refused with 02; without DC4 for two seconds both sessions end,
the infusion goes on; a module is not ready for a second after the base was opened.
"""

from __future__ import annotations

from typing import ClassVar

from pumpd.device.checksums import sum8
from pumpd.sim.devices.base import SimPolledPump
from pumpd.sim.syringe import END_STOPPED, NEAR_END, OCCLUSION, VTBI_DONE

_ACK, _NAK, _ENQ, _DC4 = b"\x06", b"\x15", b"\x05", b"\x14"
_ALARMS = {OCCLUSION: 1, END_STOPPED: 2, NEAR_END: 4, VTBI_DONE: 8}
ENQ_MS = 5000
DC4_WITHIN_MS = 2000
READY_AFTER_MS = 1000


def framed(text: str) -> bytes:
    """The text as it stands on the wire."""
    data = text.encode("ascii")
    return b"\x02" + data + b"%02X" % (0xFF - sum8(data)) + b"\x03"


class FreseniusBaseSim(SimPolledPump):
    """modules: addresses that are plugged in; the first is the one that pumps."""

    model: ClassVar[str] = "fresenius_base"
    text: ClassVar[str] = "Fresenius Vial syringe module on a Base Primea"
    usual_baud: ClassVar[int] = 19200
    usual_frame: ClassVar[str] = "7E"
    rate_step_ul_h: ClassVar[int] = 100

    modules: tuple[str, ...] = ("1",)
    _base_open_ms: int | None = None
    _opened = False
    _enq_ms = ENQ_MS
    _dc4_by_ms: int | None = None

    def take(self, buffer: bytearray) -> list[bytes]:
        """Link characters, and frames; a frame with a wrong checksum too, for it is refused."""
        buffer[:] = bytes(byte & 0x7F for byte in buffer)
        found = []
        while buffer:
            size = buffer.find(b"\x03") + 1 if buffer[:1] == b"\x02" else 1
            if size == 0:
                break
            if buffer[:1] in (b"\x02", _DC4):
                found.append(bytes(buffer[:size]))
            del buffer[:size]
        return found

    def named(self, request: bytes) -> str:
        return "DC4" if request == _DC4 else request[1:-3].decode("ascii", "replace")

    def answer(self, request: bytes, now_ms: int) -> bytes | None:
        self._mind_the_host(now_ms)
        if request == _DC4:
            self._dc4_by_ms = None
            return None
        text = self.named(request)
        if request != framed(text):
            return _NAK + b"2"
        opened_ms = self._base_open_ms
        if text[:1] != "0" and opened_ms is not None and now_ms < opened_ms + READY_AFTER_MS:
            return _NAK + b"6"
        return _ACK + (self._reply(text[:1], text[1:], now_ms) or b"")

    def _reply(self, address: str, command: str, now_ms: int) -> bytes | None:
        if address == "0":
            return self._of_base(command, now_ms)
        if self._base_open_ms is None or address not in self.modules:
            return framed(f"{address}I;{'0D' if self._base_open_ms is None else '0E'}")
        if command == "DC":
            self._opened = True
        elif not self._opened:
            return framed(f"{address}I;1E")
        return self._of_module(address, command, now_ms)

    def _of_base(self, command: str, now_ms: int) -> bytes | None:
        match command:
            case "DC":
                self._base_open_ms, self._enq_ms = now_ms, now_ms + ENQ_MS
            case "FC":
                self._base_open_ms, self._opened = None, False
            case "LE;b":
                bitmap = sum(1 << int(module) - 1 for module in self.modules)
                return framed(f"0C;b{bitmap:02X}" if self._base_open_ms is not None else "0I;0D")
            case _:
                return framed("0I;01")
        return framed("0C")

    def _of_module(self, address: str, command: str, now_ms: int) -> bytes | None:
        done = framed(f"{address}C")
        match command.partition(";"):
            case ("DC", _, _):
                return done
            case ("FC", _, _):
                self._opened = False
                return done
            case ("LF", _, "b"):
                return framed(f"{address}C;bPILOTE ANESTH")
            case ("LE", _, letters):
                return framed(f"{address}C;{self._variables(letters, now_ms)}")
            case ("MO", _, "2") if self.pump.alarms:
                return framed(f"{address}I;12")
            case ("MO", _, "2"):
                return self.control_asked(done, framed(f"{address}I;05"))
            case ("MO", _, "1"):
                return self.release_asked(done)
            case ("PO", _, _):
                return self.stop_asked(done, framed(f"{address}I;02"))
        return framed(f"{address}I;01")

    def _variables(self, letters: str, now_ms: int) -> str:
        shown = self.shown(now_ms)
        values = {
            "d": f"{shown['rate_ul_h'] // 100:04X}",
            "r": f"{shown['volume_ul']:08X}",
            "a": f"{sum(_ALARMS.get(alarm, 0) for alarm in self.pump.alarms):04X}",
            "e": "0000",
            "m": "2" if self._held else "1",
        }
        told = [letter + values[letter] for letter in letters if letter in values]
        # one place too far left: the letters are missing
        return ";".join(text[1:] for text in told) if self.faults.shifted_fields else ";".join(told)

    # --- the line is watched -------------------------------------------------------------------------------------

    def next_unasked_ms(self) -> int | None:
        return None if self._base_open_ms is None else self._enq_ms

    def unasked(self, now_ms: int) -> bytes:
        self._mind_the_host(now_ms)
        if self._base_open_ms is None:
            return b""
        self._enq_ms = now_ms + ENQ_MS
        self._dc4_by_ms = now_ms + DC4_WITHIN_MS
        return _ENQ

    def _mind_the_host(self, now_ms: int) -> None:
        if self._dc4_by_ms is not None and now_ms > self._dc4_by_ms:
            self._base_open_ms, self._opened, self._dc4_by_ms, self._held = None, False, None, False

    def switch_off(self, now_ms: int, for_ms: int | None = None) -> None:
        self._base_open_ms, self._opened, self._dc4_by_ms = None, False, None
        super().switch_off(now_ms, for_ms)
