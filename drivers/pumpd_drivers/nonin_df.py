"""Driver of Nonin oximeters (OEM III, Xpod, 3150, 9560, desktop models with ASCII output). Pure; nothing is sent.

They send one of four formats, chosen at the device. `format = "df2" | "df7" | "df8" | "ascii"` in the ward file says
which; "auto", the default, finds out, except for data format 8: that has no checksum and no words by which it could be
told from noise, so it must be named.

Data formats 2 and 7 send 75 frames a second, each with a checksum, 25 of which make a packet: a packet is believed
whole, synchronised and in order, or not at all. Each one is said (three a second), so that a sensor that comes off is
known at once: the oximeter goes on displaying its last values for ten seconds, and those are never a reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pumpd.device import AlarmCode, DriverInfo, DriverOption, Integrity, Kind, Line, Out, Quality, Vitals, Waveform
from pumpd.device.framing import garbled
from pumpd.device.talker import Talker
from pumpd.units import Ms
from pumpd_drivers import nonin_df_wire as wire

FORMAT = DriverOption(
    "format", "auto|df2|df7|df8|ascii", "auto", "what the oximeter sends; auto finds out, but for data format 8"
)
_TAKES_AWAY = (Quality.OFF, Quality.INVALID)


class NoninDF(Talker):
    """One oximeter."""

    info: ClassVar[DriverInfo] = DriverInfo(
        name="nonin_df",
        vendor="Nonin",
        model="OEM III, Xpod, 3150, 9560 (data formats 2, 7, 8); BT4000, 9600, 4100, 8500, 8600V (ASCII)",
        kind=Kind.MONITOR,
        line=Line(bauds=(9600,)),
        integrity=Integrity.NONE,  # the weakest; each reading of formats 2 and 7 says sum8
        poll_ms=1000,
        quiet_ms=2000,
        signals=("spo2", "pulse", "pleth_wave"),
        tells_serial=False,
        options=(FORMAT,),
        sources=(
            "Nonin 9560 OEM specification, data formats 2, 7 and 8",
            "Pufferfish ventilator firmware, TestNoninOEM3.cpp and TestPacketReceiver.cpp (Apache-2.0)",
            "operator's manuals of BT4000, 9600, 8500, 8600V: real-time output",
        ),
    )

    _last = b""  # frame of format 8

    def framer(self) -> wire.Frames:
        return wire.Frames(FORMAT.of(self.settings.options))

    def hear(self, frame: bytes, now: Ms) -> Sequence[Out]:
        if len(frame) == wire.PACKET_SIZE:
            return self._packet(wire.packet_of(frame), frame, now)
        if frame[0] & wire.STATUS:
            return self._df8(frame, now)
        return self._line(frame)

    def _packet(self, packet: wire.Packet, frame: bytes, now: Ms) -> list[Out]:
        values = (wire.spo2_of(packet.spo2), wire.pulse_of(packet.hr_high, packet.hr_low))
        if wire.NOT_A_VALUE in values:
            return [garbled("a value that the oximeter cannot measure", frame)]
        quality = wire.packet_quality(packet)
        out: list[Out] = [Vitals(wire.readings_of(*values, quality), None, Integrity.SUM8)]
        out.append(Waveform("pleth_wave", wire.PLETH_MS, packet.pleth))
        out += self.said.identity(None, None, str(packet.revision))
        return out + self.said.alarms(_alarms(packet.status, wire.PACKET_ALARMS, packet.stat2), now)

    def _df8(self, piece: bytes, now: Ms) -> list[Out]:
        """One frame, or two after anything else. There is no checksum: what a sensor alarm or a lost track takes away
        comes back when two frames in a row say nothing of it."""
        before = piece[: -wire.DF8_SIZE] or self._last
        status, low, spo2, stat2 = self._last = piece[-wire.DF8_SIZE :]
        quality, earlier = wire.df8_quality(status, stat2), wire.df8_quality(before[0], before[3])
        if earlier in _TAKES_AWAY and quality not in _TAKES_AWAY:
            quality = earlier
        out: list[Out] = [Vitals(wire.readings_of(wire.spo2_of(spo2), wire.pulse_of(status, low), quality))]
        bits = stat2 & wire.SENSOR_ALARM | status & wire.DF8_OUT_OF_TRACK
        return out + self.said.alarms(_alarms(bits, wire.DF8_ALARMS, stat2), now)

    def _line(self, frame: bytes) -> list[Out]:
        spo2, pulse, marked = wire.line_of(frame)
        if wire.NOT_A_VALUE in (spo2, pulse):
            return [garbled("a value that the oximeter cannot measure", frame)]
        out: list[Out] = [Vitals(wire.readings_of(spo2, pulse, Quality.OK))]
        return out + (self.said.unmapped("event marker", "*") if marked else [])


def _alarms(status: int, table: Sequence[tuple[int, str, str]], stat2: int) -> tuple[AlarmCode, ...]:
    found = [AlarmCode(code, text) for bit, code, text in table if status & bit]
    return (*found, wire.LOW_BATTERY) if stat2 & wire.LOW_BATTERY_BIT else tuple(found)
