"""Driver of the Ivy 450C monitor, which sends the "ANSAR-B" message about once a second. Pure; nothing is sent.

FF "ANSAR-B ", 400 bytes of curves, lines of text ended by CR, FE; inside no byte is above FD. There is no checksum:
every line must have exactly the fields of its row, and one that has not garbles the message.

The cuff's last values stand in every message until the next measurement, so that a message cannot say how old they
are. A measurement is new when its four values differ from those before and stand in two messages running; from then
on they are not said again, and age. Values that are there at the beginning have no known age and are stale, without a
number; values that come back after a gap, unchanged, stay unsaid. (So a new measurement with exactly the old four
values is missed: it looks older than it is.)

What the rate of respiration is measured by (impedance or CO2) is not in the message; the ward file can say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pumpd.device import AlarmCode, DriverInfo, Integrity, Kind, Line, Out, Quality, Reading, Vitals, Waveform
from pumpd.device.framers import Bracketed
from pumpd.device.framing import garbled
from pumpd.device.talker import Talker
from pumpd.units import Ms
from pumpd_drivers import ivy_450c_wire as wire

APNOEA = "APNEA"
_NO_BREATH, _BREATH = Reading("no_breath", 1000), Reading("no_breath", 0)
_UNTOLD = Reading("no_breath", None, Quality.INVALID)


class Ivy450C(Talker):
    """One monitor."""

    info: ClassVar[DriverInfo] = DriverInfo(
        name="ivy_450c",
        vendor="Ivy Biomedical",
        model="450C (ANSAR-B)",
        kind=Kind.MONITOR,
        line=Line(bauds=(9600,)),
        integrity=Integrity.NONE,
        poll_ms=1000,
        quiet_ms=2500,
        signals=(*wire.SIGNAL_NAMES, "no_breath", "ecg_wave", "resp_wave", "pleth_wave"),
        tells_serial=False,
        sources=("mdpnp AnsarB.java, DemoIvy450C.java and the lines of its test resource Ivy450C.1.data (BSD-2)",),
    )
    _odd: frozenset[str] = frozenset()  # names without a row in the message before

    def framer(self) -> Bracketed:
        self._cuff = wire.Cuff()
        return Bracketed(wire.START, wire.END, 0, wire.is_message, limit=2048)

    def hear(self, frame: bytes, now: Ms) -> Sequence[Out]:
        found: dict[str, wire.Parsed] = {}
        for text in wire.lines_of(frame):
            parsed = wire.parsed(text)
            if parsed is None or parsed.name in found:
                return [garbled(f"line not understood: {text[:40].decode('ascii')}", frame)]
            found[parsed.name] = parsed
        refusal = self._refusal(found)
        return [garbled(refusal, frame)] if refusal else self._facts(found, frame, now)

    def _refusal(self, found: dict[str, wire.Parsed]) -> str:
        """Why a message of good lines is not believed; "" where it is. A line without a row must stand in two messages
        running: one flipped bit makes it out of a known one, and never twice."""
        if not found.keys() >= wire.REQUIRED:
            return f"no line {', '.join(sorted(wire.REQUIRED - found.keys()))}"
        odd = frozenset(found.keys() - wire.ROWS.keys())
        new, self._odd = odd - self._odd, odd
        return f"not believed until it comes again: {', '.join(sorted(new))}" if new else ""

    def _facts(self, found: dict[str, wire.Parsed], frame: bytes, now: Ms) -> list[Out]:
        readings: list[Reading] = []
        alarms: list[AlarmCode] = []
        unmapped: list[Out] = []
        for name, line in found.items():
            readings += self._cuff.readings(line) if name == wire.CUFF else line.readings
            alarms += line.alarms
            if line.unmapped:
                unmapped += self.said.unmapped(*line.unmapped)
        readings.append(_no_breath(found["RR"].readings[0], alarms))
        waves = [Waveform(name, period, samples) for name, period, samples in wire.waves_of(frame)]
        return [Vitals(tuple(readings)), *waves, *unmapped, *self.said.alarms(tuple(alarms), now)]


def _no_breath(rate: Reading, alarms: Sequence[AlarmCode]) -> Reading:
    """The monitor's own alarm. In which words it alarms has not been captured: that there is none is believed only
    where it shows a rate; a rate of 0 without a word is left to the bed's own rule."""
    if any(alarm.code == APNOEA for alarm in alarms):
        return _NO_BREATH
    return _BREATH if rate.value_milli else _UNTOLD
