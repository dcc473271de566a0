"""The stop that leaves before its step: always the one that the step decides, and there whenever it is certain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.device.facts import Control, ControlState, Identity, Integrity, PumpStatus
from pumpd.safety import kernel
from pumpd.safety.decisions import InterlockState, StopPump
from pumpd.safety.events import (
    Event,
    Heard,
    InterlockReset,
    PatientBound,
    PolicyReplaced,
    Restarted,
    ResumeRequested,
    Tick,
)
from pumpd.safety.policy import Enforcement, MonitoringLost
from tests.safety.build import CAPS, KETAMINE, PUMP, Bed, bed_policy, first_order, patient, status

LIMIT = 70_000  # uL/h: 1 mg/kg/h of 1 mg/mL at 70 kg


def would_stop(bed: Bed, fact: PumpStatus, after: int = 0) -> str | None:
    return kernel.stop_at_once(bed.state, PUMP, fact, bed.now + after, bed.policy)


@pytest.mark.req("CEI-06", "INT-02")
def test_the_first_sure_report_above_the_ceiling_stops_at_once_and_one_at_the_ceiling_does_not() -> None:
    bed = Bed()
    assert would_stop(bed, status(LIMIT)) is None
    assert would_stop(bed, status(LIMIT, None)) is None
    for infusing in (True, None):
        early = would_stop(bed, status(LIMIT + 1, infusing))
        assert early is not None
    assert bed.pump(LIMIT + 1) == bed.out
    assert [stop.order_id for stop in bed.stops()] == [early]


@pytest.mark.req("INT-01", "INT-03")
def test_a_pump_that_runs_again_after_a_verified_stop_is_stopped_at_once_whatever_its_rate() -> None:
    bed = Bed()
    bed.verified_stop()
    assert would_stop(bed, status(0, False)) is None
    for rate, infusing in ((10, True), (None, True), (None, None)):
        assert would_stop(bed, status(rate, infusing, integrity=Integrity.SUM8)) is not None
    bed.pump(10)
    assert bed.at_once == bed.stops()[0].order_id


NOT_AT_ONCE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "only alarms": ({"enforcement": Enforcement.ALARM}, {}),
    "is reduced": ({"enforcement": Enforcement.REDUCE}, {}),
    "cannot be stopped": ({"capabilities": replace(CAPS, can_stop=False)}, {}),
    "cannot be read back": ({"capabilities": replace(CAPS, can_read_back=False)}, {}),
    "no drug": ({"drug": None}, {}),
    "not governed": ({"drug": replace(KETAMINE, governed=False)}, {}),
    "no ceiling": ({"drug": replace(KETAMINE, hard=None)}, {}),
    "no concentration": ({"concentration_ug_ml": None}, {}),
    "a concentration of zero": ({"concentration_ug_ml": 0}, {}),
    "concentration too high": ({"concentration_ug_ml": 10_001}, {}),
    "concentration too low": ({"concentration_ug_ml": 499}, {}),
    "another serial number": ({"serial": "A1"}, {"serial": "A2"}),
    "another model": ({"model": "GH"}, {}),
    "a weaker check": ({}, {"integrity": Integrity.SUM8}),
    "no rate": ({}, {"rate_ul_h": None}),
}


@pytest.mark.req("CEI-05", "CEI-06", "CEI-07", "QUA-05")
@pytest.mark.parametrize("why", NOT_AT_ONCE)
def test_nothing_leaves_at_once_where_that_is_not_certain(why: str) -> None:
    pump, said = NOT_AT_ONCE[why]
    bed = Bed(bed_policy(pump))
    bed.do(Heard(PUMP, Identity("CC", None, None)))
    fact = status(**{"rate_ul_h": 900_000, **said})
    assert would_stop(bed, fact) is None
    bed.do(Heard(PUMP, fact))


@pytest.mark.parametrize("weight_g", [None, 19_999, 300_001])
def test_nothing_leaves_at_once_without_a_believable_weight(weight_g: int | None) -> None:
    assert would_stop(Bed(weight_g=weight_g), status(900_000)) is None


def test_nothing_leaves_at_once_of_a_stranger_a_refused_control_or_while_something_else_is_due() -> None:
    bed = Bed()
    assert kernel.stop_at_once(bed.state, "somebody", status(900_000), bed.now, bed.policy) is None
    due = kernel.next_deadline(bed.state, bed.policy)
    assert due is not None
    assert would_stop(bed, status(900_000), due - bed.now) is None
    assert would_stop(bed, status(900_000), due - bed.now - 1) is not None
    fresh = kernel.initial_state(bed.policy)
    assert kernel.stop_at_once(fresh, PUMP, status(900_000), 5, bed.policy) is None
    bed.control(ControlState.REFUSED)
    assert would_stop(bed, status(900_000)) is None


@pytest.mark.req("QUA-05")
def test_a_pump_whose_configured_serial_number_is_heard_for_the_first_time_is_stopped_at_once() -> None:
    bed = Bed(bed_policy({"serial": "A1"}))
    assert would_stop(bed, status(900_000, serial="A1")) is not None
    bed.pump(10_000, serial="A2")
    assert would_stop(bed, status(900_000)) is None, "still the wrong one, though it says nothing now"


def test_while_a_stop_is_under_way_the_step_repeats_it() -> None:
    bed = Bed()
    bed.stop_by_breach()
    assert bed.lock() is InterlockState.TRIPPED
    assert would_stop(bed, status(900_000), 10) is None


EVENTS = st.one_of(
    st.builds(
        lambda rate, infusing, integrity, serial: Heard(
            PUMP, status(rate, infusing, integrity=integrity, serial=serial)
        ),
        st.one_of(st.none(), st.integers(-10, 200_000), st.sampled_from([LIMIT, LIMIT + 1, LIMIT - 1])),
        st.sampled_from([True, False, None]),
        st.sampled_from([Integrity.CRC16, Integrity.SUM8]),
        st.sampled_from([None, "A1", "A2"]),
    ),
    st.sampled_from(
        [
            Tick(),
            Restarted(5_000, True),
            InterlockReset(PUMP, "nurse", "checked"),
            ResumeRequested(PUMP, "nurse", "pain is back"),
            PatientBound(patient(weight_g=40_000), "nurse"),
            PatientBound(patient(weight_g=None), "nurse"),
            PolicyReplaced(bed_policy({"enforcement": Enforcement.REDUCE}), "ward"),
            PolicyReplaced(bed_policy({"serial": "A1"}), "ward"),
            PolicyReplaced(bed_policy(resume_vitals=()), "ward"),
            PolicyReplaced(bed_policy(monitoring_lost=MonitoringLost.STOP), "ward"),
            Heard(PUMP, Control(ControlState.REFUSED)),
            Heard(PUMP, Control(ControlState.GRANTED)),
        ]
    ),
)


@given(st.lists(st.tuples(EVENTS, st.integers(0, 7_000)), max_size=30))
def test_whatever_happened_before_a_stop_that_leaves_at_once_is_the_one_that_its_step_decides(
    events: list[tuple[Event, int]],
) -> None:
    bed = Bed()
    for event, after in events:
        bed.do(event, after)
        assert bed.at_once in (None, first_order(bed.out))
        if isinstance(event, PolicyReplaced):
            bed.policy = event.policy
        last = bed.stops()[-1:]
        if last:
            bed.do(Heard(PUMP, status(0, False, requested_ms=bed.now + 1)), 2)


def test_the_words_come_with_the_step() -> None:
    bed = Bed()
    (stop,) = [d for d in bed.pump(LIMIT + 10) if isinstance(d, StopPump)]
    assert "over hard ceiling" in stop.cause


@pytest.mark.req("INT-01")
def test_a_pump_that_is_started_again_and_again_is_stopped_for_what_stopped_it_first() -> None:
    bed = Bed()
    bed.verified_stop()
    for _ in range(3):
        (stop,) = [d for d in bed.pump(700_000, after=1_000) if isinstance(d, StopPump)]
        assert stop.cause.startswith("running again after a stop (ketamine over hard ceiling")
        assert stop.cause.count("running again") == 1
        bed.outcome(stop.order_id, after=50)
        bed.pump(0, False, after=50, requested_ms=bed.now + 20)
        assert bed.lock() is InterlockState.STOP_VERIFIED
