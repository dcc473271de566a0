"""The ghost of breathing: what an observer at the bedside knows of values, sources and assessments, and must hold.

It sees the monitors' frames as they came and the kernel's decisions; what is held or doubted it works out itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from pumpd.device.facts import Vitals
from pumpd.safety import decisions as de
from pumpd.safety import events as ev
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.policy import BedPolicy, Priority

FIRST, SECOND = "m1", "m2"
Frame = dict[str, int]  # what a monitor displays, in whole units; without a value a signal is not there


@dataclass
class BreathGhost:
    """What was seen so far. Copied (not shared) along every branch of the search."""

    policy: BedPolicy
    now: int = 0
    mrn: str = "A"
    first: Frame = field(default_factory=dict)
    first_ms: int = -100_000
    second: Frame = field(default_factory=dict)
    second_ms: int = -100_000
    slow_since: int | None = None
    low_since: int | None = None
    normal_spo2: int | None = None
    differ_since: int | None = None
    co2_ms: int | None = None
    poss: int | None = None
    oxygen: bool = False
    overdue: bool = False
    episodes: int = 0
    in_episode: bool = False
    told_episodes: int = 0
    alarms: dict[str, Alarm] = field(default_factory=dict)

    def copy(self) -> Self:
        twin = self.__class__.__new__(self.__class__)
        twin.__dict__.update(self.__dict__)
        twin.alarms = dict(self.alarms)
        return twin

    def key(self) -> tuple[object, ...]:
        """What distinguishes two ghosts for the search, with times relative to now."""
        times = (self.first_ms, self.second_ms, self.slow_since, self.low_since, self.differ_since, self.co2_ms)
        ago = tuple(None if at is None else min(self.now - at, 60_000) for at in times)
        alarms = tuple(sorted((a.condition, a.state, a.present) for a in self.alarms.values()))
        frames = (frozenset(self.first.items()), frozenset(self.second.items()))
        return (self.mrn, frames, ago, self.normal_spo2, self.poss, self.oxygen, self.in_episode, alarms)

    def present(self, condition: str, priority: Priority = Priority.HIGH) -> bool:
        return any(a.condition == condition and a.priority is priority and a.present for a in self.alarms.values())

    def told(self, condition: str) -> bool:
        """A HIGH alarm that a screen still shows, be its condition over."""
        return any(a.condition == condition and a.priority is Priority.HIGH for a in self.alarms.values())

    def fresh(self, device: str = FIRST) -> bool:
        """The first reports every second; the second every five, so that one missed report is no loss."""
        if device == FIRST:
            return self.now - self.first_ms < self.policy.times.vitals_live_ms
        return self.now - self.second_ms < 10_000

    # ---- hearing

    def hear(self, now: int, event: ev.Event) -> None:
        believed_ms = min(now, self.first_ms + self.policy.times.vitals_live_ms)
        self.overdue = (
            self.low_since is not None
            and believed_ms - self.low_since > self.policy.breathing.jump_max_ms
            and not self.told("spo2")
        )
        self.now = now
        if isinstance(event, ev.Heard) and isinstance(event.fact, Vitals):
            self._hear_frame(event.device, event.fact)
        elif isinstance(event, ev.Assessed) and event.by:
            self.poss = 0 if event.asleep else self.poss if event.poss is None else event.poss
            self.oxygen = self.oxygen if event.oxygen is None else event.oxygen
        elif isinstance(event, ev.PatientBound) and event.patient.mrn != self.mrn:
            self.mrn, self.poss, self.oxygen, self.slow_since = event.patient.mrn, None, False, None
            self.low_since = None if self.low_since is None else now  # the old one's alarm went with him
            self.normal_spo2 = self.normal_spo2 if self.low_since is None else None
            flagged = bool(self.first.get("no_breath")) and self.fresh()
            self.episodes, self.in_episode, self.told_episodes = int(flagged), flagged, 0
        elif isinstance(event, ev.Restarted):
            self.first_ms = self.second_ms = -100_000
            self.slow_since = self.low_since = self.normal_spo2 = None
            recent = self.co2_ms is not None and now - event.gap_ms - self.co2_ms < self.policy.times.vitals_withdraw_ms
            self.co2_ms = now if recent else self.co2_ms
        if not self.fresh():
            self.slow_since = self.low_since = None
        self._compare()

    def _hear_frame(self, device: str, fact: Vitals) -> None:
        frame = {r.signal: r.value_milli // 1000 for r in fact.readings if r.value_milli is not None}
        if device == SECOND:
            self.second, self.second_ms = frame, self.now
            return
        if not self.fresh():
            self.slow_since = self.low_since = self.normal_spo2 = None
        self.first, self.first_ms = frame, self.now
        self._note(frame)

    def _note(self, frame: Frame) -> None:
        if frame.keys() & {"etco2", "rr"}:  # its rate is measured by CO2 too
            self.co2_ms = self.now
        if not self.held:
            slow = 0 < frame.get("rr", 99) < 8
            self.slow_since = (self.slow_since if self.slow_since is not None else self.now) if slow else None
        spo2 = frame.get("spo2")
        if spo2 is None:
            self.low_since = self.normal_spo2 = None
        elif spo2 < 85:
            self.low_since = self.low_since if self.low_since is not None else self.now
        else:
            self.low_since, self.normal_spo2 = None, spo2
        if "no_breath" in frame:
            self.episodes += bool(frame["no_breath"]) and not self.in_episode
            self.in_episode = bool(frame["no_breath"])

    def _compare(self) -> None:
        ours, theirs = 0 if self.held else self.first.get("rr"), self.second.get("rr")
        both = self.fresh() and self.fresh(SECOND) and ours is not None and theirs is not None
        differ = both and ours is not None and theirs is not None and abs(ours - theirs) > 6
        self.differ_since = (self.differ_since if self.differ_since is not None else self.now) if differ else None

    @property
    def held(self) -> bool:
        """The first monitor displays a rate although it says itself that there is no breath."""
        rate, counter = self.first.get("rr"), self.first.get("no_breath_s", 0)
        return bool(rate) and (bool(self.first.get("no_breath")) or (counter >= 10 and counter * (rate or 0) > 60))

    # ---- judging

    def judge(self, event: ev.Event, decisions: tuple[de.Decision, ...]) -> list[str]:
        """Words for every invariant that these decisions break."""
        wrong: list[str] = []
        for decision in decisions:
            if isinstance(decision, de.AlarmChanged):
                wrong += self._see_alarm(event, decision.alarm)
            elif isinstance(decision, de.EpisodeChanged) and decision.open:
                self.told_episodes = decision.number
        frame = isinstance(event, ev.Heard) and event.device == FIRST
        return wrong + (self._after_frame() if frame else []) + self._standing()

    def _see_alarm(self, event: ev.Event, alarm: Alarm) -> list[str]:
        before = self.alarms.get(alarm.id)
        if alarm.state is AlarmState.ENDED:
            self.alarms.pop(alarm.id, None)
        else:
            self.alarms[alarm.id] = alarm
        if before is None:
            heldup = alarm.condition == "slow" and self.slow_since is None and self.fresh() and "rr" in self.first
            return ["a held rate starts an alarm"] if heldup and self.held else []
        if not (before.present and not alarm.present) or isinstance(event, ev.PatientBound):
            return []
        return (
            [] if self._may_end(alarm.condition) else [f"{alarm.condition} ends although nothing normal was measured"]
        )

    def _may_end(self, condition: str) -> bool:
        first, ours = self.first if self.fresh() else {}, "rr" in self.first and self.fresh()
        rate = first.get("rr") if ours else (self.second.get("rr") if self.fresh(SECOND) else None)
        if condition in ("slow", "still"):
            return (
                not (ours and self.held)
                and rate is not None
                and ((rate >= 8 or rate == 0) if condition == "slow" else rate > 0)
            )
        if condition == "spo2":
            return first.get("spo2", 0) >= 85
        return first.get("no_breath") == 0 if condition == "no_breath" else True

    def _after_frame(self) -> list[str]:
        """What a frame of the first monitor calls for in its own step."""
        wrong, frame = [], self.first
        if frame.get("no_breath") and not self.told("no_breath"):
            wrong.append("the flag says no breath, and no HIGH alarm does")
        if frame.get("rr") == 0 and not self.told("still"):
            wrong.append("a rate of 0 waits")
        slow = not self.held and 0 < frame.get("rr", 99) < 8
        if slow and self.slow_since is not None and self.now - self.slow_since >= 2_000 and not self.told("slow"):
            wrong.append("slow for 2 s but for what was held, and no HIGH alarm")
        wrong += self._desaturated(frame)
        lost = {"monitoring_lost", "signal_lost:rr", "signal_lost:etco2"}
        if self.held and frame.get("no_breath"):
            wrong += [
                f"{a.condition} while the monitor sees no breath"
                for a in self.alarms.values()
                if a.present and a.condition in lost and a.device != SECOND
            ]
        return wrong

    def _desaturated(self, frame: Frame) -> list[str]:
        if self.low_since is None or self.told("spo2"):
            return []
        alarming = frame.get("no_breath") or frame.get("rr") == 0 or not 15 < frame.get("etco2", 38) < 50
        step = self.normal_spo2 is None or self.normal_spo2 - frame["spo2"] <= 10
        over = self.now - self.low_since >= self.policy.breathing.jump_max_ms
        return ["a low SpO2 waits although it may not"] if alarming or step or over else []

    def _standing(self) -> list[str]:
        wrong = ["the end of a doubt was not asked for in time"] if self.overdue else []
        if (self.poss is not None and self.poss >= 3) is not self.present("sedation"):
            wrong.append(f"POSS is {self.poss} and the alarm says otherwise")
        unseen = self.co2_ms is None or self.now - self.co2_ms >= self.policy.times.vitals_withdraw_ms
        alone = self.present("spo2_alone", Priority.LOW)
        if self.oxygen and unseen and not alone:
            wrong.append("on oxygen without CO2 and no advisory")
        if alone and (not self.oxygen or (self.first_ms == self.now and self.co2_ms == self.now and not self.held)):
            wrong.append("an advisory on oxygen that nothing calls for")
        wait_ms = self.policy.breathing.difference_ms
        disagree = self.differ_since is not None and self.now - self.differ_since >= wait_ms
        told = [a for a in self.alarms.values() if a.condition == "sources_disagree:rr" and a.present]
        if disagree is not bool(told):
            wrong.append("the sources' disagreement and its advisory differ")
        wrong += [] if all(FIRST in a.text and SECOND in a.text for a in told) else ["an advisory names one source"]
        return wrong

    # ---- looking

    def look(self, view: Any) -> list[str]:
        """What the screen shows, held against what was seen."""
        wrong = [] if view.episodes == self.episodes else [f"{view.episodes} episodes shown of {self.episodes}"]
        if self.told_episodes != self.episodes:
            wrong.append(f"{self.told_episodes} episodes told of {self.episodes}")
        rate = view.values["rr"]
        if self.fresh() and "rr" in self.first:
            if self.held and (rate.value_milli is not None or rate.why != "held" or rate.source != FIRST):
                wrong.append("a held rate is shown, or another source speaks for it")
            if not self.held and (rate.value_milli != self.first["rr"] * 1000 or rate.source != FIRST):
                wrong.append("the rate of the source that counts is not shown")
        elif self.fresh(SECOND) and "rr" in self.second and rate.value_milli != self.second["rr"] * 1000:
            wrong.append("the next source does not count")
        poss = view.values.get("poss")
        if (None if poss is None or poss.value_milli is None else poss.value_milli // 1000) != self.poss:
            wrong.append("the POSS shown is not the one assessed")
        return wrong
