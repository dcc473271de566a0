"""Two beds under arbitrary events in any order and at any times: what must always hold, holds.

A few seconds by default, always the same examples. PUMPD_HYPOTHESIS_MINUTES=10 searches for ten minutes, each time
anew.
"""

from __future__ import annotations

import importlib
import os
import time

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pumpd.device.facts import Quality, Reading, Vitals
from pumpd.safety import events as ev
from pumpd.safety.policy import Priority
from pumpd.units import Ms
from tests.model.mutants import MUTANTS
from tests.model.mutate import mutated
from tests.properties import happenings as hap
from tests.properties.observed import ObservedBed
from tests.properties.wards import SITES, Site

MINUTES = float(os.environ.get("PUMPD_HYPOTHESIS_MINUTES", "0"))
WITHOUT_SHRINKING = tuple(phase for phase in Phase if phase is not Phase.shrink)
SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
FIRST = Reading("rr", None, Quality.INVALID)


class TwoBeds(RuleBasedStateMachine):
    """Rules feed one bed, or both; the other bed must not notice."""

    beds: list[ObservedBed]

    @initialize(first=SITES, second=SITES, now=st.sampled_from((0, 1, 10**12)))
    def two_beds(self, first: Site, second: Site, now: int) -> None:
        self.beds = [ObservedBed(first.policy(0), now), ObservedBed(second.policy(1), now)]
        for bed in self.beds:
            bed.do(ev.Tick())

    # a ward as it mostly is, so that what follows meets something

    @rule(which=st.integers(0, 1), seconds=st.sampled_from((1, 8, 65)))
    def all_is_well(self, which: int, seconds: int) -> None:
        bed = self.beds[which]
        bed.do(ev.PatientBound(hap.PATIENT, "R. Keller"))
        for event in hap.lines_up(bed.policy):
            bed.do(event)
        for _ in range(seconds):
            for event in hap.quiet_second(bed.policy, bed.now + 1_000):
                bed.do(event, 1_000 if isinstance(event.fact, Vitals) else 0)

    @rule(which=st.integers(0, 1), kind=st.sampled_from(sorted(hap.TROUBLE)))
    def trouble(self, which: int, kind: str) -> None:
        bed = self.beds[which]
        for gap, event in hap.TROUBLE[kind](bed.policy, bed.now):
            bed.do(event, gap)

    @rule(which=st.integers(0, 1))
    def the_pump_stops_as_told(self, which: int) -> None:
        """Ack of the newest order, and a later status that proves it."""
        bed = self.beds[which]
        if bed.orders:
            for pump in bed.policy.pumps:
                bed.do(ev.Heard(pump.device, hap.CommandOutcome(bed.orders[-1], hap.Outcome.DONE)), 50)
                bed.do(ev.Heard(pump.device, hap.status(0, False, bed.now + 60)), 80)

    @rule(which=st.integers(0, 1), then=st.sampled_from(sorted(hap.AFTER_A_STOP)))
    def a_stop_and_then(self, which: int, then: str) -> None:
        bed = self.beds[which]
        self.all_is_well(which, 1)
        self.trouble(which, "over hard")
        if bed.orders:
            for gap, event in hap.AFTER_A_STOP[then](bed.policy.pumps[0].device, bed.orders[-1], bed.now):
                bed.do(event, gap)

    @precondition(lambda self: any(bed.live for bed in self.beds))
    @rule(which=st.integers(0, 1), place=st.integers(0, 9), gap=hap.short_ms)
    def a_nurse_acknowledges(self, which: int, place: int, gap: int) -> None:
        bed = self.beds[which]
        if bed.live:
            alarm = list(bed.live)[place % len(bed.live)]
            bed.do(ev.Acknowledged(alarm, "R. Keller", ev.AckReason.SEEN_ESCALATED), gap)

    @rule(which=st.integers(0, 1), place=st.integers(0, 9), gap=hap.ms)
    def a_nurse_resets(self, which: int, place: int, gap: int) -> None:
        bed = self.beds[which]
        alarm = list(bed.live)[place % len(bed.live)] if bed.live else "none"
        bed.do(ev.AlarmReset(alarm, "A. Osei", "seen"), gap)
        for pump in bed.policy.pumps:
            bed.do(ev.InterlockReset(pump.device, "A. Osei", "cause is over"))
            bed.do(ev.ResumeRequested(pump.device, "A. Osei", "pain"))

    @rule(which=st.integers(0, 1), kind=st.sampled_from(("over hard", "no breath")))
    def a_trip_and_its_reset(self, which: int, kind: str) -> None:
        """From a stop to the permission to start again."""
        self.all_is_well(which, 3)
        self.trouble(which, kind)
        self.the_pump_stops_as_told(which)
        bed = self.beds[which]
        for _ in range(70):
            bed.do(ev.Heard(bed.policy.monitors[0].device, hap.frame()), 1_000)
            for pump in bed.policy.pumps:
                bed.do(ev.Heard(pump.device, hap.status(0, False, bed.now - 20)))
        self.a_nurse_resets(which, 0, 500)

    @rule(which=st.integers(0, 1), seconds=st.sampled_from((1, 30, 120)), then=st.sampled_from((900, 2_000, 130_000)))
    def a_nurse_pauses_the_sound(self, which: int, seconds: int, then: int) -> None:
        bed = self.beds[which]
        bed.do(ev.AudioPaused("A. Osei", seconds), 1_000)
        bed.wait(bed.now + then)

    # anything

    @rule(which=st.integers(0, 1), gap=hap.ms)
    def time_passes(self, which: int, gap: int) -> None:
        self.beds[which].wait(self.beds[which].now + gap)

    @rule(which=st.integers(0, 1), gap=hap.short_ms, data=st.data())
    def a_device_speaks(self, which: int, gap: int, data: st.DataObject) -> None:
        bed = self.beds[which]
        device = data.draw(st.sampled_from((*bed.policy.device_ids(), "no such device")))
        event = ev.Heard(device, data.draw(hap.facts(bed.now, bed.orders)))  # type: ignore[arg-type]
        bed.same_on_the_wire(event)
        bed.do(event, gap)

    @rule(which=st.integers(0, 1), frame=hap.frames(), seconds=st.sampled_from((3, 12, 35, 70)))
    def a_monitor_goes_on_saying_the_same(self, which: int, frame: Vitals, seconds: int) -> None:
        """Long enough for the profile's delays."""
        bed = self.beds[which]
        for _ in range(seconds):
            bed.do(ev.Heard(bed.policy.monitors[0].device, frame), 1_000)

    @rule(which=st.integers(0, 1), gap=hap.short_ms, data=st.data())
    def a_pump_answers_its_stop(self, which: int, gap: int, data: st.DataObject) -> None:
        """An ack, and a status that was asked for after it."""
        bed = self.beds[which]
        pump = data.draw(st.sampled_from([pump.device for pump in bed.policy.pumps]))
        if bed.orders:
            bed.do(ev.Heard(pump, hap.CommandOutcome(bed.orders[-1], hap.Outcome.DONE)), gap)
        bed.do(ev.Heard(pump, data.draw(hap.statuses(bed.now + 60))), 80)

    @rule(which=st.integers(0, 1), gap=hap.short_ms, data=st.data())
    def somebody_acts(self, which: int, gap: int, data: st.DataObject) -> None:
        bed = self.beds[which]
        alarms = [alarm_id for each in self.beds for alarm_id in each.live]
        pumps = tuple(pump.device for each in self.beds for pump in each.policy.pumps)
        bed.do(data.draw(hap.acts(pumps, alarms)), gap)

    @rule(which=st.integers(0, 1), gap=hap.short_ms, data=st.data())
    def a_line_changes(self, which: int, gap: int, data: st.DataObject) -> None:
        bed = self.beds[which]
        bed.do(data.draw(hap.links(bed.policy.device_ids())), gap)

    @rule(which=st.integers(0, 1), site=SITES)
    def limits_are_replaced(self, which: int, site: Site) -> None:
        self.beds[which].do(ev.PolicyReplaced(site.policy(which), "pharmacist"))

    @rule(which=st.integers(0, 1), gap=hap.ms, certain=st.booleans())
    def the_daemon_was_away(self, which: int, gap: int, certain: bool) -> None:
        """Nobody ticks while nobody is there."""
        self.beds[which].die(gap, certain)

    @rule(which=st.integers(0, 1))
    def the_state_is_kept_and_restored(self, which: int) -> None:
        self.beds[which].restore()

    @rule(which=st.integers(0, 1), back=st.sampled_from((1, 5_000)), data=st.data())
    def a_clock_is_wrong(self, which: int, back: int, data: st.DataObject) -> None:
        """An event that claims an earlier time than the last one changes nothing of the order of time."""
        bed = self.beds[which]
        event = data.draw(hap.links(bed.policy.device_ids()))
        early = bed.kernel.step(bed.state, event, Ms(bed.stepped_ms - back), bed.policy)
        assert early == bed.kernel.step(bed.state, event, Ms(bed.stepped_ms), bed.policy)

    @precondition(lambda self: hasattr(self, "beds"))
    @invariant()
    def a_high_alarm_that_nobody_has_seen_is_heard_again_soon(self) -> None:
        """Audible, or under a pause that ends; the bed checks the rest after every step."""
        for bed in self.beds:
            unseen = [a for a in bed.live.values() if a.priority is Priority.HIGH and a.acknowledged is None]
            assert all(a.state in ("active", "latched") for a in unseen)


