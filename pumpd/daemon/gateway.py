"""The daemon as a gateway to other systems sees it (pumpd.gateways), and the gateway as the daemon runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from pumpd import report
from pumpd.bedside import BedRuntime, RemoteSession, Session
from pumpd.clinical.mme_tables import OpioidTables
from pumpd.clock import Clock
from pumpd.config.hl7 import remote_source
from pumpd.config.model import WardConfig
from pumpd.daemon.ward import Ward
from pumpd.device import Kind
from pumpd.device.facts import AlarmCode, DeviceAlarms, PumpStatus, Vitals
from pumpd.gateways import DeadLetter, Gateway, MessageStore, PeerState, RemoteDevice, Told
from pumpd.registry import BrokenGateway, gateway
from pumpd.safety import asking
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.asking import Against, Asked
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Event, LinkState, Patient, SelfFault
from pumpd.safety.policy import BedPolicy
from pumpd.safety.told_state import Told as Kept
from pumpd.safety.view import BedView

log = structlog.get_logger(__name__)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NAME = "hl7"


class Port:
    """Implements GatewayPort over the beds of this daemon."""

    def __init__(
        self,
        config: WardConfig,
        beds: Mapping[str, BedRuntime],
        ward: Ward,
        clock: Clock,
        store: MessageStore,
        *,
        sessions: Mapping[str, Session],
        told: list[Told],
        shown: Callable[[BedRuntime], BedView],
    ) -> None:
        """told: whom the beds tell of their steps. shown: the view with all that charts know."""
        self._config, self._beds, self._ward, self._clock, self._store = config, beds, ward, clock, store
        self._sessions, self._told, self._shown = sessions, told, shown

    @property
    def beds(self) -> Sequence[str]:
        return tuple(self._beds)

    @property
    def devices(self) -> Sequence[RemoteDevice]:
        """Every device whose link is `hl7:`."""
        found = []
        for bed in self._config.beds:
            for device in bed.devices:
                source = remote_source(device.link)
                if source is not None:
                    pump = device.info.kind is Kind.PUMP
                    found.append(RemoteDevice(bed.id, device.id, source, pump, device.serial))
        return found

    @property
    def store(self) -> MessageStore:
        return self._store

    @property
    def generation(self) -> str:
        return self._config.generation

    def now_ms(self) -> int:
        return self._clock.now_ms()

    def wall_us(self, now_ms: int | None = None) -> int:
        at = self._clock.wall() if now_ms is None else self._clock.wall_of(now_ms)
        return (at - EPOCH) // MICROSECOND

    def view(self, bed: str) -> BedView:
        return self._shown(self._beds[bed])

    def patient(self, bed: str) -> Patient | None:
        return self._beds[bed].state.patient

    def policy(self, bed: str) -> BedPolicy:
        return self._beds[bed].policy

    @property
    def opioids(self) -> OpioidTables:
        return self._config.opioids

    def own_alarms(self, bed: str, device: str) -> Sequence[AlarmCode]:
        known = self._beds[bed].state.devices.get(device)
        return () if known is None else known.alarms

    def charted(self, bed: str) -> Sequence[str]:
        return tuple(self._beds[bed].state.course.entries)

    def alarms(self) -> Sequence[Alarm]:
        standing = (alarm for bed in self._beds.values() for alarm in bed.view().alarms)
        return tuple(alarm for alarm in standing if alarm.state is not AlarmState.ENDED)

    def kept(self, bed: str) -> Kept:
        return self._beds[bed].state.told

    def against(self, bed: str, asked: Asked) -> Sequence[Against]:
        runtime = self._beds[bed]
        return asking.against(runtime.state, self._clock.now_ms(), runtime.policy, asked)

    def hear(self, bed: str, device: str, fact: Vitals | PumpStatus | DeviceAlarms) -> None:
        """Only of a device whose link is `hl7:`: no message speaks for one that has a line."""
        self._remote(device).hear(fact)

    def link(self, bed: str, device: str, state: LinkState, detail: str = "") -> None:
        self._remote(device).link(state, detail)

    def _remote(self, device: str) -> RemoteSession:
        session = self._sessions[device]
        assert isinstance(session, RemoteSession), device
        return session

    async def submit(self, bed: str, event: Event) -> tuple[Decision, ...]:
        return await self._ward.submit(bed, event)

    def listen(self, told: Told) -> None:
        """Once for each listener, however often it asks."""
        if told not in self._told:
            self._told.append(told)

    def fault(self, code: str, detail: str, active: bool) -> None:
        for bed in self._beds.values():
            bed.post(SelfFault(code, detail, active))

    def volume_ul(self, bed: str, pump: str) -> int | None:
        """As the kernel believes it, while the pump's reports are live."""
        known = self._beds[bed].state.pumps.get(pump)
        return known.report.volume_ul if known is not None and known.live and known.report is not None else None

    async def course_report(self, course: str) -> bytes | None:
        """Raises pumpd.report.ReportError."""
        try:
            return await report.report(self._config.journal_url, course, "html")
        except report.UnknownCourse:
            return None


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination's outbox, as pumpd.daemon.self_watch asks for it."""

    name: str
    id: str
    run: GatewayRun

    def waiting_since_ms(self) -> int | None:
        return self.run.waiting_since_ms(self.id)


class GatewayRun:
    """The installed HL7 gateway, made by its first run. Whoever supervises run() starts it again."""

    def __init__(self, config: WardConfig, port: Port) -> None:
        self._settings = config.hl7
        self._gateway: Gateway | None = None
        self._port = port

    def outboxes(self) -> list[Destination]:
        """For the daemon's watch over itself: what does not leave is an alarm."""
        sends = () if self._settings is None else self._settings.send
        return [Destination(f"hl7_{one.id}", one.id, self) for one in sends]

    def waiting_since_ms(self, destination: str) -> int | None:
        """Kernel time since when the oldest message for it waits."""
        since_us = None if self._gateway is None else self._gateway.waiting_since_us(destination)
        return None if since_us is None else self._port.now_ms() - (self._port.wall_us() - since_us) // 1000

    @property
    def gateway(self) -> Gateway | None:
        """None before its first run, and where there is none that can be used."""
        return self._gateway

    def peers(self) -> Sequence[PeerState]:
        return () if self._gateway is None else self._gateway.peers()

    async def dead_letters(self, most: int) -> Sequence[DeadLetter]:
        """Of every destination, the newest first."""
        return await self._port.store.dead_letters(None, most)

    async def settle(self, number: int, by: str, replay: bool) -> bool:
        """A named person sends a dead letter again, or gives it up."""
        done = await self._port.store.settle_dead(number, by, replay, self._port.wall_us())
        if done and self._gateway is not None:
            self._gateway.wake()
        return done

    async def run(self) -> None:
        """Until cancelled. A gateway that cannot be used is an alarm at every bed, and nothing else."""
        if self._gateway is None:
            found = gateway(NAME)
            if isinstance(found, BrokenGateway):
                log.error("the HL7 gateway cannot be used", why=found.reason)
                self._port.fault("hl7_gateway", f"cannot be used: {found.reason}", active=True)
                return
            self._gateway = found(self._settings, self._port)
        try:
            await self._gateway.run()
        except Exception:
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # it failed while it was being ended: it is not begun again
                log.exception("the HL7 gateway failed at its end")
                raise asyncio.CancelledError from None
            raise
