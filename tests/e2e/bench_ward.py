"""The real web face (app, hub, uvicorn, sockets) over beds that a test sets by hand, with a kernel clock to turn.

It runs on a thread of its own so that a browser can be driven from the test's thread. Only the bedside is
missing here; `test_whole_daemon` has that too.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from msgspec.structs import replace as changed
from playwright.sync_api import Page

from pumpd.access.always import AlwaysSignedIn
from pumpd.api.app import create_app
from pumpd.api.integrations import IntegrationPort
from pumpd.clinical.chart import Chart
from pumpd.config.model import ServerConfig
from pumpd.device.facts import Quality
from pumpd.live.hub import LiveHub
from pumpd.live.port import DeviceDetail, Readiness, TrendPoint, UnknownBed, UsualRate, Words
from pumpd.safety.alarms import Acknowledgement, Alarm, AlarmState, Phase
from pumpd.safety.clinical_view import ConcentrationCurve
from pumpd.safety.decisions import AlarmChanged, Decision, InterlockChanged, InterlockState, Refused, Resume
from pumpd.safety.events import (
    Acknowledged,
    AlarmReset,
    Assessed,
    AudioPaused,
    Charted,
    Event,
    InterlockReset,
    LinkState,
    ProtocolOverride,
    ResumeRequested,
    SoftOverride,
    StopRequested,
)
from pumpd.safety.policy import AlarmKind, BedPolicy, Priority
from pumpd.safety.told_events import ToldSettled
from pumpd.safety.view import BedView
from tests.e2e.bench_views import calm_bed, value_of
from tests.safety.build import bed_policy

LOOK_AWAY = "() => location.replace('about:blank')"


def look_away(page: Page) -> None:
    """The page goes by itself to one that shows nothing: when it is sent there it ends its process, and the next page
    starts with a new one, a fifth of the work of a short test."""
    if page.url != "about:blank":
        page.evaluate(LOOK_AWAY)
        page.wait_for_url("about:blank")


class BenchWard:
    """`with BenchWard(beds=4) as ward:` serves at `ward.url`; `vitals`, `pump`, `alarm`, `turn` change what is seen."""

    def __init__(
        self,
        beds: int = 4,
        port: int = 0,
        generation: str = "real",
        timezone: str = "UTC",
        integration: IntegrationPort | None = None,
        journal_url: str | None = None,
        pace: tuple[int, int] | None = None,
    ) -> None:
        self._journal_url, self._pace = journal_url, pace
        self._integration = integration
        self.beds = {f"w-{n:02}": calm_bed(n, pace) for n in range(1, beds + 1)}
        self.submitted: list[Event] = []
        self.pages: list[Page] = []
        self.refusals: tuple[str, ...] = ()
        self.vocabulary = Words()
        self.charts: dict[str, Chart] = {}
        self.policies: dict[str, BedPolicy] = {}
        self._offset_ms = 0
        self._generation, self._timezone = generation, timezone
        self._start = time.monotonic()
        self._socket = socket.create_server(("127.0.0.1", port))
        # asyncio sets it only where it made the socket; without, each file of a page waits 40 ms for an acknowledgement
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="bench-ward", daemon=True)

    def __enter__(self) -> BenchWard:
        self._thread.start()
        assert self._ready.wait(20), "the bench ward did not start"
        return self

    def __exit__(self, *_: object) -> None:
        """Pages that still look at it look away first: one that loses its server says so in its console."""
        for page in self.pages:
            if not page.is_closed():
                look_away(page)
        self.close()

    def close(self) -> None:
        """End the server and wait for its thread; again does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(20)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        self.hub = LiveHub(
            "w",
            "Palliative Care 4B",
            now_ms=self.now_ms,
            wall_of=self.wall_of,
            bed_ids=tuple(self.beds),
            generation=self._generation,
            timezone=self._timezone,
            integrations=self._integration is not None,
        )
        for bed_id in self.beds:
            self.hub.register(bed_id, self._provider(bed_id))
        self.hub.start()
        server_config = ServerConfig("127.0.0.1", self.port)
        parts = {"access": AlwaysSignedIn(), **await self._parts()}
        app = create_app(self.hub, self, server_config, "bench", None, self._journal_url, self._integration, **parts)
        config = uvicorn.Config(
            app, log_level="warning", lifespan="off", ws_per_message_deflate=False, access_log=False
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[self._socket]))
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
        self._ready.set()
        await self._end.wait()
        await self.hub.stop()
        server.should_exit = True
        await serving
        await app.state.history.close()

    async def _parts(self) -> dict[str, Any]:
        """More of create_app's arguments; none: everybody is signed in already."""
        return {}

    def _provider(self, bed_id: str) -> Callable[[], BedView]:
        return lambda: self.beds[bed_id]

    # what a test turns

    def now_ms(self) -> int:
        """Kernel time: real time plus what was turned forward."""
        return int((time.monotonic() - self._start) * 1000) + self._offset_ms

    def wall_of(self, now_ms: int) -> datetime:
        return datetime.now(UTC) + timedelta(milliseconds=now_ms - self.now_ms())

    def turn(self, ms: int) -> None:
        """Let that much kernel time pass at once."""
        self._offset_ms += ms
        self._on_loop(lambda: None)

    def _on_loop(self, act: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            act()
            done.set()

        self._loop.call_soon_threadsafe(run)
        assert done.wait(10)

    def set(self, bed_id: str, **changes: Any) -> None:
        """Replace fields of a bed's view."""
        self.beds[bed_id] = replace(self.beds[bed_id], **changes)
        self._on_loop(lambda: self.hub.mark(bed_id))

    def vitals(self, bed_id: str, quality: Quality = Quality.OK, **numbers: float | None) -> None:
        """Fresh readings of these signals; None is a reading without a number."""
        at_ms = self.now_ms()
        fresh = {
            name: replace(value_of(bed_id, name, v, self._pace), quality=quality, at_ms=at_ms)
            for name, v in numbers.items()
        }
        self.set(bed_id, values={**self.beds[bed_id].values, **fresh})

    def refresh(self) -> None:
        """All vitals of all beds measured just now."""
        for bed_id, bed in self.beds.items():
            now = {name: replace(value, at_ms=self.now_ms()) for name, value in bed.values.items()}
            self.set(bed_id, values=now)

    def pump(self, bed_id: str, **changes: Any) -> None:
        self.set(bed_id, pumps=(replace(self.beds[bed_id].pumps[0], **changes),))

    def link(self, bed_id: str, device: str, state: LinkState) -> None:
        devices = tuple(
            replace(one, link=state, since_ms=self.now_ms()) if one.id == f"{bed_id}-{device}" else one
            for one in self.beds[bed_id].devices
        )
        self.set(bed_id, devices=devices)

    def alarm(self, bed_id: str, text: str, phase: Phase = Phase.START, **changes: Any) -> Alarm:
        """Raise an alarm, or put a new form of it in the place of the one of the same id."""
        alarm = Alarm(
            id=f"{bed_id}-{len(self.beds[bed_id].alarms) + 1}",
            bed=bed_id,
            device=None,
            condition="spo2_low",
            priority=Priority.HIGH,
            kind=AlarmKind.PHYSIOLOGICAL,
            state=AlarmState.ACTIVE,
            text=text,
            value=None,
            limit=None,
            onset_ms=self.now_ms(),
            present=True,
        )
        return self.put(changed(alarm, **changes), phase)

    def put(self, alarm: Alarm, phase: Phase) -> Alarm:
        others = tuple(one for one in self.beds[alarm.bed].alarms if one.id != alarm.id)
        gone = alarm.state is AlarmState.ENDED
        self.beds[alarm.bed] = replace(self.beds[alarm.bed], alarms=others if gone else (*others, alarm))
        self._on_loop(lambda: (self.hub.alarm(alarm, phase), self.hub.mark(alarm.bed))[0])
        return alarm

    # the ward port

    def bed_ids(self) -> tuple[str, ...]:
        return tuple(self.beds)

    def find_alarm(self, alarm_id: str) -> tuple[str, Alarm] | None:
        return next(((bed.id, one) for bed in self.beds.values() for one in bed.alarms if one.id == alarm_id), None)

    async def submit(self, bed_id: str, event: Event) -> tuple[Decision, ...]:
        if bed_id not in self.beds:
            raise UnknownBed(bed_id)
        self.submitted.append(event)
        if self.refusals:
            return (Refused("act", bed_id, self.refusals),)
        return self._decide(bed_id, event)

    def _decide(self, bed_id: str, event: Event) -> tuple[Decision, ...]:
        if isinstance(event, StopRequested):
            return self._interlock(bed_id, event, InterlockState.TRIPPED)
        if isinstance(event, InterlockReset):
            self._change_pump(bed_id, resume=Resume.NEEDED, interlock_cause=None)
            return self._interlock(bed_id, event, InterlockState.ARMED)
        if isinstance(event, ResumeRequested):
            self._change_pump(bed_id, resume=Resume.ALLOWED, resume_until_ms=self.now_ms() + 300_000)
            return ()
        if isinstance(event, SoftOverride):
            self._change_pump(bed_id, override_by=event.by)
            return ()
        if isinstance(event, Charted | Assessed | ProtocolOverride | ToldSettled):
            return ()
        if isinstance(event, AudioPaused):
            pause = {"audio_paused_until_ms": self.now_ms() + event.seconds * 1000, "audio_paused_by": event.by}
            self.beds[bed_id] = replace(self.beds[bed_id], audio_paused_ward=event.ward, **pause)
            self.hub.mark(bed_id)
            return ()
        assert isinstance(event, Acknowledged | AlarmReset)
        found = self.find_alarm(event.alarm_id)
        assert found is not None
        changed, phase = self._changed(found[1], event)
        kept = () if changed.state is AlarmState.ENDED else (changed,)
        rest = tuple(one for one in self.beds[bed_id].alarms if one.id != changed.id)
        self.beds[bed_id] = replace(self.beds[bed_id], alarms=(*rest, *kept))
        self.hub.alarm(changed, phase)
        return (AlarmChanged(changed, phase),)

    def _interlock(
        self, bed_id: str, event: StopRequested | InterlockReset, state: InterlockState
    ) -> tuple[Decision, ...]:
        self._change_pump(bed_id, interlock=state)
        return (InterlockChanged(event.pump, state, event.reason),)

    def _change_pump(self, bed_id: str, **changes: Any) -> None:
        pump = replace(self.beds[bed_id].pumps[0], **changes)
        self.beds[bed_id] = replace(self.beds[bed_id], pumps=(pump,))
        self.hub.mark(bed_id)

    def _changed(self, alarm: Alarm, event: Acknowledged | AlarmReset) -> tuple[Alarm, Phase]:
        if isinstance(event, AlarmReset):
            return changed(alarm, state=AlarmState.ENDED), Phase.RESET
        ack = Acknowledgement(event.by, self.now_ms(), event.reason, event.note)
        return changed(alarm, state=AlarmState.ACKNOWLEDGED, acknowledged=ack), Phase.ACKNOWLEDGE

    async def alarm_history(self, bed_id: str | None, limit: int) -> list[Alarm]:
        return [one for bed in self.beds.values() for one in bed.alarms][:limit]

    async def trends(
        self, bed_id: str, signals: tuple[str, ...], start: datetime, end: datetime, points: int
    ) -> dict[str, list[TrendPoint]]:
        return {}

    async def curve(self, bed_id: str, hours: int) -> ConcentrationCurve:
        return ConcentrationCurve(None, (), (), (), "nothing was given")

    def kernel_ms(self, wall: datetime) -> int:
        return self.now_ms() - (datetime.now(UTC) - wall) // timedelta(milliseconds=1)

    def words(self, bed_id: str) -> Words:
        return self.vocabulary

    def chart(self, bed_id: str) -> Chart | None:
        return self.charts.get(bed_id)

    def policy(self, bed_id: str) -> BedPolicy:
        return self.policies.get(bed_id) or bed_policy(bed=bed_id)

    def usual_rate(self, bed_id: str, pump_id: str) -> UsualRate | None:
        return None

    def devices(self, bed_id: str) -> tuple[DeviceDetail, ...]:
        return ()

    def readiness(self) -> Readiness:
        return Readiness(True, ())
