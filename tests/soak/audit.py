"""What must hold of every line over the whole time: no frame missing between two cuts, nothing garbled but by a cut."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from pumpd.device import Garbled, PumpStatus, Vitals
from pumpd.device.info import DriverInfo
from pumpd.journal import StepRecord
from pumpd.safety.events import Heard, LinkChanged, LinkState, SelfFault

SLACK = 1.5
"""Of a device's own interval: beyond it a reading has been missed."""
UNWATCHED = "unwatched"  # nobody opens a page in this test
SETTLING_READINGS = 2
"""After a line has come up a session takes its first questions, modes and identity; then the interval counts."""


@dataclass
class Track:
    """One device. heard: readings since the line came up; at_ms: of the last one; returns: how often it came up."""

    readings: int = 0
    heard: int = 0
    at_ms: int | None = None
    up: bool = False
    returns: int = 0
    garbled: int = 0
    silences: int = 0
    worst_ms: int = 0


@dataclass
class Audit:
    """Fed with every record of the journal."""

    infos: dict[str, DriverInfo]
    tracks: dict[str, Track] = field(default_factory=lambda: defaultdict(Track))
    problems: list[str] = field(default_factory=list)
    cut: set[str] = field(default_factory=set)

    def take(self, record: object) -> None:
        if not isinstance(record, StepRecord):
            return
        event = record.event
        if isinstance(event, LinkChanged):
            self._link(event, record.now_ms)
        elif isinstance(event, Heard):
            self._heard(event, record.now_ms)
        elif isinstance(event, SelfFault) and event.active and event.code != UNWATCHED:
            self.problems.append(f"{record.now_ms}: {event.code}: {event.detail}")

    def _link(self, event: LinkChanged, now_ms: int) -> None:
        track = self.tracks[event.device]
        track.up, track.heard, track.at_ms = event.state is LinkState.UP, 0, None
        track.returns += track.up
        if event.state is LinkState.SILENT:
            track.silences += 1
            if event.device not in self.cut:
                self.problems.append(f"{now_ms}: {event.device} fell silent though nobody had cut its line")

    def _heard(self, event: Heard, now_ms: int) -> None:
        track, info = self.tracks[event.device], self.infos[event.device]
        if isinstance(event.fact, Garbled):
            track.garbled += 1
        elif isinstance(event.fact, Vitals | PumpStatus):
            if track.at_ms is not None and track.heard >= SETTLING_READINGS:
                self._interval(event.device, track, now_ms - track.at_ms, info)
            track.readings, track.heard, track.at_ms = track.readings + 1, track.heard + 1, now_ms

    def _interval(self, device: str, track: Track, ms: int, info: DriverInfo) -> None:
        track.worst_ms = max(track.worst_ms, ms)
        if ms > SLACK * info.poll_ms and device not in self.cut:
            self.problems.append(f"{device}: {ms} ms between two readings of one that reports each {info.poll_ms} ms")
