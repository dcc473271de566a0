"""One screen as the hub sees it: what it has, what it still may be sent. No I/O; its sender asks `next_frame`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pumpd.access.roles import Identity
from pumpd.live.messages import CREDIT, Close, Sound, Status
from pumpd.live.stamp import Stamp
from pumpd.live.waves import Waves


@dataclass(frozen=True, slots=True)
class LiveTimes:
    """Times of the live protocol in ms (live_protocol.md 3.3) and its bounds.

    A tick gathers what has changed (numbers come once a second; alarms and lost devices do not wait for it). Pace: a
    few wakes, then a pause, so that a broadcast never holds the loop while a stop is due; pace_clients at once for an
    alarm, which is short, and for numbers one, or as many (pace_most) as it takes to reach all within half a tick
    (each pause costs as much as some screens, so that theirs, round_pause_s, are longer). They are given in slices of
    slice_s, between which the loop hears the lines.
    """

    tick_ms: int = 250
    wave_ms: int = 200
    hurry_pause_s: float = 0.01
    hb_ms: int = 1000
    refresh_ms: int = 1000
    hello_ms: int = 10_000
    stall_ms: int = 3000
    close_grace_ms: int = 500
    pace_clients: int = 5
    pace_most: int = 40
    pace_pause_s: float = 0.0015
    round_pause_s: float = 0.003
    slice_s: float = 0.0003
    alarm_queue: int = 256
    messages_per_min: int = 100
    idle_acks_per_min: int = 6000
    message_bytes: int = 65_536


NEVER_MS = 1 << 62


class Frames(Protocol):
    """What a client needs of the hub to make its next frame."""

    @property
    def seq(self) -> int: ...

    @property
    def state_seq(self) -> int:
        """seq of the last change of a bed."""
        ...

    @property
    def publishes(self) -> int: ...

    def snapshot(self, identity: Identity) -> str: ...

    def delta(self, prev: int, identity: Identity) -> str: ...

    def heartbeat(self) -> str: ...

    @property
    def waves(self) -> Waves: ...

    def stamp(self) -> Stamp: ...


class LiveClient:
    """A latest-value slot (`have`: the seq its picture is complete to), a credit window, and an alarm queue.

    have None: it needs a snapshot. `turn(now_ms)` is called when there may be something to send; it sets `wake` for a
    sender that waits for it. identity: how much of who the patients are it may be sent. Slots, because a broadcast
    asks a thousand of these, each long gone from the processor's caches.
    """

    __slots__ = (
        *("__weakref__", "identity", "credit", "wake", "turn", "closed", "close_code", "close_reason", "have"),
        *("unacked", "ordered", "conflated", "wave_beds", "waves_got", "sound", "visible", "queued"),
        *("_times", "_publish", "_sent_ms", "_full_since_ms", "_sending_since_ms"),
    )

    def __init__(
        self,
        times: LiveTimes,
        now_ms: int,
        credit: int = CREDIT,
        sound: Sound = "unknown",
        identity: Identity = Identity.NONE,
    ) -> None:
        self.identity = identity
        self.credit = max(1, min(CREDIT, credit))
        self.wake = asyncio.Event()
        self.turn: Callable[[int], None] = self._let_send
        self.closed = asyncio.Event()
        self.close_code: Close | None = None
        self.close_reason = ""
        self.have: int | None = None
        self.unacked: tuple[int, ...] = ()
        self.ordered: deque[str] = deque()
        self.conflated = 0
        self.wave_beds: frozenset[str] = frozenset()
        self.waves_got: dict[tuple[str, str, str], int] = {}
        self.sound: Sound = sound
        self.visible = True
        self.queued = 0  # the pacer's rank: 0 not queued, 1 queued, 2 queued for an alarm
        self._times = times
        self._publish = 0
        self._sent_ms = now_ms
        self._full_since_ms = NEVER_MS
        self._sending_since_ms = NEVER_MS

    def _let_send(self, now_ms: int) -> None:
        self.wake.set()

    # what happens to it

    def push(self, frame: str) -> None:
        """An alarm or an answer: kept in order, never conflated; a queue that overflows ends the connection."""
        if len(self.ordered) >= self._times.alarm_queue:
            self.close(Close.INSUFFICIENT_STATE, "too far behind: ask for a new snapshot")
        else:
            self.ordered.append(frame)

    def ack(self, seq: int) -> bool:
        """The client has rendered everything up to seq. False: that gives back no credit."""
        unacked = self.unacked
        if not unacked or unacked[0] > seq:
            return False
        self.unacked = () if unacked[-1] <= seq else unacked[1:]
        self._full_since_ms = NEVER_MS
        return True

    def status(self, said: Status) -> None:
        """What it is for the people before it has changed."""
        self.sound, self.visible = said.sound, said.visible

    @property
    def watched(self) -> bool:
        """Somebody can see the ward on it: it shows a picture, takes what is sent, and is not hidden."""
        return self.visible and self.have is not None and self.close_code is None

    def close(self, code: Close, reason: str) -> None:
        """End the connection; the first cause stands."""
        if self.close_code is None:
            self.close_code, self.close_reason = code, reason
            self.ordered.clear()
            self.closed.set()

    # what it may be sent

    def next_frame(self, hub: Frames, now_ms: int) -> str | None:
        """The next frame to send now, or None. Alarms come before numbers and need no credit."""
        if self.close_code is not None:
            return None
        if self.have is None:
            return self._snapshot(hub, now_ms)
        if self.ordered:
            return self.ordered.popleft()
        if self.wants_delta(hub):
            return self._delta(hub, now_ms)
        if self.takes_waves and (wave := self._wave(hub)) is not None:
            return wave
        return hub.heartbeat() if self.heartbeat_due(now_ms) else None

    def wants_delta(self, hub: Frames) -> bool:
        return self.have is not None and hub.state_seq > self.have and len(self.unacked) < self.credit

    def wants_more(self, hub: Frames) -> bool:
        """After a frame: may another one follow at once?"""
        return bool(self.ordered or self.wave_beds) or hub.state_seq > (self.have or 0)

    def _wave(self, hub: Frames) -> str | None:
        return hub.waves.frame(self.wave_beds, self.waves_got, hub.stamp())

    @property
    def takes_waves(self) -> bool:
        """It asked for a curve, sees the ward, and keeps up with what counts more."""
        return bool(self.wave_beds) and self.watched and len(self.unacked) < self.credit

    def heartbeat_due(self, now_ms: int) -> bool:
        return now_ms - self._sent_ms >= self._times.hb_ms

    def _snapshot(self, hub: Frames, now_ms: int) -> str:
        frame = hub.snapshot(self.identity)
        self._gave(hub, now_ms)
        return frame

    def _delta(self, hub: Frames, now_ms: int) -> str:
        assert self.have is not None
        frame = hub.delta(self.have, self.identity)
        if (skipped := hub.publishes - self._publish - 1) > 0:
            self.conflated += skipped
        self._gave(hub, now_ms)
        return frame

    def _gave(self, hub: Frames, now_ms: int) -> None:
        self.have = seq = hub.seq
        self._publish = hub.publishes
        self.unacked += (seq,)
        if len(self.unacked) >= self.credit:
            self._full_since_ms = now_ms

    def sending(self, now_ms: int) -> None:
        """Something waits for its line to take it."""
        if self._sending_since_ms == NEVER_MS:
            self._sending_since_ms = now_ms

    def sent(self, now_ms: int) -> None:
        """Its line has taken all that it was given."""
        self._sending_since_ms, self._sent_ms = NEVER_MS, now_ms

    def stalled(self, now_ms: int) -> bool:
        """No progress for too long: a write that does not end, or a full window without an ack."""
        if self._full_since_ms == self._sending_since_ms == NEVER_MS:
            return False
        since_ms = now_ms - self._times.stall_ms
        return self._sending_since_ms <= since_ms or self._full_since_ms <= since_ms
