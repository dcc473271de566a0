"""Devices behind gateways at the beds: what ORU messages say goes to the bed of its device, once, in order, or nowhere.

A message that names another patient than the bed's is refused for that bed, nothing of it is heard there, and the bed
says so until a message of the device names the right one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import structlog

from pumpd.device.facts import AlarmCode, DeviceAlarms, Vitals
from pumpd.gateways import GatewayPort, PeerSettings, Received, RemoteDevice
from pumpd.safety.events import LinkState, SelfFault
from pumpd.safety.freshness import live_ms
from pumpd.safety.told_events import AlarmReport, AlarmReported
from pumpd_hl7.acks import Problem
from pumpd_hl7.beside import Turns, beside
from pumpd_hl7.message import Message
from pumpd_hl7.profiles.devices import Fresh
from pumpd_hl7.profiles.pcd01 import DeviceReport, Observed, read_pcd01, wrong_patient
from pumpd_hl7.profiles.pcd04 import Alert, Alerts, is_alert, read_pcd04, with_alert
from pumpd_hl7.profiles.pcd05 import read_pcd05
from pumpd_hl7.profiles.pcd10 import Delivery, PumpEvents, read_pcd10
from pumpd_hl7.profiles.people import Refused

log = structlog.get_logger(__name__)
UNSUPPORTED_EVENT = 201
US_PER_MS = 1000
WRONG_PATIENT = "its messages name another patient than the one bound to this bed"

_Read = Observed | PumpEvents | Alerts | Refused
_Said = DeviceReport | Delivery | Alert


class AlarmStatuses:
    """Receiver of PCD-05: what became of our alarms, shown beside each. It acknowledges nothing at the bedside."""

    def __init__(self, port: GatewayPort) -> None:
        self._port = port

    async def judge(self, message: Message, peer: PeerSettings) -> Sequence[Problem]:
        found = await beside(message, read_pcd05, message, peer.utc_offset_min)
        return found.problems if isinstance(found, Refused) else ()

    async def apply(self, received: Received, message: Message, late: bool) -> None:
        found = await beside(message, read_pcd05, message)
        beds = {alarm.id: alarm.bed for alarm in self._port.alarms()}
        for one in () if isinstance(found, Refused) else found:
            log.info("hl7_alarm_status", peer=received.peer, alarm=one.alert_id or one.control_id, status=one.status)
            for alarm in {one.alert_id, one.control_id} & beds.keys():  # an alarm's first message has the alarm's id
                report = AlarmReport(alarm, received.peer, one.status, one.person)
                await self._port.submit(beds[alarm], AlarmReported(report))


class Devices:
    """Receiver of PCD-01, PCD-04 and PCD-10. Observations that are told late are stale and not heard; alarms are.

    A value that is not newer than the last one heard of its signal is not heard again: a message that overtook another,
    or a cuff pressure that is repeated, never looks fresh.
    """

    def __init__(self, port: GatewayPort, offsets_min: Mapping[str, int]) -> None:
        """offsets_min: by peer what a time means that does not say its zone."""
        self._port, self._offsets_min = port, offsets_min
        self._newest_us: dict[tuple[str, str], int] = {}
        self._wrong: set[tuple[str, str]] = set()
        self._standing: dict[tuple[str, str], tuple[AlarmCode, ...]] = {}
        self._statuses = AlarmStatuses(port)

    async def judge(self, message: Message, peer: PeerSettings) -> Sequence[Problem]:
        """Refused where nothing of it is of the right patient; where only some is, that is a warning."""
        if message.kind[1] == "R41":  # as some send PCD-05
            return await self._statuses.judge(message, peer)
        if message.kind[1] not in ("R01", "R40", "R42"):
            return [Problem(UNSUPPORTED_EVENT, f"ORU^{message.kind[1]} is not taken by this version", "MSH", 1, 9)]
        found = await self._read(message, peer.utc_offset_min)
        if isinstance(found, Refused):
            return found.problems
        problems, turns = [], Turns()
        for device, said in self._said(found):
            problems.append(await self._judged(device, said))
            await turns.give()
        wrong = [problem for problem in problems if problem is not None]
        if wrong and len(wrong) < len(problems):
            return [Problem(one.code, one.text, one.segment, one.sequence, one.field, "W") for one in wrong]
        return wrong[:1]

    async def apply(self, received: Received, message: Message, late: bool) -> None:
        """Heard at the beds of its devices, each as far as it is of the bed's patient."""
        if message.kind[1] == "R41":
            await self._statuses.apply(received, message, late)
            return
        found = await self._read(message, self._offsets_min.get(received.peer, 0))
        if isinstance(found, Refused):
            return
        _note(found)
        turns = Turns()
        for device, said in self._said(found):
            await turns.give()
            if wrong_patient(said.person, self._port.patient(device.bed)) is not None:
                continue
            if isinstance(said, Alert):
                self._alarm(device, said)
            elif isinstance(said, Delivery):
                log.info("hl7_pump_event", device=device.id, what=said.name, reason=said.reason, at_us=said.at_us)
            elif not late:
                self._hear(device, said)

    async def _read(self, message: Message, offset_min: int) -> _Read:
        """A long message is read on a thread, so that no bed waits for it."""
        limits = {one.source: _stale_us(self._port, one) for one in self._port.devices}
        real = self._port.generation == "real"
        fresh = Fresh(self._port.wall_us(), offset_min=offset_min, real=real, limits=limits)
        return await beside(message, _read, message, fresh)

    def _said(self, found: Observed | PumpEvents | Alerts) -> Iterator[tuple[RemoteDevice, _Said]]:
        """Every device of a bed with what was said of it."""
        devices = self._port.devices
        for said in _all(found):
            yield from ((device, said) for device in devices if device.source == said.source)

    async def _judged(self, device: RemoteDevice, said: _Said) -> Problem | None:
        """The bed is told once that its device's messages are of somebody else, and once that they no longer are."""
        problem = wrong_patient(said.person, self._port.patient(device.bed))
        key, wrong = (device.bed, device.id), problem is not None
        if wrong != (key in self._wrong):
            if wrong:
                self._wrong.add(key)
                self._port.link(device.bed, device.id, LinkState.REFUSED, WRONG_PATIENT)
            else:
                self._wrong.discard(key)
            fault = SelfFault(f"wrong_patient_{device.id}", WRONG_PATIENT if wrong else "", wrong)
            await self._port.submit(device.bed, fault)
        return problem

    def _alarm(self, device: RemoteDevice, alert: Alert) -> None:
        """The device's whole present set, from what the bed still knows of it on; an older word changes nothing."""
        key, told = (device.bed, device.id), (f"{device.bed}/{device.id}", f"alarm {alert.code}")
        at_us = alert.at_us
        if at_us is not None and at_us < self._newest_us.get(told, at_us):
            return
        if at_us is not None:
            self._newest_us[told] = at_us
        before = self._standing.get(key)
        if before is None:
            before = tuple(self._port.own_alarms(device.bed, device.id))
        self._standing[key] = now = with_alert(before, alert)
        if now != before:
            self._port.hear(device.bed, device.id, DeviceAlarms(now))

    def _hear(self, device: RemoteDevice, report: DeviceReport) -> None:
        if device.pump:
            if report.status is not None and self._is_new(device, "", report.status_us):
                self._port.hear(device.bed, device.id, report.status)
            return
        if report.vitals is None:
            return
        times = dict(report.measured_us)
        new = tuple(one for one in report.vitals.readings if self._is_new(device, one.signal, times.get(one.signal)))
        if new:
            self._port.hear(device.bed, device.id, Vitals(new, report.vitals.device_time, report.vitals.integrity))

    def _is_new(self, device: RemoteDevice, what: str, at_us: int | None) -> bool:
        key = f"{device.bed}/{device.id}", what
        if at_us is None or at_us <= self._newest_us.get(key, at_us - 1):
            return False
        self._newest_us[key] = at_us
        return True


