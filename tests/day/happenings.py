"""The events of the day, each a row: what happens at the bed, what must be alarmed, what else it may bring along."""

from __future__ import annotations

from dataclasses import replace

from pumpd.safety.policy import BedPolicy, Priority
from tests.day.bed import VirtualBed
from tests.day.devices import FRAME_MS
from tests.day.script import (
    Act,
    ByRule,
    ByTime,
    Row,
    assess,
    at,
    blips,
    body,
    both,
    clear,
    fault,
    free_line,
    hand_over,
    keyed,
    nothing,
    occlude,
    opioid,
    oxygen,
    plug_monitor,
    plug_pump,
    pull_monitor,
    pull_pump,
    ramp,
    restart,
    show,
    tenfold,
)

# --- latest times that come from the policy


def withdrawn(policy: BedPolicy) -> int:
    return policy.times.vitals_withdraw_ms + 2 * FRAME_MS


def unwatched(policy: BedPolicy) -> int:
    """The last value stays live for a while; then the time of INT-08 runs."""
    return policy.times.vitals_live_ms + policy.times.monitoring_lost_ms + 2 * FRAME_MS


def silent_pump(policy: BedPolicy) -> int:
    pump = policy.pumps[0]
    return max(policy.times.pump_stale_polls * pump.poll_ms, policy.times.pump_stale_min_ms) + pump.poll_ms


def next_status(policy: BedPolicy) -> int:
    return policy.pumps[0].poll_ms + FRAME_MS


def unconfirmed(policy: BedPolicy) -> int:
    return next_status(policy) + policy.times.stop_unconfirmed_ms


# --- the events

HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW
# a body that is going under, or coming back, crosses other limits too
BODY = frozenset({"no_breath", "rr_low", "rr_high", "spo2_low", "respiratory_depression", "etco2_high", "etco2_low"})
PULSE = frozenset({"pulse_low", "pulse_high"})
PUMP = frozenset({"pump_changed", "device_alarm:AL_COMTO", "device_alarm:AL_EOIST"})
LOST = frozenset({"monitor_lost", "monitoring_lost", "signal_lost:*", "sensor_off:*", "spo2_alone"})


def arrest(when: str, bed: int, lasts_s: int = 180) -> Row:
    """Breathing stops; the monitor goes on showing its last values until its own no-breath time has passed."""
    must = (ByRule("no-breath-flag"), ByRule("no-breath-seconds"))
    may = BODY | PULSE | {"signal_lost:*"}  # without breath there is no EtCO2
    return Row(when, bed, "arrest", lasts_s, opioid(6.0, 5.0), opioid(0.1, 20.0), must, may)


def bradypnoea(when: str, bed: int) -> Row:
    must = (ByRule("rr-critical"), ByRule("rr-low"))
    return Row(when, bed, "slow breathing", 240, opioid(1.55, 6.0), opioid(0.1, 20.0), must, BODY | PULSE)


def desaturation(when: str, bed: int) -> Row:
    must = (ByRule("spo2-low"), ByRule("spo2-critical"))
    return Row(when, bed, "desaturation", 120, show(spo2=ramp(97, 82, 40)), clear, must, frozenset({"spo2_low"}))


def unwatched_desaturation(when: str, bed: int) -> Row:
    """The probe comes off while SpO2 is low: that is no recovery."""

    def begin(bed: VirtualBed) -> None:
        show(spo2=ramp(97, 82, 40))(bed)
        bed.after(80_000, lambda: body("finger_off", True)(bed))

    def end(bed: VirtualBed) -> None:
        clear(bed)
        body("finger_off", False)(bed)

    must = (ByRule("spo2-low"), ByRule("spo2-critical"))
    return Row(when, bed, "desaturation, then probe off", 200, begin, end, must, LOST)


def handed_off(when: str, bed: int) -> Row:
    """Somebody takes the pump out of remote control; SpO2 falls, so that it must be stopped by hand."""

    def begin(bed: VirtualBed) -> None:
        hand_over(False)(bed)
        show(spo2=ramp(97, 82, 40))(bed)
        bed.after(75_000, lambda: bed.pump.panel.stop(bed.now))

    def by_hand(policy: BedPolicy) -> int:
        rule = next(rule for rule in policy.profile.rules if rule.id == "spo2-critical")
        return 40_000 + rule.delay_ms + 2 * FRAME_MS

    must = (ByRule("spo2-low"), ByTime("stop_by_hand", HIGH, by_hand))
    return Row(when, bed, "handed off", 120, begin, both(clear, hand_over(True)), must, PUMP)


def mild_desaturation(when: str, bed: int) -> Row:
    must = (ByRule("spo2-low"),)
    return Row(when, bed, "SpO2 88", 150, show(spo2=ramp(97, 88, 30)), clear, must)


def hypercapnia(when: str, bed: int) -> Row:
    must = (ByRule("etco2-high"),)
    return Row(when, bed, "hypercapnia", 300, show(etco2=ramp(40, 64, 90)), clear, must)


def sedated(when: str, bed: int) -> Row:
    must = (ByRule("rr-low-with-second-sign"), ByRule("rr-low"), ByRule("poss-unacceptable"))
    begin = both(show(rr=at(7)), assess(3))
    return Row(when, bed, "over-sedation", 120, begin, both(clear, assess(1)), must)


