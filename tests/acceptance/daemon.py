"""pumpd as a process of its own, and what a stranger sees of it: its output, HTTP, and one live screen.

Nothing of pumpd is imported here: a stranger has a command, a ward file and a port.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import websockets

from tests.acceptance.engineer import token_made
from tests.acceptance.forked import Forked, forked

CONFIG = Path(__file__).resolve().parents[2] / "config"
Json = dict[str, Any]
WAIT_S = 60.0
"""For what must come at some time: a busy machine takes its time, and what has a limit of its own is held to it."""
LOOK_S = 0.03


async def command(*words: str, prefix: Sequence[str] = ()) -> asyncio.subprocess.Process:
    """`pumpd WORDS`, its output in one pipe."""
    out = asyncio.subprocess.PIPE
    line = (*prefix, sys.executable, "-m", "pumpd.cli", *words)
    return await asyncio.create_subprocess_exec(*line, stdout=out, stderr=asyncio.subprocess.STDOUT)


async def said(*words: str, prefix: Sequence[str] = ()) -> tuple[int | None, str]:
    """Exit code and all output of a command that ends by itself."""
    process = await command(*words, prefix=prefix)
    out, _ = await asyncio.wait_for(process.communicate(), WAIT_S)
    return process.returncode, out.decode()


MAY = (
    "view history acknowledge pause_audio stop rate interlock chart course bind devices integration metrics name_others"
)


async def token_of(ward: Path) -> str:
    """A machine's token for everything that the stranger does, made once for each ward, by its engineer. "": the ward
    cannot start either, which is what the test is about.
    """
    kept = ward.with_suffix(".token")
    if not await asyncio.to_thread(kept.exists):
        secret = await asyncio.wait_for(token_made(ward, "stranger", MAY), WAIT_S)
        if not secret:
            return ""
        await asyncio.to_thread(kept.write_text, secret)
    return await asyncio.to_thread(kept.read_text)


class Pumpd:
    """A running daemon. `url` ends with a slash; `text` is what it has printed so far."""

    def __init__(self, process: asyncio.subprocess.Process | Forked) -> None:
        self.process = process
        self.text = ""
        self.url = ""
        self.headers: dict[str, str] = {}
        self._grew = asyncio.Event()
        self._reading = asyncio.create_task(self._read())
        self._http: httpx.AsyncClient | None = None

    @classmethod
    async def run(cls, ward: Path, prefix: Sequence[str] = ()) -> Pumpd:
        """With a token with which the stranger comes in."""
        return await cls.started("run", "--config", str(ward), prefix=prefix, token=await token_of(ward))

    @classmethod
    async def started(cls, *words: str, prefix: Sequence[str] = (), token: str = "") -> Pumpd:
        """Returns when the URL is printed."""
        daemon = cls(await command(*words, prefix=prefix) if prefix else await forked(*words))
        daemon.headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            daemon.url = await asyncio.wait_for(daemon._printed_url(), WAIT_S)
        except BaseException:
            await daemon.kill()
            raise
        where = f"{daemon.url}api/v1/"
        daemon._http = httpx.AsyncClient(base_url=where, headers=daemon.headers, timeout=30, trust_env=False)
        return daemon

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.text += line.decode(errors="replace")
            self._grew.set()
        self._grew.set()

    async def _printed_url(self) -> str:
        while (found := re.search(r"^pumpd.*(http://\S+/)", self.text, re.MULTILINE)) is None:
            assert not self._reading.done(), f"ended before it listened:\n{self.text}"
            self._grew.clear()
            await self._grew.wait()
        return found[1]

    # ending

    async def signal(self, number: signal.Signals, within_s: float = WAIT_S) -> int:
        """Send the signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        return await self.ended(within_s)

    async def ended(self, within_s: float = WAIT_S) -> int:
        code = await asyncio.wait_for(self.process.wait(), within_s)
        await self._close()
        return code

    async def kill(self) -> None:
        """kill -9, at this very moment."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._close()

    async def _close(self) -> None:
        await self._reading
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
        await self.kill()

    # HTTP

    async def get(self, path: str) -> Json:
        assert self._http is not None
        answer = await self._http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def send(self, method: str, path: str, body: Json, status: int = 200) -> Json:
        assert self._http is not None
        answer = await self._http.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def acknowledge(self, alarm: Json, by: str = "R. Keller") -> None:
        await self.send("POST", f"alarms/{alarm['id']}/acknowledge", {"by": by, "reason": "care_in_progress"})

    def limit_files(self, size: int) -> None:
        """No file of the daemon may grow beyond this many bytes: a full disk, for it alone."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    async def until(self, condition: Callable[[Json], object], within_s: float = WAIT_S) -> Json:
        """The ward (`GET /api/v1/ward`) as soon as condition(ward) holds."""
        end = time.monotonic() + within_s
        seen = await self.get("ward")
        while not condition(seen):
            if time.monotonic() > end:
                raise AssertionError(f"not within {within_s} s:\n{in_short(seen)}\n{self.text[-3000:]}")
            await asyncio.sleep(LOOK_S)  # how often the stranger looks again
            seen = await self.get("ward")
        return seen


