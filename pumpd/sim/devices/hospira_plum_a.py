"""A simulated Hospira Plum A+ infuser at its DataPort. Sans-IO: time is an argument.

A request is `T@n;` (n the hard id, 0 all), commands that end with `;`, four hex digits of CRC-16/KERMIT and CR. The
pump answers `Fn;` with id, rate, volumes and drug, or with id, alarm and status. Assumptions, because no source shows
them: a reply carries the same CRC; the status words are PUMPING and STOPPED; on hold the rate reads 0; numbers have one
decimal; the rate has an R before it, and an r more while an alarm sounds.
"""

from __future__ import annotations

from typing import ClassVar

from pumpd.device.checksums import crc16_kermit
from pumpd.sim.devices.base import SimPolledPump
from pumpd.sim.syringe import END_STOPPED, NEAR_END, OCCLUSION, VTBI_DONE

_ALARMS = ((OCCLUSION, "OD1"), (END_STOPPED, "VTB1"), (VTBI_DONE, "DE1"), (NEAR_END, "NC1"))


def framed(text: str) -> bytes:
    """The text as it stands on the wire."""
    data = text.encode("ascii")
    return data + b"%04X\r" % crc16_kermit(data)


class HospiraPlumASim(SimPolledPump):
    """hard_id: which questions it answers. neighbours: hard ids of other pumps on its line, on hold."""

    model: ClassVar[str] = "hospira_plum_a"
    text: ClassVar[str] = "Hospira Plum A+ infuser at its DataPort"
    usual_baud: ClassVar[int] = 1200
    volume_step_ul: ClassVar[int] = 100
    max_rate_ul_h: ClassVar[int] = 999_000
    needs_control: ClassVar[bool] = False

    hard_id = "1"
    neighbours: tuple[str, ...] = ()

    def take(self, buffer: bytearray) -> list[bytes]:
        *lines, rest = bytes(buffer).split(b"\r")
        buffer[:] = rest
        found = [line[line.rfind(b"T@") :] for line in lines if b"T@" in line]
        return [line for line in found if line[-4:] == b"%04X" % crc16_kermit(line[:-4])]

    def named(self, request: bytes) -> str:
        return request[4:-4].decode("ascii", "replace")

    def answer(self, request: bytes, now_ms: int) -> bytes | None:
        asked = request[2:3].decode("ascii", "replace")
        if asked in self.neighbours:
            return framed(f"F{asked};other;OK;STOPPED;")
        if asked not in ("0", self.hard_id):
            return None
        match self.named(request):
            case "IDV1;VT1;TV1;DN1;":
                return framed(f"F{self.hard_id};{self._numbers(now_ms)}")
            case "IALR;STA;" | "ISTA;":
                state = "PUMPING" if self.shown(now_ms)["infusing"] else "STOPPED"
                return framed(f"F{self.hard_id};ICU4;{self._alarm};{state};")
        return None

    @property
    def _alarm(self) -> str:
        return next((f"r{code}" for alarm, code in _ALARMS if alarm in self.pump.alarms), "OK")

    def _numbers(self, now_ms: int) -> str:
        shown = self.shown(now_ms)
        rate, volume = shown["rate_ul_h"] // 100, shown["volume_ul"] // 100
        mark = "Rr" if self.pump.alarms else "R"
        fields = ["ICU4", f"{mark}{rate // 10}.{rate % 10}", "50.0", f"{volume // 10}.{volume % 10}", "KETAMINE"]
        fields = [*fields[1:], ""] if self.faults.shifted_fields else fields
        return ";".join(fields) + ";"
