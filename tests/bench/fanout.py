"""G9, G10, G11: one ward, many screens, beside a C loop of writes and a bare uvicorn broadcast of as many bytes.

The screens are one C program (fanscreens.c), the same for all servers; only the product's acknowledge what they got,
which its CPU contains. Rounds are interleaved, medians compared.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import orjson

from pumpd.access.roles import Identity
from pumpd.live.messages import encode
from pumpd.live.shape import values_shape
from tests.api.ward import MemoryWard
from tests.bench.daemon import ROOT
from tests.bench.fan_server import SLOTS
from tests.bench.report import Row, foreign_cpu, median_of_rounds
from tests.e2e.bench_views import calm_bed

HERE = Path(__file__).parent
WARMUP_S = 4.0  # the snapshots of all screens are out


@dataclass(frozen=True)
class Size:
    """screens at hz, frames of so many bytes; stalled ones beside `few`, whose frames are `big`.

    many: stalled screens for the memory of one: that of three drowns in what the process takes and leaves anyhow.
    """

    screens: int = 1000
    hz: float = 4.0
    bytes: int = 2048
    few: int = 50
    stalled: int = 3
    many: int = 30
    big: int = 60_000
    rounds: int = 5
    seconds: float = 8.0


FULL = Size()
QUICK = Size(screens=100, rounds=1, seconds=3.0)
Counts = dict[str, Any]


class Tools:
    """The two C programs, compiled into `folder`, and the memory that servers and screens share."""

    def __init__(self, folder: Path) -> None:
        self.times = folder / "times"
        self.times.write_bytes(bytes(SLOTS * 8))
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise SystemExit("the fan-out bench needs a C compiler")
        for name in ("fanscreens", "fanwrites"):
            subprocess.run([compiler, "-O2", "-o", str(folder / name), str(HERE / f"{name}.c")], check=True)
        self.screens, self.writes = str(folder / "fanscreens"), str(folder / "fanwrites")

    def server(self, kind: str, size: Size, screens: int, bytes_: int, seconds: float) -> list[str]:
        if kind == "c":
            return [self.writes, str(screens), str(bytes_), str(size.hz), str(seconds), str(self.times)]
        module = [sys.executable, "-m", "tests.bench.fan_server"]
        beds = 16 if bytes_ < 10_000 else 120
        return [*module, kind, str(beds), str(bytes_), str(size.hz), str(self.times)]


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_kb(pid: int, what: str = "VmRSS") -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith(what)).split()[1])


def forget_peak(pid: int) -> None:
    """VmHWM counts anew from here on."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def watch(tools: Tools, kind: str, size: Size, screens: int, stalled: int, bytes_: int, seconds: float) -> Counts:
    """One server and its screens: their counts, the server's CPU per delta in us, its growth in kB while they look."""
    command = tools.server(kind, size, screens, bytes_, seconds + WARMUP_S + 2)
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert server.stdin is not None
    assert server.stdout is not None
    said = json.loads(server.stdout.readline())
    port = said if isinstance(said, int) else said["port"]
    look = [
        tools.screens,
        str(port),
        str(screens),
        str(stalled),
        str(int(kind == "product")),
        str(seconds),
        str(WARMUP_S),
    ]
    with subprocess.Popen([*look, str(tools.times)], stdout=subprocess.PIPE) as looking:
        assert looking.stdout is not None
        looking.stdout.readline()  # all healthy screens are open
        forget_peak(server.pid)
        before_kb = rss_kb(server.pid)
        looking.stdout.readline()  # counting
        began = cpu_s(server.pid)
        looking.stdout.readline()  # counted
        used, most_kb = cpu_s(server.pid) - began, rss_kb(server.pid, "VmHWM")
        counts: Counts = json.loads(looking.stdout.readline())
    server.stdin.close()
    server.wait(20)
    return counts | {"cpu_us": used * 1e6 / max(1, counts["deltas"]), "growth_kb": most_kb - before_kb}


def run(size: Size = FULL) -> list[Row]:
    """The rows of G9, G10 and G11."""
    found: dict[str, list[Counts]] = {}
    with tempfile.TemporaryDirectory() as name:
        tools = Tools(Path(name))
        for number in range(size.rounds):
            for kind in ("c", "plain", "product"):
                found.setdefault(kind, []).append(watch(tools, kind, size, size.screens, 0, size.bytes, size.seconds))
            for kind, stalled in (("alone", 0), ("stalled", size.stalled), ("many", size.many)):
                seconds = max(size.seconds, 9.0)
                found.setdefault(kind, []).append(watch(tools, "product", size, size.few, stalled, size.big, seconds))
            print(f"  round {number + 1}: {_brief(found)}; load {foreign_cpu():.1f}", flush=True)
    return _fan_rows(found, size) + _stall_rows(found, size) + encoding()


