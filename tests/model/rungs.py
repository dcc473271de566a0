"""What the observer knows of the ladder, of priorities and of the audio pause (ALA-02, ALA-04, ALA-05).

As the ghost: it counts the time of every unseen HIGH alarm itself, from the decisions that told of it.
"""

from __future__ import annotations

from typing import Self

from pumpd.safety import decisions as de
from pumpd.safety import events as ev
from pumpd.safety.alarms import Alarm, AlarmState, Phase
from pumpd.safety.policy import Priority
from tests.model.guard import Guard

A, K, L, E = AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED, AlarmState.LATCHED, AlarmState.ENDED
RANK = {Priority.HIGH: 3, Priority.MEDIUM: 2, Priority.LOW: 1}


def is_unseen_high(alarm: Alarm) -> bool:
    return alarm.priority is Priority.HIGH and alarm.state in (A, L)


class Rungs(Guard):
    """An observer that also knows since when each HIGH alarm waits for a person."""

    unseen: dict[str, int]
    mild_ms: int = 0  # the last SpO2 that is not critically low

    def copy(self) -> Self:
        twin = super().copy()
        twin.unseen = dict(self._unseen())
        return twin

    def _unseen(self) -> dict[str, int]:
        return self.__dict__.setdefault("unseen", {})

    def key(self) -> tuple[object, ...]:
        waits = sorted((self.alarms[i].condition, min(self.now - at, 300_000)) for i, at in self._unseen().items())
        return (*super().key(), tuple(waits), min(self.now - self.mild_ms, 300_000))

    def see_rung(self, before: Alarm | None, after: Alarm) -> list[str]:
        """One change of one alarm: `before` as it was told last."""
        wrong = [*self._priority(before, after), *self._rung(before, after)]
        if not is_unseen_high(after):
            self._unseen().pop(after.id, None)
            wrong += [f"{after.condition} is {after.state} and climbs"] if after.escalation is not None else []
        return wrong

    def _priority(self, before: Alarm | None, after: Alarm) -> list[str]:
        if before is None or after.priority is before.priority:
            return []
        if RANK[after.priority] > RANK[before.priority]:
            return [] if after.state is A else [f"{before.condition} gets worse and makes no signal"]
        if before.state is not K and before.priority in self.policy.profile.latch:
            return [f"{before.condition} falls from {before.priority} to {after.priority} and nobody has seen it"]
        return []

    def _rung(self, before: Alarm | None, after: Alarm) -> list[str]:
        if not is_unseen_high(after):
            return []
        since = self._unseen().setdefault(after.id, self.now)
        step, ladder = after.escalation, self.policy.profile.escalation
        old = before.escalation if before is not None and is_unseen_high(before) else None
        if old is not None and (step is None or step.level < old.level):
            return [f"{after.condition} steps down the ladder unseen"]
        if step is not None and self.now < since + ladder[step.level].after_ms:
            return [f"{after.condition} climbs to {step.to} before its time"]
        return []

    def see_step(self, event: ev.Event, decisions: tuple[de.Decision, ...], before: dict[str, Alarm]) -> list[str]:
        """A whole step: whom an acknowledgement touched, and what ended a pause."""
        changed = [d.alarm for d in decisions if isinstance(d, de.AlarmChanged)]
        wrong = []
        if isinstance(event, ev.Acknowledged):
            others = [a for a in changed if a.id != event.alarm_id and a.state is K and before.get(a.id) is not None]
            wrong += ["acknowledging one alarm acknowledges another"] if others else []
        for audio in decisions:
            if isinstance(audio, de.AudioChanged) and audio.until_ms is None:
                wrong += self._pause_ended(audio, decisions, before)
        return wrong

    def _pause_ended(
        self, audio: de.AudioChanged, decisions: tuple[de.Decision, ...], before: dict[str, Alarm]
    ) -> list[str]:
        if audio.broken_by is None:
            return [] if self.paused_until is not None and self.now >= self.paused_until else ["a pause ends early"]
        loud = {d.alarm.id for d in decisions if isinstance(d, de.AlarmChanged) and is_louder(d, before)}
        return [] if audio.broken_by in loud else ["a pause is broken by an alarm that is neither new nor higher"]

    @property
    def paused_until(self) -> int | None:
        """Of the pause that was in force before this step."""
        found: int | None = self.__dict__.get("pause_was")
        return found

    def hear(self, now: int, event: ev.Event) -> None:
        self.__dict__["pause_was"] = self.audio_until
        super().hear(now, event)
        if self.spo2 is not None and self.spo2[1] == now and self.spo2[0] >= 85_000:
            self.mild_ms = now

    def _seen_when_milder(self) -> list[str]:
        """What was acknowledged before a milder value was measured, and is worse again, must make its signal."""
        spo2, desat, live_ms = self.spo2, self.desat_since, self.policy.times.vitals_live_ms
        if spo2 is None or desat is None or self.now - desat < 2_000 or self.now - spo2[1] > live_ms:
            return []
        silent = [a for a in self.alarms.values() if a.condition == "spo2_low" and a.acknowledged is not None]
        late = [a for a in silent if a.acknowledged is not None and a.acknowledged.at_ms < self.mild_ms]
        return ["SpO2 is worse again than when it was acknowledged, and makes no signal"] if late else []

    def standing_rungs(self) -> list[str]:
        """What must hold after every step: every rung whose time has come is reached."""
        below = [f"{name} waits unseen and does not climb" for name in self._below(self.now)]
        return below + self._seen_when_milder()

    def late_rungs(self) -> list[str]:
        """Ticks come at the kernel's own deadlines: before a step no rung's time can be past already."""
        return [f"{name} was not climbed in time" for name in self._below(self.now - 1)]

    def _below(self, by_ms: int) -> list[str]:
        """The conditions of alarms that do not stand as high as they must by then."""
        found = []
        for name, since in self._unseen().items():
            due = sum(by_ms - since >= step.after_ms for step in self.policy.profile.escalation)
            step = self.alarms[name].escalation
            if due and (step is None or step.level + 1 < due):
                found.append(self.alarms[name].condition)
        return found


def is_louder(change: de.AlarmChanged, before: dict[str, Alarm]) -> bool:
    """Is it a new condition, one that is back, or a higher priority?"""
    old = before.get(change.alarm.id)
    if old is None:
        return change.phase is Phase.START
    return RANK[change.alarm.priority] > RANK[old.priority] or (old.state is L and change.alarm.state is A)
