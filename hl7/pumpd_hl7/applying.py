"""Devices behind gateways at the beds: what ORU messages say goes to the bed of its device, once, in order, or nowhere.

A message that names another patient than the bed's is refused for that bed, nothing of it is heard there, and the bed
says so until a message of the device names the right one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from pumpd.device.facts import Vitals
from pumpd.gateways import GatewayPort, PeerSettings, Received, RemoteDevice
from pumpd.safety.events import LinkState, SelfFault
from pumpd.safety.freshness import live_ms
from pumpd_hl7.acks import Problem
from pumpd_hl7.message import Message
from pumpd_hl7.profiles.devices import Fresh
from pumpd_hl7.profiles.pcd01 import DeviceReport, read_pcd01, wrong_patient
from pumpd_hl7.profiles.people import Person, Refused

log = structlog.get_logger(__name__)
UNSUPPORTED_EVENT = 201
US_PER_MS = 1000
WRONG_PATIENT = "its messages name another patient than the one bound to this bed"


@dataclass(frozen=True, slots=True)
class Heard:
    """A report, and the device of a bed that it is of."""

    device: RemoteDevice
    report: DeviceReport


class Observations:
    """PCD-01. judge and apply as the receiver of a message has them; observations told late are stale, and not heard.

    A value that is not newer than the last one heard of its signal is not heard again: a message that overtook another,
    or a cuff pressure that is repeated, never looks fresh.
    """

    def __init__(self, port: GatewayPort) -> None:
        self._port = port
        self._newest_us: dict[tuple[str, str], int] = {}
        self._wrong: set[tuple[str, str]] = set()
        self._offsets_min: dict[str, int] = {}

    async def judge(self, message: Message, peer: PeerSettings) -> Sequence[Problem]:
        """Refused where nothing of it is of the right patient; where only some is, that is a warning."""
        if message.kind[1] != "R01":
            return [Problem(UNSUPPORTED_EVENT, f"ORU^{message.kind[1]} is not taken by this version", "MSH", 1, 9)]
        self._offsets_min[peer.id] = peer.utc_offset_min
        found = self._read(message, peer.utc_offset_min)
        if isinstance(found, Refused):
            return found.problems
        problems = [await self._judged(one.device, one.report.person) for one in found]
        wrong = [problem for problem in problems if problem is not None]
        if wrong and len(wrong) < len(problems):
            return [Problem(one.code, one.text, one.segment, one.sequence, one.field, "W") for one in wrong]
        return wrong[:1]

    async def apply(self, received: Received, message: Message, late: bool) -> None:
        """Heard at the beds of its devices, each as far as it is of the bed's patient."""
        found = () if late else self._read(message, self._offsets_min.get(received.peer, 0))
        if isinstance(found, Refused):
            return
        for one in found:
            patient = self._port.patient(one.device.bed)
            if wrong_patient(one.report.person, patient) is None:
                self._hear(one.device, one.report)

    def _read(self, message: Message, offset_min: int) -> Sequence[Heard] | Refused:
        devices = self._port.devices
        limits = {one.source: _stale_us(self._port, one) for one in devices}
        fresh = Fresh(self._port.wall_us(), offset_min=offset_min, real=self._port.generation == "real", limits=limits)
        found = read_pcd01(message, tuple(limits), fresh)
        if isinstance(found, Refused):
            return found
        if found.dropped or found.codes or found.units or found.strangers:
            log.debug(
                "hl7_observations",
                dropped=[f"{one.what}: {one.why}" for one in found.dropped],
                codes=dict(found.codes),
                units=dict(found.units),
                strangers=dict(found.strangers),
            )
        return [Heard(one, report) for report in found.reports for one in devices if one.source == report.source]

    async def _judged(self, device: RemoteDevice, person: Person | None) -> Problem | None:
        """The bed is told once that its device's messages are of somebody else, and once that they no longer are."""
        problem = wrong_patient(person, self._port.patient(device.bed))
        key = device.bed, device.id
        if (problem is not None) != (key in self._wrong):
            active = problem is not None
            if active:
                self._wrong.add(key)
                self._port.link(device.bed, device.id, LinkState.REFUSED, WRONG_PATIENT)
            else:
                self._wrong.discard(key)
            fault = SelfFault(f"wrong_patient_{device.id}", WRONG_PATIENT if active else "", active)
            await self._port.submit(device.bed, fault)
        return problem

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


def _stale_us(port: GatewayPort, device: RemoteDevice) -> int:
    """As the kernel believes what the device said: so long may it have been under way."""
    policy = port.policy(device.bed)
    times = policy.times
    for pump in policy.pumps:
        if pump.device == device.id:
            return max(times.pump_stale_min_ms, times.pump_stale_polls * pump.poll_ms) * US_PER_MS
    found = (monitor for monitor in policy.monitors if monitor.device == device.id)
    return max((live_ms(times, monitor) for monitor in found), default=times.vitals_live_ms) * US_PER_MS
