"""The ghost: an outside observer that knows only events, decisions and the kernel's deadlines.

Its invariants speak about what it saw, never about the kernel's own memory: a kernel that forgets agrees
with itself, but not with the ghost. Each check returns words for what is wrong, or nothing.
"""

from __future__ import annotations

from pumpd.safety import decisions as de
from pumpd.safety import events as ev
from pumpd.safety.alarms import Alarm, AlarmState, Phase
from pumpd.safety.policy import AlarmKind, Priority
from tests.model.rungs import Rungs, is_louder

A, K, L, E = AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED, AlarmState.LATCHED, AlarmState.ENDED
CLOSING = (ev.PatientBound, ev.PatientReleased)


class Ghost(Rungs):
    """Judges what the kernel decides by what the observer saw. Copied (not shared) along every branch of the search."""

    def judge(self, event: ev.Event, decisions: tuple[de.Decision, ...]) -> list[str]:
        """Words for every invariant that these decisions break."""
        wrong = self._late() + self.late_rungs()
        starts_of_step = dict(self.alarms)
        permitted = any(isinstance(d, de.Permitted) for d in decisions)
        for decision in decisions:
            wrong += self._judge_one(event, decision, permitted)
        wrong += self._one_step(event, decisions, starts_of_step)
        wrong += self.see_resume(event, decisions) + self.see_step(event, decisions, starts_of_step)
        return wrong + self._standing(event)

    def _late(self) -> list[str]:
        """Ticks come at the kernel's own deadlines, so an overdue repetition is a deadline that was not asked for."""
        overdue = self.now - self.last_stop_ms > self.policy.times.stop_repeat_ms
        late = self.pending_since is not None and overdue and not (self.refused_device or self.was_refused)
        return ["the stop's repetition was not asked for in time"] if late else []

    def _judge_one(self, event: ev.Event, decision: de.Decision, permitted: bool) -> list[str]:
        if isinstance(decision, de.StopPump):
            return self._see_stop(event, decision)
        if isinstance(decision, de.SetRate):
            return self._see_rate(event, decision, permitted)
        if isinstance(decision, de.AlarmChanged):
            return self._see_alarm(event, decision)
        if isinstance(decision, de.InterlockChanged):
            return self._see_interlock(event, decision)
        if isinstance(decision, de.AudioChanged):
            self.audio_until = decision.until_ms
        if isinstance(decision, de.Refused) and not all(decision.reasons or ("",)):
            return ["a refusal without its reasons"]
        return []

    def _see_stop(self, event: ev.Event, decision: de.StopPump) -> list[str]:
        wrong = [] if decision.order_id not in self.orders else ["a stop re-uses an order id"]
        if self.pending_since is None:
            wrong += self._needless(event)
            self.pending_since, self.acked_ms = self.now, None
            self.see_trip()
        self.orders = self.orders | {decision.order_id}
        self.last_order, self.last_stop_ms = decision.order_id, self.now
        return wrong

    def _needless(self, event: ev.Event) -> list[str]:
        """A stop for which the observer knows no reason disturbs a patient's pain relief."""
        running_again = self.was_interlock is not de.InterlockState.ARMED
        danger = self.apnoea or self.desat_since is not None or self.highs("no_breath") or self.highs("spo2_very_low")
        by_hand = isinstance(event, ev.StopRequested)
        breathing = (danger and self.follows_breathing()) or self.reason_to_stop()
        reason = self.over_since is not None or breathing or by_hand or running_again
        return [] if reason else ["a stop that nothing calls for"]

    def _see_rate(self, event: ev.Event, decision: de.SetRate, permitted: bool) -> list[str]:
        wrong = []
        self.last_order = decision.order_id
        raised = decision.rate_ul_h > self.rate_ul_h
        if raised and not (isinstance(event, ev.RateRequested) and permitted):
            wrong.append(f"the rate is raised to {decision.rate_ul_h} without a permitted request")
        pump = self.policy.pumps[0]
        if self.weight_g is not None and pump.concentration_ug_ml and pump.drug and pump.drug.hard:
            if decision.rate_ul_h * pump.concentration_ug_ml > pump.drug.hard.ug_kg_h * self.weight_g:
                wrong.append(f"a rate of {decision.rate_ul_h} over the ceiling is commanded")
            if pump.drug.soft and not self.overridden and raised:
                above = decision.rate_ul_h * pump.concentration_ug_ml > pump.drug.soft.ug_kg_h * self.weight_g
                wrong += ["a rate over the soft ceiling is commanded without an override"] if above else []
        elif raised:
            wrong.append("a rate is raised although the dose cannot be computed")
        if self.infusing is False and decision.rate_ul_h > 0:
            wrong.append("a rate is set at a pump that does not infuse")
        return wrong

    def _see_interlock(self, event: ev.Event, decision: de.InterlockChanged) -> list[str]:
        before, self.interlock = self.interlock, decision.state
        state = de.InterlockState
        if decision.state is state.STOP_VERIFIED and self.pending_since is not None:
            return ["STOP VERIFIED without an independent status read after the ack"]
        tripped = before not in (state.ARMED, state.ALARM_ONLY)
        if decision.state is state.ARMED and tripped and not isinstance(event, ev.InterlockReset):
            return [f"the interlock re-arms from {before} by itself ({type(event).__name__})"]
        return []

    def _see_alarm(self, event: ev.Event, decision: de.AlarmChanged) -> list[str]:
        alarm = decision.alarm
        before = self.alarms.get(alarm.id)
        if alarm.state is E:
            self.alarms.pop(alarm.id, None)
        else:
            self.alarms[alarm.id] = alarm
        rungs = self.see_rung(before, alarm)
        if before is None:
            return rungs + self._started(decision)
        return rungs + self._transition(event, before, alarm) + self._ended_rightly(event, before, alarm)

    def _started(self, decision: de.AlarmChanged) -> list[str]:
        alarm = decision.alarm
        if alarm.state is not A or decision.phase is not Phase.START:
            return [f"{alarm.id} starts as {alarm.state}"]
        if alarm.condition == "spo2_very_low" and self.desat_since is None:
            return ["an alarm for SpO2 < 85 that nobody measured"]
        if alarm.condition == "no_breath" and not self.apnoea:
            return ["an alarm for no breath although there is breath"]
        return []

    def _ended_rightly(self, event: ev.Event, before: Alarm, after: Alarm) -> list[str]:
        """QUA-03: only a measured normal value ends a physiological condition; its loss never does."""
        if not (before.present and not after.present) or isinstance(event, CLOSING):
            return []
        normal = self.spo2 is not None and self.spo2[0] >= 85_000
        if before.condition == "spo2_very_low" and not normal:
            return ["an SpO2 alarm ends although no normal value was measured"]
        if before.condition == "no_breath" and self.apnoea:
            return ["a no-breath alarm ends although no breath was seen"]
        return []

    def _transition(self, event: ev.Event, before: Alarm, after: Alarm) -> list[str]:
        """ALA's table as the ghost knows it: who may take an alarm from one state to another."""
        acked = isinstance(event, ev.Acknowledged) and event.alarm_id == before.id
        reset = isinstance(event, ev.AlarmReset) and event.alarm_id == before.id
        closing = isinstance(event, CLOSING)
        high = before.priority is Priority.HIGH
        allowed = {
            (A, K): acked,
            (A, E): closing or not high,
            (A, L): high,
            (K, A): True,
            (K, L): True,
            (K, E): True,
            (L, A): True,
            (L, E): acked or reset or closing,
            (L, K): False,
        }
        same = before.state is after.state
        if not same and not allowed[before.state, after.state]:
            return [f"{before.condition} goes {before.state} -> {after.state} on {type(event).__name__}"]
        if (after.state in (L, E)) is not (after.ended_ms is not None):
            return [f"{before.condition} is {after.state} and its condition is over since {after.ended_ms}"]
        if before.condition != after.condition:
            return ["an alarm instance changes its condition"]
        return []

    def _one_step(self, event: ev.Event, decisions: tuple[de.Decision, ...], before: dict[str, Alarm]) -> list[str]:
        wrong = []
        kinds = {type(d) for d in decisions}
        if de.StopPump in kinds and any(isinstance(d, de.SetRate) and d.rate_ul_h > 0 for d in decisions):
            wrong.append("one step both stops and sets a rate")
        if isinstance(event, ev.AlarmReset) and de.Permitted in kinds and event.alarm_id in self.alarms:
            wrong.append("the reset of an alarm is permitted although its condition lasts")
        if isinstance(event, ev.InterlockReset) and kinds & {de.SetRate}:
            wrong.append("resetting a trip commands a rate")
        if isinstance(event, ev.Acknowledged) and any(i != event.alarm_id for i in before if i not in self.alarms):
            wrong.append("acknowledging one alarm removed another")
        new = [d for d in decisions if isinstance(d, de.AlarmChanged) and is_louder(d, before)]
        if new and self.audio_until is not None and not isinstance(event, ev.AudioPaused):
            wrong.append("a new alarm does not break the audio pause")
        if isinstance(event, ev.PatientBound) and de.PatientClosed in kinds:
            stayed = [a for a in self.alarms if a in before and self.alarms[a].kind is AlarmKind.PHYSIOLOGICAL]
            wrong += ["an alarm of the old patient stays"] if stayed else []
        return wrong

    def _standing(self, event: ev.Event) -> list[str]:
        """What must hold after every step, whatever happened."""
        wrong = []
        times = self.policy.times
        overdue = self.now - self.last_stop_ms > times.stop_repeat_ms
        if self.pending_since is not None and overdue and not self.refused_device:  # another pump gets no commands
            wrong.append("an unverified stop is not repeated")
        if self.pending_since is not None and self.now - self.pending_since >= times.stop_unconfirmed_ms:
            wrong += [] if self.highs("stop_not_confirmed") else ["no STOP NOT CONFIRMED after its time"]
        wrong += self._over_ceiling()
        wrong += self._vital_alarms()
        wrong += self._technical()
        wrong += self.standing_guard() + self.standing_rungs()
        if self.audio_until is not None and self.now >= self.audio_until:
            wrong.append("the audio pause does not end")
        if self.audio_until is not None and self.audio_until - self.now > self.policy.profile.audio_pause_max_ms:
            wrong.append("the audio pause is longer than allowed")
        return wrong

    def _technical(self) -> list[str]:
        """Loss, refusal, the pump's own alarms, and acknowledgements that have had their time."""
        wrong, times = [], self.policy.times
        names = {a.condition for a in self.alarms.values() if a.present}
        stale_ms = max(times.pump_stale_polls * self.policy.pumps[0].poll_ms, times.pump_stale_min_ms)
        if self.now - self.pump_heard_ms >= stale_ms and "pump_lost" not in names:
            wrong.append("a silent pump raises no alarm")
        if self.now - self.vitals_heard_ms >= times.vitals_withdraw_ms and "monitor_lost" not in names:
            wrong.append("a silent monitor raises no alarm")
        elif self.spo2_good_ms is not None and self.now - self.spo2_good_ms >= times.vitals_withdraw_ms:
            told = names & {"signal_lost:spo2", "sensor_off:spo2", "monitor_lost"}
            wrong += [] if told else ["a signal is withdrawn and no alarm says so"]
        if self.refused_device and "device_refused" not in names:
            wrong.append("another pump on the line raises no alarm")
        wrong += [
            f"the pump's alarm {c} is not passed on" for c in self.device_codes if f"device_alarm:{c}" not in names
        ]
        return wrong + [
            f"{a.condition} stays acknowledged for ever" for a in self.alarms.values() if self._overslept(a)
        ]

    def _overslept(self, alarm: Alarm) -> bool:
        if alarm.state is not K or not alarm.present or alarm.acknowledged is None:
            return False
        profile = self.policy.profile
        after = {Priority.HIGH: profile.realarm_high_ms, Priority.MEDIUM: profile.realarm_medium_ms}
        return self.now - alarm.acknowledged.at_ms >= after.get(alarm.priority, profile.realarm_low_ms)

    def _over_ceiling(self) -> list[str]:
        if self.over_since is None or self.refused_device:
            return []
        budget = 0 if self.sure_over else self.policy.pumps[0].poll_ms
        if self.now - self.over_since < budget:
            return []
        wrong = []
        if self.pending_since is None and not self.highs():
            wrong.append("over the ceiling: no stop outstanding and no HIGH alarm")
        if not self.highs("over_hard"):
            wrong.append("over the ceiling without a HIGH alarm that says so")
        if self.granted and self.pending_since is None and self.policy.pumps[0].enforcement == "stop":
            wrong.append("over the ceiling of a pump that can be stopped, and no stop is outstanding")
        return wrong

    def _vital_alarms(self) -> list[str]:
        wrong = []
        if self.apnoea and not self.highs("no_breath"):
            wrong.append("no breath, and no HIGH alarm says so")
        held = self.desat_since is not None and self.spo2 is not None
        fresh = held and self.spo2 is not None and self.now - self.spo2[1] <= self.policy.times.vitals_live_ms
        if fresh and self.desat_since is not None and self.now - self.desat_since >= 2_000:
            wrong += [] if self.highs("spo2_very_low") else ["SpO2 < 85 for 2 s, and no HIGH alarm"]
        danger = self.highs("no_breath") + self.highs("spo2_very_low")
        live_danger = [a for a in danger if a.present]
        may_infuse = self.granted and self.infusing is not False and self.rate_ul_h > 0 and not self.refused_device
        if live_danger and may_infuse and self.pending_since is None and self.follows_breathing():
            wrong.append("a respiratory interlock holds, the pump may infuse, and no stop is outstanding")
        return wrong
