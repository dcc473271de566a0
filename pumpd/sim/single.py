"""One simulated device on a line of its own, for a bench: what `pumpd simulate` runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pumpd.sim.asena import AsenaSim
from pumpd.sim.capnostream import CapnostreamSim
from pumpd.sim.endpoint import Endpoint
from pumpd.sim.endpoint_tcp import TcpEndpoint
from pumpd.sim.endpoint_tty import PtyEndpoint, SerialEndpoint
from pumpd.sim.line import ByteDevice, DeviceLine, SimClock
from pumpd.sim.patient import SimPatient

STEP_S = 0.5


@dataclass(frozen=True)
class Model:
    """A device that can be simulated; name is that of its driver. baud: its serial line's default speed."""

    name: str
    kind: Literal["pump", "monitor"]
    text: str
    serial: str
    baud: int


MODELS: Mapping[str, Model] = {
    "alaris_asena": Model("alaris_asena", "pump", "Alaris Asena syringe pump", "8002-51740", 38400),
    "capnostream20": Model("capnostream20", "monitor", "Capnostream 20 capnograph", "B812345678", 115200),
}


def endpoint_of(link: str, baud: int) -> Endpoint:
    """The endpoint that `pty:PATH`, `tcp:PORT` or `serial:///dev/...` names. Raises ValueError for anything else."""
    kind, _, rest = link.partition(":")
    if kind == "pty" and rest:
        return PtyEndpoint(Path(rest).absolute())
    if kind == "tcp" and rest.isdecimal() and int(rest) < 65536:
        return TcpEndpoint(int(rest))
    if kind == "serial" and rest.startswith("//"):
        return SerialEndpoint(rest[2:], baud)
    raise ValueError(f"{link!r} is not a link: use pty:PATH, tcp:PORT (0 for any) or serial:///dev/...")


async def simulate_device(
    model: str,
    link: str,
    *,
    serial: str | None = None,
    seed: int = 1,
    rate_ul_h: int = 7000,
    waves: bool = True,
    on_ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Run one device until cancelled; on_ready gets the URL a ward file would name.

    A pump starts infusing at rate_ul_h (0: on hold); a monitor watches a calm patient.
    Raises KeyError for an unknown model, ValueError for a bad link, OSError when the line cannot be opened.
    """
    chosen = MODELS[model]
    endpoint = endpoint_of(link, chosen.baud)
    clock = SimClock()
    patient = SimPatient(seed)
    device = _device(chosen, serial or chosen.serial, patient, rate_ul_h=rate_ul_h, waves=waves, seed=seed)
    line = DeviceLine(device, endpoint, clock)
    line.open()
    try:
        on_ready(endpoint.url)
        while True:
            await asyncio.sleep(STEP_S)
            patient.step(STEP_S)
    finally:
        line.close()


def _device(model: Model, serial: str, patient: SimPatient, *, rate_ul_h: int, waves: bool, seed: int) -> ByteDevice:
    if model.kind == "monitor":
        return CapnostreamSim(patient, serial, waves=waves, seed=seed)
    pump = AsenaSim(serial, seed=seed)
    pump.panel.set_rate(rate_ul_h, 0)
    pump.panel.start(0)
    return pump
