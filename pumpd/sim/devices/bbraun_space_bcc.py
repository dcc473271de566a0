"""A simulated rack of B. Braun Space pumps with one pump, read over BCC. Sans-IO: time is an argument.

Frame: SOH, length of the whole frame, STX, bed `/1/1>` text, ETX or ETB, checksum, EOT; numbers are five decimal
digits, the checksum is the sum of all bytes before it modulo 256. Each block of a reply waits for ACK; NAK repeats it.
`stuffed`: the installation doubles E and e and sends D and d as EX and ex. The parameters and their forms are those of
a published reply of such a rack. Assumptions: a pump on hold reports rate 0; a bolus is not simulated; the rack answers
one request at a time and forgets an unfinished reply at the next one.
"""

from __future__ import annotations

import re
from typing import ClassVar

from pumpd.device.checksums import sum8
from pumpd.sim.devices.base import SimPolledPump
from pumpd.sim.syringe import END_STOPPED, NEAR_END, OCCLUSION, VTBI_DONE

_RS = "\x1e"
_ACK, _NAK = b"\x06", b"\x15"
_STUFFING = (("E", "EE"), ("D", "EX"), ("e", "ee"), ("d", "ex"))
_PLAIN = {pair: character for character, pair in _STUFFING}
_PAIR = re.compile("|".join(_PLAIN))
_ALARMS = {OCCLUSION: "INA3", END_STOPPED: "INA2", NEAR_END: "INA12", VTBI_DONE: "INA7"}
_FLAGS = tuple(f"INA{number}" for number in range(1, 17))
_NOT_FITTED = ("INA6", "INA10", "INA13")


def encoded(bed: str, text: str, last: bool, stuffed: bool) -> bytes:
    """One block as it stands on the wire."""
    body = f"\x02{bed}>{text}{chr(0x03 if last else 0x17)}".encode()
    head = b"\x01%05d" % (len(body) + 12) + body
    plain = head + b"%05d\x04" % sum8(head)
    if not stuffed:
        return plain
    wire = plain.decode("latin-1")
    for character, pair in _STUFFING:
        wire = wire.replace(character, pair)
    return wire.encode("latin-1")


class BBraunSpaceBccSim(SimPolledPump):
    """slot: pillar and slot of the pump. others: slots in which pumps stand that report a rate of 5 mL/h."""

    model: ClassVar[str] = "bbraun_space_bcc"
    text: ClassVar[str] = "B. Braun Space pump in a rack with SpaceCom"
    number: ClassVar[str | None] = "40864"
    other_number: ClassVar[str] = "36248"
    rate_step_ul_h: ClassVar[int] = 10
    volume_step_ul: ClassVar[int] = 100
    needs_control: ClassVar[bool] = False

    bed = "ComSystem/1/1"
    slot = "13"
    others: tuple[str, ...] = ()
    stuffed = False
    present = True  # False: the pump has been taken out of the rack
    _blocks: tuple[bytes, ...] = ()

    def take(self, buffer: bytearray) -> list[bytes]:
        """ACK, NAK, and requests; a request that cannot be read is answered too."""
        found = []
        while buffer:
            first = bytes(buffer[:1])
            size = buffer.find(b"\x04") + 1 if first == b"\x01" else 1
            if size == 0:
                break
            if first in (b"\x01", _ACK, _NAK):
                found.append(bytes(buffer[:size]))
            del buffer[:size]
        return found

    def named(self, request: bytes) -> str:
        return {_ACK: "ACK", _NAK: "NAK"}.get(request) or self._command(request) or "not understood"

    def answer(self, request: bytes, now_ms: int) -> bytes | None:
        if request == _NAK:
            return self._blocks[0] if self._blocks else None
        if request == _ACK:
            self._blocks = self._blocks[1:]
            return self._blocks[0] if self._blocks else None
        *early, last = self._reply(self._command(request), now_ms)
        blocks = [*((text, False) for text in early), (last, True)]
        self._blocks = tuple(encoded(self.bed, text, ends, self.stuffed) for text, ends in blocks)
        return self._blocks[0]

    def _command(self, request: bytes) -> str | None:
        """The text after the bed, None where length, checksum or stuffing are wrong."""
        wire = request.decode("latin-1")
        plain = wire
        if self.stuffed:
            plain = _PAIR.sub(lambda pair: _PLAIN[pair[0]], wire)
        bed, _, text = plain[7:-7].partition(">")
        return text if bed and wire.encode("latin-1") == encoded(bed, text, last=True, stuffed=self.stuffed) else None

    def _reply(self, command: str | None, now_ms: int) -> list[str]:
        """The texts of the blocks."""
        match command:
            case "ADMIN:ALIVE":
                return [self._quads("00", now_ms, GNACK="0")]
            case "MEM:GET":
                return self._all(now_ms)
            case None:
                return [self._quads("00", now_ms, GNERR="68")]
        slot = command.removeprefix("MEM:GETSLOT#")
        if slot == self.slot and self.present:
            return [self._pump(now_ms)]
        return [self._other(slot, now_ms) if slot in self.others else self._quads("00", now_ms, GNERR="811")]

    def _all(self, now_ms: int) -> list[str]:
        rack = self._quads("00", now_ms, FMNOR="1", FMSTAT="00051", FMDONGLE="T", FMBANY="_NV", FMRT="FMS1NSNS")
        pumps = [self._pump(now_ms)] if self.present else []
        pumps += [self._other(slot, now_ms) for slot in self.others]
        return [rack, *pumps] if pumps else [self._quads("00", now_ms, GNERR="11")]

    def _quads(self, slot: str, now_ms: int, **values: str) -> str:
        return _RS.join(f"{now_ms // 1000},501{slot},{name},{value}" for name, value in values.items())

    def _other(self, slot: str, now_ms: int) -> str:
        return self._quads(slot, now_ms, GNNEW="688F030006", INRT="5.00", INVI="7.0", INSERNUM=f"9{slot}", INM3="1")

    def _pump(self, now_ms: int) -> str:
        shown = self.shown(now_ms)
        rate, volume = shown["rate_ul_h"] // 10, shown["volume_ul"] // 100
        running = str(int(shown["infusing"]))
        values = {
            "GNNEW": "688F030006",
            "INRT": f"{rate // 100}.{rate % 100:02d}" if rate else "0",
            "INSOL": "Ketamin50mg/50",
            "INSOLSN": "Ketamin\ue021",
            "INVOLACT": f"{self.pump.left_ul // 10 / 100:.2f}",
            "INRMT": "65535",
            "INDOCAL": "0",
            "INDORT": "0",
            "INDORTU": "50",
            "INVI": f"{volume // 10}.{volume % 10}",
            "INBORT": "800.00",
            "INP2": "100" if self.faults.occlusion else "35",
            "INSERNUM": self.shown_serial,
            "INM1": "0" if shown["infusing"] else "1",
            "INM2": "0",
            "INM3": running,
            "INM10": "0",
        }
        raised = {_ALARMS[alarm] for alarm in self.pump.alarms if alarm in _ALARMS}
        values |= {flag: "_NV" if flag in _NOT_FITTED else str(int(flag in raised)) for flag in _FLAGS}
        text = self._quads(self.slot, now_ms, **values)
        # fields one place too far left: the time is missing
        return _RS.join(quad.split(",", 1)[1] for quad in text.split(_RS)) if self.faults.shifted_fields else text
