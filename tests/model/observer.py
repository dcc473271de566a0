"""What the ghost has seen: events, the decisions' effects, and nothing of the kernel's own memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from pumpd.device.facts import (
    CommandOutcome,
    Control,
    ControlState,
    DeviceAlarms,
    Outcome,
    PumpStatus,
    Quality,
    Vitals,
)
from pumpd.safety import decisions as de
from pumpd.safety import events as ev
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.policy import BedPolicy, Priority

A, K, L, E = AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED, AlarmState.LATCHED, AlarmState.ENDED
CLOSING = (ev.PatientBound, ev.PatientReleased)


@dataclass
class Observer:
    """What the observer has seen so far. Copied (not shared) along every branch of the search."""

    policy: BedPolicy
    now: int = 0
    weight_g: int | None = 70_000
    mrn: str = "A"
    rate_ul_h: int = 0  # last believed report of a pump that infuses, or may
    infusing: bool | None = None
    over_since: int | None = None
    sure_over: bool = False
    granted: bool = False
    pending_since: int | None = None  # a stop is outstanding since
    last_stop_ms: int = 0
    acked_ms: int | None = None
    last_order: str | None = None
    orders: frozenset[str] = frozenset()
    interlock: de.InterlockState = de.InterlockState.ARMED
    alarms: dict[str, Alarm] = field(default_factory=dict)
    spo2: tuple[int, int] | None = None  # milli, at
    apnoea: bool = False
    desat_since: int | None = None
    spo2_below_90_since: int | None = None
    audio_until: int | None = None
    refused_device: bool = False
    spo2_good_ms: int | None = None  # the last believed value, for as long as the monitor owes another
    was_refused: bool = False  # before this event: a stop may not have left for that
    was_interlock: de.InterlockState = de.InterlockState.ARMED
    pump_heard_ms: int = 0
    vitals_heard_ms: int = 0
    overridden: bool = False
    breath_believed: bool = False
    device_codes: frozenset[str] = frozenset()

    def copy(self) -> Self:
        twin = self.__class__.__new__(self.__class__)
        twin.__dict__.update(self.__dict__)
        twin.alarms = dict(self.alarms)
        return twin

    def key(self) -> tuple[object, ...]:
        """What distinguishes two ghosts for the search: everything, with times relative to now."""

        def ago(at: int | None) -> int | None:
            return None if at is None else min(self.now - at, 300_000)

        alarms = tuple(sorted((a.condition, a.state, ago(a.onset_ms)) for a in self.alarms.values()))
        return (
            *(self.weight_g, self.mrn, self.rate_ul_h, self.infusing, self.granted, self.interlock, self.apnoea),
            *(ago(self.over_since), ago(self.pending_since), ago(self.acked_ms), ago(self.desat_since), alarms),
            *(
                self.spo2 and (self.spo2[0], ago(self.spo2[1])),
                ago(self.audio_until),
                self.device_codes,
                self.refused_device,
            ),
            *(self.overridden, ago(self.pump_heard_ms), ago(self.vitals_heard_ms), ago(self.last_stop_ms)),
            ago(self.spo2_good_ms),
        )

    def first_in_state(self, state: str) -> str | None:
        return next((a.id for a in self.alarms.values() if a.state == state), None)

    def highs(self, condition: str | None = None) -> list[Alarm]:
        """HIGH alarms that a screen still shows."""
        wanted = [a for a in self.alarms.values() if a.priority is Priority.HIGH]
        return [a for a in wanted if condition is None or condition in a.condition]

    # ---- hearing

    def hear(self, now: int, event: ev.Event) -> None:
        """Take in what happened, before the kernel decides."""
        self.now = now
        self.was_refused, self.was_interlock = self.refused_device, self.interlock
        if isinstance(event, ev.Heard):
            self._hear_fact(event.fact)
        elif isinstance(event, ev.PatientBound):
            if event.patient.mrn != self.mrn:
                self._other_patient()
            self.weight_g, self.mrn = event.patient.weight_g, event.patient.mrn
        elif isinstance(event, ev.PolicyReplaced):
            self.policy = event.policy
        elif isinstance(event, ev.Restarted):
            self.spo2, self.desat_since, self.apnoea = None, None, False
            self.pump_heard_ms = self.vitals_heard_ms = now
            self.spo2_good_ms = None if self.spo2_good_ms is None else now
        elif isinstance(event, ev.SoftOverride):
            self.overridden = True
        elif isinstance(event, ev.AudioPaused):
            self.audio_until = now + min(event.seconds * 1000, self.policy.profile.audio_pause_max_ms)
        self._judge_rate()

    def _other_patient(self) -> None:
        """A live flag is of whoever lies in the bed; delays begin anew."""
        self.apnoea = self.apnoea and self._breath_is_live()
        self.desat_since = None if self.desat_since is None else self.now

    def _breath_is_live(self) -> bool:
        return self.breath_believed and self.now - self.vitals_heard_ms < self.policy.times.vitals_live_ms

    def _hear_fact(self, fact: object) -> None:
        if isinstance(fact, PumpStatus):
            self._hear_status(fact)
        elif isinstance(fact, Vitals):
            self._hear_vitals(fact)
        elif isinstance(fact, CommandOutcome):
            if fact.outcome is Outcome.DONE and fact.order_id in self.orders and self.pending_since is not None:
                self.acked_ms = self.now if self.acked_ms is None else self.acked_ms
        elif isinstance(fact, DeviceAlarms):
            self.device_codes = frozenset(a.code for a in fact.alarms)
        elif isinstance(fact, Control):
            self.granted = fact.state is ControlState.GRANTED

    def _hear_status(self, fact: PumpStatus) -> None:
        serial = self.policy.pumps[0].serial
        self.pump_heard_ms = self.now
        self.refused_device = fact.serial is not None and serial is not None and fact.serial != serial
        if self.refused_device:
            self.infusing, self.rate_ul_h = None, 0
            return
        self.infusing = fact.infusing
        self.rate_ul_h = 0 if fact.infusing is False else (fact.rate_ul_h or 0)
        asked = fact.requested_ms
        proven = fact.infusing is False and self.acked_ms is not None and asked is not None and asked > self.acked_ms
        if proven:
            self.pending_since = None
        self.sure_over = fact.integrity == "crc16"

    def _hear_vitals(self, fact: Vitals) -> None:
        self.vitals_heard_ms = self.now
        for reading in fact.readings:
            believed = reading.quality in (Quality.OK, Quality.QUESTIONABLE)
            if reading.signal == "spo2" and believed and reading.value_milli is not None:
                if self.spo2 is None or self.now - self.spo2[1] >= self.policy.times.vitals_live_ms:
                    self.desat_since = None  # nobody looked for too long: a delay begins anew
                self.spo2, self.spo2_good_ms = (reading.value_milli, self.now), self.now
                low = reading.value_milli < 85_000
                self.desat_since = (self.desat_since if self.desat_since is not None else self.now) if low else None
            elif reading.signal == "spo2":
                self.spo2, self.desat_since = None, None
            elif reading.signal == "no_breath":
                self.breath_believed = believed
                self.apnoea = bool(reading.value_milli) if believed else self.apnoea

    def _judge_rate(self) -> None:
        pump = self.policy.pumps[0]
        known = self.weight_g is not None and pump.concentration_ug_ml is not None
        over = False
        if known and pump.drug is not None and pump.drug.hard is not None:
            assert self.weight_g is not None
            assert pump.concentration_ug_ml is not None
            over = self.rate_ul_h * pump.concentration_ug_ml > pump.drug.hard.ug_kg_h * self.weight_g
        if not over:
            self.over_since = None
        elif self.over_since is None:
            self.over_since = self.now
