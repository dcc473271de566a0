"""A hub with whatever it reads, as real processes: brokers, a ward's daemon, PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

from pumpd.access.always import AlwaysSignedIn
from pumpd.bus import rules
from pumpd.hub.config import load_hub
from pumpd.hub.hub import Hub
from pumpd.hub.shapes import BedShape, WardShape
from pumpd.sim import SimWard
from tests.bus.brokers import Mosquitto
from tests.bus.conftest import mqtt_table
from tests.daemon.house import CONFIG, House

SLACK_S = 1.0
"""Of a busy machine: for what is on its way. When this test looks late, it looks at what stands there then."""


def limit_s() -> float:
    """For how long a frame is live: 5 s, unless a test has shortened it."""
    return rules.LIVE_MS / 1000


class Daemon:
    """`pumpd run` of one bed of simulated devices, on a broker."""

    def __init__(self, folder: Path, sim: SimWard, process: asyncio.subprocess.Process) -> None:
        self.folder, self.sim, self.process = folder, sim, process

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def end(self) -> None:
        if self.process.returncode is None:
            self.send(signal.SIGCONT)
            self.process.kill()
        await self.process.wait()


async def run_daemon(folder: Path) -> asyncio.subprocess.Process:
    """Of the ward file in that folder."""
    command = [sys.executable, "-m", "pumpd.cli", "run", "--config", str(folder / "ward.toml")]
    with (folder / "daemon.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)


@contextlib.asynccontextmanager
async def a_daemon(folder: Path, port: int, host: str = "127.0.0.1") -> AsyncIterator[Daemon]:
    """A ward of one bed whose broker is there; its patients live in this process."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240
    sim = await SimWard.start(beds=1, folder=folder / "lines", play=False, waves=False)
    files = {"library": CONFIG / "drug_library.toml", "protocol": CONFIG / "protocols" / "ldk.toml"}
    url, alarms = f"sqlite+aiosqlite:///{folder}/journal.db", CONFIG / "alarms" / "adult.toml"
    text = sim.ward_toml(port=0, journal_url=url, alarms=alarms, **files)
    (folder / "ward.toml").write_text(text + mqtt_table(port).replace("127.0.0.1", host), encoding="utf-8")
    daemon = Daemon(folder, sim, await run_daemon(folder))
    try:
        yield daemon
    finally:
        await daemon.end()
        await sim.close()


class Watched:
    """A hub in this process, looked at after every message and every few milliseconds of silence: never may it show a
    value as live that is older than the limit."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.news = asyncio.Event()
        self.lies: list[float] = []
        self.at: dict[str, datetime] = {}
        hub.on_heard = self.news.set

    def bed(self, ward: str = "demo") -> BedShape | None:
        detail = self.hub.ward("st-elsewhere", ward)
        return detail.beds[0] if detail is not None and detail.beds else None

    def ward(self, ward: str = "demo") -> WardShape | None:
        return next((one for one in self.hub.hospital().wards if one.id == ward), None)

    @property
    def live(self) -> bool:
        bed = self.bed()
        return bed is not None and bed.status == "live" and any(v.v is not None for v in bed.vitals.values())

    @property
    def nothing(self) -> bool:
        """Not one figure is shown."""
        bed = self.bed()
        return (
            bed is not None and bed.status == "stale" and not bed.vitals and all(p.rate_ml_h is None for p in bed.pumps)
        )

    def look(self) -> None:
        now = datetime.now(UTC)  # before the hub is asked: what it shows is at least as old
        for model in self.hub.hospital_model.wards.values():
            for bed, shape in zip(model.beds.values(), model.bed_shapes(self.hub.now_ms()), strict=True):
                frame = bed.frame()
                if shape.status == "live" and frame is not None:
                    age_s = (now - datetime.fromisoformat(frame.t)).total_seconds()
                    if age_s > limit_s() + SLACK_S:
                        self.lies.append(age_s)

    async def until(self, condition: Callable[[], object]) -> None:
        """Time passing is an event, too: it makes a value old."""
        while True:
            self.look()
            if condition():
                return
            self.news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    await self.news.wait()

    async def stale_within_limit(self) -> None:
        """From now on nothing new comes: not one figure is left when the limit is over."""
        loop = asyncio.get_running_loop()
        over_s = loop.time() + limit_s() + SLACK_S

        def gone() -> bool:
            late = loop.time() > over_s  # first: however late this test looks, nothing may stand there any more
            nothing = self.nothing
            assert nothing or not late
            return nothing

        await self.until(gone)
        assert self.lies == []


def hub_file(folder: Path, port: int, *, host: str = "127.0.0.1", hub: str = "core", database: str = "") -> Path:
    path = folder / f"{hub}.toml"
    text = f"""schema = 1
[hub]
id = "{hub}"
name = "St. Elsewhere"
sites = ["st-elsewhere"]
[server]
port = 0
[mqtt]
url = "mqtt://{host}:{port}"
keepalive_s = 2
[accounts]
url = "sqlite+aiosqlite:///{folder}/{hub}.db"
[[ward]]
site = "st-elsewhere"
id = "demo"
name = "Palliative care"
page = "https://demo.example/"
"""
    path.write_text(text + (f'[database]\nurl = "{database}"\n' if database else ""), encoding="utf-8")
    return path


@contextlib.asynccontextmanager
async def a_hub(folder: Path, port: int, **more: str) -> AsyncIterator[Watched]:
    loaded = load_hub(hub_file(folder, port, **more))
    assert loaded.hub is not None, loaded.problems
    hub = Hub(loaded.hub, access=AlwaysSignedIn())
    watched = Watched(hub)
    await hub.start()
    try:
        yield watched
    finally:
        await hub.stop()


@contextlib.asynccontextmanager
async def a_house(folder: Path, port: int, host: str = "127.0.0.1") -> AsyncIterator[House]:
    """A whole ward in this process."""
    place = folder / "house"
    place.mkdir()
    house = await House.open(place, more=mqtt_table(port).replace("127.0.0.1", host))
    try:
        yield house
    finally:
        await house.close()


async def publish(mosquitto: Mosquitto, topic: str, payload: bytes, *, retain: bool = False) -> None:
    """Somebody else's word."""
    from pumpd.bus.wire import connect

    async with connect(mosquitto.broker, "somebody") as link:
        await link.publish(topic, payload, retain=retain)


async def ask(database: str, question: str) -> list[tuple[object, ...]]:
    """What the hub's database says."""
    import asyncpg

    connection = await asyncpg.connect(database)
    try:
        return [tuple(row) for row in await connection.fetch(question)]
    finally:
        await connection.close()
