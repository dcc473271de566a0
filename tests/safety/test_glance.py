"""The shortcut of a quiet frame: taken by nearly every frame, and it ends where the long way does, to the last field.

Every act of tests.safety.build.Bed holds the two against each other; here the frames that are nearly quiet do.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from pumpd.device.facts import (
    AlarmCode,
    Control,
    ControlState,
    DeviceAlarms,
    Garbled,
    Integrity,
    PumpStatus,
    Quality,
    Reading,
    Vitals,
)
from pumpd.safety import kernel
from pumpd.safety.events import Event, Heard, LinkChanged, LinkState, PatientReleased, Tick
from pumpd.safety.policy import BedPolicy, Enforcement
from tests.safety.breath import SECOND, WELL, breath_policy, two_monitors
from tests.safety.build import CAPS, KETAMINE, MONITOR, PUMP, Bed, bed_policy, pump_policy, status, vitals
from tests.safety.course import CAPS as COURSE_CAPS
from tests.safety.dosed import dosed_policy

SALINE = replace(KETAMINE, code="saline", governed=False, hard=None, soft=None)
BEDS: dict[str, BedPolicy] = {
    "as it mostly is": breath_policy(),
    "named devices": breath_policy(pump={"serial": "A1", "model": "GH"}),
    "two pumps": bed_policy(pumps=(pump_policy(), pump_policy(device="b1-p2", drug=SALINE))),
    "two monitors": two_monitors(),
    "on oxygen": breath_policy(oxygen=True),
    "alarm only": breath_policy(pump={"enforcement": Enforcement.ALARM}),
    "a coarse rate": breath_policy(pump={"capabilities": replace(CAPS, shown_rate_step_ul_h=100)}),
    "no pump": breath_policy(pumps=()),
    "dose caps": breath_policy(pumps=dosed_policy(COURSE_CAPS).pumps),
}


def calm_bed(policy: BedPolicy) -> Bed:
    """A minute after the patient was bound: breathing well, the pump below its ceilings."""
    bed = Bed(policy)
    for second in range(60):
        bed.do(Heard(MONITOR, vitals(**WELL)), 500)
        bed.do(Heard(PUMP, running(second)), 500)
    return bed


def running(volume_ul: int | None, rate_ul_h: int | None = 7_000, infusing: bool | None = True) -> PumpStatus:
    return status(rate_ul_h, infusing, volume_ul=volume_ul)


def is_passed_over(bed: Bed, event: Event, after: int = 500) -> bool:
    return kernel.glance(bed.state, event, bed.now + after, bed.policy) is not None


@pytest.mark.req("QUA-01", "CEI-03")
@pytest.mark.parametrize("name", ["as it mostly is", "on oxygen", "alarm only", "a coarse rate"])
def test_the_frames_of_a_quiet_bed_are_passed_over(name: str) -> None:
    bed = calm_bed(BEDS[name])
    assert is_passed_over(bed, Heard(MONITOR, vitals(**{**WELL, "rr": 15, "spo2": 97})))
    assert is_passed_over(bed, Heard(PUMP, running(61)))


NO_ALARM, AN_ALARM = DeviceAlarms(()), DeviceAlarms((AlarmCode("A", "a"),))


@pytest.mark.req("QUA-01", "CEI-03")
@pytest.mark.parametrize("device", [MONITOR, PUMP])
@pytest.mark.parametrize("name", ["as it mostly is", "on oxygen", "alarm only", "dose caps", "named devices"])
def test_a_device_that_says_again_that_it_has_no_alarm_is_passed_over_where_all_is_calm(name: str, device: str) -> None:
    bed = calm_bed(BEDS[name])
    assert not is_passed_over(bed, Heard(device, AN_ALARM))
    assert is_passed_over(bed, Heard(device, NO_ALARM))


@pytest.mark.req("QUA-01", "CEI-03")
def test_no_alarm_takes_a_step_where_the_device_is_not_known_to_be_calm() -> None:
    assert not is_passed_over(calm_bed(BEDS["two pumps"]), Heard("b1-p2", NO_ALARM))  # it was never heard
    assert not is_passed_over(calm_bed(BEDS["two monitors"]), Heard(MONITOR, NO_ALARM))  # each has a word
    bed = calm_bed(breath_policy())
    bed.do(Heard(MONITOR, Garbled("noise")))  # which ends the chain of quiet frames
    bed.do(Heard(MONITOR, vitals(**WELL)))
    assert not is_passed_over(bed, Heard(PUMP, NO_ALARM))


@pytest.mark.req("QUA-01", "DOS-01")
@pytest.mark.parametrize("name", ["as it mostly is", "dose caps", "no pump"])
@pytest.mark.parametrize("said", [NO_ALARM, AN_ALARM])
def test_alarms_that_a_device_says_again_move_nothing_but_the_time(name: str, said: DeviceAlarms) -> None:
    bed = calm_bed(BEDS[name])
    bed.do(Heard(MONITOR, said))
    state, decisions = kernel.step_closely(bed.state, Heard(MONITOR, said), bed.now + 900, bed.policy)
    assert state == changed(bed.state, now_ms=bed.now + 900)
    assert not decisions


@pytest.mark.req("QUA-02")
def test_no_alarm_takes_a_step_when_something_is_due() -> None:
    for wait_ms, passed in ((-1, True), (0, False)):
        bed = calm_bed(breath_policy())
        due = kernel.next_deadline(bed.state, bed.policy)
        assert due is not None
        assert is_passed_over(bed, Heard(MONITOR, NO_ALARM), due - bed.now + wait_ms) is passed


def nan_of_rr() -> Reading:
    wrong: Any = math.nan
    return Reading("rr", wrong)


NOT_QUIET: dict[str, Event] = {
    "a rate that changed": Heard(PUMP, running(61, 7_010)),
    "a rate above the ceiling": Heard(PUMP, running(61, 70_001)),
    "a rate that is not known": Heard(PUMP, running(61, None)),
    "a pump that stands": Heard(PUMP, running(61, infusing=False)),
    "a pump that is not understood": Heard(PUMP, running(61, infusing=None)),
    "another pump": Heard(PUMP, PumpStatus(True, 7_000, 61, None, Integrity.CRC16, "B2")),
    "a value that a rule is about": Heard(MONITOR, vitals(**{**WELL, "rr": 7})),
    "a value that is no number": Heard(MONITOR, Vitals((nan_of_rr(), *vitals(**WELL).readings[1:]))),
    "a value out of range": Heard(MONITOR, vitals(**{**WELL, "spo2": 101})),
    "a jump": Heard(MONITOR, vitals(**{**WELL, "pulse": 103})),
    "a value that is missing": Heard(MONITOR, vitals(**{**WELL, "spo2": None})),
    "a sensor off": Heard(MONITOR, vitals(**{**WELL, "spo2": Quality.OFF})),
    "no breath": Heard(MONITOR, vitals(**{**WELL, "no_breath": 1})),
    "breath missed for long": Heard(MONITOR, vitals(**{**WELL, "no_breath_s": 10})),
    "a frame with less in it": Heard(MONITOR, vitals(rr=14, spo2=98)),
    "an alarm of the monitor": Heard(MONITOR, AN_ALARM),
    "an alarm of the pump": Heard(PUMP, AN_ALARM),
    "no alarm of nobody's device": Heard("b9-p9", NO_ALARM),
    "control refused": Heard(PUMP, Control(ControlState.REFUSED)),
    "garbage": Heard(MONITOR, Garbled("noise")),
    "a line that is down": LinkChanged(PUMP, LinkState.DOWN, "unplugged"),
    "a device of nobody": Heard("b9-p9", running(61)),
    "a patient who leaves": PatientReleased("nurse", "discharged"),
    "time": Tick(),
}


@pytest.mark.req("QUA-01", "CEI-03")
@pytest.mark.parametrize("what", NOT_QUIET)
def test_whatever_may_change_more_takes_a_step(what: str) -> None:
    bed = calm_bed(BEDS["named devices"])
    bed.do(Heard(PUMP, PumpStatus(True, 7_000, 60, None, Integrity.CRC16, "A1")))
    assert not is_passed_over(bed, NOT_QUIET[what])


MONITOR_FRAME, PUMP_FRAME = Heard(MONITOR, vitals(**WELL)), Heard(PUMP, running(60))
NO_LONGER_CALM: dict[str, tuple[Event, Event]] = {
    "control was refused": (Heard(PUMP, Control(ControlState.REFUSED)), PUMP_FRAME),
    "the pump alarms": (Heard(PUMP, AN_ALARM), PUMP_FRAME),
    "the pump alarmed": (Heard(PUMP, AN_ALARM), Heard(PUMP, NO_ALARM)),
    "the monitor alarmed": (Heard(MONITOR, AN_ALARM), Heard(MONITOR, NO_ALARM)),
    "the patient left": (PatientReleased("nurse", "discharged"), PUMP_FRAME),
    "the monitor alarms": (Heard(MONITOR, AN_ALARM), MONITOR_FRAME),
    "a value was out of range": (Heard(MONITOR, vitals(**{**WELL, "spo2": 101})), MONITOR_FRAME),
    "a rule runs": (Heard(MONITOR, vitals(**{**WELL, "rr": 7})), Heard(MONITOR, vitals(**{**WELL, "rr": 7}))),
}


@pytest.mark.req("QUA-01", "CEI-03")
@pytest.mark.parametrize("what", NO_LONGER_CALM)
def test_what_was_calm_once_is_looked_at_again_after_everything_else(what: str) -> None:
    bed = calm_bed(breath_policy())
    happens, frame = NO_LONGER_CALM[what]
    assert is_passed_over(bed, frame) or what == "a rule runs"
    bed.do(happens)
    assert not is_passed_over(bed, frame)


@pytest.mark.req("QUA-02")
def test_a_frame_that_comes_when_something_is_due_takes_a_step() -> None:
    bed = calm_bed(breath_policy())
    due = kernel.next_deadline(bed.state, bed.policy)
    assert due is not None
    frame = Heard(MONITOR, vitals(**WELL))
    assert is_passed_over(bed, frame, due - bed.now - 1)
    assert not is_passed_over(bed, frame, due - bed.now)
    assert not is_passed_over(bed, frame, -1)


def nearly(well: int, *odd: Any) -> st.SearchStrategy[Any]:
    return st.one_of(st.just(well), st.integers(well - 3, well + 3), st.sampled_from([None, Quality.OFF, *odd]))


FRAMES = st.fixed_dictionaries(
    {"rr": nearly(14, 7, 4, 0, 31), "spo2": nearly(97, 89, 84, 101), "etco2": nearly(38, 61, 12)},
    optional={
        "pulse": nearly(72, 44, 131, 103),
        "no_breath": st.sampled_from([0, 0, 0, 1]),
        "no_breath_s": st.sampled_from([0, 3, 9, 10, 31]),
    },
).map(lambda values: vitals(**values))
REPORTS = st.builds(
    running,
    st.one_of(st.none(), st.integers(0, 2_000)),
    st.sampled_from([7_000, 7_000, 7_000, 35_000, 35_001, 70_001, 0, -1, None]),
    st.sampled_from([True, True, True, False, None]),
)
QUIET = st.just(vitals(**WELL))
HAPPENS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Heard, st.just(MONITOR), QUIET | FRAMES),
    st.builds(Heard, st.just(PUMP), st.integers(0, 2_000).map(running) | REPORTS),
    st.builds(Heard, st.sampled_from([SECOND, "b1-p2", MONITOR, PUMP]), FRAMES | REPORTS),
    st.builds(Heard, st.just(PUMP), st.sampled_from([ControlState.REFUSED, ControlState.GRANTED]).map(Control)),
    st.builds(Heard, st.sampled_from([MONITOR, PUMP]), st.sampled_from([NO_ALARM, NO_ALARM, AN_ALARM])),
    st.just(Tick()),
)
WAITS = st.sampled_from([0, 1, 500, 1_000, 1_000, 4_999, 5_000, 15_000])


@pytest.mark.req("QUA-01", "CEI-03", "DOS-01")
@given(st.sampled_from(sorted(BEDS)), st.lists(st.tuples(HAPPENS, WAITS), max_size=30))
def test_however_frames_follow_each_other_the_shortcut_ends_where_the_long_way_does(
    name: str, happens: list[tuple[Event, int]]
) -> None:
    bed = Bed(BEDS[name])
    for event, after in happens:
        bed.do(event, after)
    bed.lazy.look()


MOSTLY_QUIET: st.SearchStrategy[tuple[Event | None, int]] = st.tuples(
    st.one_of(
        *[
            st.builds(
                Heard, st.just(MONITOR), QUIET | st.integers(95, 99).map(lambda at: vitals(**{**WELL, "spo2": at}))
            )
        ]
        * 4,
        *[st.builds(Heard, st.just(PUMP), st.integers(60, 70).map(running))] * 4,
        st.none(),
        HAPPENS,
    ),
    st.sampled_from([0, 1, 500, 500, 1_000]),
)


@pytest.mark.req("QUA-01", "CEI-03", "DOS-01")
@given(st.sampled_from(sorted(BEDS)), st.lists(MOSTLY_QUIET, max_size=40))
def test_a_state_made_when_somebody_looks_is_the_one_that_each_step_would_have_made(
    name: str, happens: list[tuple[Event | None, int]]
) -> None:
    """None: somebody looks, in the midst of a chain."""
    bed = calm_bed(BEDS[name])
    for event, after in happens:
        if event is None:
            bed.lazy.look()
        else:
            bed.do(event, after)
    bed.lazy.look()


OFF = st.sampled_from([Quality.OFF, None, Quality.STALE])


@pytest.mark.req("QUA-01")
@given(st.lists(st.tuples(OFF, st.booleans()), min_size=1, max_size=12))
def test_a_signal_that_was_never_measured_says_since_when_its_sensor_is_off(says: list[tuple[Any, bool]]) -> None:
    bed = Bed(breath_policy())
    never = {**WELL, "no_breath_s": Quality.OFF}
    for _ in range(20):
        bed.do(Heard(MONITOR, vitals(**never)), 1_000)
    passed = bed.lazy.passed
    for quality, looks in says:
        bed.do(Heard(MONITOR, vitals(**{**WELL, "no_breath_s": quality})), 700)
        if looks:
            bed.lazy.look()
    bed.lazy.look()
    assert bed.lazy.passed - passed == len(says)


@pytest.mark.req("QUA-01", "CEI-03")
def test_a_chain_of_frames_makes_no_state_until_somebody_looks() -> None:
    bed = calm_bed(breath_policy())
    first, passed = bed.lazy.calm.state, bed.lazy.passed
    for second in range(61, 91):
        bed.do(Heard(MONITOR, vitals(**WELL)), 500)
        bed.do(Heard(PUMP, running(second)), 500)
    assert bed.lazy.passed == passed + 60
    assert bed.lazy.calm.state is first
    bed.lazy.look()
    assert bed.lazy.calm.state == bed.state


@pytest.mark.req("QUA-02", "DOS-01")
def test_two_pumps_in_a_chain_are_due_when_the_one_longer_unheard_is() -> None:
    capped = dosed_policy(COURSE_CAPS).pumps
    bed = calm_bed(breath_policy(pumps=(*capped, replace(capped[0], device="b1-p2", drug=SALINE))))
    for second in range(61, 91):
        bed.do(Heard("b1-p2", running(second)), 300)
        bed.do(Heard(PUMP, running(second)), 700)
    bed.lazy.look()
    passed = bed.lazy.passed
    for second in range(91, 111):
        bed.do(Heard(MONITOR, vitals(**WELL)), 100)
        bed.do(Heard("b1-p2", running(second)), 200)
        bed.do(Heard(PUMP, running(second)), 700)
    assert bed.lazy.passed > passed + 30
    bed.lazy.look()
