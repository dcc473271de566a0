"""A simulated ward on the running loop: patients, pumps and monitors speaking real bytes over ptys and TCP."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pumpd.sim.bed import SimBed, SimDevice
from pumpd.sim.catalog import CATALOG
from pumpd.sim.endpoint import Endpoint
from pumpd.sim.endpoint_tcp import TcpEndpoint
from pumpd.sim.endpoint_tty import PtyEndpoint
from pumpd.sim.line import DeviceLine, SimClock
from pumpd.sim.patient import SimPatient
from pumpd.sim.scenarios import SCENARIOS, Act, Scenario
from pumpd.sim.wardfile import ward_toml

Links = Literal["mixed", "pty", "tcp"]
STEP_S = 0.5  # how often the patients live on
MODELS = ("alaris_asena", "capnostream20")  # what stands at a bed unless somebody chooses
DOSES_MG_KG_H = (0.15, 0.1, 0.2, 0.12)  # bed 1 above 0.1, so that ten times it passes 1 mg/kg/h


class SimWard:
    """Made by `start`. beds: SimBed each with .pump, .monitor, .patient; devices: what a ward file needs.

    on_act is called after each act of the script.
    """

    def __init__(self, beds: Sequence[SimBed], scenario: Scenario, pace: float, own_folder: Path | None) -> None:
        self.beds = tuple(beds)
        self.scenario = scenario
        self._pace = pace
        self._own_folder = own_folder
        self.on_act: Callable[[Act], None] = lambda act: None
        self._timers: list[asyncio.TimerHandle] = []
        self._life: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls,
        beds: int = 4,
        scenario: str = "calm",
        seed: int = 1,
        folder: Path | None = None,
        *,
        serials: Sequence[str] = (),
        models: Sequence[tuple[str, str]] = (),
        links: Links = "mixed",
        waves: bool = True,
        pace: float = 1.0,
        speed: float = 1.0,
        play: bool = True,
        begin: bool = True,
    ) -> SimWard:
        """A ward with every infusion running, but for one whose scenario admits nobody yet.

        folder holds the ptys' symlinks (a temporary one if None). serials: the pumps', made up where missing.
        models: pump and monitor of each bed by their drivers' names, again from the first.
        links "mixed": pumps on ptys, every other monitor on TCP. pace 0.1: scripts and bodies ten times as fast.
        speed: everything, devices included, that much faster (protocol time-outs too). play False: the script
        waits for `play()`. begin False: pumps stand still, for somebody to plan `doses()`.
        Raises KeyError for an unknown scenario or model.
        """
        chosen = SCENARIOS[scenario]
        own = None if folder is not None else Path(tempfile.mkdtemp(prefix="pumpd-sim-"))
        place = folder if folder is not None else own
        assert place is not None
        place.mkdir(parents=True, exist_ok=True)
        plan = _Plan(seed, serials, models or (MODELS,), place, links, waves, SimClock(speed), pace, chosen)
        ward = cls([_bed(number, plan) for number in range(1, beds + 1)], chosen, pace / speed, own)
        ward._open(begin and chosen.admitted)
        if play:
            ward.play()
        return ward

    def doses(self) -> list[tuple[SimBed, float]]:
        """What each bed is to be given, in mg/kg/h."""
        return [(bed, DOSES_MG_KG_H[index % len(DOSES_MG_KG_H)]) for index, bed in enumerate(self.beds)]

    def _open(self, begin: bool) -> None:
        for bed, dose_mg_kg_h in self.doses():
            if begin:
                bed.begin(dose_mg_kg_h)
            bed.pump_line.open()
            bed.monitor_line.open()
        self._life = asyncio.create_task(self._live(), name="simulated patients")

    async def _live(self) -> None:
        while True:
            await asyncio.sleep(STEP_S)
            for bed in self.beds:
                bed.step()

    def play(self) -> None:
        """Start the scenario's script now."""
        loop = asyncio.get_running_loop()
        for act in self.scenario.acts:
            if 1 <= act.bed <= len(self.beds):
                self._timers.append(loop.call_later(act.at_s * self._pace, self._perform, act))

    def _perform(self, act: Act) -> None:
        self.beds[act.bed - 1].act(act.action)
        self.on_act(act)

    @property
    def devices(self) -> tuple[SimDevice, ...]:
        """Pump and monitor of every bed, in order."""
        return tuple(device for bed in self.beds for device in bed.devices())

    def ward_toml(
        self,
        *,
        port: int,
        journal_url: str,
        library: Path,
        protocol: Path,
        alarms: Path,
        enforcement: str = "stop",
        host: str = "127.0.0.1",
    ) -> str:
        """A ward file for these devices; library, protocol and alarms are written as absolute paths."""
        return ward_toml(
            self.beds,
            server=(host, port),
            journal_url=journal_url,
            files={"library": library, "protocol": protocol, "alarms": alarms},
            enforcement=enforcement,
            admitted=self.scenario.admitted,
            poll=self.scenario.poll,
        )

    async def close(self) -> None:
        """Unplug everything; the temporary folder, if it was ours, goes."""
        for timer in self._timers:
            timer.cancel()
        if self._life is not None:
            self._life.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._life
        for bed in self.beds:
            bed.close()
        if self._own_folder is not None:
            with contextlib.suppress(OSError):
                self._own_folder.rmdir()


