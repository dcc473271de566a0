"""Wards without capnography: the rate by impedance as `rr`, where the ward file says so and nowhere else."""

from __future__ import annotations

import pytest

from pumpd.device import Quality, Unmapped, Vitals
from pumpd.registry import drivers
from pumpd.safety.events import Heard
from pumpd.sim import SimPatient
from tests.drivers.monitor_line import MonitorLine, only, reading
from tests.safety.build import MONITOR, Bed, bed_policy, monitor_policy

BOTH = pytest.mark.parametrize("name", ["ge_dri", "philips_intellivue"])
IMPEDANCE = {"rr": "impedance"}


def signals(vitals: Vitals) -> set[str]:
    return {one.signal for one in vitals.readings}


def with_rates(line: MonitorLine) -> tuple[Vitals, dict[str, int | None]]:
    """The newest frame with a rate of breathing, and what the display showed then."""
    line.run(20_000)
    vitals = next(v for v in reversed(only(line.facts, Vitals)) if "rr" in signals(v))
    return vitals, line.sim.shown(line.now)


@BOTH
@pytest.mark.req("RSP-07")
def test_without_the_option_each_rate_has_its_own_name(name: str) -> None:
    vitals, shown = with_rates(MonitorLine(name))
    assert {"rr", "rr_imp"} <= signals(vitals)
    assert reading(vitals, "rr").value_milli == shown["rr"]
    assert reading(vitals, "rr_imp").value_milli == shown["rr_imp"]


@BOTH
@pytest.mark.req("RSP-07")
def test_with_it_rr_is_the_rate_by_impedance_and_the_one_by_co2_is_told_as_unmapped(name: str) -> None:
    patient = SimPatient()
    patient.cannula_off = True  # no breath reaches the CO2 sensor: its rate is another one, or none
    line = MonitorLine(name, patient, **IMPEDANCE)
    vitals, shown = with_rates(line)
    assert "rr_imp" not in signals(vitals)
    assert shown["rr_imp"] != shown["rr"]
    assert reading(vitals, "rr").value_milli == shown["rr_imp"]
    assert [one.tag for one in only(line.facts, Unmapped)].count("rate by CO2") == 1


@BOTH
def test_leads_that_are_off_give_no_rate_by_impedance(name: str) -> None:
    line = MonitorLine(name, **IMPEDANCE)
    line.run(20_000)
    line.sim.faults.leads_off = True
    line.run(20_000)
    told = [reading(v, "rr") for v in only(line.facts, Vitals)[-5:] if "rr" in signals(v)]
    assert told
    assert told[-1].value_milli is None
    assert told[-1].quality in (Quality.OFF, Quality.INVALID)


@BOTH
@pytest.mark.req("RSP-02", "RSP-03", "RSP-07")
def test_a_chest_that_stands_still_trips_where_there_is_no_capnograph(name: str) -> None:
    """The monitor's CO2 module is not there: neither its rate, nor its flag, nor EtCO2."""
    info = drivers()[name].info.with_options(IMPEDANCE)
    policy = monitor_policy(driver=name, signals=info.signals, period_ms=info.poll_ms, origins=info.origins)
    bed = Bed(bed_policy(monitors=(policy,)))
    line = MonitorLine(name, **IMPEDANCE)
    by_co2 = {"etco2", "fico2", "no_breath"}

    def pass_time(seconds: int) -> None:
        for _ in range(seconds):
            facts = line.run(1_000)
            bed.run(1_000)
            for vitals in only(facts, Vitals):
                kept = tuple(one for one in vitals.readings if one.signal not in by_co2)
                bed.do(Heard(MONITOR, Vitals(kept)))

    pass_time(30)
    value = bed.view().values["rr"]
    assert value.origin is not None
    assert (value.quality, value.origin.value) == (Quality.OK, "impedance")
    line.patient.give_opioid(50.0, 0.01)
    pass_time(20 + 20 + 2 * info.poll_ms // 1000)
    assert bed.view().values["rr"].value_milli == 0
    assert bed.is_active("apnoea")
