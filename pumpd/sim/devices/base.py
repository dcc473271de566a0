"""What simulated devices are built on: `SimTalker` for a monitor, `SimPolledPump` for a pump. Sans-IO.

A simulator is written from the device's documents, never from its driver, and imports none (`pumpd.device.checksums`
is common ground). It becomes known by a row of `pumpd.sim.catalog`, or, from another package, by an entry point of the
group `pumpd.simulators` that names its class.
"""

from __future__ import annotations

from pumpd.sim.devices.core import SimCore
from pumpd.sim.devices.pump import SimPolledPump, taken
from pumpd.sim.devices.senses import Patient, Senses
from pumpd.sim.devices.talker import SimTalker

__all__ = ["Patient", "Senses", "SimCore", "SimPolledPump", "SimTalker", "taken"]
