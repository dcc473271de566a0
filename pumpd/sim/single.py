"""One simulated device on a line of its own, for a bench: what `pumpd simulate` runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pumpd.sim.catalog import CATALOG
from pumpd.sim.endpoint import Endpoint
from pumpd.sim.endpoint_tcp import TcpEndpoint
from pumpd.sim.endpoint_tty import PtyEndpoint, SerialEndpoint
from pumpd.sim.line import DeviceLine, SimClock
from pumpd.sim.patient import SimPatient

STEP_S = 0.5


def endpoint_of(link: str, baud: int, frame: str = "8N") -> Endpoint:
    """The endpoint that `pty:PATH`, `tcp:PORT` or `serial:///dev/...` names. Raises ValueError for anything else."""
    kind, _, rest = link.partition(":")
    if kind == "pty" and rest:
        return PtyEndpoint(Path(rest).absolute())
    if kind == "tcp" and rest.isdecimal() and int(rest) < 65536:
        return TcpEndpoint(int(rest))
    if kind == "serial" and rest.startswith("//"):
        return SerialEndpoint(rest[2:], baud, frame)
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
    chosen = CATALOG[model]
    endpoint = endpoint_of(link, chosen.baud, chosen.frame)
    clock = SimClock()
    patient = SimPatient(seed)
    device: Any = chosen.device(patient, serial, seed=seed, waves=waves)
    if chosen.kind == "pump":
        device.panel.set_rate(rate_ul_h, 0)
        device.panel.start(0)
    line = DeviceLine(device, endpoint, clock)
    line.open()
    try:
        on_ready(endpoint.url)
        while True:
            await asyncio.sleep(STEP_S)
            patient.step(STEP_S)
    finally:
        line.close()
