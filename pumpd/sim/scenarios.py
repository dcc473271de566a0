"""Scenarios as data: when, at which bed, what happens. Times are seconds after the ward starts to play.

Everything that can happen is a row of ACTIONS; a bed that no script names stays calm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pumpd.sim.bed import SimBed


@dataclass(frozen=True)
class Act:
    """bed counts from 1; an act for a bed that the ward does not have is skipped."""

    at_s: float
    bed: int
    action: str


@dataclass(frozen=True)
class Scenario:
    """acts in any order; text is one line for `--help` and the demo's banner.

    weights_kg: of the patients, bed by bed, again from the first. admitted False: pumps stand still and nobody is
    bound until a nurse has come (pumpd.sim.nurse). poll: how often a ward file lets the pumps be asked.
    """

    name: str
    text: str
    acts: tuple[Act, ...] = ()
    weights_kg: tuple[int, ...] = (72, 58, 84, 65)
    admitted: bool = True
    poll: str | None = None


def _switch(fault: str) -> Callable[[SimBed], None]:
    return lambda bed: setattr(bed.pump.faults, fault, True)


ACTIONS: Mapping[str, Callable[[SimBed], None]] = {
    "tenfold-rate": lambda bed: bed.pump.panel.tenfold(bed.now_ms()),
    "stop-at-panel": lambda bed: bed.pump.panel.stop(bed.now_ms()),
    "power-cycle-pump": lambda bed: bed.pump.panel.power_cycle(bed.now_ms()),
    "pump-ignores-stop": _switch("stop_ignored"),
    "pump-mute-on-stop": _switch("stop_silent"),
    "occlude": _switch("occlusion"),
    "opioid-strong": lambda bed: bed.patient.give_opioid(1.45, onset_s=6.0),
    "opioid-overwhelming": lambda bed: bed.patient.give_opioid(6.0, onset_s=5.0),
    "naloxone": lambda bed: bed.patient.give_opioid(0.1, onset_s=20.0),
    "probe-off": lambda bed: setattr(bed.patient, "finger_off", True),
    "cannula-off": lambda bed: setattr(bed.patient, "cannula_off", True),
    "unplug-monitor": lambda bed: bed.monitor_line.endpoint.unplug(),
    "replug-monitor": lambda bed: bed.monitor_line.endpoint.replug(),
    "unplug-pump": lambda bed: bed.pump_line.endpoint.unplug(),
    "replug-pump": lambda bed: bed.pump_line.endpoint.replug(),
}

_ROWS = (
    Scenario(
        "ldk-course",
        "one bed: a course of three ketamine infusions in five days, in simulated time that runs faster",
        weights_kg=(70,),
        admitted=False,
        poll="1 s",  # half as many questions of a pump as its driver would ask: the film is shorter
    ),
    Scenario("calm", "four patients on 0.1 to 0.2 mg/kg/h, nothing happens"),
    Scenario("overspeed", "bed 1: a tenfold rate is keyed at the pump's panel", (Act(8, 1, "tenfold-rate"),)),
    Scenario("bradypnoea", "bed 1: an opioid slows breathing to 4 to 6 a minute", (Act(2, 1, "opioid-strong"),)),
    Scenario("apnoea", "bed 1: breathing stops", (Act(5, 1, "opioid-overwhelming"),)),
    Scenario(
        "stop-ignored",
        "bed 1: a tenfold rate, and a pump that acknowledges the stop but keeps infusing",
        (Act(0, 1, "pump-ignores-stop"), Act(8, 1, "tenfold-rate")),
    ),
    Scenario(
        "cable",
        "bed 2's monitor and bed 3's pump are unplugged and plugged in again",
        (
            Act(8, 2, "unplug-monitor"),
            Act(8, 3, "unplug-pump"),
            Act(40, 2, "replug-monitor"),
            Act(40, 3, "replug-pump"),
        ),
    ),
)

SCENARIOS: Mapping[str, Scenario] = {row.name: row for row in _ROWS}
