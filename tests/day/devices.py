"""Simulated devices of a bed in virtual time: what they say becomes events, what the kernel orders reaches them.

Two ways to the same simulators: `FactMonitor` and `FactPump` say what the driver would hear (cheap, a whole day of
seven beds), `WireDevice` joins the simulator's own bytes to the real driver (the eighth bed).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from pumpd.device import (
    AlarmCode,
    CommandOutcome,
    Control,
    ControlState,
    DeviceAlarms,
    DeviceSettings,
    Driver,
    Identity,
    Integrity,
    Outcome,
    PumpOrder,
    PumpStatus,
    Quality,
    Reading,
    ReadStatus,
    Send,
    SetRateOrder,
    StopOrder,
    Vitals,
)
from pumpd.safety.events import Event, Heard, LinkChanged, LinkState
from pumpd.sim.asena import LEASE_MS, AsenaSim
from pumpd.sim.capno_numerics import Numerics
from pumpd.sim.capnostream import CapnostreamSim
from pumpd.sim.patient import SimPatient
from pumpd.sim.syringe import UNITS_PER_UL
from pumpd.units import Ms

FRAME_MS = 1_000
ANSWER_MS = 40  # from an order to the pump's answer
Post = Callable[[Event], None]
Overlay = dict[str, Callable[[int], float | None]]


class Device(Protocol):
    """Something at the bed that acts by itself at next_ms."""

    next_ms: int

    def act(self, now: int) -> None: ...
    def plug(self, now: int) -> None:
        """The line comes up: the device is found anew."""
        ...

    def unplug(self, why: str) -> None: ...


class OverlaidMonitor(CapnostreamSim):
    """A monitor whose display a script may falsify: overlay gives a field's value by the seconds since it was set."""

    def __init__(self, patient: SimPatient, serial: str, seed: int) -> None:
        self.overlay: Overlay = {}  # before the monitor, which looks at its numerics at once
        self.overlaid_ms = 0
        super().__init__(patient, serial, waves=False, seed=seed)

    def numerics(self, now_ms: int) -> Numerics:
        shown = super().numerics(now_ms)
        if not self.overlay:
            return shown
        second = (now_ms - self.overlaid_ms) // 1000
        return dataclasses.replace(shown, **{name: make(second) for name, make in self.overlay.items()})


def vitals_of(shown: Numerics) -> Vitals:
    """What the Capnostream's driver makes of these numerics."""
    off = shown.sensor_off or shown.sensor_disconnected
    breath = (_whole(shown.rr), _whole(shown.etco2), _whole(shown.fico2), shown.no_breath, shown.no_breath_s)
    return _vitals(breath, None if off else (_whole(shown.spo2), _whole(shown.pulse)))


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value) * 1000


@lru_cache(maxsize=65_536)
def _vitals(
    breath: tuple[int | None, int | None, int | None, bool, int], probe: tuple[int | None, int | None] | None
) -> Vitals:
    rr, etco2, fico2, no_breath, no_breath_s = breath
    readings = [_reading("rr", rr), _reading("etco2", etco2), _reading("fico2", fico2)]
    readings += [_reading("no_breath", 1000 * no_breath), _reading("no_breath_s", 1000 * no_breath_s)]
    if probe is None:
        readings += [_reading("spo2", None, Quality.OFF), _reading("pulse", None, Quality.OFF)]
    else:
        readings += [_reading("spo2", probe[0]), _reading("pulse", probe[1])]
    return Vitals(tuple(readings))


def _reading(signal: str, value_milli: int | None, missing: Quality = Quality.INVALID) -> Reading:
    return Reading(signal, value_milli, missing if value_milli is None else Quality.OK)


class Body:
    """The patient lives on, second by second, on what the pump really delivers."""

    def __init__(self, patient: SimPatient, pump: AsenaSim) -> None:
        self.patient, self._pump = patient, pump
        self.next_ms = FRAME_MS
        self._given = 0

    def act(self, now: int) -> None:
        self._pump.advance(now)
        given = self._pump.pump.reached_patient_units
        self.patient.step(FRAME_MS / 1000, (given - self._given) / UNITS_PER_UL / 1000)
        self._given = given
        self.next_ms = now + FRAME_MS

    def plug(self, now: int) -> None: ...
    def unplug(self, why: str) -> None: ...


class FactMonitor:
    """Says the facts of the monitor's numerics once a second while it is plugged in."""

    def __init__(self, name: str, sim: OverlaidMonitor, post: Post) -> None:
        self.name, self.sim, self._post = name, sim, post
        self.next_ms = FRAME_MS
        self.plugged = False

    def plug(self, now: int) -> None:
        self.plugged = True
        self._post(LinkChanged(self.name, LinkState.UP))
        self._post(Heard(self.name, Identity("Capnostream", self.sim.serial)))

    def unplug(self, why: str) -> None:
        self.plugged = False
        self._post(LinkChanged(self.name, LinkState.DOWN, why))

    def act(self, now: int) -> None:
        self.sim.tick(now)
        self.next_ms = now + FRAME_MS
        if self.plugged:
            self._post(Heard(self.name, vitals_of(self.sim.numerics(now))))


