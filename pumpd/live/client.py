"""One screen as the hub sees it: what it has, what it still may be sent. No I/O; its sender asks `next_frame`."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from pumpd.live.messages import CREDIT, Close, Sound, Status


@dataclass(frozen=True, slots=True)
class LiveTimes:
    """Times of the live protocol in ms (live_protocol.md 3.3) and its bounds.

    A tick gathers what has changed (numbers come once a second; alarms and lost devices do not wait for it). Pace: a
    few wakes, then a pause, so that a broadcast never holds the loop while a stop is due; pace_clients at once for an
    alarm, which is short, and for numbers one, or as many as it takes to reach all within half a tick.
    """

    tick_ms: int = 250
    hurry_pause_s: float = 0.01
    hb_ms: int = 1000
    refresh_ms: int = 1000
    hello_ms: int = 10_000
    stall_ms: int = 5000
    close_grace_ms: int = 1000
    pace_clients: int = 5
    pace_pause_s: float = 0.0015
    alarm_queue: int = 256
    messages_per_min: int = 100
    acks_per_min: int = 6000
    message_bytes: int = 65_536


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

    def snapshot(self) -> str: ...

    def delta(self, prev: int) -> str: ...

    def heartbeat(self) -> str: ...


class LiveClient:
    """A latest-value slot (`have`: the seq its picture is complete to), a credit window, and an alarm queue.

    have None: it needs a snapshot. `wake` is set when there may be something to send.
    """

    def __init__(self, times: LiveTimes, now_ms: int, credit: int = CREDIT, sound: Sound = "unknown") -> None:
        self.credit = max(1, min(CREDIT, credit))
        self.wake = asyncio.Event()
        self.closed = asyncio.Event()
        self.close_code: Close | None = None
        self.close_reason = ""
        self.have: int | None = None
        self.unacked: deque[int] = deque()
        self.ordered: deque[str] = deque()
        self.conflated = 0
        self.sound: Sound = sound
        self.visible = True
        self.queued = 0  # the pacer's rank: 0 not queued, 1 queued, 2 queued for an alarm
        self._times = times
        self._publish = 0
        self._sent_ms = now_ms
        self._progress_ms = now_ms
        self._sending_since: int | None = None

    # what happens to it

    def push(self, frame: str) -> None:
        """An alarm or an answer: kept in order, never conflated; a queue that overflows ends the connection."""
        if len(self.ordered) >= self._times.alarm_queue:
            self.close(Close.INSUFFICIENT_STATE, "too far behind: ask for a new snapshot")
        else:
            self.ordered.append(frame)

    def ack(self, seq: int, now_ms: int) -> None:
        """The client has rendered everything up to seq."""
        while self.unacked and self.unacked[0] <= seq:
            self.unacked.popleft()
            self._progress_ms = now_ms

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
            self.wake.set()

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
        return hub.heartbeat() if self.heartbeat_due(now_ms) else None

    def wants_delta(self, hub: Frames) -> bool:
        return self.have is not None and hub.state_seq > self.have and len(self.unacked) < self.credit

    def heartbeat_due(self, now_ms: int) -> bool:
        return now_ms - self._sent_ms >= self._times.hb_ms

    def _snapshot(self, hub: Frames, now_ms: int) -> str:
        frame = hub.snapshot()
        self._gave(hub, now_ms)
        return frame

    def _delta(self, hub: Frames, now_ms: int) -> str:
        assert self.have is not None
        frame = hub.delta(self.have)
        self.conflated += max(0, hub.publishes - self._publish - 1)
        self._gave(hub, now_ms)
        return frame

    def _gave(self, hub: Frames, now_ms: int) -> None:
        self.have, self._publish = hub.seq, hub.publishes
        if not self.unacked:
            self._progress_ms = now_ms
        self.unacked.append(hub.seq)

    def sending(self, now_ms: int) -> None:
        self._sending_since = now_ms

    def sent(self, now_ms: int) -> None:
        self._sending_since, self._sent_ms = None, now_ms

    def stalled(self, now_ms: int) -> bool:
        """No progress for too long: a write that does not end, or a full window without an ack."""
        if self._sending_since is not None and now_ms - self._sending_since >= self._times.stall_ms:
            return True
        return len(self.unacked) >= self.credit and now_ms - self._progress_ms >= self._times.stall_ms
