"""What the observer knows of starting again after a stop, of unwatched breathing and of opioid pumps (INT-03, 07, 08).

As the ghost: events and decisions only, nothing of the kernel's own memory.
"""

from __future__ import annotations

from pumpd.device.facts import PumpStatus, Quality, Vitals
from pumpd.safety import decisions as de
from pumpd.safety import events as ev
from pumpd.safety.policy import AlarmKind, MonitoringLost, RespiratoryStop
from tests.model.observer import Observer

RESUMABLE = (de.InterlockState.ARMED, de.InterlockState.ALARM_ONLY)
NORMAL_SPO2_MILLI = 90_000  # below it a rule of the world is pending at once


class Guard(Observer):
    """An observer that also knows whether a person may start the pump. (Values below are each bed's beginning.)"""

    resume_needed: bool = False
    allowed_until: int | None = None
    steady_since: int | None = None  # RR and SpO2 live and in limits since
    rr_good_ms: int = 0  # the last believed RR, or the begin of watching

    def key(self) -> tuple[object, ...]:
        times = (self.allowed_until, self.steady_since, self.rr_good_ms)
        ages = tuple(None if at is None else min(self.now - at, 300_000) for at in times)
        return (*super().key(), self.resume_needed, *ages)

    def hear(self, now: int, event: ev.Event) -> None:
        heard_ms, mrn = self.vitals_heard_ms, self.mrn
        super().hear(now, event)
        if isinstance(event, ev.Heard) and isinstance(event.fact, Vitals):
            self._hear_breathing(event.fact, heard_ms)
        elif isinstance(event, ev.Heard) and isinstance(event.fact, PumpStatus):
            self._hear_start()
        elif isinstance(event, ev.Restarted):
            self.steady_since, self.rr_good_ms = None, now
        elif self.mrn != mrn:  # permitted for another patient
            self.allowed_until = None
            self.steady_since = None if self.steady_since is None else now

    def _hear_breathing(self, fact: Vitals, heard_ms: int) -> None:
        believed = {
            reading.signal: reading.value_milli
            for reading in fact.readings
            if reading.quality in (Quality.OK, Quality.QUESTIONABLE) and reading.value_milli is not None
        }
        if "rr" in believed:
            self.rr_good_ms = self.now
        steady = "rr" in believed and believed.get("spo2", 0) >= NORMAL_SPO2_MILLI and not self.apnoea
        if self.now - heard_ms >= self.policy.times.vitals_live_ms:
            self.steady_since = None
        self.steady_since = (self.now if self.steady_since is None else self.steady_since) if steady else None

    def _hear_start(self) -> None:
        runs = self.infusing is not False and not self.refused_device
        if self.refused_device:
            self.allowed_until = None
        elif runs and self.allowed_until is not None and self.now < self.allowed_until:
            self.resume_needed, self.allowed_until = False, None

    # what it concludes

    def follows_breathing(self) -> bool:
        """Does a respiratory interlock stop the bed's pump?"""
        drug = self.policy.pumps[0].drug
        opioids = self.policy.respiratory_stop is RespiratoryStop.KETAMINE_AND_OPIOIDS
        return drug is None or drug.governed or (drug.opioid and opioids)

    def is_unwatched(self) -> bool:
        """No RR was believed for as long as a bed may be without (the kernel may count from a little later)."""
        return self.now - self.rr_good_ms >= self.policy.times.monitoring_lost_ms

    def restarted_alone(self) -> bool:
        """The pump was stopped, nobody permitted a start, and it infuses, or may."""
        return self.resume_needed and self.infusing is not False and not self.refused_device

    def reason_to_stop(self) -> bool:
        """A reason that breathing does not give."""
        unwatched = self.policy.monitoring_lost is MonitoringLost.STOP and self.is_unwatched()
        return self.restarted_alone() or unwatched

    def see_trip(self) -> None:
        self.resume_needed, self.allowed_until = True, None

    def see_resume(self, event: ev.Event, decisions: tuple[de.Decision, ...]) -> list[str]:
        """A resume is permitted only when everything that it requires was seen."""
        permitted = any(isinstance(d, de.Permitted) and d.act == "resume" for d in decisions)
        if not isinstance(event, ev.ResumeRequested) or not permitted:
            return []
        times = self.policy.times
        fresh = self.now - self.vitals_heard_ms < times.vitals_live_ms
        steady = fresh and self.steady_since is not None and self.now - self.steady_since >= times.resume_steady_ms
        drug = self.policy.pumps[0].drug
        dosed = self.weight_g is not None or drug is None or not drug.governed
        sick = [a.condition for a in self.alarms.values() if a.present and a.kind is AlarmKind.PHYSIOLOGICAL]
        asked = ((steady, "breathing was not in limits for long enough"), (dosed, "the dose cannot be computed"))
        asked += ((not sick, f"alarms {sick}"), (not self.refused_device, "another pump is on the line"))
        asked += ((self.interlock in RESUMABLE, "it is not reset"), (self.resume_needed, "nothing is to be resumed"))
        self.allowed_until = self.now + times.resume_valid_ms
        return [f"a resume is permitted although {words}" for holds, words in asked if not holds]

    def standing_guard(self) -> list[str]:
        """What must hold after every step."""
        danger = self.highs("no_breath") + self.highs("spo2_very_low")
        if any(alarm.present for alarm in danger):
            self.allowed_until = None  # what was permitted rested on breathing
        wrong = []
        if self.restarted_alone() and self.pending_since is None and not self.highs("started_without_resume"):
            wrong.append("a stopped pump infuses again without a resume: no stop is outstanding and nothing says so")
        return wrong + self._unwatched()

    def _unwatched(self) -> list[str]:
        """Loss of the only respiratory source while ketamine runs (INT-08)."""
        times, drug = self.policy.times, self.policy.pumps[0].drug
        surely = self.now - self.rr_good_ms >= times.monitoring_lost_ms + times.vitals_live_ms
        runs = self.infusing is not False and self.rate_ul_h > 0 and not self.refused_device
        if not (surely and runs and drug is not None and drug.governed):
            return []
        wrong = [] if self.highs("monitoring_lost") else ["ketamine runs unwatched, and no HIGH alarm says so"]
        if self.policy.monitoring_lost is MonitoringLost.STOP and self.granted and self.pending_since is None:
            wrong.append("ketamine runs unwatched where the site wants it stopped, and no stop is outstanding")
        return wrong
