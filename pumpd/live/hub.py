"""The ward's live state: beds are marked, rendered once, and every screen gets the latest at its own pace.

One tick task renders marked beds and watches the clients; alarms do not wait for it. Nothing here
waits for a client: each has its own sender, woken a few at a time.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable

import structlog

from pumpd.clock import PeoplesTime
from pumpd.live.board import BedBoard, WardBoard
from pumpd.live.client import LiveClient, LiveTimes
from pumpd.live.messages import Close, Limits, Sound, WardRef, Welcome, encode
from pumpd.live.pacer import Pacer
from pumpd.live.shape import empty_bed, ended, unmonitored
from pumpd.live.stamp import Stamp, WallOf
from pumpd.safety.alarms import Alarm, Phase
from pumpd.safety.view import BedView

Provider = Callable[[], BedView]
log = structlog.get_logger(__name__)

FRESH_MS = 100  # a snapshot's or GET's ages are at most this old
SLICE_BEDS = 1  # rendered in one go; about 0.4 ms, and a stop that is due waits for it


class LiveHub:
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
        self.ward = WardRef(ward_id, ward_name, generation, timezone, integrations)
        self.times = times or LiveTimes()
        self.clients: set[LiveClient] = set()
        self.publishes = self.conflated = self.state_seq = self._rendered_seq = 0
        self._now_ms, self._wall_of = now_ms, wall_of
        self.people = people or PeoplesTime()
        self.screen_ms = now_ms if people is None else people.now_ms
        self._board = WardBoard(self.ward, epoch or secrets.token_hex(8), bed_ids)
        self._providers: dict[str, Provider] = {}
        self._dirty, self._hurried = set(self._board.beds), set[str]()
        self._hurry = asyncio.Event()
        self._lost, self._failing = set[str](), set[str]()
        self._pacer = Pacer(self.times)
        self._tasks: list[asyncio.Task[None]] = []
        self._publish(1 << 62)

    # the bedside's side

    def register(self, bed_id: str, provider: Provider) -> None:
        """provider() gives the bed's present view; it is called on the event loop and must be quick."""
        self._providers[bed_id] = provider
        self._board.bed(bed_id)
        self.mark(bed_id)

    def mark(self, bed_id: str) -> None:
        """The bed may look different now. Cheap: call it after every step."""
        self._dirty.add(bed_id)

    def mark_now(self, bed_id: str) -> None:
        """As mark, for what no screen may wait a tick for: a device that was lost or found."""
        self._dirty.add(bed_id)
        self._hurried.add(bed_id)
        self._hurry.set()

    def alarm(self, alarm: Alarm, phase: Phase) -> None:
        """An alarm changed: every screen gets this very message, without waiting for the tick; never twice."""
        if (bed := self._board.bed(alarm.bed)).is_news(alarm):  # a tick may have come before
            self._send_alarm(bed, alarm, phase)

    def lost(self, bed_id: str) -> None:
        """No kernel stands behind the bed: its figures are withdrawn on every screen."""
        self._lost.add(bed_id)
        self.mark(bed_id)

    def found(self, bed_id: str) -> None:
        """The bed's kernel is back."""
        self._lost.discard(bed_id)
        self.mark(bed_id)

    def start(self) -> None:
        """Start ticking; call on the running loop."""
        self._tasks = [asyncio.create_task(each) for each in (self._run(), self._run_hurried(), self._pacer.run())]

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

    @property
    def epoch(self) -> str:
        return self._board.epoch

    @property
    def seq(self) -> int:
        return self._board.seq

    @property
    def encodes(self) -> int:
        """How many fragments were ever encoded."""
        return sum(bed.encodes for bed in self._board.beds.values())

    def bed_ids(self) -> tuple[str, ...]:
        return tuple(self._board.beds)

    def view(self, bed_id: str) -> BedView | None:
        """The bed's view as last rendered, or None for an unknown bed."""
        return self._board.beds[bed_id].view if bed_id in self._board.beds else None

    def alarms(self) -> list[Alarm]:
        """Every live alarm of the ward."""
        return [kept.alarm for bed in self._board.beds.values() for kept in bed.alarms.values()]

    def now_ms(self) -> int:
        return self._now_ms()

    def stamp(self) -> Stamp:
        return Stamp(self._now_ms(), self._wall_of)

    def time(self) -> str:
        """Wall time now, as text."""
        return self.stamp().text(self._now_ms())

    def ward_json(self) -> bytes:
        """`GET /api/v1/ward`."""
        self._publish(FRESH_MS)
        return self._board.ward_json(self.time())

    def bed_json(self, bed_id: str) -> bytes | None:
        """`GET /api/v1/beds/{bed}`, None for an unknown bed."""
        if bed_id not in self._board.beds:
            return None
        self._publish(FRESH_MS)
        return self._board.beds[bed_id].json()

    def join(self, credit: int, sound: Sound = "unknown") -> LiveClient:
        """A new screen; its first frame is a snapshot."""
        client = LiveClient(self.times, self.screen_ms(), credit, sound)
        self.clients.add(client)
        self._pacer.wake((client,))
        return client

    def leave(self, client: LiveClient) -> None:
        """The screen is gone."""
        self.clients.discard(client)
        self.conflated += client.conflated

    def welcome(self, build: str) -> str:
        """The text of the first frame of every screen."""
        now = self.time()
        limits = Limits(2, self.times.message_bytes, self.times.messages_per_min)
        return encode(Welcome(1, now, now, self.epoch, self.times.hb_ms, build, [], limits, self.ward)).decode()

    def snapshot(self) -> str:
        """The whole ward, at most FRESH_MS old."""
        self._publish(FRESH_MS)
        return self._board.snapshot(self.time())

    def delta(self, prev: int) -> str:
        """What changed after the frame with seq `prev`."""
        return self._board.delta(prev, self.time())

    def heartbeat(self) -> str:
        """The frame that says only that the daemon lives."""
        return self._board.heartbeat(self.time())

    # the tick

    def tick(self) -> None:
        """Render what is marked or aged, wake whoever has something to get, end who makes no progress."""
        self._publish(self.times.refresh_ms)
        self._look_after_clients()

    async def _run(self) -> None:
        while True:
            await self._show_in_slices(self._due(self.times.refresh_ms))
            await self.people.sleep(self.times.tick_ms / 1000)

    async def _run_hurried(self) -> None:
        while True:
            await self._hurry.wait()
            self._hurry.clear()
            hurried, self._hurried = self._hurried, set()
            await self._show_in_slices([bed for bed in self._due(self.times.refresh_ms) if bed.id in hurried])
            await self.people.sleep(self.times.hurry_pause_s)

    async def _show_in_slices(self, due: list[BedBoard]) -> None:
        """As tick, but the loop is free between slices (a stop may be due). Screens are sent all slices together."""
        for start in range(0, len(due), SLICE_BEDS):
            self._render(due[start : start + SLICE_BEDS], self.times.refresh_ms)
            await asyncio.sleep(0)
        self._offer()
        self._look_after_clients()

    def _look_after_clients(self) -> None:
        self._board.forget_frames()
        now = self.screen_ms()
        for client in self.clients:
            if client.stalled(now):
                client.close(Close.SLOW, "no progress")
        self._pacer.wake(c for c in self.clients if c.ordered or c.wants_delta(self) or c.heartbeat_due(now))

    def _publish(self, max_age_ms: int) -> None:
        self._render(self._due(max_age_ms), max_age_ms)
        self._offer()

    def _offer(self) -> None:
        """What has been rendered may be sent."""
        if self._rendered_seq > self.state_seq:
            self.publishes += 1
            self.state_seq = self._rendered_seq

    def _due(self, max_age_ms: int) -> list[BedBoard]:
        now = self._now_ms()
        return [b for b in self._board.beds.values() if b.id in self._dirty or b.age_ms(now) >= max_age_ms]

    def _render(self, due: list[BedBoard], max_age_ms: int) -> None:
        if not due:
            return
        stamp, seq = self.stamp(), self._board.seq + 1
        for bed in due:
            self._dirty.discard(bed.id)
        changed = [bed.render(self._view(bed), stamp, seq, max_age_ms) for bed in due]
        if any(changed):
            self._rendered_seq = self._board.next_seq()
        for bed in due:
            self._reconcile(bed)

    def _view(self, bed: BedBoard) -> BedView:
        """The bed's view, withdrawn where nobody stands behind it."""
        last = bed.view or empty_bed(bed.id)
        provider = self._providers.get(bed.id)
        if provider is None or bed.id in self._lost:
            return unmonitored(last)
        try:
            view = provider()
        except Exception:  # supervision boundary: one bed's fault must not blank the ward
            if bed.id not in self._failing:
                log.exception("bed view failed", bed=bed.id)
            self._failing.add(bed.id)
            return unmonitored(last)
        self._failing.discard(bed.id)
        return view

    def _reconcile(self, bed: BedBoard) -> None:
        """Alarms that changed without an alarm() call (after a restore) are told all the same."""
        assert bed.view is not None
        present = {alarm.id: alarm for alarm in bed.view.alarms}
        for alarm in present.values():
            kept = bed.alarms.get(alarm.id)
            if kept is None or kept.alarm != alarm:
                self._send_alarm(bed, alarm, Phase.START if kept is None else Phase.UPDATE)
        for gone in [kept.alarm for key, kept in bed.alarms.items() if key not in present]:
            self._send_alarm(bed, ended(gone, self._now_ms()), Phase.END)

    def _send_alarm(self, bed: BedBoard, alarm: Alarm, phase: Phase) -> None:
        self._board.next_seq()
        stamp = self.stamp()
        frame = self._board.alarm(bed.keep_alarm(alarm, stamp), phase.value, stamp.text(stamp.now_ms))
        for client in self.clients:
            if client.have is not None:  # else its snapshot, still to come, holds the alarm
                client.push(frame)
        self._pacer.wake(self.clients, urgent=True)
