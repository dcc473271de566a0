"""The daemon's wall clock and disk, from outside: a small library that is compiled here and preloaded."""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
from pathlib import Path

NS = 1_000_000_000


class Shim:
    """prefix: words before the daemon's command. Without a C compiler nothing can be stepped: `there` is False."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc") or shutil.which("gcc")
        self.there = compiler is not None
        self.prefix: tuple[str, ...] = ()
        self.offset_s = 0.0
        file = folder / "control"
        file.write_bytes(bytes(16))
        with file.open("r+b") as opened:
            self._memory = mmap.mmap(opened.fileno(), 16)
        if compiler is None:
            return
        library, source = folder / "shim.so", Path(__file__).with_name("shim.c")
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
        self.prefix = ("env", f"LD_PRELOAD={library}", f"STORM_CONTROL={file}")

    def step_clock(self, by_s: float) -> None:
        """The wall clock leaps; it stays there."""
        self.offset_s += by_s
        struct.pack_into("<q", self._memory, 0, int(self.offset_s * NS))

    def slow_disk(self, commit_s: float) -> None:
        """Each commit takes so much longer; 0: as fast as the disk is."""
        struct.pack_into("<q", self._memory, 8, int(commit_s * 1e6))
