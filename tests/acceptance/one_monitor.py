"""A bed with one ketamine pump that runs and one monitor of any kind: a real driver at its simulator, shipped limits,
virtual time.
"""

from __future__ import annotations

from pathlib import Path

from pumpd.config.load import Loaded, inspect_ward
from pumpd.device import Garbled, Quality
from pumpd.safety import kernel
from pumpd.safety.decisions import StopPump
from pumpd.safety.events import Heard, Tick
from pumpd.safety.policy import AlarmKind, Priority
from tests.day.shipped import shipped_beds, without_course
from tests.drivers.monitor_line import MonitorLine
from tests.safety.build import MONITOR, Bed

RUNNING_UL_H = 10_000


def ward_with(folder: Path, driver: str) -> Loaded:
    """The shipped ward with the capnograph exchanged for another monitor."""
    shipped_beds(folder)
    file = folder / "ward.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("capnostream20", driver), encoding="utf-8")
    return inspect_ward(file)


class MonitoredBed:
    def __init__(self, folder: Path, driver: str) -> None:
        ward = ward_with(folder, driver).ward
        assert ward is not None
        self.bed = Bed(without_course(ward.beds[0]).policy)
        self.line = MonitorLine(driver)

    def run(self, seconds: int) -> None:
        """A status and what the monitor's line brings, each second; every deadline in between."""
        bed = self.bed
        for _ in range(seconds):
            bed.pump(RUNNING_UL_H, requested_ms=bed.now - 20)
            for fact in self.line.run(1_000):
                assert not isinstance(fact, Garbled)
                bed.do(Heard(MONITOR, fact))
            end = bed.now + 1_000
            while (due := kernel.next_deadline(bed.state, bed.policy)) is not None and due <= end:
                bed.now = due
                bed.do(Tick())
            bed.now = end

    def alarms(self, *kinds: AlarmKind) -> dict[str, tuple[Priority, str]]:
        """Priority and text of the live alarms, by condition."""
        return {a.condition: (a.priority, a.text) for a in self.bed.view().alarms if not kinds or a.kind in kinds}

    def shown(self, signal: str) -> tuple[int | None, Quality] | None:
        value = self.bed.view().values.get(signal)
        return None if value is None else (value.value_milli, value.quality)

    def age_s(self, signal: str) -> int:
        """How old the shown value is."""
        at_ms = self.bed.view().values[signal].at_ms
        assert at_ms is not None
        return (self.bed.now - at_ms) // 1000

    def is_stopped(self) -> bool:
        return any(isinstance(decision, StopPump) for _, decision in self.bed.log)
