"""How the whole daemon grows from one bed to a thousand: start-up, memory, CPU of a frame; beside a bare reader of as
many lines, in the same round.

A bed is a pump (polled each second) and a monitor at 1 Hz on pseudo-terminals, a journal, one screen for all. Where a
ward does not come up, or less than BELIEVED of what its devices sent is believed, the figures stop there and say so.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.daemon import ROOT, DaemonProcess
from tests.bench.farm import Farm
from tests.bench.render import growth_table
from tests.bench.report import Found, NotRun, Row, foreign_cpu
from tests.bench.soak import frames, metrics

BELIEVED = 0.98
UP_S, HEARD_S, SETTLE_S = 180.0, 120.0, 5.0
PUSH_S = 0.4
"""A pump says about 2.5 frames a second to the daemon's polls; to the bare reader it pushes as many."""


@dataclass(frozen=True)
class Stand:
    """start_s: from exec until it says that it has started. heard_s: until every device has been heard. share: of the
    monitors' frames that were believed.
    """

    start_s: float
    heard_s: float
    cpu_us: float
    rss_mb: float
    core_percent: float
    frames_s: float
    share: float = 1.0


class TooMuch(Exception):
    """The ward did not stand; the words say what the limit was."""


class Every:
    """A question that is dear to ask, asked again only after a while."""

    def __init__(self, ask: Callable[[], bool], gap_s: float = 0.05) -> None:
        self._ask, self._gap_s, self._next_s = ask, gap_s, 0.0

    def __call__(self) -> bool:
        now = time.monotonic()
        if now < self._next_s:
            return False
        self._next_s = now + self._gap_s
        return self._ask()


class Started:
    """When /startupz first said yes, asked from a thread so that the devices go on meanwhile."""

    def __init__(self, daemon: DaemonProcess) -> None:
        self.began, self.at_s, self._daemon = time.monotonic(), 0.0, daemon
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while self._daemon.process.poll() is None and not self.at_s:
            try:
                with urllib.request.urlopen(self._daemon.url + "/startupz", timeout=30):
                    self.at_s = time.monotonic() - self.began
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)


def product(folder: Path, farm: Farm, beds: int, seconds: float) -> Stand:
    daemon = DaemonProcess(folder, beds)
    started = Started(daemon)
    try:
        farm.run(UP_S, Every(lambda: bool(started.at_s) or daemon.process.poll() is not None))
        if not started.at_s:
            raise TooMuch(f"not up after {UP_S:.0f} s")
        with screen(daemon):
            heard_s = _all_heard(farm, started.began)
            farm.run(SETTLE_S)
            return _stand(farm, daemon, seconds, started.at_s, heard_s)
    finally:
        daemon.stop()


@contextmanager
def screen(daemon: DaemonProcess) -> Iterator[None]:
    url = f"ws://127.0.0.1:{daemon.port}/ws/v1/live"
    looking = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.dashboards", url, "1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
    )
    try:
        yield
    finally:
        looking.communicate(b"", timeout=60)


def _all_heard(farm: Farm, began: float) -> float:
    """Every pump has answered a question about its state, every monitor was started and has said its numbers."""
    all_said = Every(lambda: all(p.statuses for p in farm.pumps) and all(m.sent for m in farm.monitors))
    farm.run(HEARD_S, all_said)
    silent = sum(not pump.statuses for pump in farm.pumps) + sum(not monitor.sent for monitor in farm.monitors)
    if silent:
        raise TooMuch(f"{silent} of {2 * len(farm.pumps)} devices not spoken to after {HEARD_S:.0f} s")
    return time.monotonic() - began


def _stand(farm: Farm, daemon: DaemonProcess, seconds: float, start_s: float, heard_s: float) -> Stand:
    believed, sent = frames(metrics(daemon), "monitor"), sum(monitor.sent for monitor in farm.monitors)
    cpu_s, written, began = daemon.cpu_s(), farm.written(), time.monotonic()
    farm.run(seconds)
    took_s, count, cpu_s = time.monotonic() - began, farm.written() - written, daemon.cpu_s() - cpu_s
    rss_mb, sent_now = daemon.rss_kb() / 1024, sum(monitor.sent for monitor in farm.monitors)
    share = (frames(metrics(daemon), "monitor") - believed) / max(1, sent_now - sent)
    return Stand(start_s, heard_s, cpu_s / count * 1e6, rss_mb, 100 * cpu_s / took_s, count / took_s, share)


