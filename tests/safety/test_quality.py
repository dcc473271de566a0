"""Which values may be shown and judged, and what is said of those that may not."""

from __future__ import annotations

import pytest

from pumpd.device.facts import Garbled, Quality, Reading, Vitals
from pumpd.safety.events import Heard, PatientBound, PatientReleased
from pumpd.safety.view import ValueView
from tests.safety.build import MONITOR, Bed, bed_policy, monitor_policy, patient, vitals


def shown(bed: Bed, signal: str = "spo2") -> ValueView:
    return bed.view().values[signal]


@pytest.mark.req("QUA-01")
def test_a_value_never_seen_shows_no_digit_and_is_not_normal() -> None:
    value = shown(Bed())
    assert (value.value_milli, value.quality) == (None, Quality.STALE)
    assert not Bed().view().monitored


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize("wrong", [Reading("spo2", 100_001), Reading("spo2", -1), Reading("spo2", 10**9)])
def test_a_value_outside_the_sensors_range_is_withdrawn(wrong: Reading) -> None:
    bed = Bed()
    bed.vitals(spo2=97)
    bed.do(Heard(MONITOR, Vitals((wrong,))), 1_000)
    assert (shown(bed).value_milli, shown(bed).quality) == (None, Quality.INVALID)


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize("edge", [0, 100])
def test_the_edges_of_the_sensors_range_are_values(edge: int) -> None:
    bed = Bed()
    bed.vitals(spo2=edge)
    assert shown(bed).value_milli == edge * 1000


@pytest.mark.req("QUA-01")
def test_a_sensor_that_says_off_shows_no_digit_at_once_and_alarms_after_a_moment() -> None:
    bed = Bed()
    bed.vitals(spo2=97)
    bed.vitals(spo2=Quality.OFF, after=1_000)
    assert (shown(bed).value_milli, shown(bed).quality) == (None, Quality.OFF)
    assert bed.alarm("sensor_off:spo2") is None
    bed.breathe(5, spo2=Quality.OFF)
    assert bed.is_active("sensor_off:spo2")
    bed.vitals(spo2=97, after=1_000)
    assert bed.alarm("sensor_off:spo2") is None


@pytest.mark.req("QUA-02")
def test_a_value_is_live_then_grey_then_withdrawn_with_an_alarm() -> None:
    bed = Bed()
    bed.vitals(spo2=97)
    for age_ms, quality, digit in [
        (4_999, Quality.OK, 97_000),
        (1, Quality.QUESTIONABLE, 97_000),
        (9_999, Quality.QUESTIONABLE, 97_000),
        (1, Quality.STALE, None),
    ]:
        bed.run(age_ms)
        assert (shown(bed).quality, shown(bed).value_milli) == (quality, digit)
    alarm = bed.alarm("monitor_lost")
    assert alarm is not None
    assert MONITOR in alarm.text
    assert not bed.view().monitored


@pytest.mark.req("QUA-02")
def test_one_lost_signal_is_named_while_the_others_go_on() -> None:
    bed = Bed()
    bed.breathe(1, spo2=97, rr=14)
    bed.breathe(15, rr=14)
    alarm = bed.alarm("signal_lost:spo2")
    assert alarm is not None
    assert "SpO2" in alarm.text
    assert bed.alarm("monitor_lost") is None


CO2 = {"rr": 14, "etco2": 40, "fico2": 0, "no_breath": 0, "no_breath_s": 0, "ipi": 9}


@pytest.mark.req("QUA-02", "ALA-01")
@pytest.mark.parametrize(("gone", "what"), [(Quality.OFF, "sensor_off"), (None, "signal_lost")])
def test_one_cause_is_one_alarm_whatever_a_monitor_makes_of_it(gone: Quality | None, what: str) -> None:
    bed = Bed()
    bed.breathe(1, spo2=97, pulse=70, **CO2)
    bed.breathe(16, spo2=97, pulse=70, **dict.fromkeys(CO2, gone))
    assert [a.condition for a in bed.view().alarms if a.device == MONITOR] == [f"{what}:etco2"]
    assert bed.the(f"{what}:etco2").text.startswith("CO2 ")
    bed.breathe(16, **dict.fromkeys(("spo2", "pulse", *CO2), gone))
    assert {a.condition for a in bed.view().alarms if a.device == MONITOR} == {f"{what}:etco2", f"{what}:spo2"}


@pytest.mark.req("QUA-02")
def test_a_rate_that_is_lost_where_no_co2_is_measured_takes_the_monitors_own_alarm_with_it() -> None:
    bed = Bed()
    bed.breathe(1, spo2=97, rr=14, no_breath=0)
    bed.breathe(16, spo2=97, rr=None, no_breath=None)
    assert [a.condition for a in bed.view().alarms if a.device == MONITOR] == ["signal_lost:rr"]


@pytest.mark.req("QUA-02")
def test_a_monitor_that_comes_back_without_its_sensor_leaves_no_moment_without_an_alarm() -> None:
    bed = Bed()
    bed.vitals(spo2=97)
    bed.run(20_000)
    assert bed.is_active("monitor_lost")
    bed.vitals(spo2=Quality.OFF)
    assert bed.is_active("sensor_off:spo2")


@pytest.mark.req("QUA-02")
def test_what_no_rule_and_no_screen_needs_is_not_missed() -> None:
    bed = Bed()
    bed.breathe(1, spo2=97, rr=14, etco2=40, fico2=0, ipi=9)
    bed.breathe(16, spo2=97, rr=14, etco2=40)
    assert not [a for a in bed.view().alarms if a.device == MONITOR]


