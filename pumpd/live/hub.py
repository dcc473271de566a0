"""The ward's live state as it goes to the screens: every screen gets the latest at its own pace.

One tick task renders marked beds and watches the clients; alarms do not wait for it. Nothing here
waits for a client: each has its own sender, woken a few at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from pumpd.access.principal import Principal
from pumpd.access.roles import Identity
from pumpd.clock import PeoplesTime
from pumpd.live.board import BedBoard
from pumpd.live.client import LiveClient, LiveTimes
from pumpd.live.messages import Close, Limits, Sound, WardRef, Welcome, encode
from pumpd.live.pacer import Pacer
from pumpd.live.stamp import WallOf
from pumpd.live.ward import FRESH_MS, LiveWard
from pumpd.live.waves import Waves
from pumpd.safety.alarms import Alarm, Phase
from pumpd.turns import turns


class LiveHub(LiveWard):
    """register() the beds, start(), mark() after each step, alarm() for each AlarmChanged, stop().

    people: how long those before the screens wait, where that is not the ward's own time (a film).
    """

    def __init__(
        self,
        ward_id: str,
        ward_name: str,
        *,
        now_ms: Callable[[], int],
        wall_of: WallOf,
        bed_ids: Iterable[str] = (),
        times: LiveTimes | None = None,
        epoch: str | None = None,
        generation: str = "real",
        timezone: str = "UTC",
        people: PeoplesTime | None = None,
        integrations: bool = False,
    ) -> None:
        ward = WardRef(ward_id, ward_name, generation, timezone, integrations)
        times = times or LiveTimes()
        super().__init__(ward, now_ms=now_ms, wall_of=wall_of, bed_ids=bed_ids, times=times, epoch=epoch)
        self.clients: set[LiveClient] = set()
        self._curious: set[LiveClient] = set()  # those that want curves
        self.turns = self.conflated = self._told_seq = 0
        self.people = people or PeoplesTime()
        self.screen_ms = now_ms if people is None else people.now_ms
        self._hurried, self._hurry = set[str](), asyncio.Event()
        self._looked_ms = -(1 << 62)
        self._freshening, self._begun, self._freshened = asyncio.Lock(), 0, 0
        self._pacer = Pacer(times, self.screen_ms)
        self.waves = Waves()
        self._tasks: list[asyncio.Task[None]] = []

    def mark_now(self, bed_id: str) -> None:
        """As mark, for what no screen may wait a tick for: a device that was lost or found."""
        self._dirty.add(bed_id)
        self._hurried.add(bed_id)
        self._hurry.set()

    def start(self) -> None:
        """Start ticking; call on the running loop."""
        work = (self._run(), self._run_hurried(), self._run_waves(), self._pacer.run())
        self._tasks = [asyncio.create_task(each) for each in work]

    async def run(self) -> None:
        """start(), then wait: for a supervisor, which starts it again when a task of it fails."""
        self.start()
        tasks = self._tasks
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def stop(self) -> None:
        """Tell every screen that the daemon restarts (1012) and end the tasks."""
        for client in tuple(self.clients):
            client.close(Close.RESTART, "pumpd is restarting")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)  # a failed one was told by its supervisor
        self._tasks = []

    # the screens' side

    async def fresh(self) -> None:
        """Before `ward_json`, and before somebody joins: all is shown that was marked until now, no age is older than
        FRESH_MS. In slices, for all beds at once hold the loop for milliseconds. Who asks meanwhile shares the next.
        """
        asked = self._begun
        async with self._freshening:
            if self._freshened > asked:
                return
            self._begun = begun = self._begun + 1
            await self._show_in_slices(self._due(FRESH_MS), FRESH_MS)
            self._freshened, self._fresh_ms = begun, self._now_ms()

    def join(
        self,
        credit: int,
        sound: Sound = "unknown",
        identity: Identity = Identity.NONE,
        wave_beds: frozenset[str] = frozenset(),
    ) -> LiveClient:
        """A new screen; its first frame is a snapshot. wave_beds: whose curves it wants."""
        self.clients.add(client := LiveClient(self.times, self.screen_ms(), credit, sound, identity))
        if wave_beds:
            client.wave_beds = wave_beds
            self._curious.add(client)
        self._pacer.wake((client,))
        return client

    def later(self, client: LiveClient) -> None:
        """The screen may have something to get: give it a turn when it is its turn."""
        self._pacer.wake((client,))

    def leave(self, client: LiveClient) -> None:
        """The screen is gone."""
        self.clients.discard(client)
        self._curious.discard(client)
        self.conflated += client.conflated

    def welcome(self, build: str, who: Principal | None = None) -> str:
        """The text of the first frame of every screen; who: whose screen it is."""
        now = self.time()
        limits = Limits(2, self.times.message_bytes, self.times.messages_per_min)
        frame = Welcome(1, now, now, self.epoch, self.times.hb_ms, build, [], limits, self.ward)
        return encode(frame if who is None else frame.of(who)).decode()

    # the tick

    def tick(self) -> None:
        """Render what is marked or aged, wake whoever has something to get, end who makes no progress."""
        self._publish(self.times.refresh_ms)
        self._look_after_clients()

    async def _run(self) -> None:
        while True:
            await self._show_in_slices(self._due(self.times.refresh_ms))
            self.turns += 1
            await self.people.sleep(self.times.tick_ms / 1000)

    async def _run_hurried(self) -> None:
        while True:
            await self._hurry.wait()
            self._hurry.clear()
            hurried, self._hurried = self._hurried, set()
            await self._show_in_slices([bed for bed in self._due(self.times.refresh_ms) if bed.id in hurried])
            await self.people.sleep(self.times.hurry_pause_s)

    async def _run_waves(self) -> None:
        while True:
            await self.people.sleep(self.times.wave_ms / 1000)
            waiting = [c for c in self._curious if c.takes_waves and self.waves.pending(c.wave_beds, c.waves_got)]
            self._pacer.wake(waiting)

    async def _show_in_slices(self, due: list[BedBoard], max_age_ms: int = 0) -> None:
        """As tick, but the loop is free between slices (a stop may be due). Screens are sent all slices together."""
        for bed in due:
            await turns().free()
            before, view = bed.view, self._fresh(bed)
            try:
                await turns().free()
            except asyncio.CancelledError:  # who asked has gone: what was marked is still to be shown
                self._dirty.add(bed.id)
                raise
            if bed.id in self._dirty or bed.view is not before:  # else an alarm that was told might be withdrawn
                view = self._fresh(bed)
            self._render([(bed, view)], max_age_ms or self.times.refresh_ms)
        await turns().free()
        self._offer()
        self._look_after_clients()

    def _look_after_clients(self) -> None:
        """A round of turns, if there is news, or nobody was looked after for a tick."""
        self._board.forget_frames()
        now = self.screen_ms()
        if self.state_seq > self._told_seq or now - self._looked_ms >= self.times.tick_ms:
            self._told_seq, self._looked_ms = self.state_seq, now
            self._pacer.everyone(self.clients)

    def _send_alarm(self, bed: BedBoard, alarm: Alarm, phase: Phase) -> None:
        self._board.next_seq()
        stamp = self.stamp()
        frame = self._board.alarm(bed.keep_alarm(alarm, stamp), phase.value, stamp.text(stamp.now_ms))
        for client in self.clients:
            if client.have is not None:  # else its snapshot, still to come, holds the alarm
                client.push(frame)
        self._pacer.wake(self.clients, urgent=True)
