"""A Fresenius base with its modules on a line."""

from __future__ import annotations

from pumpd_drivers.fresenius_base import FreseniusBase
from pumpd_drivers.fresenius_base_wire import frame

from pumpd.device import CommandOutcome, DeviceSettings, Outcome, StopOrder
from pumpd.sim.devices.fresenius_base import FreseniusBaseSim
from tests.drivers.virtual import Mute, VirtualLine

ACK, ENQ, DC4 = b"\x06", b"\x05", b"\x14"
STOP = frame("1PO")
READ = frame("1LE;dr")


class Line(VirtualLine):
    """A base with its modules; module 1 infuses at 7 mL/h."""

    def __init__(self, *, control: bool = True, module: str = "", modules: tuple[str, ...] = ("1",)) -> None:
        self.sim = FreseniusBaseSim()
        self.sim.modules = modules
        self.sim.panel.set_rate(7_000, 0)
        self.sim.panel.start(0)
        options = {"module": module} if module else {}
        super().__init__(FreseniusBase(DeviceSettings("p1", control=control, options=options)), self.sim)

    @property
    def outcomes(self) -> list[tuple[str, Outcome, str]]:
        return [(o.order_id, o.outcome, o.detail) for o in self.of(CommandOutcome)]


def mute(control: bool = False) -> VirtualLine:
    """An opened module 1 that then says only what the test says."""
    line = VirtualLine(FreseniusBase(DeviceSettings("p1", control=control, options={"module": "1"})), Mute())
    line.hear(frame("0C"), after_ms=20)
    line.hear(frame("1C"), after_ms=1_020)
    return line


def _stopped(line: Line) -> list[tuple[str, Outcome, str]]:
    line.order(StopOrder("s1"))
    line.run_until(line.now + 2_000)
    return line.outcomes