def _brief(found: dict[str, list[Counts]]) -> str:
    return "; ".join(
        f"{k} {v[-1]['cpu_us']:.1f} us/delta, p99 {v[-1]['p99_us'] / 1000:.1f} ms" for k, v in found.items()
    )


def _median(found: dict[str, list[Counts]], kind: str, key: str) -> float:
    return median_of_rounds([counts[key] for counts in found[kind]])


def _fan_rows(found: dict[str, list[Counts]], size: Size) -> list[Row]:
    def cpu(kind: str) -> float:
        return _median(found, kind, "cpu_us")

    note = f"{size.screens} screens, {size.hz:g} Hz, {size.bytes} B; the product's screens acknowledge"
    allowed_ms = 1000 / size.hz / 2 + 20  # the pacing window is half a tick
    p99_ms = _median(found, "product", "p99_us") / 1000
    return [
        Row("G9", "fan-out, CPU per message", cpu("product"), cpu("c"), "us", 3, f"limit: C write loop; {note}"),
        Row("G9", "fan-out, CPU per message", cpu("product"), cpu("plain"), "us", None, "limit: bare uvicorn"),
        Row("G9", "publish to screen, p99", p99_ms, allowed_ms, "ms", 1, "limit: pacing window + 20 ms"),
        Row("G9", "publish to screen, p99", p99_ms, _median(found, "c", "p99_us") / 1000, "ms", None, "limit: C"),
        Row(
            "G9",
            "publish to screen, p99",
            p99_ms,
            _median(found, "plain", "p99_us") / 1000,
            "ms",
            None,
            "limit: bare uvicorn",
        ),
    ]


def _stall_rows(found: dict[str, list[Counts]], size: Size) -> list[Row]:
    who = f"{size.stalled} stalled of {size.few + size.stalled} screens, {size.big // 1000} kB"
    lost = max(c["broken"] + c["lost_screens"] + c["most"] - c["least"] - 1 for c in found["stalled"])
    p99 = [_median(found, kind, "p99_us") / 1000 for kind in ("stalled", "alone")]
    grown = median_of_rounds(
        [s["growth_kb"] - a["growth_kb"] for s, a in zip(found["many"], found["alone"], strict=True)]
    )
    dropped = max(c["dropped_s"] for c in found["stalled"])
    return [
        Row("G10", "messages that healthy screens lost", max(0, lost), 1, "", 0, who),
        Row("G10", "publish to screen, p99", p99[0], p99[1], "ms", 1.5, f"limit: own run without stall; {who}"),
        Row("G10", "memory per stalled screen", max(0.0, grown / size.many), 256, "kB", 1, f"{size.many} of them"),
        Row("G10", "stalled screen dropped after", dropped, 5, "s", 1, "the slowest of all rounds"),
    ]


def encoding(rounds: int = 400) -> list[Row]:
    """G11: one of 40 beds changed. Its fragment encoded and joined to a delta, beside orjson's whole snapshot.

    Both start from values that are ready to be encoded; what makes them of the bed's view is in the second row.
    """
    ward = MemoryWard(beds=40)
    for number, bed in enumerate(ward.views):
        ward.views[bed] = replace(calm_bed(number + 1), id=bed)
        ward.hub.mark(bed)
    ward.hub.tick()
    whole = msgspec.json.decode(ward.hub.ward_json(Identity.FULL))
    encoded, ticked, limit = [], [], []
    for number in range(rounds):
        ward.breathe("b7", 10 + number % 2)
        ticked.append(_us(ward.hub.tick))
        ward.hub._board.forget_frames()
        shape, before = values_shape(ward.views["b7"], ward.hub.stamp()), ward.hub.seq - 1
        encoded.append(_us(lambda: (encode(shape), ward.hub.delta(before, Identity.FULL))))  # noqa: B023
        limit.append(_us(lambda: orjson.dumps(whole)))
    ours, all_of_it, theirs = (median_of_rounds(times) for times in (encoded, ticked, limit))
    note = "limit: orjson.dumps of the snapshot"
    return [
        Row("G11", "one bed of 40 changed: encode and join", ours, theirs, "us", 0.15, note),
        Row("G11", "one bed of 40 changed: the hub's whole tick", all_of_it, theirs, "us", None, note),
    ]


def _us(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e6
