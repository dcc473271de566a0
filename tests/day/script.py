"""What happens in 24 hours at eight beds: rows of data. Times are the script's; what follows from them is computed.

A row says what begins and ends, which alarm conditions must come (by a rule of the profile, or by a time of the
policy), whether the pump must stop, and which further conditions such an event may bring along. What no row
explains is a fault: an event that is harmless names no physiological condition at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pumpd.safety.events import Assessed
from pumpd.safety.policy import BedPolicy, Priority
from tests.day.bed import VirtualBed
from tests.day.devices import FRAME_MS, FactPump

MINUTE_MS = 60_000
Act = Callable[[VirtualBed], object]
RULE_SLACK_MS = 2 * FRAME_MS  # a frame to show it, a frame to judge it
TAIL_MS = 8 * MINUTE_MS  # how long the body, and the staff's hands, take to recover


@dataclass(frozen=True)
class ByRule:
    """The alarm of this rule, by its own delay after its terms were first shown without a break."""

    rule: str


@dataclass(frozen=True)
class ByTime:
    """An alarm of this condition (its beginning, if it ends in "*") at this priority or above, at the latest then."""

    condition: str
    priority: Priority
    within_ms: Callable[[BedPolicy], int]
    stops: bool = False


@dataclass(frozen=True)
class Row:
    """One scripted event of `lasts_s` seconds at HH:MM or HH:MM:SS.

    must: alarms that have to come. may: further conditions that are no fault here.
    """

    at: str
    bed: int
    name: str
    lasts_s: int
    begin: Act
    end: Act
    must: tuple[ByRule | ByTime, ...] = ()
    may: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        return f"{self.at} bed {self.bed} {self.name}"

    @property
    def start_ms(self) -> int:
        hour, minute, *second = map(int, self.at.split(":"))
        return (hour * 60 + minute) * MINUTE_MS + sum(second) * 1000

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.lasts_s * 1000


# --- acts


def nothing(bed: VirtualBed) -> None:
    """It ends by itself."""


def show(**fields: Callable[[int], float | None]) -> Act:
    """Falsify the monitor's display; each field by the seconds since it began."""

    def act(bed: VirtualBed) -> None:
        bed.monitor.overlay, bed.monitor.overlaid_ms = fields, bed.now

    return act


def clear(bed: VirtualBed) -> None:
    bed.monitor.overlay = {}


def at(value: float | None) -> Callable[[int], float | None]:
    return lambda second: value


def ramp(start: float, stop: float, seconds: int) -> Callable[[int], float]:
    """From start to stop in so many seconds, then stop: what a body can do."""
    return lambda second: start + (stop - start) * min(second, seconds) / seconds


def blips(value: float | None, normal: float) -> Callable[[int], float | None]:
    """Every 40 s a blip of 1 to 14 s, and between them quiet breathing."""
    return lambda second: value if second % 40 < 1 + second // 40 % 14 else normal


def opioid(load: float, onset_s: float) -> Act:
    return lambda bed: bed.patient.give_opioid(load, onset_s)


def assess(poss: int) -> Act:
    """A nurse assesses sedation (POSS)."""
    return lambda bed: bed.do(Assessed("A. Osei", poss=poss))


def oxygen(on: bool) -> Act:
    return lambda bed: bed.do(Assessed("M. Lindqvist", oxygen=on))


def hand_over(held: bool) -> Act:
    def act(bed: VirtualBed) -> None:
        assert isinstance(bed.pump_line, FactPump), "the bed on the wire has its own panel"
        bed.pump_line.hand_over(held)

    return act


def both(first: Act, second: Act) -> Act:
    def act(bed: VirtualBed) -> None:
        first(bed)
        second(bed)

    return act


def body(field: str, value: bool) -> Act:
    return lambda bed: setattr(bed.patient, field, value)


def fault(field: str, value: bool) -> Act:
    return lambda bed: setattr(bed.monitor.faults, field, value)


def tenfold(bed: VirtualBed) -> None:
    bed.pump.panel.tenfold(bed.now)


def keyed(ul_h: int) -> Act:
    return lambda bed: bed.pump.panel.set_rate(ul_h, bed.now)


def occlude(bed: VirtualBed) -> None:
    bed.pump.faults.occlusion = True


def free_line(bed: VirtualBed) -> None:
    bed.pump.faults.occlusion = False
    bed.pump.panel.silence(bed.now)
    bed.pump.panel.start(bed.now)


def pull_monitor(bed: VirtualBed) -> None:
    bed.monitor_line.unplug("unplugged")


def plug_monitor(bed: VirtualBed) -> None:
    bed.monitor_line.plug(bed.now)


def pull_pump(bed: VirtualBed) -> None:
    bed.pump_line.unplug("unplugged")


def plug_pump(bed: VirtualBed) -> None:
    bed.pump_line.plug(bed.now)


def restart(gap_ms: int) -> Act:
    return lambda bed: bed.restart(gap_ms)
