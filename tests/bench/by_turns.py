"""Processes that each hear a farm of their own, by turns of a quarter of a second; what each frame costs them.

One after the other for seconds, as it was before, the machine decided: its processors are a third slower for some
seconds, and then it was chance which process these fell to. By turns all of them have the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from pathlib import Path

from tests.bench.daemon import ROOT
from tests.bench.farm import Farm

TURN_S = 0.25  # no device is silent for long enough meanwhile that anybody would say so
ANSWER_S = 0.02  # questions of those whose turn it is not are answered that often
READY_S = 60.0


class Child:
    """`python -m MODULE KIND FOLDER BEDS`: it prints "ready", and its frames and CPU seconds each time it is asked."""

    def __init__(self, module: str, kind: str, beds: int, every_s: float, script: Sequence[bytes], asks: bool) -> None:
        """script: what monitors say. asks: once the product enables them, and not from the beginning."""
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self.farm = Farm(folder, beds, beds, 0, every_s)
        self.farm.push_s = every_s
        for monitor in self.farm.monitors:
            monitor.enabled, monitor.script = not asks, [*script]
        command = [sys.executable, "-m", module, kind, str(folder), str(beds)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._asks, self._answers = self._process.stdin, self._process.stdout
        os.set_blocking(self._answers.fileno(), False)
        self._ready = False
        self.frames, self.cpu_s = 0, 0.0

    def is_ready(self) -> bool:
        if not self._ready and self._answers.readline() == b"ready\n":
            self._ready = True
            os.set_blocking(self._answers.fileno(), True)
        return self._ready

    def listen(self, seconds: float, others: Collection[Child]) -> None:
        """The farm speaks for so long, and what it costs is counted; the others' only answer what they are asked."""
        self.farm.resume()
        frames, cpu_s = self._spent()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.farm.run(ANSWER_S)
            for other in others:
                other.farm.answer()
        self.farm.pause()
        frames_now, cpu_s_now = self._spent()
        self.frames, self.cpu_s = self.frames + frames_now - frames, self.cpu_s + cpu_s_now - cpu_s

    def _spent(self) -> tuple[int, float]:
        """Frames heard and CPU seconds used since the process began."""
        self._asks.write(b"?")
        self._asks.flush()
        answer = json.loads(self._answers.readline())
        return int(answer["frames"]), float(answer["cpu_s"])

    def close(self) -> None:
        self._process.communicate(b"", timeout=20)
        self.farm.close()
        self._folder.cleanup()


def us_per_frame(children: Sequence[Child], seconds: float) -> list[float]:
    """CPU microseconds of each child for a frame, each heard for so many seconds. Ends the children."""
    try:
        wait_until_ready(children)
        for child in children:
            child.farm.pause()
        for turn in range(round(seconds / TURN_S) * len(children)):
            child = children[turn % len(children)]
            child.listen(TURN_S, [other for other in children if other is not child])
    finally:
        for child in children:
            child.close()
    return [child.cpu_s / max(1, child.frames) * 1e6 for child in children]


def wait_until_ready(children: Sequence[Child]) -> None:
    """Every farm speaks meanwhile."""
    end = time.monotonic() + READY_S
    while not all([child.is_ready() for child in children]):  # noqa: C419 - each of them has to be asked
        if time.monotonic() > end:
            raise TimeoutError("a process of the bench did not begin")
        for child in children:
            child.farm.run(0.002)
