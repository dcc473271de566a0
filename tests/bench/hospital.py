"""A simulated hospital through one Mosquitto and two hubs: how far it gets, and what a bed and a frame cost a hub.

    python -m tests.bench.hospital [--wards 300] [--beds 30] [--seconds 20]

Every ward is a connection of its own that publishes one frame of each bed a second, QoS 0 with an expiry, as a daemon
does; the frames are made once, so that the load costs little. The hubs are processes of their own without a database.
Told: frames that came to each hub of those that were sent, beds that it shows as live at the end, its CPU time per
1,000 frames, its memory per bed; beside a bare reader in the same run, which cuts the packets, decodes the JSON and
keeps the newest frame of each bed. Where not all came, the shares of a core say which part was too slow.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import uvloop

from pumpd.access.always import AlwaysSignedIn
from pumpd.bus.payload import FRAME_EXPIRY_S, Frame, PumpNow, State, Vital, encode
from pumpd.bus.topics import Topics
from pumpd.hub.config import load_hub
from pumpd.hub.hub import Hub
from tests.bench import mqtt_codec as codec
from tests.bench.fanout import cpu_s, rss_kb
from tests.bench.render import row_table
from tests.bench.report import Found, NotRun, Row
from tests.bus.brokers import MOSQUITTO, Mosquitto

SITE, SESSION = "st-elsewhere", "s1"
HUBS, BARE = ("hub", "hub"), ("bare",)
SETTLE_S = 5.0
"""For what is still on its way when the last frame has been sent."""


class Ward:
    """One connection, `beds` frames a second."""

    def __init__(self, number: int, beds: int) -> None:
        self._topics, self._beds, self._seq = Topics(SITE, f"ward-{number}"), beds, 0
        self.sent = 0

    async def open(self, port: int) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._writer.write(codec.connect(self._topics.base))
        await reader.readexactly(2)
        state = encode(State(True, "up", SESSION, "bench", "", ""))
        self._writer.write(codec.publish(self._topics.state, state, retain=True))

    async def second(self) -> None:
        self._seq += 1
        vitals = {n: Vital(14, "ok", u, None, 300, "m1") for n, u in (("rr", "/min"), ("spo2", "%"), ("etco2", "mmHg"))}
        pumps = (PumpNow("p1", "ketamine", True, 7.2, 0.15, "ok", 200, "armed"),)
        now_ms = time.monotonic_ns() // 1_000_000
        payload = encode(Frame(SESSION, self._seq, now_ms, "2026-01-01T00:00:00Z", "stay", True, vitals, pumps))
        frames = (codec.publish(self._topics.frame(f"b{bed}"), payload, FRAME_EXPIRY_S) for bed in range(self._beds))
        self._writer.write(b"".join(frames))
        await self._writer.drain()
        self.sent += self._beds

    async def run(self, number: int, wards: int, seconds: int) -> None:
        """Wards speak one after the other within each second, as clocks that nobody has set to each other."""
        loop = asyncio.get_running_loop()
        due_s = loop.time() + number / wards
        for _ in range(seconds):
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            await self.second()
            due_s += 1


# --- who reads -----------------------------------------------------------------------------------------------


async def _hub(config: str) -> None:
    """A hub; for each line on its input one of JSON."""
    loaded = load_hub(Path(config))
    assert loaded.hub is not None, loaded.problems
    hub = Hub(loaded.hub, access=AlwaysSignedIn())
    await hub.start()
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(hub.figures() | own()), flush=True)
    await hub.stop()


def own() -> dict[str, int]:
    """What this process has used; finer than the ticks that others see of it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu_us": int((used.ru_utime + used.ru_stime) * 1e6), "rss_kb": rss_kb(os.getpid())}