@pytest.mark.req("QUA-02")
def test_a_measurement_lost_by_itself_has_its_own_name() -> None:
    bed = Bed()
    bed.breathe(1, rr=14, etco2=40, no_breath=0)
    bed.breathe(16, rr=14, no_breath=0)
    assert bed.the("signal_lost:etco2").text.startswith("EtCO2 lost")
    bed.breathe(16, rr=14, etco2=40)
    assert bed.the("signal_lost:no_breath").text.startswith("No breath lost")


@pytest.mark.req("QUA-04")
def test_garbled_bytes_are_counted_and_change_no_value() -> None:
    bed = Bed()
    bed.vitals(spo2=97)
    bed.do(Heard(MONITOR, Garbled("checksum", b"\x00", 1)), 100)
    assert shown(bed).value_milli == 97_000
    assert bed.view().devices[1].garbled == 1


def test_the_first_monitor_with_a_live_value_gives_the_signal_and_keeps_its_name() -> None:
    second = monitor_policy(device="b1-m2")
    bed = Bed(bed_policy(monitors=(monitor_policy(), second)))
    bed.vitals(spo2=97)
    bed.do(Heard("b1-m2", vitals(spo2=91)))
    assert (shown(bed).value_milli, shown(bed).source) == (97_000, MONITOR)
    bed.run(5_000)
    bed.do(Heard("b1-m2", vitals(spo2=91)))
    assert (shown(bed).value_milli, shown(bed).source) == (91_000, "b1-m2")


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize("claim", ["2099-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "4294967295", "not a time", None])
def test_what_a_device_claims_as_its_time_makes_no_value_fresher_or_older(claim: str | None) -> None:
    """A value is as old as its receipt: a monitor whose clock is years ahead must not keep its last value alive."""
    bed = Bed()
    bed.do(Heard(MONITOR, Vitals((Reading("spo2", 97_000),), claim)))
    assert (shown(bed).quality, shown(bed).at_ms) == (Quality.OK, bed.now)
    bed.run(5_000)
    assert shown(bed).quality is Quality.QUESTIONABLE
    bed.run(10_000)
    assert (shown(bed).value_milli, shown(bed).quality) == (None, Quality.STALE)


@pytest.mark.req("QUA-01")
def test_an_event_from_the_future_leaves_no_value_that_never_ages() -> None:
    """Kernel time never goes back: what is heard after a step of the clock is as old as the newest time known."""
    bed = Bed()
    bed.vitals(spo2=97, after=3_600_000)
    bed.now -= 3_600_000
    bed.vitals(spo2=80)
    assert shown(bed).value_milli == 80_000
    assert bed.state.now_ms == bed.now + 3_600_000
    bed.now += 3_600_000
    bed.run(15_000)
    assert shown(bed).value_milli is None


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_invalid_and_breaks_no_limit(number: float) -> None:
    bed = Bed()
    bed.vitals(spo2=97, rr=14)
    bed.do(Heard(MONITOR, Vitals((Reading("spo2", number), Reading("rr", number)))), 1_000)  # type: ignore[arg-type]
    assert (shown(bed).value_milli, shown(bed).quality) == (None, Quality.INVALID)
    bed.breathe(4, pulse=70)
    assert not [alarm for alarm in bed.view().alarms if alarm.kind == "physiological"]


CHANNELS = ("rr", "spo2", "ibp1_sys", "ibp1_mean", "temp2", "pi")


def wide_bed() -> Bed:
    """A monitor that could measure more than is connected."""
    return Bed(bed_policy(monitors=(monitor_policy(signals=CHANNELS),)))


@pytest.mark.req("QUA-01")
def test_what_was_never_connected_is_not_there_but_what_the_rules_need_is_missing() -> None:
    bed = wide_bed()
    bed.vitals(spo2=97, temp2=Quality.OFF, ibp1_sys=Quality.INVALID)
    assert set(bed.view().values) == {"rr", "spo2"}
    assert (shown(bed, "rr").value_milli, shown(bed, "rr").quality) == (None, Quality.STALE)


@pytest.mark.req("QUA-01")
@pytest.mark.parametrize("gone", [Quality.OFF, Quality.INVALID, None])
def test_what_was_measured_once_stays_without_a_digit_when_it_is_gone(gone: Quality | None) -> None:
    bed = wide_bed()
    bed.vitals(spo2=97, ibp1_sys=120)
    assert shown(bed, "ibp1_sys").value_milli == 120_000
    bed.breathe(16, spo2=97, **({} if gone is None else {"ibp1_sys": gone}))
    value = shown(bed, "ibp1_sys")
    assert (value.value_milli, value.quality) == (None, gone or Quality.STALE)
    assert value.at_ms is not None
    assert "pi" not in bed.view().values


@pytest.mark.req("QUA-06")
@pytest.mark.parametrize("leaves", [PatientReleased("RN", "discharged"), PatientBound(patient("M2"), "RN")])
def test_a_cuffs_pressure_and_a_sensor_that_is_gone_leave_with_the_patient(
    leaves: PatientReleased | PatientBound,
) -> None:
    bed = Bed(bed_policy(monitors=(monitor_policy(signals=("spo2", "nibp_sys", "ibp1_sys", "pi")),)))
    bed.vitals(spo2=97, nibp_sys=122, ibp1_sys=118, pi=3)
    bed.vitals(spo2=97, ibp1_sys=Quality.OFF, pi=3, after=1_000)
    assert {"nibp_sys", "ibp1_sys"} <= bed.view().values.keys()
    bed.do(leaves)
    assert set(bed.view().values) == {"spo2", "pi"}
    assert shown(bed).value_milli == 97_000
    bed.vitals(spo2=97, nibp_sys=131, after=1_000)
    assert shown(bed, "nibp_sys").value_milli == 131_000
