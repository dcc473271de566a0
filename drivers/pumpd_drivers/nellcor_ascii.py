"""Driver of Nellcor oximeters (NPB-290/295, N-395, N-560, N-595) that print their values on the data port. Pure.

A line every two seconds: date and time, %SpO2, pulse rate, pulse amplitude and codes of the present status, in fixed
columns; every so often a header with model, version and alarm limits. There is no checksum, so a line is believed in
exactly the columns of the captures, or with the single blanks of the manual's example, and otherwise not at all. While
it searches for a pulse the oximeter prints 0, or its last values: neither is a reading. Nothing is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pumpd.device import DriverInfo, Integrity, Kind, Line, Out, Vitals
from pumpd.device.framers import TextLines
from pumpd.device.framing import garbled
from pumpd.device.talker import Talker
from pumpd.units import Ms
from pumpd_drivers import nellcor_ascii_wire as wire


class NellcorAscii(Talker):
    """One oximeter."""

    info: ClassVar[DriverInfo] = DriverInfo(
        name="nellcor_ascii",
        vendor="Nellcor",
        model="NPB-290, NPB-295, N-395, N-560, N-595 (data port, ASCII)",
        kind=Kind.MONITOR,
        line=Line(bauds=(9600,)),
        integrity=Integrity.NONE,
        poll_ms=2000,
        quiet_ms=5000,
        signals=("spo2", "pulse"),
        tells_serial=False,
        sources=(
            "operator's manuals of NPB-290, NPB-295 and N-395: data port protocol",
            "lines captured from an N-560 (konz/cosmopusher, demo_stream.py)",
            "mdpnp nellcor-n595.spec (BSD-2)",
        ),
    )
    _odd: frozenset[str] = frozenset()  # codes without a row in the line before
    _header: wire.Header | None = None
    _other: wire.Header | None = None  # one that says another model or version, once

    def framer(self) -> TextLines:
        return TextLines(limit=160)

    def hear(self, frame: bytes, now: Ms) -> Sequence[Out]:
        line = frame.rstrip(b" ")
        values = wire.values_of(line)
        if values is not None:
            refusal = self._refusal(values)
            return [garbled(refusal, frame)] if refusal else self._values(values, now)
        header = wire.header_of(line)
        if header is not None:
            return self._hear_header(header)
        return () if not line or wire.is_heading(line) else [garbled("no line of values or header", frame)]

    def _refusal(self, values: wire.Values) -> str:
        """A code that the table lacks is believed when it stands in two lines running: one flipped bit makes it out of
        a known one, which may say that the values do not count, and never twice."""
        odd = frozenset(values.codes) - wire.KNOWN
        new, self._odd = odd - self._odd, odd
        return f"not believed until it comes again: {', '.join(sorted(new))}" if new else ""

    def _values(self, values: wire.Values, now: Ms) -> list[Out]:
        limits = self._header.limits if self._header is not None else wire.NO_LIMITS
        out: list[Out] = [Vitals(wire.readings_of(values), values.time)]
        if values.amplitude:
            out += self.said.unmapped("PA", values.amplitude)
        return out + self.said.alarms(wire.alarms_of(values.codes, values.stars, limits), now)

    def _hear_header(self, header: wire.Header) -> list[Out]:
        """Who it is, and its limits for the alarms' texts. Another model or version is believed when it comes again:
        one flipped bit makes it out of the true one, and never twice."""
        known = self._header
        if known is not None and header[:2] != known[:2] and header[:2] != (self._other or ("", ""))[:2]:
            self._other = header
            return [garbled("another model or version: not believed until it comes again", b"")]
        self._header, self._other = header, None
        spo2, pulse = header.limits
        limits = [*self.said.unmapped("SpO2 limit", spo2), *self.said.unmapped("PR limit", pulse)]
        return [*self.said.identity(header.model, None, header.version), *limits]
