"""A simulated device and the probe's drivers on one line in virtual time: no waiting, no sockets."""

from __future__ import annotations

from collections.abc import Iterable

from pumpd.cli.devices.probing.ears import Ears, patience_ms
from pumpd.cli.devices.probing.evidence import Evidence, Sure, Verdict, ranked, verdict
from pumpd.device import Driver
from pumpd.sim.catalog import CATALOG, Simulated
from pumpd.sim.patient import SimPatient
from pumpd.units import Ms

STEP_MS = 20
LISTEN_MS, ASK_MS = 4500, 4000


def device(name: str, now_ms: int = 0) -> Simulated:
    """The simulated device of that name; a pump infuses."""
    made = CATALOG[name].device(SimPatient(1), now_ms=now_ms)
    panel = getattr(made, "panel", None)
    if panel is not None:
        panel.set_rate(7000, now_ms)
        panel.start(now_ms)
    return made


class ProbedLine:
    """Everybody's ears at one simulated device. `sent`: what left towards it."""

    def __init__(self, name: str, drivers: Iterable[type[Driver]]) -> None:
        self.device = device(name)
        self.patient = getattr(self.device, "patient", None)
        self.drivers = tuple(drivers)
        self.now_ms = 0
        self.sent: list[bytes] = []
        self.certain = False
        self.ears = Ears(self.drivers, CATALOG[name].baud, "", Ms(0))

    def identify(self) -> Verdict:
        """As `pumpd devices probe` does it: listen, then ask in turn until somebody is certain."""
        self.run(LISTEN_MS)
        if self.verdict.identified:
            return self.verdict
        for driver in self.drivers:
            if driver.info.probe_bytes and not self.certain:
                self.send(self.ears.ask(driver, Ms(self.now_ms)))
                self.run(patience_ms(driver, ASK_MS))
                self.send(self.ears.finish(Ms(self.now_ms)))
        return self.verdict

    @property
    def verdict(self) -> Verdict:
        return verdict(self.ranking)

    @property
    def ranking(self) -> list[Evidence]:
        return ranked(self.ears.evidence)

    def run(self, for_ms: int) -> None:
        """Let time pass on both sides, until somebody is certain."""
        end_ms = self.now_ms + for_ms
        while self.now_ms < end_ms and not self.certain:
            self.now_ms += STEP_MS
            if isinstance(self.patient, SimPatient):
                self.patient.step(STEP_MS / 1000)
            self.hear(self.device.tick(self.now_ms))
            self.send(self.ears.tick(Ms(self.now_ms)))

    def hear(self, data: bytes) -> None:
        if data:
            self.send(self.ears.receive(data, Ms(self.now_ms)))
            self.certain = self.verdict.sure is Sure.CERTAIN

    def send(self, frames: list[bytes]) -> None:
        for frame in frames:
            self.sent.append(frame)
            self.hear(self.device.receive(frame, self.now_ms))
