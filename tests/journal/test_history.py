"""Doses, infusions and caps of the record under a kernel that judges them otherwise: none of them becomes less."""

from __future__ import annotations

from typing import Any

import pytest

import pumpd.safety.kernel as kernel
from pumpd.journal.judged import Judged, judge
from pumpd.journal.records import Restored
from pumpd.journal.rows import decision_text, event_of, event_text
from pumpd.safety import accounting, caps, dose, flow, infusions, interlock
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.decisions import Decision, InterlockState, StopPump
from pumpd.safety.events import Event
from pumpd.safety.history import number_of
from pumpd.safety.limits import Cap, DoseCaps
from pumpd.safety.policy import Priority
from pumpd.safety.state import BedState, open_draft
from pumpd.safety.wire import state_to_bytes
from pumpd.units import Ms
from tests.safety.build import PUMP
from tests.safety.dosed import MIN, PROTOCOL, DosedBed, dosed_policy

FAST = 35_000
TENTH = DoseCaps(Cap(50, "ward 4B"))  # 3.5 mg: 6 min at that rate
POLICY = dosed_policy(TENTH, protocol=PROTOCOL, resume_vitals=())


class RecordedBed(DosedBed):
    """A bed whose steps are kept as the journal keeps them."""

    def __init__(self) -> None:
        self.story: list[tuple[int, int, Event]] = []
        self.said: dict[int, tuple[str, ...]] = {}
        self.saved: tuple[int, bytes] | None = None
        super().__init__(POLICY)

    def do(self, event: Event, after: int = 0) -> tuple[Decision, ...]:
        out = super().do(event, after)
        self.story.append((len(self.story) + 1, self.now, event))
        self.said[len(self.story)] = tuple(map(decision_text, out))
        return out

    def checkpoint(self) -> None:
        self.saved = len(self.story), state_to_bytes(self.state)

    def restored(self, saved: bool) -> Restored:
        """With the checkpoint, or without any."""
        seq, state = self.saved if saved and self.saved is not None else (0, None)
        events = tuple((n, Ms(now), event) for n, now, event in self.story if n > seq)
        said = {n: texts for n, texts in self.said.items() if n > seq}
        return Restored("b1", state, len(self.story), Ms(self.now), events, ((1, POLICY),), True, said)


def capped_bed() -> RecordedBed:
    """Its first infusion ran for some minutes; the second one was stopped by the cap of an infusion."""
    bed = RecordedBed()
    bed.start(FAST)
    bed.pass_time(3 * MIN, 5_000)
    bed.checkpoint()
    while not [d for _, d in bed.log if isinstance(d, StopPump)]:
        bed.pass_time(5_000, 5_000)
    bed.pass_time(5_000, 5_000)
    return bed


def nothing(*_: Any) -> None:
    """A part of the kernel that does not do its work."""


OTHERS: dict[str, list[tuple[Any, str, Any]]] = {
    "no cap": [(caps, "judge", lambda d: [])],
    "no infusion": [(infusions, "settle", nothing)],
    "no accounting": [(accounting, "account", nothing)],
    "no dose": [(dose, "advance", lambda given, pump, p, new, gap: given)],
    "no interlock": [(interlock, "trip", lambda d, pump, p, cause: p)],
}


def judged_by(bed: RecordedBed, others: list[tuple[Any, str, Any]], saved: bool) -> Judged:
    """What a kernel with these parts makes of the record; it goes on with the true one."""
    restored = bed.restored(saved)
    with pytest.MonkeyPatch.context() as patched:
        for module, name, other in others:
            patched.setattr(module, name, other)
        return judge(restored, POLICY)


def taken_over(found: Judged) -> BedState:
    assert found.kept is not None
    event = event_of(event_text(found.kept))  # as the journal gives it back
    assert event == found.kept
    return kernel.step(found.state, event, found.state.now_ms, POLICY)[0]


def at_most_ng(state: BedState, now: int) -> int:
    mass = flow.mass_of(open_draft(state, POLICY, now), POLICY.pumps[0], state.pumps[PUMP])
    assert mass is not None
    return mass[1]


@pytest.fixture(scope="module")
def bed() -> RecordedBed:
    return capped_bed()


@pytest.mark.parametrize("saved", [True, False], ids=["since the checkpoint", "from the first step"])
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.req("DOS-02", "CEI-09", "ALA-06")
def test_no_recorded_fact_becomes_less(bed: RecordedBed, other: str, saved: bool) -> None:
    found = judged_by(bed, OTHERS[other], saved)
    state, true = found.state if found.differing is None else taken_over(found), bed.state
    assert state.patient == true.patient
    assert state.pumps[PUMP].lock.state in {InterlockState.TRIPPED, true.pumps[PUMP].lock.state}
    assert (state.alarm_n, state.order_n) >= (true.alarm_n, true.order_n)
    last = max(d.high_ng or 0 for d in bed.told())
    assert at_most_ng(state, bed.now) >= last
    held = state.given.held or next((i.why for i in state.given.infusions[-1:] if i.capped), "")
    assert "dose cap per infusion reached" in held
    assert state.course.id == true.course.id
    assert [i.number for i in state.given.infusions] == [i.number for i in true.given.infusions]
    assert high(state) >= high(true) - 1_000_000  # `at most` as last told: some seconds before the end of the record
    assert {a.id for a in unseen(true)} <= {a.id for a in state.alarms.values()}


def high(state: BedState) -> int:
    return infusions.infusion_given(open_draft(state, POLICY, state.now_ms), state.given.infusions[-1])[1]


def unseen(state: BedState) -> list[Alarm]:
    return [a for a in state.alarms.values() if a.priority is Priority.HIGH and a.state is not AlarmState.ACKNOWLEDGED]


def test_a_capped_infusion_stays_capped_when_the_bed_goes_on(bed: RecordedBed) -> None:
    found = judged_by(bed, [*OTHERS["no cap"], *OTHERS["no infusion"]], False)
    draft = open_draft(taken_over(found), POLICY, bed.now)
    assert caps.forbids(draft, POLICY.pumps[0], FAST)


def test_the_same_rules_find_nothing_to_keep(bed: RecordedBed) -> None:
    found = judged_by(bed, [], True)
    assert found == Judged(bed.state, None, None)


def test_ids_end_in_their_numbers() -> None:
    assert [number_of(name) for name in ("b1-a12", "bed 7", "x", "", "icu-2-o003")] == [12, 7, 0, 0, 3]
