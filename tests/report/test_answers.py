"""Who answered an alarm: the first person who acknowledged it, or reset it after it was over."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace as changed

from pumpd.journal.stays import Stepped
from pumpd.report.watched import _answer
from pumpd.safety.alarms import Acknowledgement, Alarm, AlarmState
from pumpd.safety.events import AckReason, AlarmReset, Event, Tick
from pumpd.safety.policy import AlarmKind, Priority

HIGH = Alarm(
    "a1", "b1", None, "cap_reached", Priority.HIGH, AlarmKind.TECHNICAL, AlarmState.ACTIVE, "cap", "", "", 1_000, True
)
LATCHED = changed(HIGH, state=AlarmState.LATCHED, present=False, ended_ms=1_001)
ENDED = changed(LATCHED, state=AlarmState.ENDED)
SEEN = Acknowledgement("R. Keller", 61_000, AckReason.CARE_IN_PROGRESS, "")


def row(now_ms: int, alarm: Alarm, event: Event | None = None) -> tuple[Stepped, int, Alarm]:
    return Stepped(now_ms, now_ms, datetime.now(UTC), event or Tick(), 0, ()), now_ms, alarm


@pytest.mark.req("REP-01")
def test_a_reset_of_what_nobody_acknowledged_is_the_answer() -> None:
    rows = [row(1_000, HIGH), row(1_001, LATCHED), row(91_000, ENDED, AlarmReset("a1", "A. Braun", "looked"))]
    assert _answer(rows) == (91_000, "A. Braun", "looked", "reset")


@pytest.mark.req("REP-01")
def test_an_acknowledgement_before_the_reset_is_the_answer() -> None:
    seen = changed(ENDED, acknowledged=SEEN)
    rows = [row(1_000, HIGH), row(61_000, seen), row(91_000, ENDED, AlarmReset("a1", "A. Braun", "looked"))]
    assert _answer(rows) == (61_000, "R. Keller", "care in progress", "acknowledged")


@pytest.mark.req("REP-01")
def test_the_reset_of_another_alarm_in_the_same_step_answers_nothing() -> None:
    assert _answer([row(1_000, HIGH), row(9_000, ENDED, AlarmReset("a2", "A. Braun", "looked"))]) is None
