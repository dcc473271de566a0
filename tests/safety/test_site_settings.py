"""What a site may choose: opioid pumps in a respiratory trip (INT-07), a stop when breathing is unwatched (INT-08)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pumpd.device.facts import ControlState, Identity, Quality
from pumpd.safety.decisions import InterlockState, StopPump
from pumpd.safety.events import Heard, InterlockReset, Restarted
from pumpd.safety.interlock import STOPPING
from pumpd.safety.policy import BedPolicy, DrugPolicy, Enforcement, MonitoringLost, RespiratoryStop
from tests.safety.build import (
    KETAMINE,
    MONITOR,
    PUMP,
    TIMES,
    Bed,
    bed_policy,
    monitor_policy,
    pump_policy,
    status,
    vitals,
)

OPIOID = "b1-p2"
MORPHINE = DrugPolicy("morphine", "morphine", False, None, None, 1_000, 5_000, opioid=True)
SALINE = DrugPolicy("saline", "saline", False, None, None, None, None)
TOO = RespiratoryStop.KETAMINE_AND_OPIOIDS
LOST_MS = TIMES.monitoring_lost_ms
WELL: dict[str, Any] = {"rr": 14, "spo2": 97, "etco2": 38}


def two_pumps(drug: DrugPolicy = MORPHINE, **site: Any) -> Bed:
    """Ketamine and another drug, both running at the same bed."""
    bed = Bed(bed_policy(pumps=(pump_policy(), pump_policy(device=OPIOID, drug=drug)), **site))
    bed.pump(7_000)
    bed.do(Heard(OPIOID, status(2_000)), 10)
    return bed


def stopped_by(bed: Bed, decisions: tuple[Any, ...] | list[Any]) -> dict[str, str]:
    """The cause by pump."""
    return {d.pump: d.cause for d in decisions if isinstance(d, StopPump)}


# --- opioid pumps


@pytest.mark.req("INT-07")
@pytest.mark.parametrize(
    ("drug", "site", "pumps"),
    [
        (MORPHINE, {}, {PUMP}),
        (MORPHINE, {"respiratory_stop": RespiratoryStop.KETAMINE}, {PUMP}),
        (MORPHINE, {"respiratory_stop": TOO}, {PUMP, OPIOID}),
        (SALINE, {"respiratory_stop": TOO}, {PUMP}),
        (KETAMINE, {}, {PUMP, OPIOID}),
        (None, {}, {PUMP, OPIOID}),
    ],
)
def test_a_respiratory_interlock_stops_ketamine_and_opioids_where_the_site_says_so(
    drug: Any, site: dict[str, Any], pumps: set[str]
) -> None:
    bed = two_pumps(drug, **site)
    causes = stopped_by(bed, bed.vitals(no_breath=1, after=10))
    assert set(causes) == pumps
    assert all(cause.startswith("no breath flag") for cause in causes.values()), "the cause names the rule"


@pytest.mark.req("INT-01", "INT-07")
def test_an_opioid_pump_is_verified_and_reset_like_any_other() -> None:
    bed = Bed(bed_policy({"drug": MORPHINE}, respiratory_stop=TOO))
    bed.pump(2_000)
    bed.vitals(no_breath=1, after=10)
    (stop,) = bed.stops()
    bed.outcome(stop.order_id, after=50)
    assert bed.lock() is InterlockState.STOP_ACKED
    bed.pump(0, False, after=50, requested_ms=bed.now + 20)
    assert bed.lock() is InterlockState.STOP_VERIFIED
    bed.vitals(after=10, no_breath=0, **WELL)
    bed.do(InterlockReset(PUMP, "RN Abel", "patient awake"), 10)
    assert bed.lock() is InterlockState.ARMED


@pytest.mark.req("INT-07", "CEI-05")
def test_an_opioid_is_not_judged_by_dose() -> None:
    bed = Bed(bed_policy({"drug": MORPHINE}, respiratory_stop=TOO))
    bed.pump(900_000)
    assert not bed.stops()
    assert bed.view().alarms == ()


@pytest.mark.req("INT-07", "CEI-07")
@pytest.mark.parametrize(("site", "told"), [({}, False), ({"respiratory_stop": TOO}, True)])
def test_an_opioid_pump_that_cannot_be_stopped_is_stopped_by_hand_where_the_site_wants_it(
    site: dict[str, Any], told: bool
) -> None:
    bed = Bed(bed_policy({"drug": MORPHINE}, **site))
    bed.control(ControlState.REFUSED)
    bed.pump(2_000)
    bed.vitals(no_breath=1, after=10)
    assert bed.is_active("stop_by_hand") is told


# --- nobody watches breathing


def unwatched(policy: BedPolicy, ms: int, lose: Callable[[Bed], object]) -> tuple[Bed, list[Any]]:
    """A running, watched pump whose breathing is lost in this way, and what is decided in so many milliseconds."""
    bed = Bed(policy)
    bed.vitals(**WELL)
    bed.pump(7_000)
    lose(bed)
    decided: list[Any] = []
    for _ in range(ms // 1_000):
        decided += bed.run(1_000)
        decided += bed.pump(7_000) if bed.lock() is InterlockState.ARMED else ()
    return bed, decided


STOP = {"monitoring_lost": MonitoringLost.STOP}
WAYS: dict[str, Callable[[Bed], object]] = {
    "a cable": lambda bed: bed.run(TIMES.vitals_live_ms),
    "a sensor that is off": lambda bed: bed.vitals(after=10, rr=Quality.OFF, etco2=Quality.OFF, spo2=97),
    "a monitor that is refused": lambda bed: bed.do(Heard(MONITOR, Identity("other", "9", None)), 10),
    "a restart of the daemon": lambda bed: bed.do(Restarted(1_000, True), 1_000),
}


@pytest.mark.req("INT-08")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("site", [{}, STOP])
def test_breathing_lost_while_ketamine_runs_is_high_and_stops_it_where_the_site_says_so(
    way: str, site: dict[str, Any]
) -> None:
    policy = bed_policy(monitors=(monitor_policy(serial="8"),), **site)
    early, decided = unwatched(policy, LOST_MS - 1_000, WAYS[way])
    assert not stopped_by(early, decided)
    assert early.alarm("monitoring_lost") is None
    bed, decided = unwatched(policy, LOST_MS, WAYS[way])
    assert bed.alarm("monitoring_lost") is not None
    assert bed.the("monitoring_lost").priority == "high"
    wanted = {PUMP: "breathing has not been monitored for 30 s"} if site else {}
    assert stopped_by(bed, decided) == wanted


@pytest.mark.req("INT-08")
def test_a_monitor_that_was_never_heard_is_lost_too() -> None:
    bed = Bed(bed_policy(**STOP))
    bed.run(LOST_MS)
    assert not stopped_by(bed, bed.out)
    assert stopped_by(bed, bed.pump(7_000)) == {PUMP: "breathing has not been monitored for 30 s"}


@pytest.mark.req("INT-08")
def test_a_pump_that_stands_still_or_was_never_heard_is_not_stopped_for_that() -> None:
    silent = Bed(bed_policy(**STOP))
    assert not stopped_by(silent, silent.run(120_000))
    standing = Bed(bed_policy(**STOP))
    standing.pump(0, False)
    assert not stopped_by(standing, standing.run(120_000))
    assert standing.alarm("monitoring_lost") is None


@pytest.mark.req("INT-08")
def test_a_pump_that_fell_silent_while_it_ran_may_run_on_and_is_stopped() -> None:
    bed = Bed(bed_policy(**STOP))
    bed.vitals(**WELL)
    bed.pump(7_000)
    assert PUMP in stopped_by(bed, bed.run(TIMES.vitals_live_ms + LOST_MS))


@pytest.mark.req("INT-08")
def test_only_ketamine_is_stopped_for_breathing_that_nobody_watches() -> None:
    bed = two_pumps(respiratory_stop=TOO, **STOP)
    bed.vitals(**WELL)
    decided = bed.run(TIMES.vitals_live_ms + LOST_MS)
    assert set(stopped_by(bed, decided)) == {PUMP}


@pytest.mark.req("INT-08", "CEI-07")
def test_a_pump_that_cannot_be_stopped_is_stopped_by_hand() -> None:
    bed = Bed(bed_policy(**STOP))
    bed.control(ControlState.REFUSED)
    bed.pump(7_000)
    bed.run(LOST_MS + 1_000)
    assert "breathing has not been monitored" in bed.the("stop_by_hand").text


@pytest.mark.req("INT-03", "INT-08")
def test_a_reset_is_refused_until_breathing_is_watched_again() -> None:
    bed = Bed(bed_policy(**STOP))
    bed.run(LOST_MS)
    bed.pump(7_000)
    bed.outcome(bed.stops()[-1].order_id, after=50)
    bed.pump(0, False, after=50, requested_ms=bed.now + 20)
    reset = InterlockReset(PUMP, "RN Abel", "sensor back on")
    (refused,) = bed.do(reset, 10)
    assert refused.reasons == ("breathing has not been monitored for 30 s",)  # type: ignore[union-attr]
    bed.do(Heard(MONITOR, vitals(**WELL)), 10)
    bed.do(reset, 10)
    assert bed.lock() is InterlockState.ARMED


@pytest.mark.req("INT-08", "CEI-07")
def test_what_is_to_be_done_by_hand_ends_with_the_first_breath_that_is_seen() -> None:
    bed = Bed(bed_policy(**STOP))
    bed.control(ControlState.REFUSED)
    bed.pump(7_000)
    bed.run(LOST_MS + 1_000)
    assert bed.the("stop_by_hand").present
    bed.vitals(after=10, **WELL)
    assert not bed.the("stop_by_hand").present
    assert not bed.the("monitoring_lost").present


@pytest.mark.req("INT-02", "INT-07", "CEI-07")
def test_a_pump_that_breathing_stops_is_not_told_to_run_slower_in_the_same_step() -> None:
    bed = Bed(bed_policy({"enforcement": Enforcement.REDUCE}))
    bed.pump(7_000, False)
    bed.vitals(no_breath=1)
    bed.pump(700_000, after=100)
    assert len(bed.stops()) == 1
    assert not bed.rates()
    assert bed.is_active("over_hard")


@pytest.mark.req("INT-08")
def test_a_daemon_that_dies_again_and_again_still_tells_that_nobody_watches_breathing() -> None:
    bed = Bed(bed_policy(**STOP))
    bed.vitals(rr=14, spo2=97)
    for _ in range(2 + LOST_MS // 14_000):
        bed.do(Restarted(1_000, gap_certain=True), 1_000)
        for _ in range(14):
            bed.run(1_000)
            bed.pump(7_000)
    assert bed.is_active("monitoring_lost")
    assert bed.lock() in STOPPING
