"""G12: the bus's own connection at 2,000 messages a second with QoS 1, beside bare packets, on the same broker.

Speaking: from making a message to the broker's acknowledgement. Listening: from making it to its arrival, spoken by the
bare speaker in both cases. Rounds are interleaved, medians compared; CPU is that of the one process.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.daemon import ROOT
from tests.bench.report import Found, NotRun, Row, foreign_cpu, median_of_rounds
from tests.bus.brokers import MOSQUITTO, Mosquitto

RATE = 2000
REACHED = 0.98
AT_ONCE = "set_tcp_nodelay true"  # or an acknowledgement waits for whoever speaks least: the bare speaker
ROLES = ("say_raw", "say_ours", "hear_raw", "hear_ours")
ABSENT = NotRun("G12", "MQTT QoS 1", "mosquitto is not installed")
Told = dict[str, float]


class Speaker:
    """A process of mqtt_speaker, ready to begin."""

    def __init__(self, role: str, port: int, rate: int, qos: int, seconds: float) -> None:
        words = [role, str(port), str(rate), str(qos), str(seconds)]
        command = [sys.executable, "-m", "tests.bench.mqtt_speaker", *words]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
        assert self._process.stdout is not None
        self._out = self._process.stdout
        assert self._out.readline() == b"ready\n", f"{role} did not come up"

    def begin(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()

    def told(self) -> Told:
        answer: Told = json.loads(self._out.readline())
        self._process.communicate(timeout=20)
        return answer


@contextmanager
def broker() -> Iterator[int]:
    """Its port."""
    with tempfile.TemporaryDirectory(prefix="pumpd-bench-") as name:
        made = Mosquitto(Path(name) / "broker", AT_ONCE)
        asyncio.run(made.start())
        try:
            yield made.port
        finally:
            made.stop()


def measure(role: str, port: int, rate: int, seconds: float, qos: int = 1) -> Told:
    """One round of one role; a listener is spoken to by the bare speaker."""
    measured = Speaker(role, port, rate, qos, seconds)
    other = Speaker("say_raw", port, rate, qos, seconds + 1) if role.startswith("hear") else None
    for one in (measured, other):
        if one is not None:
            one.begin()
    told = measured.told()
    if other is not None:
        other.told()
    return told


@dataclass(frozen=True)
class Way:
    """What is compared of one direction."""

    what: str
    role: str


WAYS = (Way("made -> acknowledged", "say"), Way("made -> heard", "hear"))


def run(rounds: int = 5, seconds: float = 4.0) -> list[Found]:
    if MOSQUITTO is None:
        return [ABSENT]
    found: dict[str, list[Told]] = {role: [] for role in ROLES}
    with broker() as port:
        for number in range(rounds):
            for role, told in found.items():
                told.append(measure(role, port, RATE, seconds))
            print(f"  round {number + 1}: {_brief(found)}; load {foreign_cpu():.1f}", flush=True)
    return [row for way in WAYS for row in _rows(way, found)]


def _brief(found: dict[str, list[Told]]) -> str:
    last = {role: told[-1] for role, told in found.items()}
    return "; ".join(f"{role} {one['cpu_us']:.0f} us, p99 {one['p99_ms']:.1f} ms" for role, one in last.items())


def _rows(way: Way, found: dict[str, list[Told]]) -> list[Row]:
    def median(who: str, key: str) -> float:
        return median_of_rounds([one[key] for one in found[f"{way.role}_{who}"]])

    note = f"{RATE} a second, 200 bytes, mosquitto; limit: bare packets on uvloop"
    named = (("CPU of a message", "cpu_us", "us", 2), ("p99", "p99_ms", "ms", 3), ("p50", "p50_ms", "ms", None))
    rate = median("ours", "per_s")
    return [
        *(
            Row("G12", f"QoS 1 {way.what}, {w}", median("ours", k), median("raw", k), u, a, note)
            for w, k, u, a in named
        ),
        Row("G12", f"QoS 1 {way.what}, rate", rate, RATE, "1/s", REACHED, "limit: what was asked for", at_least=True),
    ]
