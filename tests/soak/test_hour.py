"""An hour of all sixteen devices on one daemon, in virtual time, while their lines are cut and restored at random."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import time
from pathlib import Path

import pytest

from pumpd.clock import Clock, PeoplesTime
from pumpd.config.load import load_ward
from pumpd.config.model import WardConfig
from pumpd.daemon import Daemon
from pumpd.registry import drivers
from pumpd.sim.fast_time import FastLoop, FastTime
from tests.soak.audit import Audit
from tests.soak.ward import STEP_S, Sixteen

HOUR_S = 3600
LOOK_EVERY_S = 300
CUT_EVERY_S, CUT_FOR_S = (10, 40), (1, 25)
AS_FAST_AS_CAN_BE = 1e6
SETTLED = 3  # looks: after twenty minutes every buffer, history and cache has its size
OBJECTS_GROWTH, RESIDENT_GROWTH = 1.25, 1.03
FILES_ON_THE_WAY = 3  # a line that opens or closes just now; whatever kept one of each cut would keep many more
WRITING = 20_000


class Hour:
    """The ward, its daemon and whoever pulls the cables."""

    def __init__(self, folder: Path, loop: FastLoop, seconds: int = HOUR_S) -> None:
        self.seconds = seconds
        self.drop_percent = 0.0  # of the bytes of every line
        self.loop, self.random = loop, random.Random(16)
        self.folder, self.cuts, self.tasks = folder, 0, set[asyncio.Task[None]]()
        self.sizes: list[tuple[int, int, int]] = []

    async def run(self) -> None:
        self.sim = Sixteen(self.folder)
        for place in self.sim.places:
            place.device.faults.drop_percent = self.drop_percent
        self.sim.open()
        (self.folder / "ward.toml").write_text(self.sim.ward_toml(), encoding="utf-8")
        config = load_ward(self.folder / "ward.toml")
        assert isinstance(config, WardConfig), config
        self.audit = Audit({place.device_id: drivers()[place.model.name].info for place in self.sim.places})
        self.daemon = Daemon(config, Clock(self.loop.fast), PeoplesTime(self.loop.real_sleep, time.monotonic, 1e4))
        await self.daemon.start()
        self._listen()
        try:
            await self._live()
        finally:
            await self.daemon.stop()
            self.sim.close()

    def _listen(self) -> None:
        journal = self.daemon.journal
        append, take = journal.append, self.audit.take
        self.loop.still.held_by.append(lambda: journal.awaited() or journal.stats().waiting > WRITING)

        def appending(record: object) -> int:
            take(record)
            return append(record)  # type: ignore[arg-type]

        journal.append = appending  # type: ignore[method-assign,assignment]

    async def _live(self) -> None:
        """Seconds of the hour: patients breathe, cables are pulled; at the end all are in again."""
        next_cut = 30.0
        for second in range(self.seconds):
            await asyncio.sleep(STEP_S)
            self.sim.breathe()
            if second >= next_cut and second < self.seconds - 120:
                task = asyncio.create_task(self._cut())
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
                next_cut = second + self.random.uniform(*CUT_EVERY_S)
            if second % LOOK_EVERY_S == LOOK_EVERY_S - 1:
                self._measure()

    async def _cut(self) -> None:
        place = self.random.choice([place for place in self.sim.places if place.endpoint.plugged])
        self.cuts += 1
        self.audit.cut.add(place.device_id)
        place.endpoint.unplug()
        await asyncio.sleep(self.random.uniform(*CUT_FOR_S))
        place.endpoint.replug()
        await asyncio.sleep(60)
        if place.endpoint.plugged:
            self.audit.cut.discard(place.device_id)

    def _measure(self) -> None:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        self.sizes.append((len(gc.get_objects()), pages * 4, len(os.listdir("/proc/self/fd"))))


def _play(hour: Hour) -> None:
    with asyncio.Runner(loop_factory=lambda: hour.loop) as runner:
        runner.run(hour.run())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_sixteen_devices_live_through_an_hour_of_cut_lines(tmp_path: Path) -> None:
    hour = Hour(tmp_path, FastLoop(FastTime(AS_FAST_AS_CAN_BE)))
    _play(hour)
    tracks = hour.audit.tracks
    assert hour.audit.problems == []
    assert len(tracks) == len(hour.sim.places) == 16
    for place in hour.sim.places:
        track = tracks[place.device_id]
        assert track.up, place.device_id
        assert track.readings > 0.7 * HOUR_S * 1000 / hour.audit.infos[place.device_id].poll_ms, place.device_id
        assert track.garbled <= 2 * track.returns, place.device_id
    early = hour.sizes[: SETTLED + 1]
    resident, objects, files = early[-1][1], max(early)[0], max(size[2] for size in early)
    assert hour.sizes[-1][0] < OBJECTS_GROWTH * objects, hour.sizes
    assert hour.sizes[-1][1] < RESIDENT_GROWTH * resident, hour.sizes
    assert hour.sizes[-1][2] <= files + FILES_ON_THE_WAY < files + hour.cuts / 10, hour.sizes


@pytest.mark.slow
def test_the_audit_sees_lines_that_lose_a_byte_now_and_then(tmp_path: Path) -> None:
    hour = Hour(tmp_path, FastLoop(FastTime(AS_FAST_AS_CAN_BE)), seconds=150)
    hour.drop_percent = 0.1
    _play(hour)
    assert hour.audit.problems
    assert any(track.garbled for track in hour.audit.tracks.values())
