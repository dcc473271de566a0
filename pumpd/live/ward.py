"""The ward as it is shown: beds are marked, looked at and rendered once, for whoever asks. No tasks, no screens."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

import structlog

from pumpd.access.roles import Identity
from pumpd.live.board import BedBoard, WardBoard
from pumpd.live.client import LiveTimes
from pumpd.live.messages import WardRef
from pumpd.live.shape import empty_bed, ended, unmonitored
from pumpd.live.stamp import Stamp, WallOf
from pumpd.safety.alarms import Alarm, Phase
from pumpd.safety.view import BedView

Provider = Callable[[], BedView]
log = structlog.get_logger(__name__)

FRESH_MS = 100  # a snapshot's or GET's ages are at most this old


class LiveWard(ABC):
    """register() the beds, mark() after each step, alarm() for each AlarmChanged; then ask.

    state_seq: the newest change that may be sent.
    """

    def __init__(
        self,
        ward: WardRef,
        *,
        now_ms: Callable[[], int],
        wall_of: WallOf,
        bed_ids: Iterable[str],
        epoch: str | None,
        times: LiveTimes,
    ) -> None:
        self.ward, self.times = ward, times
        self.publishes = self.state_seq = self._rendered_seq = 0
        self._now_ms, self._wall_of = now_ms, wall_of
        self._board = WardBoard(ward, epoch or secrets.token_hex(8), bed_ids)
        self._providers: dict[str, Provider] = {}
        self._dirty = set(self._board.beds)
        self._lost, self._failing = set[str](), set[str]()
        self._fresh_ms = -(1 << 62)
        self._publish(1 << 62)

    @abstractmethod
    def _send_alarm(self, bed: BedBoard, alarm: Alarm, phase: Phase) -> None:
        """Keep the alarm on the bed's list and tell it at once."""

    # the bedside's side

    def register(self, bed_id: str, provider: Provider) -> None:
        """provider() gives the bed's present view; it is called on the event loop and must be quick."""
        self._providers[bed_id] = provider
        self._board.bed(bed_id)
        self.mark(bed_id)

    def mark(self, bed_id: str) -> None:
        """The bed may look different now. Cheap: call it after every step."""
        self._dirty.add(bed_id)

    def alarm(self, alarm: Alarm, phase: Phase) -> None:
        """An alarm changed: every screen gets this very message, without waiting for the tick; never twice."""
        if (bed := self._board.bed(alarm.bed)).is_news(alarm):  # a tick may have come before
            bed.ahead = True
            self._send_alarm(bed, alarm, phase)

    def lost(self, bed_id: str) -> None:
        """No kernel stands behind the bed: its figures are withdrawn on every screen."""
        self._lost.add(bed_id)
        self.mark(bed_id)

    def found(self, bed_id: str) -> None:
        """The bed's kernel is back."""
        self._lost.discard(bed_id)
        self.mark(bed_id)

    # who asks

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

    def view_now(self, bed_id: str) -> BedView | None:
        """The bed's view of this very moment, made for the asking; None for an unknown bed."""
        provider = self._providers.get(bed_id)
        return None if provider is None else provider()

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

    def _publish_unless_fresh(self) -> None:
        if self._now_ms() - self._fresh_ms >= self.times.refresh_ms:
            self._publish(FRESH_MS)
        # an alarm is listed at once: who is given both must not read "pump lost" beside the pump's last rate
        ahead = [bed for bed in self._board.beds.values() if bed.ahead]
        if ahead:
            self._render([(bed, self._fresh(bed)) for bed in ahead], FRESH_MS)
            self._offer()

    def ward_json(self, identity: Identity = Identity.NONE) -> bytes:
        """`GET /api/v1/ward`."""
        self._publish_unless_fresh()
        return self._board.ward_json(self.time(), identity)

    def bed_json(self, bed_id: str, identity: Identity = Identity.NONE) -> bytes | None:
        """`GET /api/v1/beds/{bed}`, None for an unknown bed."""
        bed = self._board.beds.get(bed_id)
        if bed is None:
            return None
        if bed in self._due(FRESH_MS):
            self._render([(bed, self._fresh(bed))], FRESH_MS)
            self._offer()
        return bed.json(identity)

    def snapshot(self, identity: Identity = Identity.NONE) -> str:
        """The whole ward, at most FRESH_MS old."""
        self._publish_unless_fresh()
        return self._board.snapshot(self.time(), identity)

    def delta(self, prev: int, identity: Identity = Identity.NONE) -> str:
        """What changed after the frame with seq `prev`."""
        return self._board.delta(prev, self.time, identity)

    def heartbeat(self) -> str:
        """The frame that says only that the daemon lives."""
        return self._board.heartbeat(self.time())

    # looking and rendering

    def _publish(self, max_age_ms: int) -> None:
        self._render([(bed, self._fresh(bed)) for bed in self._due(max_age_ms)], max_age_ms)
        self._offer()

    def _offer(self) -> None:
        """What has been rendered may be sent."""
        if self._rendered_seq > self.state_seq:
            self.publishes += 1
            self.state_seq = self._rendered_seq

    def _due(self, max_age_ms: int) -> list[BedBoard]:
        now = self._now_ms()
        return [b for b in self._board.beds.values() if b.id in self._dirty or b.age_ms(now) >= max_age_ms]

    def _fresh(self, bed: BedBoard) -> BedView:
        """The bed's view; what changes from now on marks it anew."""
        self._dirty.discard(bed.id)
        return self._view(bed)

    def _render(self, due: list[tuple[BedBoard, BedView]], max_age_ms: int) -> None:
        if not due:
            return
        stamp, seq = self.stamp(), self._board.seq + 1
        changed = [bed.render(view, stamp, seq, max_age_ms) for bed, view in due]
        if any(changed):
            self._rendered_seq = self._board.next_seq()
        for bed, _ in due:
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
