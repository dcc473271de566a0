"""A bed of which the storm's two stories agree, for tests that change one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pumpd.safety.alarms import Acknowledgement, Alarm, AlarmState, Phase
from pumpd.safety.decisions import AlarmChanged, Decision, InterlockChanged, InterlockState, StopPump
from pumpd.safety.policy import AlarmKind, Priority
from tests.chaos.storm.court import Court
from tests.chaos.storm.ehr import Mail
from tests.chaos.storm.ghost import Happened, MonitorTruth, PumpTruth, Row, Truth
from tests.chaos.storm.hands import Deed
from tests.chaos.storm.hospital import HubNotes
from tests.chaos.storm.nurse import Notes
from tests.chaos.storm.run import Outcome
from tests.chaos.storm.spans import Spans
from tests.chaos.storm.story import BedStory, Decided, Post, Told
from tests.chaos.storm.verdict import judge

BED, PUMP, MONITOR = "storm-01", "storm-01-p1", "storm-01-m1"
ML = 1_000_000  # nanolitres; of 1 mg/mL as many nanograms
END_MS = 120_000
NORMAL_UL_H, TENFOLD_UL_H = 10_000, 100_000


@dataclass
class Scene:
    """A bed of which both stories agree; each test changes one of them."""

    pump: PumpTruth = field(default_factory=lambda: PumpTruth(PUMP, BED, "alaris_asena", 70_000, True, 1000))
    monitor: MonitorTruth = field(default_factory=lambda: MonitorTruth(MONITOR, BED, "capnostream20", 1000))
    story: BedStory = field(default_factory=lambda: BedStory(BED))
    notes: Notes = field(default_factory=Notes)
    said: dict[str, tuple[int | None, str]] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    over: tuple[int, int] = (0, 0)
    deeds: list[Deed] = field(default_factory=list)
    dark: Spans = field(default_factory=Spans)
    hub: HubNotes | None = None
    mail: Mail | None = None
    post: Post = field(default_factory=Post)

    def judged(self) -> Court:
        for at_ms in range(0, END_MS + 1, 500):
            fast = self.over[0] <= at_ms < self.over[1]
            infusing = not (self.over[1] <= at_ms and self.over[1])
            rate = TENFOLD_UL_H if fast else NORMAL_UL_H
            self.pump.note(Row(at_ms, at_ms * 10, infusing, rate, False))
        self.story.told.setdefault(PUMP, [told(at_ms) for at_ms in range(1000, END_MS, 1000)])
        truth = Truth(0, [self.pump], [self.monitor], dark=self.dark)
        outcome = Outcome(
            7,
            truth,
            self.notes,
            self.outputs,
            [],
            1,
            [],
            [],
            Path("journal.db"),
            "sqlite:",
            END_MS,
            self.said,
            self.deeds,
            self.hub,
            self.mail,
        )
        return judge(outcome, {BED: self.story}, self.post)

    def decide(self, at_ms: float, *decisions: Decision) -> None:
        self.story.decided += [Decided(at_ms, int(at_ms), decision) for decision in decisions]

    def alarm(self, at_ms: float, condition: str = "over_hard", *, phase: Phase = Phase.START, id_: str = "a1") -> None:
        self.decide(at_ms, AlarmChanged(alarm(condition, id_), phase))

    def stop(self) -> None:
        """Ten times the rate for five seconds; alarmed, stopped, verified."""
        self.over = (60_000, 65_000)
        self.alarm(61_000)
        self.decide(61_000, StopPump(PUMP, "o1", "over hard"))
        self.pump.events.append(Happened(65_000, "stopped", "host"))
        self.decide(66_500, InterlockChanged(PUMP, InterlockState.STOP_VERIFIED, "over hard"))


def told(at_ms: int) -> Told:
    """10 nL a millisecond, of which the pair holds 0.1 mL to each side."""
    given = (at_ms - 1000) * 10
    return Told(at_ms, at_ms - 50, True, NORMAL_UL_H, max(0, given - ML // 10), given + ML // 10, at_ms)


def alarm(condition: str, id_: str = "a1") -> Alarm:
    priority, kind, state = Priority.HIGH, AlarmKind.TECHNICAL, AlarmState.ACTIVE
    return Alarm(id_, BED, PUMP, condition, priority, kind, state, condition, None, None, 0, True)


def replace_state(old: Alarm, state: AlarmState, by: Acknowledgement | None = None) -> Alarm:
    values = {name: getattr(old, name) for name in old.__struct_fields__}
    return Alarm(**(values | {"state": state, "acknowledged": by}))