async def _bare(port: int) -> None:
    """The least that still has every bed's newest frame."""
    newest: dict[bytes, object] = {}
    count = 0

    def take(kind: int, body: bytes) -> None:
        nonlocal count
        topic, _, payload = codec.published(kind, body)
        newest[topic] = msgspec.json.decode(payload)
        count += 1

    raw = await codec.opened(port, "bare", take)
    raw.transport.write(codec.subscribe("pumpd/v1/#", 0))
    await raw.answered.wait()
    while await asyncio.to_thread(sys.stdin.readline):
        live = sum(topic.endswith(b"/frame") for topic in newest)
        print(json.dumps({"connected": 1, "messages_total": count, "beds_live": live} | own()), flush=True)


class Reader:
    """_hub or _bare in a process of its own."""

    async def start(self, folder: Path, kind: str, number: int, port: int) -> None:
        pipe = asyncio.subprocess.PIPE
        words = ["--bare", str(port)] if kind == "bare" else ["--hub", str(_hub_file(folder, number, port))]
        command = (sys.executable, "-m", "tests.bench.hospital", *words)
        self.process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        while not (await self.figures()).get("connected"):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)

    async def figures(self) -> dict[str, int]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"\n")
        while line := await self.process.stdout.readline():
            if line.startswith(b"{"):
                found: dict[str, int] = json.loads(line)
                return found
        raise RuntimeError("the reader has ended")

    async def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self.process.wait()


def _hub_file(folder: Path, number: int, port: int) -> Path:
    file, own = folder / f"hub-{number}.toml", folder / f"hub-{number}.db"
    text = f'schema = 1\n[hub]\nid = "hub-{number}"\nname = "bench"\nsites = ["{SITE}"]\n[server]\nport = 0\n'
    text += f'[accounts]\nurl = "sqlite+aiosqlite:///{own}"\n[mqtt]\nurl = "mqtt://127.0.0.1:{port}"\n'
    file.write_text(text, encoding="utf-8")
    return file


# --- one round -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Read:
    """What came to one reader. parts: percent of a core of each part of the machinery meanwhile."""

    sent: int
    came: int
    beds: int
    live: int
    cpu_ms: float
    kib_per_bed: float
    parts: dict[str, float]

    @property
    def words(self) -> str:
        return ", ".join(f"{name} {percent:.0f} %" for name, percent in self.parts.items()) + " of a core"


async def measure(readers: Sequence[str], wards: int, beds: int, seconds: int) -> list[Read]:
    """One of each reader. cpu_ms: per 1,000 frames."""
    with tempfile.TemporaryDirectory(prefix="pumpd-bench-") as name:
        broker = Mosquitto(Path(name) / "broker")
        await broker.start()
        assert broker.process is not None
        reading = [Reader() for _ in readers]
        for number, (one, kind) in enumerate(zip(reading, readers, strict=True)):
            await one.start(Path(name), kind, number, broker.port)
        pids = [one.process.pid for one in reading]
        before = [await one.figures() for one in reading]
        watched = {"broker": broker.process.pid} | {f"{kind}-{n}": pids[n - 1] for n, kind in enumerate(readers, 1)}
        sent, parts, took_s = await _speak(broker.port, wards, beds, seconds, watched)
        came = [await _settled(one, sent, wards) for one in reading]
        for one in reading:
            await one.end()
        broker.stop()
    shares = {who: 100 * used_s / took_s for who, used_s in parts.items()}
    return [_read(sent, wards * beds, before[at], came[at], shares) for at in range(len(readers))]


async def _speak(
    port: int, wards: int, beds: int, seconds: int, watched: dict[str, int]
) -> tuple[int, dict[str, float], float]:
    """Frames sent, CPU seconds of each part of the machinery, how long it took."""
    made = [Ward(number, beds) for number in range(wards)]
    for ward in made:
        await ward.open(port)
    before, own, began = {who: cpu_s(pid) for who, pid in watched.items()}, time.process_time(), time.monotonic()
    await asyncio.gather(*(ward.run(number, wards, seconds) for number, ward in enumerate(made)))
    used = {who: cpu_s(pid) - before[who] for who, pid in watched.items()}
    return sum(ward.sent for ward in made), used | {"wards": time.process_time() - own}, time.monotonic() - began


