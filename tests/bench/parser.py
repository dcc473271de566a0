"""G5 and the kernel: what one core does of each, beside the least code that does the same job."""

from __future__ import annotations

import binascii
import tempfile
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

from pumpd.config.load import load_ward
from pumpd.config.model import WardConfig
from pumpd.device import DeviceSettings
from pumpd.device.facts import Control, ControlState, Integrity, PumpStatus, Reading, Vitals
from pumpd.registry import drivers
from pumpd.safety import kernel
from pumpd.safety.events import Event, Heard, LinkChanged, LinkState, PatientBound
from pumpd.units import Ms
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


def bare_monitor(chunks: Sequence[bytes]) -> int:
    """Split, unescape, XOR and the same seven fields."""
    buffer, good = b"", 0
    for chunk in chunks:
        *parts, buffer = (buffer + chunk).split(b"\x85")
        if len(buffer) == 30:  # a whole frame needs no next one
            parts.append(buffer)
            buffer = b""
        for part in parts:
            good += _monitor_fields(part)
    return good


def _monitor_fields(part: bytes) -> bool:
    if b"\x80" in part:
        part = part.replace(b"\x80\x05", b"\x85").replace(b"\x80\x00", b"\x80")
    if len(part) != 30 or part[1] != 1:
        return False
    value = int.from_bytes(part, "big")
    for bits in (128, 64, 32, 16, 8):
        value = (value >> bits) ^ (value & ((1 << bits) - 1))
    fields = (part[6] * 1000, part[7] * 1000, part[8] * 1000, part[9] * 1000, part[10] * 1000, part[15] & 1, part[17])
    return not value and bool(fields)


def bare_pump(chunks: Sequence[bytes]) -> int:
    """Split, CRC, and the same eight fields with exact numbers."""
    buffer, good = b"", 0
    for chunk in chunks:
        *frames, buffer = (buffer + chunk).split(b"\r")
        for frame in frames:
            message, _, crc = frame[1:].partition(b"|")
            if binascii.crc_hqx(message, 0xFFFF) == int(crc, 16):
                text = message.decode("ascii").split("^")
                fields = (text[1], text[2] == "A", text[3] == "SET", Decimal(text[4]), text[6], Decimal(text[7]))
                good += bool((*fields, text[9], text[11]))
    return good


def driven(name: str, chunks: Sequence[bytes]) -> int:
    """The same through the driver."""
    driver = drivers()[name](DeviceSettings("bench"))
    driver.start(Ms(0))
    return sum(
        isinstance(out, Vitals | PumpStatus) for at, chunk in enumerate(chunks) for out in driver.receive(chunk, Ms(at))
    )


def frames_per_s(parse: Callable[[Sequence[bytes]], int], chunks: Sequence[bytes]) -> float:
    began = time.perf_counter()
    good = parse(chunks)
    took_s = time.perf_counter() - began
    assert good >= FRAMES - 2, good
    return good / took_s


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
                ours.append(frames_per_s(lambda c, name=name: driven(name, c), chunks))  # type: ignore[misc]
            product = median_of_rounds(ours)
            what = f"parser {name}, {how}"
            rows.append(Row("G5", what, product, median_of_rounds(limit), "frames/s", least, at_least=True))
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
            assert second < 5 or not decisions, decisions
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