def _read(message: Message, fresh: Fresh) -> _Read:
    sources = tuple(fresh.limits)
    if is_alert(message):
        return read_pcd04(message, sources, fresh.offset_min)
    return (read_pcd10 if message.kind[1] == "R42" else read_pcd01)(message, sources, fresh)


def _all(found: Observed | PumpEvents | Alerts) -> Sequence[_Said]:
    if isinstance(found, Alerts):
        return found.alerts
    return found.reports if isinstance(found, Observed) else [*found.events, *found.observed.reports]


def _note(found: Observed | PumpEvents | Alerts) -> None:
    """What was not understood, for whoever sets the gateway up."""
    strangers: Mapping[str, int] = found.observed.strangers if isinstance(found, PumpEvents) else found.strangers
    seen = found.observed if isinstance(found, PumpEvents) else found
    dropped = [f"{one.what}: {one.why}" for one in seen.dropped] if isinstance(seen, Observed) else []
    unknown = {**seen.codes, **seen.units} if isinstance(seen, Observed) else {}
    if strangers or dropped or unknown:
        log.debug("hl7_not_understood", dropped=dropped, unknown=unknown, strangers=dict(strangers))


def _stale_us(port: GatewayPort, device: RemoteDevice) -> int:
    """As the kernel believes what the device said: so long may it have been under way."""
    policy = port.policy(device.bed)
    times = policy.times
    for pump in policy.pumps:
        if pump.device == device.id:
            return max(times.pump_stale_min_ms, times.pump_stale_polls * pump.poll_ms) * US_PER_MS
    found = (monitor for monitor in policy.monitors if monitor.device == device.id)
    return max((live_ms(times, monitor) for monitor in found), default=times.vitals_live_ms) * US_PER_MS
