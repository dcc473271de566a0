"""A bed at an Ivy 450C, from its bytes: how old a cuff's value is, what an apnoea by impedance does. Virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest

from pumpd.device import Quality, Vitals
from pumpd.safety.policy import AlarmKind, Priority
from pumpd.sim.devices.senses import CUFF_EVERY_MS
from tests.acceptance.one_monitor import MonitoredBed
from tests.drivers.monitor_line import only, values

CUFF = ("nibp_sys", "nibp_dia", "nibp_mean", "nibp_pulse")


@pytest.fixture
def ivy(tmp_path: Path) -> MonitoredBed:
    return MonitoredBed(tmp_path, "ivy_450c")


@pytest.mark.req("QUA-01")
def test_a_pressure_that_stands_in_every_message_grows_old_until_the_cuff_measures_again(ivy: MonitoredBed) -> None:
    ivy.run(15)
    assert [ivy.age_s(name) for name in CUFF] == [ivy.age_s("nibp_sys")] * 4
    assert ivy.age_s("nibp_sys") <= 8
    before = ivy.age_s("nibp_sys")
    ivy.run(200)
    assert ivy.age_s("nibp_sys") == before + 200
    assert ivy.shown("nibp_sys") == (ivy.line.sim.shown(0)["nibp_sys"], Quality.OK)
    ivy.run(CUFF_EVERY_MS // 1000)
    assert ivy.age_s("nibp_sys") < CUFF_EVERY_MS // 1000


@pytest.mark.req("QUA-01", "QUA-02")
def test_a_cuff_that_is_taken_off_leaves_no_digit(ivy: MonitoredBed) -> None:
    ivy.run(30)
    ivy.line.sim.faults.cuff_off = True
    ivy.run(5)
    assert [ivy.shown(name) for name in CUFF] == [(None, Quality.INVALID)] * 4
    assert not ivy.alarms()


@pytest.mark.req("RSP-02", "INT-07")
def test_an_apnoea_by_the_monitors_own_word_is_a_high_alarm_at_once_and_stops_the_pump(ivy: MonitoredBed) -> None:
    ivy.run(30)
    ivy.line.patient.give_opioid(12.0, 5.0)
    silent = 0
    while not ivy.is_stopped():
        ivy.run(1)
        silent += 1
        assert silent < 240
    priority, text = ivy.alarms(AlarmKind.PHYSIOLOGICAL)["no_breath"]
    assert (priority, text) == (Priority.HIGH, "No breath detected (monitor's alarm)")
    said = [values(found)["no_breath"] for found in only(ivy.line.facts, Vitals)]
    assert said[-1] == "1000"
    assert said.count("1000") <= 2, "the pump was stopped within the second in which the monitor said so"


@pytest.mark.req("QUA-02", "QUA-03")
def test_leads_that_come_off_are_one_lost_rate_and_no_apnoea(ivy: MonitoredBed) -> None:
    ivy.run(30)
    ivy.line.sim.faults.leads_off = True
    ivy.run(20)
    found = ivy.alarms(AlarmKind.TECHNICAL, AlarmKind.PHYSIOLOGICAL)
    assert found.keys() == {"signal_lost:hr", "signal_lost:rr"}
    assert found["signal_lost:rr"][1] == "RR lost: no valid value from b1-m1 for 15 s"
    assert not ivy.is_stopped()
