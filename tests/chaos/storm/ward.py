"""The storm's ward: pumps and monitors of all kinds on ptys and TCP, and somebody at each line who spoils bytes."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from pumpd.sim.bed import CONC_MG_ML, SimBed
from pumpd.sim.catalog import CATALOG
from pumpd.sim.endpoint import Endpoint
from pumpd.sim.endpoint_tcp import TcpEndpoint
from pumpd.sim.endpoint_tty import PtyEndpoint
from pumpd.sim.line import ByteDevice, DeviceLine, SimClock
from pumpd.sim.patient import SimPatient
from pumpd.sim.wardfile import ward_toml

CONFIG = Path(__file__).resolve().parents[3] / "config"
COMMANDED = ("alaris_asena", "graseby_3400", "new_era_ne1000", "gemini_c2", "fresenius_base")
WATCHED = ("baxter_as50", "bbraun_space_bcc", "hospira_plum_a")
PUMPS = (*COMMANDED, "alaris_asena", *WATCHED, "alaris_asena", *COMMANDED, "new_era_ne1000")
"""Sixteen beds: every pump, those that can be told to stop more often."""
OXIMETERS = ("masimo_ascii1", "nellcor_ascii", "nonin_df", "ivy_450c")
MONITORS = ("capnostream20", "philips_intellivue", "ge_dri", "draeger_medibus", *OXIMETERS)
DOSES_MG_KG_H = (0.15, 0.2, 0.18, 0.25)  # ten times that is above 1 mg/kg/h everywhere
WEIGHTS_KG = (72, 58, 84, 65)
GARBAGE_EVERY, FLIP_EVERY = 3, 2  # one piece in so many is spoilt


class Tap:
    """Between a line and its device. noise: "flip" or "garbage" while it lasts; before, after: around every call."""

    def __init__(self, device: ByteDevice, seed: str) -> None:
        self.device = device
        self.noise: str | None = None
        self._dice = random.Random(seed)
        self.before: Callable[[int], object] = lambda now_ms: None
        self.after: Callable[[int, bool], object] = lambda now_ms, commanded: None

    def receive(self, data: bytes, now_ms: int) -> bytes:
        self.before(now_ms)
        said = self.device.receive(self._spoilt(data), now_ms)
        self.after(now_ms, True)
        return self._spoilt(said)

    def tick(self, now_ms: int) -> bytes:
        self.before(now_ms)
        said = self.device.tick(now_ms)
        self.after(now_ms, False)
        return self._spoilt(said)

    def next_deadline(self) -> int | None:
        return self.device.next_deadline()

    def _spoilt(self, data: bytes) -> bytes:
        """One flipped bit, or random bytes in front, in some of the pieces."""
        if not data or self.noise is None:
            return data
        if self.noise == "garbage":
            return self._dice.randbytes(self._dice.randrange(1, 20)) + data if self._one_in(GARBAGE_EVERY) else data
        if not self._one_in(FLIP_EVERY):
            return data
        at, bit = self._dice.randrange(len(data)), 1 << self._dice.randrange(8)
        return data[:at] + bytes((data[at] ^ bit,)) + data[at + 1 :]

    def _one_in(self, many: int) -> bool:
        return self._dice.randrange(many) == 0


class StormWard:
    """beds, and a tap at each pump and each monitor."""

    def __init__(self, folder: Path, beds: int, seed: int) -> None:
        self._clock, self._seed, self._folder = SimClock(), seed, folder / "lines"
        self._folder.mkdir()
        self.beds = tuple(self._bed(number) for number in range(beds))
        self.pumps = tuple(self._tapped(bed.pump_line, f"{seed} {bed.id} pump") for bed in self.beds)
        self.monitors = tuple(self._tapped(bed.monitor_line, f"{seed} {bed.id} monitor") for bed in self.beds)

    def _bed(self, number: int) -> SimBed:
        pump, monitor = PUMPS[number % len(PUMPS)], MONITORS[(number + number // 8) % len(MONITORS)]
        patient = SimPatient(self._seed * 100 + number, weight_kg=float(WEIGHTS_KG[number % len(WEIGHTS_KG)]))
        made = [CATALOG[model].device(patient, self._serial(model, number), seed=number) for model in (pump, monitor)]
        bed = f"storm-{number + 1:02d}"
        pump_end = self._endpoint(f"{bed}-p1", number % 3 == 0)
        monitor_end = self._endpoint(f"{bed}-m1", number % 2 == 1)
        pump_line, monitor_line = (
            DeviceLine(device, end, self._clock) for device, end in zip(made, (pump_end, monitor_end), strict=True)
        )
        return SimBed(bed, f"Bed {number + 1}", patient, made[0], made[1], pump_line, monitor_line, self._clock)

    def _serial(self, model: str, number: int) -> str | None:
        usual = CATALOG[model].serial
        return None if usual is None or not usual[-2:].isdigit() else f"{usual[:-2]}{number + 10:02d}"

    def _endpoint(self, name: str, tcp: bool) -> Endpoint:
        return TcpEndpoint() if tcp else PtyEndpoint(self._folder / name)

    def _tapped(self, line: DeviceLine, seed: str) -> Tap:
        tap = Tap(line.device, seed)
        line.device = tap
        return tap

    def planned_ul_h(self, number: int) -> int:
        """What this bed is to be given, on its pump's own step."""
        bed = self.beds[number]
        step = max(1000, getattr(bed.pump, "rate_step_ul_h", 100))
        dose = DOSES_MG_KG_H[number % len(DOSES_MG_KG_H)]
        return int(dose * bed.patient.weight_kg / CONC_MG_ML * 1000 / step + 1e-9) * step

    def open(self) -> None:
        for bed, dose in zip(self.beds, self._doses(), strict=True):
            bed.begin(dose)
            bed.pump_line.open()
            bed.monitor_line.open()

    def _doses(self) -> list[float]:
        return [DOSES_MG_KG_H[number % len(DOSES_MG_KG_H)] for number in range(len(self.beds))]

    def write(self, path: Path, journal_url: str, more: str = "") -> Path:
        """The ward file, with further tables. Its beds are empty: patients come by hand and by ADT."""
        text = ward_toml(
            self.beds,
            server=("127.0.0.1", 0),
            journal_url=journal_url,
            files={
                "library": CONFIG / "drug_library.toml",
                "protocol": CONFIG / "protocols" / "ldk.toml",
                "alarms": CONFIG / "alarms" / "adult.toml",
            },
            enforcement="stop",
            admitted=False,
        )
        path.write_text(text + more, encoding="utf-8")
        return path

    def close(self) -> None:
        for bed in self.beds:
            bed.close()