QUICK = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    phases=WITHOUT_SHRINKING,
    suppress_health_check=SLOW_IS_FINE,
)
LONG = settings(
    QUICK,
    phases=tuple(Phase),
    max_examples=60,
    stateful_step_count=60,
    derandomize=False,
    database=None,
    print_blob=True,
)


@pytest.mark.req("ALA-02", "ALA-03", "ALA-04", "ALA-06", "ALA-07", "INT-03", "QUA-01", "QUA-03")
@pytest.mark.timeout(MINUTES * 60 + 300)
def test_no_order_of_events_breaks_what_must_always_hold() -> None:
    if not MINUTES:
        run_state_machine_as_test(TwoBeds, settings=QUICK)  # type: ignore[no-untyped-call]
        return
    end, rounds = time.monotonic() + MINUTES * 60, 0
    while time.monotonic() < end:
        run_state_machine_as_test(TwoBeds, settings=LONG)  # type: ignore[no-untyped-call]
        rounds += 1
    print(f"{rounds} rounds of {LONG.max_examples} runs in {MINUTES:g} minutes: nothing found")


# --- the negative control

RED = (
    "latch forgotten",
    "acknowledge clears an active alarm",
    "the audio pause never ends",
    "a deadline that does not move",
    "an order id is used twice",
    "resetting a trip asks for the old rate",
    "ack taken for verification",
    "verified whatever the status says",
    "stop sent once",
    "a pump started again after a stop is left alone",
    "a restart forgets an outstanding stop",
    "a new alarm does not break the audio pause",
    "the running dose is ignored, only requests are checked",
)


@pytest.mark.parametrize("name", RED)
def test_a_broken_kernel_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    with mutated(mutant) as broken:
        monkeypatch.setattr(ObservedBed, "kernel", broken)
        monkeypatch.setattr(ObservedBed, "wire", importlib.import_module("pumpd.safety.wire"))
        with pytest.raises(AssertionError):
            run_state_machine_as_test(TwoBeds, settings=QUICK)  # type: ignore[no-untyped-call]