@dataclass(frozen=True)
class _Plan:
    """What all beds of one ward share."""

    seed: int
    serials: Sequence[str]
    models: Sequence[tuple[str, str]]
    folder: Path
    links: Links
    waves: bool
    clock: SimClock
    pace: float
    scenario: Scenario

    def weight_kg(self, number: int) -> float:
        weights = self.scenario.weights_kg
        return float(weights[(number - 1) % len(weights)])

    def serial(self, model: str, number: int) -> str | None:
        """One serial number a bed, counted up from the model's own; a pump's may be given."""
        if number <= len(self.serials) and CATALOG[model].kind == "pump":
            return self.serials[number - 1]
        return _counted(CATALOG[model].serial, number - 1)

    def endpoint(self, device_id: str, tcp: bool) -> Endpoint:
        return TcpEndpoint() if tcp else PtyEndpoint(self.folder / device_id)


def _bed(number: int, plan: _Plan) -> SimBed:
    bed_id = f"demo-{number:02d}"
    seed = random.Random(plan.seed * 1000 + number).randrange(2**31)
    now_ms = plan.clock.now_ms()
    patient = SimPatient(seed, weight_kg=plan.weight_kg(number))
    pump, monitor = (
        CATALOG[model].device(patient, plan.serial(model, number), now_ms=now_ms, seed=seed, waves=plan.waves)
        for model in plan.models[(number - 1) % len(plan.models)]
    )
    pump_end = plan.endpoint(f"{bed_id}-p1", plan.links == "tcp")
    monitor_end = plan.endpoint(f"{bed_id}-m1", _monitor_on_tcp(number, plan.links))
    return SimBed(
        id=bed_id,
        label=f"Bed {number}",
        patient=patient,
        pump=pump,
        monitor=monitor,
        pump_line=DeviceLine(pump, pump_end, plan.clock),
        monitor_line=DeviceLine(monitor, monitor_end, plan.clock),
        clock=plan.clock,
        pace=plan.pace,
    )


def _monitor_on_tcp(number: int, links: Links) -> bool:
    return links == "tcp" or (links == "mixed" and number % 2 == 1)


def _counted(serial: str | None, more: int) -> str | None:
    """A serial number so many further on: its last digits count; one that does not end in digits stays."""
    digits = re.search(r"\d+$", serial or "")
    if serial is None or digits is None:
        return serial
    return serial[: digits.start()] + f"{int(digits[0]) + more:0{len(digits[0])}d}"
