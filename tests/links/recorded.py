"""A recorder on a clock of the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pumpd.config.model import CaptureConfig, DeviceConfig
from pumpd.links.capture import SUFFIX, Chunk, read_files
from pumpd.links.recorder import LineEar, Recorder
from pumpd.registry import drivers

START = datetime(2026, 11, 22, 9, 58, 26, tzinfo=UTC)
DEVICE = DeviceConfig(
    "4b-01-p1", "alaris_asena", drivers()["alaris_asena"].info, "serial:///dev/ttyUSB0", None, False, None
)


class Bench:
    """A recorder whose time the test sets, and the ear of one line."""

    def __init__(self, config: CaptureConfig) -> None:
        self.now_ms = 1000
        self.config = config
        self.recorder = Recorder(config, lambda: self.now_ms, lambda ms: START + timedelta(milliseconds=ms))
        self.ear: LineEar = self.recorder.ear(DEVICE)

    def again(self) -> Bench:
        """The daemon starts anew."""
        return Bench(self.config)

    @property
    def folder(self) -> Path:
        return self.config.directory / DEVICE.id

    def files(self) -> list[Path]:
        return sorted(self.folder.glob(f"*{SUFFIX}"))

    def kept(self) -> list[Chunk]:
        return list(read_files(self.files()))
