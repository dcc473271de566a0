"""What a capture came to: how much was understood, what was not, and for how long nothing came. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from pumpd.cli.common import several
from pumpd.device import (
    DeviceAlarms,
    DriverInfo,
    Garbled,
    Identity,
    PumpStatus,
    Silent,
    Unmapped,
    Vitals,
    Waveform,
)
from pumpd.links.capture import Chunk

MOST_REASONS = 5


class Tally:
    """Counts of one replay. wall: when the capture began, where that is known."""

    def __init__(self, info: DriverInfo, files: int, wall: datetime | None) -> None:
        self._info = info
        self._files = files
        self._wall = wall
        self._kinds: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._garbled_bytes = 0
        self._unmapped: dict[str, str] = {}
        self._received = self._sent = 0
        self._first_ms: int | None = None
        self._last_ms = 0
        self._who: dict[str, str] = {}

    @property
    def facts(self) -> int:
        """How many came out."""
        return self._kinds.total()

    def chunk(self, chunk: Chunk) -> None:
        """One line of the capture."""
        self._first_ms = chunk.at_ms if self._first_ms is None else self._first_ms
        self._last_ms = chunk.at_ms
        if chunk.sent:
            self._sent += len(chunk.data)
        else:
            self._received += len(chunk.data)

    def add(self, fact: object) -> None:
        """One fact of the driver."""
        self._kinds[type(fact).__name__] += 1
        if isinstance(fact, Garbled):
            self._reasons[fact.reason] += 1
            self._garbled_bytes += max(fact.length, len(fact.data))
        elif isinstance(fact, Unmapped):
            self._unmapped[fact.tag] = fact.value
        elif isinstance(fact, Identity):
            told = {"model": fact.model, "serial": fact.serial, "software": fact.software}
            self._who |= {key: value for key, value in told.items() if value}
        elif isinstance(fact, PumpStatus) and fact.serial:
            self._who["serial"] = fact.serial

    def _count(self, kind: type) -> int:
        return self._kinds[kind.__name__]

    def document(self) -> dict[str, Any]:
        """As JSON; frames: values and statuses."""
        lasted_ms = self._last_ms - (self._first_ms or 0)
        return {
            "type": "Summary",
            "driver": self._info.name,
            "quality": self._info.quality,
            "files": self._files,
            "began": None if self._wall is None else self._wall.isoformat(timespec="milliseconds"),
            "lasted_ms": lasted_ms,
            "received_bytes": self._received,
            "sent_bytes": self._sent,
            "frames": self._count(Vitals) + self._count(PumpStatus),
            "waves": self._count(Waveform),
            "alarm_sets": self._count(DeviceAlarms),
            "garbled": self._count(Garbled),
            "garbled_bytes": self._garbled_bytes,
            "garbled_reasons": dict(self._reasons.most_common(MOST_REASONS)),
            "silences": self._count(Silent),
            "unmapped": dict(self._unmapped),
            "identity": dict(self._who),
        }

    def lines(self) -> list[str]:
        """For people."""
        found = self.document()
        mark = " UNVERIFIED" if self._info.unverified else ""
        span = f"{found['lasted_ms'] / 1000:.1f} s{self._span(found['lasted_ms'])}"
        garbled = f"{found['garbled']} garbled ({several(self._garbled_bytes, 'byte')})"
        counts = (("frames", "frame"), ("waves", "curve piece"), ("alarm_sets", "alarm set"), ("silences", "silence"))
        lines = [
            "",
            f"{self._info.name}{mark}: {several(self._files, 'file')}, {span}, "
            f"{several(self._received, 'byte')} received, {self._sent} sent",
            ", ".join([*(several(found[key], word) for key, word in counts), garbled]),
        ]
        lines += [f"device: {', '.join(f'{key} {value}' for key, value in self._who.items())}"] if self._who else []
        lines += [f"garbled: {count} x {reason}" for reason, count in found["garbled_reasons"].items()]
        lines += [f"unmapped tag {tag}: last value {value!r}" for tag, value in self._unmapped.items()]
        return lines

    def _span(self, lasted_ms: int) -> str:
        if self._wall is None:
            return ""
        end = self._wall + timedelta(milliseconds=lasted_ms)
        return f" ({self._wall:%Y-%m-%d %H:%M:%S} to {end:%H:%M:%S %Z})"
