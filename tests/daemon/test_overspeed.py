"""A tenfold rate keyed at the panel, from the pump's bytes to the verified stop, over a real line."""

from __future__ import annotations

import pytest

from pumpd.safety.alarms import AlarmState
from pumpd.safety.decisions import InterlockState
from pumpd.safety.policy import Priority
from tests.daemon.house import House


@pytest.mark.req("CEI-03", "CEI-06", "INT-01", "INT-05")
async def test_a_tenfold_rate_at_the_panel_is_stopped_and_verified_by_an_independent_read(house: House) -> None:
    house.bed.act("tenfold-rate")
    await house.until(lambda: house.pump.interlock is InterlockState.STOP_VERIFIED)
    assert house.interlocks == [
        InterlockState.ARMED,
        InterlockState.TRIPPED,
        InterlockState.STOP_ACKED,
        InterlockState.STOP_VERIFIED,
    ]
    acked, verified = house.at_change[2:]
    assert acked["INF_STOP"] == 1
    assert verified["INF"] > acked["INF"], "verified without asking the pump again"
    assert not house.bed.pump.pump.infusing
    high = [alarm for alarm in house.view.alarms if alarm.priority is Priority.HIGH]
    assert any("1 mg/kg/h" in (alarm.limit or "") + alarm.text for alarm in high), high
    assert house.bed.pump.heard["INF_START"] == 0


@pytest.mark.slow
@pytest.mark.req("INT-02")
async def test_a_pump_that_ignores_the_stop_is_told_again_and_reported_not_confirmed_after_5_s(house: House) -> None:
    house.bed.act("pump-ignores-stop")
    house.bed.act("tenfold-rate")
    await house.until(lambda: house.pump.interlock is InterlockState.STOP_UNCONFIRMED)
    tripped_ms, unconfirmed_ms = house.at_ms[house.interlocks.index(InterlockState.TRIPPED)], house.at_ms[-1]
    assert unconfirmed_ms - tripped_ms >= house.config.beds[0].policy.times.stop_unconfirmed_ms
    stops = house.bed.pump.heard["INF_STOP"]
    assert stops >= 3
    alarm = next(a for a in house.view.alarms if "NOT CONFIRMED" in a.text)
    assert alarm.priority is Priority.HIGH
    assert alarm.state is AlarmState.ACTIVE
    await house.until(lambda: house.bed.pump.heard["INF_STOP"] > stops)
    assert InterlockState.STOP_VERIFIED not in house.interlocks
    house.bed.pump.faults.stop_ignored = False
    await house.until(lambda: house.pump.interlock is InterlockState.STOP_VERIFIED)
    assert house.bed.pump.heard["INF_START"] == 0


@pytest.mark.req("INT-02")
async def test_a_stop_goes_on_when_the_cable_comes_back(house: House) -> None:
    house.bed.act("pump-ignores-stop")
    house.bed.act("tenfold-rate")
    await house.until(lambda: InterlockState.TRIPPED in house.interlocks)
    house.bed.act("unplug-pump")
    await house.until(lambda: house.view.devices[0].link == "down")
    house.bed.pump.faults.stop_ignored = False
    house.bed.act("replug-pump")
    await house.until(lambda: house.pump.interlock is InterlockState.STOP_VERIFIED)
    assert not house.bed.pump.pump.infusing