async def _settled(one: Reader, sent: int, wards: int) -> dict[str, int]:
    """Its figures when everything has come, or when SETTLE_S are over. Each ward has said its state, too."""
    end = time.monotonic() + SETTLE_S
    while (found := await one.figures())["messages_total"] < sent + wards and time.monotonic() < end:  # noqa: ASYNC110
        await asyncio.sleep(0.5)
    return found | {"messages_total": found["messages_total"] - wards}


def _read(sent: int, beds: int, before: dict[str, int], after: dict[str, int], shares: dict[str, float]) -> Read:
    used = {name: after[name] - before[name] for name in ("cpu_us", "rss_kb")}
    came = after["messages_total"]
    return Read(sent, came, beds, after["beds_live"], used["cpu_us"] / max(1, came), used["rss_kb"] / beds, shares)


# --- rows ----------------------------------------------------------------------------------------------------


def _both(wards: int, beds: int, seconds: int, readers: Sequence[str]) -> tuple[list[Read], Read]:
    """The hubs, and the bare reader, one after the other under the same load."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        hubs = runner.run(measure(readers, wards, beds, seconds))
        bare = runner.run(measure(BARE, wards, beds, seconds))[0]
    print(f"  {wards * beds} beds: {hubs[0].came} of {hubs[0].sent} came; {hubs[0].words}", flush=True)
    return hubs, bare


def run(wards: int = 300, beds: int = 30, seconds: int = 20) -> list[Found]:
    """The worse of the two hubs in each row."""
    if MOSQUITTO is None:
        return [NotRun("A2", "a hospital through one broker and two hubs", "mosquitto is not installed")]
    hubs, bare = _both(wards, beds, seconds, HUBS)
    worst = min(hubs, key=lambda hub: hub.came)
    what, theirs = f"{wards} wards x {beds} beds, two hubs", "limit: a bare reader, alone on the broker"
    cpu_ms, kib = max(hub.cpu_ms for hub in hubs), max(hub.kib_per_bed for hub in hubs)
    live = min(hub.live for hub in hubs)
    return [
        Row("A2", f"{what}: frames that came", worst.came, worst.sent, "", 1.0, worst.words, at_least=True),
        Row("A2", f"{what}: beds shown live at the end", live, wards * beds, "", 1.0, f"{seconds} s", at_least=True),
        Row("A2", f"{what}: CPU of a hub per 1,000 frames", cpu_ms, bare.cpu_ms, "ms", None, theirs),
        Row("A2", f"{what}: memory of a hub per bed", kib, bare.kib_per_bed, "KiB", None, theirs),
    ]


def grown(sizes: Sequence[tuple[int, int]], seconds: int = 8) -> Iterator[Row]:
    """One hub beside the bare reader, by (wards, beds)."""
    note = "what the idle reader uses is in it; limit: a bare reader"
    for wards, beds in sizes:
        (hub,), bare = _both(wards, beds, seconds, ("hub",))
        count = wards * beds
        yield Row("growth", "hub: CPU per 1,000 frames", hub.cpu_ms, bare.cpu_ms, "ms", None, note, beds=count)
        yield Row("growth", "hub: memory per bed", hub.kib_per_bed, bare.kib_per_bed, "KiB", None, note, beds=count)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--hub", default="")
    parser.add_argument("--bare", type=int, default=0)
    for name, default in (("--wards", 300), ("--beds", 30), ("--seconds", 20)):
        parser.add_argument(name, type=int, default=default)
    asked = parser.parse_args()
    if asked.hub or asked.bare:
        uvloop.run(_hub(asked.hub) if asked.hub else _bare(asked.bare))
        return
    print(row_table([row for row in run(asked.wards, asked.beds, asked.seconds) if isinstance(row, Row)]))


if __name__ == "__main__":
    main()
