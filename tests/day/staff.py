"""What nurses do about alarms: look, quiet the room, acknowledge, reset, re-arm, start the pump again, new syringes.

They act on what a screen shows, with the delays of busy people. Every act has a name and a reason.
"""

from __future__ import annotations

import random

from pumpd.safety import decisions as de
from pumpd.safety import events as ev
from pumpd.safety.alarms import Alarm, AlarmState, Phase
from pumpd.safety.decisions import InterlockState, Resume
from pumpd.safety.policy import AlarmKind, Priority
from tests.day.bed import VirtualBed

COMES_S = {Priority.HIGH: (20, 70), Priority.MEDIUM: (60, 150), Priority.LOW: (120, 400)}
LOOKS_AGAIN_MS = 60_000
OVER = (AlarmState.LATCHED, AlarmState.ENDED)
NAMES = ("R. Keller", "A. Osei", "M. Lindqvist")
NEAR_END, END, TIMEOUT = "AL_NEOIN", "AL_EOIST", "AL_COMTO"


class Staff:
    """The nurses of one bed. starts: when one of them started the pump at its panel (ms)."""

    def __init__(self, bed: VirtualBed, rate_ul_h: int, seed: int) -> None:
        self.bed, self.rate_ul_h = bed, rate_ul_h
        self.starts: list[int] = []
        self.refused: list[str] = []
        self._dice = random.Random(seed)
        self._rounds = False
        self._syringe = False
        bed.listeners.append(self.see)

    def name(self) -> str:
        return self._dice.choice(NAMES)

    def see(self, now: int, event: ev.Event, out: tuple[de.Decision, ...]) -> None:
        for decision in out:
            if isinstance(decision, de.AlarmChanged):
                self._see_alarm(decision)
            elif isinstance(decision, de.Refused) and not isinstance(event, ev.InterlockReset | ev.ResumeRequested):
                self.refused.append(f"{now}: {decision.act}: {decision.reasons}")
            elif isinstance(decision, de.InterlockChanged) and decision.state is InterlockState.TRIPPED:
                self._go_round()

    def _see_alarm(self, change: de.AlarmChanged) -> None:
        alarm = change.alarm
        if change.phase in (Phase.START, Phase.REALARM, Phase.ESCALATE):
            wait_ms = self._dice.randint(*COMES_S[alarm.priority]) * 1000
            if alarm.priority is Priority.HIGH and self._dice.random() < 0.5:
                self.bed.after(wait_ms // 2, self._quiet)
            self.bed.after(wait_ms, lambda: self._acknowledge(alarm.id))
        elif change.phase is Phase.LATCH:
            self.bed.after(self._dice.randint(30, 90) * 1000, lambda: self._reset(alarm.id))
        if alarm.condition in ("device_alarm:" + NEAR_END, "device_alarm:" + END) and not self._syringe:
            self._syringe = True
            self.bed.after(90_000, self._new_syringe)
        if alarm.condition == "device_alarm:" + TIMEOUT or alarm.condition == "pump_changed":
            self._go_round()

    def _alarm(self, alarm_id: str) -> Alarm | None:
        return next((a for a in self.bed.view().alarms if a.id == alarm_id), None)

    def _quiet(self) -> None:
        self.bed.do(ev.AudioPaused(self.name(), self._dice.choice((30, 60, 120))))

    def _acknowledge(self, alarm_id: str) -> None:
        alarm = self._alarm(alarm_id)
        if alarm is not None and alarm.state in (AlarmState.ACTIVE, AlarmState.LATCHED):
            self.bed.do(ev.Acknowledged(alarm_id, self.name(), ev.AckReason.CARE_IN_PROGRESS))

    def _reset(self, alarm_id: str) -> None:
        alarm = self._alarm(alarm_id)
        if alarm is not None and alarm.state is AlarmState.LATCHED:
            self.bed.do(ev.AlarmReset(alarm_id, self.name(), "patient seen"))

    # the pump

    def _go_round(self) -> None:
        if not self._rounds:
            self._rounds = True
            self.bed.after(2 * LOOKS_AGAIN_MS, self._look_at_pump)

    def _look_at_pump(self) -> None:
        """Once nothing is wrong with the patient: correct the rate, re-arm the interlock, start the pump again."""
        view = self.bed.view()
        pump = view.pumps[0]
        ill = any(a.present and a.kind is AlarmKind.PHYSIOLOGICAL for a in view.alarms)
        blind = any(a.present and a.condition in ("monitoring_lost", "pump_lost", "monitor_lost") for a in view.alarms)
        stopping = pump.interlock in (InterlockState.TRIPPED, InterlockState.STOP_ACKED)
        if ill or blind or stopping or pump.infusing is None:
            self.bed.after(LOOKS_AGAIN_MS, self._look_at_pump)
            return
        self.bed.pump.panel.set_rate(self.rate_ul_h, self.bed.now)
        if pump.interlock is InterlockState.STOP_VERIFIED:
            self.bed.do(ev.InterlockReset(self.bed.pump_id, self.name(), "cause is over"))
        if not self._may_start():
            self.bed.after(LOOKS_AGAIN_MS, self._look_at_pump)
            return
        self._rounds = False
        self.bed.after(5_000, self._start)

    def _may_start(self) -> bool:
        """After a trip a person asks whether the pump may run again before anybody presses start."""
        pump = self.bed.view().pumps[0]
        if pump.interlock is InterlockState.ARMED and pump.resume is Resume.NEEDED:
            self.bed.do(ev.ResumeRequested(self.bed.pump_id, self.name(), "patient is well, rate corrected"))
            pump = self.bed.view().pumps[0]
        return pump.interlock is InterlockState.ARMED and pump.resume is not Resume.NEEDED

    def _start(self) -> None:
        if not self.bed.pump.pump.infusing and not self.bed.pump.faults.occlusion:
            self.bed.pump.panel.silence(self.bed.now)
            self.starts.append(self.bed.now)
            self.bed.pump.panel.start(self.bed.now)

    def _new_syringe(self) -> None:
        self._syringe = False
        if self.bed.pump.pump.infusing or self.bed.pump.pump.left_ul == 0:
            self.bed.pump.panel.new_syringe(self.bed.now)
            self.bed.after(20_000, self._start)