def dilution(when: str, bed: int) -> Row:
    return Row(when, bed, "slipped cannula", 200, show(etco2=ramp(38, 11, 20)), clear, (ByRule("etco2-low"),))


def fast_breathing(when: str, bed: int) -> Row:
    return Row(when, bed, "fast breathing", 90, show(rr=ramp(15, 34, 20)), clear, (ByRule("rr-high"),))


def slow_pulse(when: str, bed: int) -> Row:
    return Row(when, bed, "slow pulse", 90, show(pulse=ramp(70, 41, 20)), clear, (ByRule("pulse-low"),))


def overspeed(when: str, bed: int) -> Row:
    must = (ByTime("over_hard", HIGH, next_status, stops=True),)
    return Row(when, bed, "tenfold rate", 60, tenfold, nothing, must, PUMP)


def above_soft(when: str, bed: int) -> Row:
    """0.6 mg/kg/h keyed at the panel, and later corrected there."""
    must = (ByTime("over_soft", MEDIUM, next_status),)
    return Row(when, bed, "rate above soft", 400, keyed(42_000), keyed(10_000), must, PUMP)


def occlusion(when: str, bed: int) -> Row:
    """A blocked line takes up 0.05 mL before the pump says so."""
    wait_ms = 30 * 1000
    must = (ByTime("device_alarm:AL_OCCLU", LOW, lambda policy: wait_ms + next_status(policy)),)
    return Row(when, bed, "occlusion", 300, occlude, free_line, must, PUMP)


HARMLESS: dict[str, tuple[int, Act]] = {
    "SpO2 jump": (4, show(spo2=at(68))),
    "moving hand": (9, show(spo2=at(79), pulse=at(150))),
    "weak pulse wave": (12, show(pulse=at(39))),
    "cuff on the oximeter's arm": (40, show(spo2=at(None), pulse=at(None))),
    "EtCO2 blips": (600, show(etco2=blips(7, 38))),
    "EtCO2 peaks": (600, show(etco2=blips(70, 38))),
    "EtCO2 zeros": (600, show(etco2=blips(0, 38))),
    "talking": (50, show(rr=at(28), etco2=at(20))),
    "displaced cannula": (50, show(etco2=at(9))),
    "one deep sigh": (10, show(rr=at(4))),
}


def harmless(when: str, bed: int, name: str) -> Row:
    lasts_s, begin = HARMLESS[name]
    may = frozenset({"signal_lost:*"}) if name.startswith("cuff") else frozenset()
    return Row(when, bed, name, lasts_s, begin, clear, (), may)


def probe_off(when: str, bed: int) -> Row:
    must = (ByTime("sensor_off:spo2", MEDIUM, withdrawn),)
    return Row(when, bed, "probe off", 240, body("finger_off", True), body("finger_off", False), must, LOST)


def line_off(when: str, bed: int) -> Row:
    must = (ByTime("monitoring_lost", HIGH, unwatched), ByTime("signal_lost:*", MEDIUM, withdrawn))
    return Row(when, bed, "CO2 line off", 300, fault("no_filterline", True), fault("no_filterline", False), must, LOST)


def line_off_on_oxygen(when: str, bed: int) -> Row:
    row = line_off(when, bed)
    begin = both(row.begin, oxygen(True))
    return replace(row, begin=begin, must=(*row.must, ByTime("spo2_alone", LOW, withdrawn)))


def monitor_pulled(when: str, bed: int) -> Row:
    must = (ByTime("monitor_lost", MEDIUM, withdrawn), ByTime("monitoring_lost", HIGH, unwatched))
    return Row(when, bed, "monitor line pulled", 150, pull_monitor, plug_monitor, must, LOST)


def stop_ignored(when: str, bed: int) -> Row:
    """A tenfold rate, and a pump that says it has stopped and infuses on, until somebody holds it by hand."""

    def begin(bed: VirtualBed) -> None:
        bed.pump.faults.stop_ignored = True
        tenfold(bed)
        bed.after(50_000, lambda: bed.pump.panel.stop(bed.now))

    def end(bed: VirtualBed) -> None:
        bed.pump.faults.stop_ignored = False

    must = (ByTime("over_hard", HIGH, next_status), ByTime("stop_not_confirmed", HIGH, unconfirmed))
    return Row(when, bed, "stop ignored", 60, begin, end, must, PUMP)


def start_pressed(when: str, bed: int) -> Row:
    """Somebody presses start at a pump that was stopped for its rate, which nobody has corrected."""

    def press(bed: VirtualBed) -> None:
        bed.pump.panel.start(bed.now)

    return Row(
        when, bed, "start pressed", 60, press, nothing, (ByTime("over_hard", HIGH, next_status, stops=True),), PUMP
    )


def pump_pulled(when: str, bed: int) -> Row:
    must = (ByTime("pump_lost", HIGH, silent_pump),)
    return Row(when, bed, "pump line pulled", 60, pull_pump, plug_pump, must, PUMP)


def restarted(when: str, bed: int, gap_s: int) -> Row:
    return Row(when, bed, f"restart after {gap_s} s", 30, restart(gap_s * 1000), nothing, (), PUMP)
