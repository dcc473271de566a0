"""Files of drivers under development, as a person would write them."""

from __future__ import annotations

from pathlib import Path

MONITOR = '''\
"""A monitor that says RR and SpO2 in one line."""

from pumpd.device import DriverInfo, Integrity, Kind, Line, Reading, Vitals
from pumpd.device.framers import TextLines
from pumpd.device.talker import Talker


class MyMonitor(Talker):
    info = DriverInfo(
        name="my_monitor",
        vendor="Example",
        model="M1",
        kind=Kind.MONITOR,
        line=Line(bauds=(9600,)),
        integrity=Integrity.NONE,
        poll_ms=1000,
        quiet_ms=3000,
        signals=("rr", "spo2"),
        quality="verified on hardware",
    )

    def framer(self):
        return TextLines(64)

    def hear(self, frame, now):
        rr, spo2 = (int(word) * 1000 for word in frame.split())
        self.heard(now)
        return [Vitals((Reading("rr", rr), Reading("spo2", spo2)))]
'''

PUMP = """\
from pumpd.device import DriverInfo, Integrity, Kind, Line, PumpCapabilities


class MyPump:
    info = DriverInfo(
        name="my_pump",
        vendor="Example",
        model="P1",
        kind=Kind.PUMP,
        line=Line(bauds=(9600,)),
        integrity=Integrity.CRC16,
        poll_ms=1000,
        quiet_ms=3000,
        pump=PumpCapabilities(can_stop=True, can_set_rate=True, can_read_back=True, rate_max_ul_h=100_000),
    )

    def __init__(self, settings):
        pass

    def start(self, now):
        return []

    def receive(self, data, now):
        return []

    def tick(self, now):
        return []

    def next_deadline(self):
        return None

    def finish(self, now):
        return []

    def command(self, order, now):
        return []
"""


def monitor_file(folder: Path, text: str = MONITOR) -> Path:
    path = folder / "my_monitor.py"
    path.write_text(text, encoding="utf-8")
    return path


def pump_file(folder: Path, text: str = PUMP) -> Path:
    path = folder / "my_pump.py"
    path.write_text(text, encoding="utf-8")
    return path
