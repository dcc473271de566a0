"""The mechanics behind the simulated pump: exact volume, finite syringe, blocked line."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pumpd.sim.syringe import UNITS_PER_UL, SyringePump


def _running(rate_ul_h: int, syringe_ul: int = 50_000) -> SyringePump:
    pump = SyringePump(0, syringe_ul)
    pump.set_rate(rate_ul_h)
    pump.start()
    return pump


@settings(max_examples=50)
@given(
    rate=st.integers(100, 1_200_000),
    looks=st.lists(st.integers(0, 600_000), max_size=20),
)
def test_the_volume_does_not_depend_on_how_often_anyone_looks(rate, looks):
    often, once = _running(rate), _running(rate)
    for now_ms in sorted(looks):
        often.advance(now_ms)
    often.advance(600_000)
    once.advance(600_000)
    assert often.reached_patient_units == once.reached_patient_units == min(rate * 600_000, 50_000 * UNITS_PER_UL)


def test_an_hour_at_a_rate_delivers_the_rate():
    pump = _running(10_800)
    pump.advance(3_600_000)
    assert pump.counted_ul == 10_800


def test_near_the_end_it_warns_and_at_the_end_it_stops():
    pump = _running(60_000, syringe_ul=10_000)  # ten minutes
    pump.advance(5 * 60_000)
    assert pump.top_alarm is None
    pump.advance(5 * 60_000 + 1)
    assert (pump.top_alarm, pump.infusing) == ("AL_NEOIN", True)
    pump.advance(10 * 60_000 - 1)
    assert pump.infusing
    pump.advance(10 * 60_000)
    assert (pump.top_alarm, pump.infusing, pump.counted_ul) == ("AL_EOIST", False, 10_000)
    assert not pump.start()
    pump.new_syringe()
    assert pump.start()


def test_a_limited_volume_stops_exactly_there():
    pump = _running(60_000)
    pump.set_vtbi(1000)
    pump.advance(3_600_000)
    assert (pump.counted_ul, pump.top_alarm) == (1000, "AL_VTBIS")


def test_a_blocked_line_keeps_its_fluid_until_it_is_freed():
    pump = _running(36_000)
    pump.occlude(True)
    pump.advance(60_000)
    assert (pump.infusing, pump.top_alarm, pump.reached_patient_units) == (False, "AL_OCCLU", 0)
    pump.occlude(False)
    assert pump.reached_patient_units == 50 * UNITS_PER_UL


def test_time_never_runs_backwards():
    pump = _running(36_000)
    pump.advance(10_000)
    pump.advance(5_000)
    assert pump.counted_ul == 100


def test_a_bolus_is_counted_and_reaches_the_patient_but_no_more_than_is_left():
    pump = _running(1_000, syringe_ul=1_000)
    pump.bolus(300)
    assert (pump.counted_ul, pump.left_ul, pump.pushed_units) == (300, 700, 300 * UNITS_PER_UL)
    pump.bolus(5_000)
    assert (pump.left_ul, pump.reached_patient_units) == (0, 1_000 * UNITS_PER_UL)


def test_what_a_blocked_line_holds_back_has_left_the_syringe_all_the_same():
    pump = _running(60_000)
    pump.occlude(True)
    pump.advance(1_000)
    assert pump.reached_patient_units == 0
    assert pump.pushed_units == 60_000 * 1_000
