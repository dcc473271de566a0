"""Driver of Masimo pulse oximeters (Rad-5, Rad-8, Radical-7) that send their values as ASCII 1 text. Pure.

One line a second: date, time and fields `KEY=value`, which differ by model. There is no checksum, so the grammar is
exact: one field that is not as its row says, and the whole line is not believed. What a flipped bit can still do is
turn one digit into another one. Nothing is ever sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from pumpd.device import DriverInfo, Integrity, Kind, Line, Out, Vitals
from pumpd.device.framers import TextLines
from pumpd.device.framing import garbled
from pumpd.device.talker import Talker
from pumpd.units import Ms
from pumpd_drivers import masimo_ascii1_wire as wire

_TIME = re.compile(rb"(?:0[1-9]|1[0-2])/(?:0[1-9]|[12]\d|3[01])/\d\d (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d")
_TIME_LENGTH = 17
_REQUIRED = frozenset({"SPO2", "BPM", "ALARM", "EXC"})
_NOTHING_ODD: frozenset[str] = frozenset()


class MasimoAscii1(Talker):
    """One oximeter. Its respiration rate is not measured: there is none."""

    info: ClassVar[DriverInfo] = DriverInfo(
        name="masimo_ascii1",
        vendor="Masimo",
        model="Rad-5 / Rad-8 / Radical-7 (ASCII 1)",
        kind=Kind.MONITOR,
        line=Line(bauds=(9600,)),
        integrity=Integrity.NONE,
        poll_ms=1000,
        quiet_ms=2000,
        signals=("spo2", "pulse", "pi", "pvi", "spco", "spmet"),
        sources=(
            "lines captured from Rad-5, Rad-8 and Radical-7 (yahnatan/pulseox, remkolems/masimo-datacapture)",
            "Rad-8 operator's manual: exceptions, sample trend output",
            "mdpnp masimo-radical-7.spec",
        ),
    )
    _serial = ""
    _odd: frozenset[str] = _NOTHING_ODD  # what was odd about the line before

    def framer(self) -> TextLines:
        return TextLines()

    def hear(self, frame: bytes, now: Ms) -> Sequence[Out]:
        if not _TIME.fullmatch(frame, 0, _TIME_LENGTH) or frame[_TIME_LENGTH : _TIME_LENGTH + 1] != b" ":
            return [garbled("no line that begins with date and time", frame)]
        found = wire.fields_of(frame[_TIME_LENGTH + 1 :].rstrip(b" "))
        if isinstance(found, bytes):
            return [garbled(f"field not understood: {found[:32].decode('ascii')}", frame)]
        unmapped = [field for field in found.values() if field.unmapped]
        refusal = self._refusal(found, unmapped)
        return [garbled(refusal, frame)] if refusal else self._facts(found, unmapped, frame, now)

    def _refusal(self, found: wire.Fields, unmapped: list[wire.Field]) -> str:
        """Why a line of good fields is not believed; "" where it is.

        A key without a row and another serial number are believed when they stand in two lines running: one flipped
        bit makes them out of a known key and the true number, and never twice.
        """
        if not found.keys() >= _REQUIRED:
            return f"no {', '.join(sorted(_REQUIRED - found.keys()))}"
        if wire.is_cut(found):
            return "EXC is cut short"
        serial = found.get("SN", wire.NO_FIELD).text
        if not unmapped and (serial == self._serial or not self._serial):
            self._odd = _NOTHING_ODD
            return ""
        odd = frozenset(field.key for field in unmapped) - wire.ROWS.keys()
        odd |= {f"SN {serial}"} if serial and serial != self._serial and self._serial else _NOTHING_ODD
        new, self._odd = odd - self._odd, odd
        return f"not believed until it comes again: {', '.join(sorted(new))}" if new else ""

    def _facts(self, found: wire.Fields, unmapped: list[wire.Field], frame: bytes, now: Ms) -> list[Out]:
        exc = found["EXC"].bits
        out: list[Out] = []
        serial = found.get("SN", wire.NO_FIELD).text
        if serial and serial != self._serial:
            self._serial = serial
            out += self.said.identity(None, serial)  # before its values: another oximeter's are nobody's here
        out.append(Vitals(wire.readings_of(found, exc), frame[:_TIME_LENGTH].decode("ascii")))
        for field in unmapped:
            out += self.said.unmapped(field.key, field.text)
        exc1 = found.get("EXC1", wire.NO_FIELD).bits
        return out + self.said.alarms(wire.alarms_of(found["ALARM"].bits, exc, exc1), now)