class FactPump:
    """Answers polls with facts; holds and refreshes the lease while plugged in, as the driver does."""

    def __init__(self, name: str, sim: AsenaSim, poll_ms: int, post: Post) -> None:
        self.name, self.sim, self._poll_ms, self._post = name, sim, poll_ms, post
        self.next_ms = poll_ms
        self.plugged = False
        self._late: list[tuple[int, PumpOrder]] = []
        self._poll_at = poll_ms
        self._alarms: frozenset[str] = frozenset()
        self._held = False

    def plug(self, now: int) -> None:
        self.plugged = self._held = True
        self._late.clear()
        self._post(LinkChanged(self.name, LinkState.UP))
        self._post(Heard(self.name, Identity("Asena", self.sim.serial)))
        self._post(Heard(self.name, Control(ControlState.GRANTED)))
        self._refresh(now)

    def unplug(self, why: str) -> None:
        """The lease runs out by itself from now on."""
        self.plugged = False
        self._post(LinkChanged(self.name, LinkState.DOWN, why))

    def hand_over(self, held: bool) -> None:
        """Somebody takes the pump out of remote control at its panel, or gives it back: pumpd may only alarm."""
        self._held = held
        self.sim.pump.lease_until_ms = None
        self._post(Heard(self.name, Control(ControlState.GRANTED if held else ControlState.REFUSED)))

    def _refresh(self, now: int) -> None:
        self.sim.advance(now)
        if self._held:
            self.sim.pump.lease_until_ms = now + LEASE_MS + self._poll_ms

    def command(self, order: PumpOrder, now: int) -> None:
        if not self.plugged:
            if not isinstance(order, ReadStatus):
                self._post(Heard(self.name, CommandOutcome(order.order_id, Outcome.REFUSED, "line down")))
            return
        self._late.append((now + ANSWER_MS, order))
        self.next_ms = min(self.next_ms, now + ANSWER_MS)

    def act(self, now: int) -> None:
        for at, order in list(self._late):
            if at <= now:
                self._late.remove((at, order))
                self._carry_out(order, now)
        if self._poll_at <= now:
            self._poll_at = now + self._poll_ms
            self._report(now)
        self.next_ms = min([self._poll_at, *(at for at, _ in self._late)])

    def _carry_out(self, order: PumpOrder, now: int) -> None:
        self.sim.advance(now)
        if isinstance(order, ReadStatus):
            self._report(now)
            return
        if self._held and isinstance(order, StopOrder):
            if not self.sim.faults.stop_ignored:
                self.sim.pump.hold()
        elif self._held and isinstance(order, SetRateOrder):
            self.sim.pump.set_rate(order.rate_ul_h)
        done = Outcome.DONE if self._held else Outcome.REFUSED
        self._post(Heard(self.name, CommandOutcome(order.order_id, done)))

    def _report(self, now: int) -> None:
        if not self.plugged:
            return
        self._refresh(now)
        pump = self.sim.pump
        rate = pump.rate_ul_h if pump.infusing else 0
        asked = Ms(now - ANSWER_MS // 2)
        status = PumpStatus(pump.infusing, rate, pump.counted_ul, asked, Integrity.CRC16, self.sim.serial)
        self._post(Heard(self.name, status))
        if self._alarms != pump.alarms:
            self._alarms = frozenset(pump.alarms)
            codes = tuple(AlarmCode(code, code) for code in sorted(self._alarms))
            self._post(Heard(self.name, DeviceAlarms(codes)))


class ByteSim(Protocol):
    """What both simulators offer."""

    def receive(self, data: bytes, now_ms: int) -> bytes: ...
    def tick(self, now_ms: int) -> bytes: ...
    def next_deadline(self) -> int | None: ...


class WireDevice:
    """The real driver on the simulator's own bytes, over a line that is perfect while it is plugged in."""

    def __init__(self, settings: DeviceSettings, make: type[Driver], sim: ByteSim, post: Post) -> None:
        self.name, self._settings, self._make, self.sim, self._post = settings.device_id, settings, make, sim, post
        self._driver: Driver | None = None
        self.next_ms = FRAME_MS
        self.frames = 0

    def plug(self, now: int) -> None:
        self._post(LinkChanged(self.name, LinkState.UP))
        self._driver = self._make(self._settings)
        self._take(self._driver.start(Ms(now)), now)
        self._set_next(now)

    def unplug(self, why: str) -> None:
        self._driver = None
        self._post(LinkChanged(self.name, LinkState.DOWN, why))

    def command(self, order: PumpOrder, now: int) -> None:
        if self._driver is None:
            if not isinstance(order, ReadStatus):
                self._post(Heard(self.name, CommandOutcome(order.order_id, Outcome.REFUSED, "line down")))
            return
        self._take(self._driver.command(order, Ms(now)), now)  # type: ignore[attr-defined]
        self._set_next(now)

    def act(self, now: int) -> None:
        self._hear(self.sim.tick(now), now)
        driver = self._driver
        if driver is not None:
            due = driver.next_deadline()
            if due is not None and due <= now:
                self._take(driver.tick(Ms(now)), now)
        self._set_next(now)

    def _set_next(self, now: int) -> None:
        dues = [self.sim.next_deadline(), None if self._driver is None else self._driver.next_deadline()]
        self.next_ms = max(now + 1, min([now + FRAME_MS, *(due for due in dues if due is not None)]))

    def _hear(self, data: bytes, now: int) -> None:
        if data and self._driver is not None:
            self.frames += 1
            self._take(self._driver.receive(data, Ms(now)), now)

    def _take(self, outs: list, now: int) -> None:  # type: ignore[type-arg]
        for out in outs:
            if isinstance(out, Send):
                self._hear(self.sim.receive(out.data, now), now)
            else:
                self._post(Heard(self.name, out))
