"""Breathing as a script, at kernel level: one bed under the shipped adult profile, a frame and a status a second.

No protocol binds at it: nobody observes, scores pain or plans here, and a course would say so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pumpd.device.facts import Quality
from pumpd.safety import kernel
from pumpd.safety.alarms import Alarm, Phase
from pumpd.safety.decisions import AlarmChanged, Decision, StopPump
from pumpd.safety.events import Tick
from pumpd.safety.policy import AlarmKind, Rule
from tests.day.shipped import shipped_beds, without_course
from tests.safety.build import Bed

RUNNING_UL_H = 10_000
Values = Mapping[str, Any]
OFF = Quality.OFF
WELL: Values = {"rr": 14, "spo2": 98, "etco2": 38, "pulse": 72, "no_breath": 0, "no_breath_s": 0}
NEVER_TOLD = {name: value for name, value in WELL.items() if not name.startswith("no_breath")}


class Scene:
    """A bed whose pump infuses. `play` gives it one frame a second; `log` holds (ms since `zero`, decision)."""

    def __init__(self, folder: Path, well: Values = WELL) -> None:
        """well: half a minute of quiet breathing, with every signal that the monitor has."""
        self.bed = Bed(without_course(shipped_beds(folder)[0]).policy)
        self.zero = self.bed.now
        self.play(30, lambda second: well)
        self.bed.log.clear()
        self.zero = self.bed.now

    def play(self, seconds: int, frame: Callable[[int], Values | None]) -> None:
        """frame(second since zero) is what the monitor shows then; None: it says nothing."""
        for _ in range(seconds):
            bed, second = self.bed, (self.bed.now - self.zero) // 1000
            bed.pump(RUNNING_UL_H, requested_ms=bed.now - 20)
            values = frame(second)
            if values is not None:
                bed.vitals(**values)
            self._sleep(1_000)

    def _sleep(self, ms: int) -> None:
        """Ticks at every deadline, as the shell has them."""
        bed, end = self.bed, self.bed.now + ms
        while (due := kernel.next_deadline(bed.state, bed.policy)) is not None and due <= end:
            bed.now = due
            bed.do(Tick())
        bed.now = end

    # what was decided

    @property
    def log(self) -> list[tuple[int, Decision]]:
        return [(at - self.zero, decision) for at, decision in self.bed.log]

    def changes(self) -> list[tuple[int, AlarmChanged]]:
        return [(at, decision) for at, decision in self.log if isinstance(decision, AlarmChanged)]

    def started(self, condition: str) -> tuple[int, Alarm]:
        """When the first alarm of this condition began (ms since zero), and as it was then."""
        for at, change in self.changes():
            if change.alarm.condition == condition and change.phase is Phase.START:
                return at, change.alarm
        raise AssertionError(f"no alarm {condition}: {[c.alarm.condition for _, c in self.changes()]}")

    def alarms(self, *kinds: AlarmKind) -> set[str]:
        """Conditions of all alarms of these kinds (of every kind where none is named)."""
        return {c.alarm.condition for _, c in self.changes() if not kinds or c.alarm.kind in kinds}

    def physiological(self) -> set[str]:
        return self.alarms(AlarmKind.PHYSIOLOGICAL)

    def first_stop_ms(self) -> int | None:
        return next((at for at, decision in self.log if isinstance(decision, StopPump)), None)

    def rule(self, rule_id: str) -> Rule:
        """A rule of the profile in force: the tests' times come from it."""
        return next(rule for rule in self.bed.policy.profile.rules if rule.id == rule_id)