def bare(folder: Path, farm: Farm, beds: int, seconds: float) -> Stand:
    """The bare reader on the same lines; as many frames."""
    for monitor in farm.monitors:
        monitor.enabled = True
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.bench.growth_bare", str(folder), str(beds)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdout.readline()
    ready_s = time.monotonic() - began
    farm.push_s = PUSH_S
    farm.run(2.0)
    process.stdin.write(b"\n")
    process.stdin.flush()
    written, began = farm.written(), time.monotonic()
    farm.run(seconds)
    took_s, count = time.monotonic() - began, farm.written() - written
    answer = json.loads(process.communicate(b"", timeout=20)[0])
    farm.push_s = None
    cpu_s = float(answer["cpu_s"])
    return Stand(ready_s, ready_s, cpu_s / count * 1e6, answer["rss_kb"] / 1024, 100 * cpu_s / took_s, count / took_s)


def _both(beds: int, seconds: float) -> tuple[Stand, Stand]:
    with tempfile.TemporaryDirectory(prefix="pumpd-bench-") as name:
        folder = Path(name)
        farm = Farm(folder, beds, beds, 0)
        try:
            limit = bare(folder, farm, beds, seconds)
            for monitor in farm.monitors:
                monitor.enabled, monitor.sent = False, 0
            return product(folder, farm, beds, seconds), limit
        finally:
            farm.close()


def run(counts: tuple[int, ...], seconds: float = 10.0) -> Iterator[Found]:
    """The rows of each number of beds, as far as it gets."""
    fewest: tuple[int, Stand, Stand] | None = None
    reached = 0
    for beds in counts:
        try:
            ours, limit = _both(beds, seconds)
        except (TooMuch, OSError) as error:
            yield NotRun("growth", f"whole daemon, {beds} beds", f"got as far as {reached} beds: {error}")
            return
        print(f"  {beds} beds: {_brief(ours)}; bare {limit.cpu_us:.0f} us; load {foreign_cpu():.1f}", flush=True)
        fewest = fewest or (beds, ours, limit)
        yield from _rows(beds, ours, limit)
        yield from _one_more(beds, ours, limit, *fewest)
        if ours.share < BELIEVED:
            why = f"got as far as {reached} beds: at {beds} only {100 * ours.share:.1f} % of the frames were believed"
            yield NotRun("growth", f"whole daemon, more than {beds} beds", why)
            return
        reached = beds


def _brief(one: Stand) -> str:
    return (
        f"started {one.start_s:.1f} s, all heard {one.heard_s:.1f} s, {one.cpu_us:.0f} us a frame of "
        f"{one.frames_s:.0f}/s, {one.core_percent:.0f} % of a core, {one.rss_mb:.0f} MB, "
        f"{100 * one.share:.1f} % believed"
    )


def _rows(beds: int, ours: Stand, limit: Stand) -> list[Row]:
    theirs = "limit: a bare reader of as many lines"
    table: tuple[tuple[str, float, float, str, str], ...] = (
        ("daemon: exec -> started", ours.start_s, limit.start_s, "s", theirs),
        ("daemon: exec -> every device heard", ours.heard_s, limit.heard_s, "s", theirs),
        ("daemon: CPU of a frame", ours.cpu_us, limit.cpu_us, "us", theirs),
        ("daemon: share of a core", ours.core_percent, limit.core_percent, "%", theirs),
        ("daemon: resident memory", ours.rss_mb, limit.rss_mb, "MB", theirs),
        ("daemon: frames believed", 100 * ours.share, 100.0, "%", "limit: all that monitors sent"),
    )
    return [Row("growth", what, value, held, unit, None, note, beds=beds) for what, value, held, unit, note in table]


def _one_more(beds: int, ours: Stand, limit: Stand, fewest: int, our_few: Stand, limit_few: Stand) -> list[Row]:
    """Memory of each bed beyond the fewest."""
    if beds == fewest:
        return []
    each_kb, their_kb = (
        (many.rss_mb - few.rss_mb) * 1024 / (beds - fewest) for many, few in ((ours, our_few), (limit, limit_few))
    )
    if their_kb <= 0:
        their_kb = float("nan")  # less than the pages that come and go by themselves
    what, note = "daemon: memory of one more bed", "limit: a bare reader of as many lines"
    return [Row("growth", what, each_kb, their_kb, "kB", None, note, beds=beds)]


if __name__ == "__main__":
    print(
        growth_table([row for row in run(tuple(map(int, sys.argv[1:])) or (1, 10, 100, 1000)) if isinstance(row, Row)])
    )
