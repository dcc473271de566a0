"""G5 and the kernel: what one core does of each, beside the least code that does the same job."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from pumpd.config.load import load_ward
from pumpd.config.model import WardConfig
from pumpd.device import DeviceSettings, Driver
from pumpd.device.facts import Control, ControlState, Integrity, PumpStatus, Reading, Vitals
from pumpd.registry import drivers
from pumpd.safety import kernel
from pumpd.safety.decisions import FlowChanged
from pumpd.safety.events import Event, Heard, LinkChanged, LinkState, PatientBound
from pumpd.units import Ms
from tests.bench.bare_parsers import Parse, Take, bare_monitor, bare_pump
from tests.bench.daemon import ward_toml
from tests.bench.farm import asena, capnostream
from tests.bench.report import Row, median_of_rounds, percentile

FRAMES = 2000
FRAGMENT = 17
KERNEL_LIMIT_US = 15.0


def monitor_frames() -> list[bytes]:
    """Numerics whose values move."""
    fixed = "00ffffff0000003c0f1e050864588c320100"
    head = bytes.fromhex("57a3c000")
    return [
        capnostream(1, head + bytes([38 + i % 5, 0, 14 + i % 4, 93 + i % 6, 70 + i % 9]) + bytes.fromhex(fixed))
        for i in range(FRAMES)
    ]


def pump_frames() -> list[bytes]:
    """Statuses whose rate and volume move."""
    return [
        asena(f"INF^8002-00000^-^SET^{7 + i % 5}.{i % 100:02}^ml/h^^{i // 100}.{i % 1000:03}^ml^17.91^mmHg^24+^EVENT^1")
        for i in range(FRAMES)
    ]


def through(driver: Driver) -> Parse:
    """The same bytes through the driver; its Vitals and statuses are handed on."""

    times = [Ms(at) for at in range(20 * FRAMES)]

    def parse(chunks: Sequence[bytes], take: Take) -> None:
        for now, chunk in zip(times, chunks, strict=False):
            for out in driver.receive(chunk, now):
                if type(out) is Vitals or type(out) is PumpStatus:
                    take(out)

    return parse


def frames_per_s(parse: Parse, chunks: Sequence[bytes]) -> float:
    """Frames that reached a callback holding all their values, a second of this thread's CPU."""
    good = 0

    def take(values: object) -> None:
        nonlocal good
        good += bool(values)

    began = time.thread_time()
    parse(chunks, take)
    took_s = time.thread_time() - began
    assert good >= FRAMES - 2, good
    return good / took_s


def started(name: str) -> Driver:
    driver = drivers()[name](DeviceSettings("bench"))
    driver.start(Ms(0))
    return driver


def fragments(frames: Sequence[bytes]) -> list[bytes]:
    stream = b"".join(frames)
    return [stream[at : at + FRAGMENT] for at in range(0, len(stream), FRAGMENT)]


def run(rounds: int = 5) -> list[Row]:
    """G5: throughput of the drivers, rounds interleaved."""
    rows = []
    for name, bare, frames in (
        ("capnostream20", bare_monitor, monitor_frames()),
        ("alaris_asena", bare_pump, pump_frames()),
    ):
        for how, chunks, least in (("whole frames", frames, 0.6), ("17-byte pieces", fragments(frames), 0.5)):
            limit, ours = [], []
            for _ in range(rounds):
                limit.append(frames_per_s(bare, chunks))
                ours.append(frames_per_s(through(started(name)), chunks))
            product = median_of_rounds(ours)
            what = f"parser {name}, {how}"
            rows.append(Row("G5", what, product, median_of_rounds(limit), "frames/CPU s", least, at_least=True))
    return rows


# the kernel


def typical_bed() -> WardConfig:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "ward.toml"
        path.write_text(ward_toml(Path(name), 1, 0), encoding="utf-8")
        ward = load_ward(path)
    assert isinstance(ward, WardConfig), ward
    return ward


def vitals(second: int) -> Vitals:
    values = {"rr": 14 + second % 3, "spo2": 96, "pulse": 72 + second % 5, "etco2": 38, "fico2": 0, "no_breath": 0}
    readings = tuple(Reading(name, value * 1000) for name, value in values.items())
    return Vitals((*readings, Reading("no_breath_s", 0)), None, Integrity.SUM8)


def status(second: int, now: int) -> PumpStatus:
    return PumpStatus(True, 7_000, 2 * second, Ms(now - 5), Integrity.CRC16, "8002-00000", mode="SET")


def kernel_run(steps: int = 1000) -> dict[str, list[float]]:
    """Microseconds of each step of a quiet bed: infusing below its ceiling, breathing well, a frame each second."""
    bed = typical_bed().beds[0]
    pump, monitor = bed.devices[0].id, bed.devices[1].id
    assert bed.patient is not None
    state, now = kernel.initial_state(bed.policy), 1000
    begin: tuple[Event, ...] = (
        PatientBound(bed.patient, by="bench"),
        LinkChanged(pump, LinkState.UP),
        LinkChanged(monitor, LinkState.UP),
        Heard(pump, Control(ControlState.GRANTED)),
    )
    for event in begin:
        state, _ = kernel.step(state, event, now, bed.policy)
    took: dict[str, list[float]] = {"Vitals": [], "PumpStatus": []}
    for second in range(steps):
        for offset, event in ((300, Heard(monitor, vitals(second))), (700, Heard(pump, status(second, now)))):
            at = now + 1000 * second + offset
            began = time.perf_counter_ns()
            state, decisions = kernel.step(state, event, at, bed.policy)
            took[type(event.fact).__name__].append((time.perf_counter_ns() - began) / 1000)
            quiet = all(isinstance(decision, FlowChanged) for decision in decisions)  # each quarter of an hour
            assert second < 5 or quiet, decisions
    return took


def run_kernel(rounds: int = 5) -> list[Row]:
    results = [kernel_run() for _ in range(rounds)]
    rows = []
    for name in results[0]:
        product = median_of_rounds([percentile(result[name], 0.5) for result in results])
        rows.append(Row("kernel", f"one step, {name}, p50", product, KERNEL_LIMIT_US, "us", 1.0, "limit: the aim"))
    return rows


if __name__ == "__main__":
    for row in run() + run_kernel():
        print(row.goal, row.what, f"{row.product:.4g} / {row.limit:.4g} {row.unit}: {row.ratio:.2f}x", row.verdict)