class Screen:
    """One client of /ws/v1/live. Keeps every alarm message with the time it came, and the last of each alarm."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self.alarms: dict[str, Json] = {}
        self.heard: list[tuple[float, Json]] = []
        self.beds: dict[str, Json] = {}
        self._grew = asyncio.Event()
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        await self._socket.send(json.dumps({"type": "hello", "proto": [1], "client": "a stranger", "subs": ["ward:*"]}))
        async for text in self._socket:
            frame = json.loads(text)
            self.heard.append((time.monotonic(), frame))
            await self._take(frame)
            self._grew.set()

    async def _take(self, frame: Json) -> None:
        kind = frame["type"]
        if kind == "snapshot":
            self.beds = {bed["id"]: bed for bed in frame["beds"]}
            self.alarms = {alarm["id"]: alarm for alarm in frame["alarms"]}
        elif kind == "delta":
            for bed, parts in frame["set"].items():
                self.beds.setdefault(bed, {}).update(parts)
        elif kind == "alarm":
            self.alarms[frame["alarm"]["id"]] = frame["alarm"]
        if kind in ("snapshot", "delta"):
            await self._socket.send(json.dumps({"type": "ack", "seq": frame["seq"]}))

    async def until(self, condition: Callable[[Screen], object], within_s: float = WAIT_S) -> float:
        """When (monotonic) the frame came that made condition(screen) true."""
        try:
            async with asyncio.timeout(within_s):
                while not condition(self):
                    self._grew.clear()
                    await self._grew.wait()
        except TimeoutError:
            shown = {"beds": list(self.beds.values()), "alarms": list(self.alarms.values())}
            raise AssertionError(f"not within {within_s} s:\n{in_short(shown)}") from None
        return self.heard[-1][0]

    def pump(self, bed: str) -> Json:
        return self.beds[bed]["pumps"][0]  # type: ignore[no-any-return]

    def interlocks(self, bed: str) -> list[str]:
        """The states of its pump's interlock that were shown, in order."""
        deltas = [frame["set"] for _, frame in self.heard if frame["type"] == "delta"]
        return [parts[bed]["pumps"][0]["interlock"] for parts in deltas if "pumps" in parts.get(bed, {})]

    def alarm(self, bed: str, condition: str) -> Json | None:
        """The bed's live alarm of this condition."""
        return next((a for a in self.alarms.values() if is_live(a, bed, condition)), None)


@asynccontextmanager
async def screen(daemon: Pumpd) -> AsyncIterator[Screen]:
    live = f"{daemon.url.replace('http', 'ws', 1)}ws/v1/live"
    async with websockets.connect(live, proxy=None, additional_headers=daemon.headers) as socket:
        made = Screen(socket)
        await made.until(lambda s: s.beds)
        try:
            yield made
        finally:
            made._task.cancel()
            await asyncio.gather(made._task, return_exceptions=True)


# reading what was answered


def is_live(alarm: Json, bed: str, condition: str) -> bool:
    return (alarm["bed"], alarm["condition"]) == (bed, condition) and bool(alarm["state"] != "ended")


def bed_of(ward: Json, bed: str) -> Json:
    return next(found for found in ward["beds"] if found["id"] == bed)


def pump_of(ward: Json, bed: str) -> Json:
    return bed_of(ward, bed)["pumps"][0]  # type: ignore[no-any-return]


def device_of(ward: Json, device: str) -> Json:
    return next(found for bed in ward["beds"] for found in bed["devices"] if found["id"] == device)


def alarm_of(ward: Json, bed: str, condition: str) -> Json | None:
    """The bed's live alarm of this condition."""
    return next((alarm for alarm in ward["alarms"] if is_live(alarm, bed, condition)), None)


def in_short(ward: Json) -> str:
    """What a failed test wants to see."""
    rows = []
    for bed in ward["beds"]:
        rr = bed["values"].get("rr", {})
        rows.append(f"{bed['id']}: rr {rr.get('v')} {rr.get('q')} monitored {bed['monitored']}")
        rows += [
            f"  {p['id']}: {p['rate_ml_h']['v']} {p['rate_ml_h']['q']} {p['interlock']} {p['control']}"
            for p in bed["pumps"]
        ]
        rows += [f"  {d['id']}: {d['link']} {d['detail']} garbled {d['garbled']}" for d in bed["devices"]]
        rows += [f"  {a['priority']} {a['state']}: {a['text']}" for a in ward["alarms"] if a["bed"] == bed["id"]]
    return "\n".join(rows)


def ready(ward: Json) -> bool:
    """Every pump is heard and every bed has a fresh respiratory rate."""
    pumps = [pump for bed in ward["beds"] for pump in bed["pumps"]]
    return all(pump["rate_ml_h"]["q"] == "ok" for pump in pumps) and all(
        bed["values"].get("rr", {}).get("q") == "ok" for bed in ward["beds"]
    )
