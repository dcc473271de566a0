"""The world that the model check searches: one bed, one pump, one monitor, and an abstract event alphabet.

A symbol is what can happen next; `events` turns it into concrete events at concrete times, given only what
an outside observer knows (the ghost). Nothing here looks into the kernel's state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pumpd.device.facts import (
    AlarmCode,
    CommandOutcome,
    Control,
    ControlState,
    DeviceAlarms,
    Garbled,
    Integrity,
    Outcome,
    PumpStatus,
    Quality,
    Reading,
    Vitals,
)
from pumpd.device.info import PumpCapabilities
from pumpd.safety import events as ev
from pumpd.safety import policy as po
from pumpd.safety.limits import Limit
from pumpd.units import Ms
from tests.model.ghost import Ghost

BED, PUMP, MONITOR = "b1", "p1", "m1"
CAPABLE = PumpCapabilities(True, True, True, True, rate_step_ul_h=10, rate_min_ul_h=100, rate_max_ul_h=1_200_000)

LOW_UL_H, SOFT_UL_H, AT_UL_H, OVER_UL_H = (
    7_000,
    42_000,
    70_000,
    140_000,
)  # 0.1, 0.6, 1 and 2 mg/kg/h for 70 kg at 1 mg/mL


def term(signal: str, op: po.Op, limit: int) -> po.Term:
    return po.Term(signal, op, limit * 1000)


RULES = (
    po.Rule("no-breath", "no_breath", po.Priority.HIGH, (term("no_breath", po.Op.GE, 1),), 0, True, "No breath"),
    po.Rule("spo2-very-low", "spo2_very_low", po.Priority.HIGH, (term("spo2", po.Op.LT, 85),), 2_000, True, "SpO2"),
    po.Rule("spo2-low", "spo2_low", po.Priority.MEDIUM, (term("spo2", po.Op.LT, 90),), 1_000, False, "SpO2"),
    po.Rule("spo2-lower", "spo2_low", po.Priority.HIGH, (term("spo2", po.Op.LT, 85),), 1_500, False, "SpO2"),
)
LADDER = (po.EscalationStep(0, "bedside"), po.EscalationStep(5_000, "nurse"), po.EscalationStep(15_000, "ward"))


def policy(
    hard_ug_kg_h: int = 1000,
    conc: int | None = 1000,
    integrity_capable: PumpCapabilities = CAPABLE,
    enforcement: po.Enforcement = po.Enforcement.STOP,
    drug: po.DrugPolicy | None = None,
    **site: Any,
) -> po.BedPolicy:
    """The bed's policy; times as shipped in config/, alarm delays and a resume's times short so that shallow searches
    reach them. site: further fields of the bed's policy."""
    drug = drug or po.DrugPolicy(
        "ketamine", "ketAMINE", True, Limit(hard_ug_kg_h, "library"), Limit(500, "library"), 1000, 10_000
    )
    pump = po.PumpPolicy(PUMP, "test", drug, conc, enforcement, integrity_capable, 500, "SN1", None, 50_000)
    monitor = po.MonitorPolicy(MONITOR, "test", ("rr", "spo2", "no_breath"), 1_000, None, None)
    profile = po.AlarmProfile("model", RULES, (po.Priority.HIGH,), 60_000, 120_000, 300_000, 120_000, LADDER)
    times = po.Times(
        *(5_000, 15_000, 2, 5_000, 1_000, 5_000, 250, 43_200_000, 30_000), resume_steady_ms=2_000, resume_valid_ms=4_000
    )
    weight = po.WeightRange(20_000, 250_000)
    return po.BedPolicy(BED, "Bed 1", (pump,), (monitor,), profile, times, weight, **site)


MORPHINE = po.DrugPolicy("morphine", "morphine", False, None, None, 1000, 5000, opioid=True)
WITH_OPIOIDS = {"drug": MORPHINE, "respiratory_stop": po.RespiratoryStop.KETAMINE_AND_OPIOIDS}
STOP_UNWATCHED = {"monitoring_lost": po.MonitoringLost.STOP}


def now_is(**site: Any) -> Make:
    """From now on the bed has another drug, or another setting of its site."""
    return lambda ghost: (100, ev.PolicyReplaced(policy(**site), "pharmacist"))


def patient(mrn: str = "A", weight_g: int | None = 70_000) -> ev.Patient:
    return ev.Patient(mrn, "Model", "Check", "1970-01-01", ev.Sex.UNKNOWN, weight_g)


def status(
    infusing: bool | None, rate: int, requested: int | None, integrity: Integrity = Integrity.CRC16, serial: str = "SN1"
) -> ev.Heard:
    asked = None if requested is None else Ms(requested)
    return ev.Heard(PUMP, PumpStatus(infusing, rate, None, asked, integrity, serial))


def vitals(spo2: int | None, breath: bool | None, quality: Quality = Quality.INVALID) -> ev.Heard:
    readings = (
        Reading("spo2", spo2 * 1000) if spo2 is not None else Reading("spo2", None, quality),
        Reading("no_breath", 0 if breath else 1000) if breath is not None else Reading("no_breath", None, quality),
        Reading("rr", 14_000 if breath else 0) if breath is not None else Reading("rr", None, quality),
    )
    return ev.Heard(MONITOR, Vitals(readings))


Step = tuple[int, ev.Event]  # milliseconds to pass first, then the event
Make = Callable[[Ghost], Step | None]


@dataclass(frozen=True)
class Symbol:
    """One letter of the alphabet; `make` may decline (None) where it has no meaning now."""

    name: str
    make: Make


def outcome(kind: Outcome) -> Make:
    def make(ghost: Ghost) -> Step | None:
        order = ghost.last_order
        return None if order is None else (50, ev.Heard(PUMP, CommandOutcome(order, kind, "model")))

    return make


def fresh(infusing: bool | None, rate: int) -> Make:
    """A status requested 20 ms before it arrives, 500 ms from now: after anything that is acked already."""
    return lambda ghost: (500, status(infusing, rate, ghost.now + 480))


def stale_hold(ghost: Ghost) -> Step | None:
    """'Not infusing', but asked for before the last ack: proves nothing."""
    return None if ghost.acked_ms is None else (100, status(False, 0, ghost.acked_ms - 1))


def acknowledge(ghost: Ghost) -> Step | None:
    alarm = ghost.first_in_state("active")
    return None if alarm is None else (100, ev.Acknowledged(alarm, "RN", ev.AckReason.SEEN_ESCALATED))


def reset_latched(ghost: Ghost) -> Step | None:
    alarm = ghost.first_in_state("latched")
    return None if alarm is None else (100, ev.AlarmReset(alarm, "RN", "seen"))


def reset_active(ghost: Ghost) -> Step | None:
    alarm = ghost.first_in_state("active")
    return None if alarm is None else (100, ev.AlarmReset(alarm, "RN", "away with it"))


def just(ms: int, event: ev.Event) -> Make:
    return lambda ghost: (ms, event)


def request(rate: int) -> Make:
    return lambda ghost: (100, ev.RateRequested(f"r{ghost.now}", PUMP, rate, "RN", "titration"))


ALPHABET = (
    Symbol("low", fresh(True, LOW_UL_H)),
    Symbol("soft", fresh(True, SOFT_UL_H)),
    Symbol("over", fresh(True, OVER_UL_H)),
    Symbol("at-ceiling", fresh(True, AT_UL_H)),
    Symbol("odd-over", fresh(None, OVER_UL_H)),
    Symbol("hold", fresh(False, 0)),
    Symbol("stale-hold", stale_hold),
    Symbol("unsolicited-hold", just(100, status(False, 0, None))),
    Symbol("weak-over", lambda g: (500, status(True, OVER_UL_H, g.now + 480, Integrity.NONE))),
    Symbol("wrong-serial", lambda g: (500, status(True, LOW_UL_H, g.now + 480, serial="OTHER"))),
    Symbol("done", outcome(Outcome.DONE)),
    Symbol("refused", outcome(Outcome.REFUSED)),
    Symbol("unknown", outcome(Outcome.UNKNOWN)),
    Symbol("well", just(500, vitals(97, True))),
    Symbol("apnoea", just(500, vitals(97, False))),
    Symbol("desat", just(500, vitals(84, True))),
    Symbol("desat-slightly", just(500, vitals(89, True))),
    Symbol("edge-85", just(500, vitals(85, True))),
    Symbol("missing", just(500, vitals(None, None))),
    Symbol("off", just(500, vitals(None, None, Quality.OFF))),
    Symbol("pump-down", just(100, ev.LinkChanged(PUMP, ev.LinkState.DOWN, "unplugged"))),
    Symbol("monitor-down", just(100, ev.LinkChanged(MONITOR, ev.LinkState.DOWN, "unplugged"))),
    Symbol("garbled", just(100, ev.Heard(PUMP, Garbled("crc")))),
    Symbol("control-lost", just(100, ev.Heard(PUMP, Control(ControlState.REFUSED, "refused")))),
    Symbol("control-back", just(100, ev.Heard(PUMP, Control(ControlState.GRANTED)))),
    Symbol("occlusion", just(100, ev.Heard(PUMP, DeviceAlarms((AlarmCode("AL_OCCLU", "occlusion"),))))),
    Symbol("no-device-alarm", just(100, ev.Heard(PUMP, DeviceAlarms(())))),
    Symbol("ack", acknowledge),
    Symbol("reset-alarm", reset_latched),
    Symbol("reset-active", reset_active),
    Symbol("audio-pause", just(100, ev.AudioPaused("RN", 120))),
    Symbol("ask-up", request(14_000)),
    Symbol("ask-soft", request(SOFT_UL_H)),
    Symbol("ask-over", request(OVER_UL_H)),
    Symbol("ask-down", request(3_500)),
    Symbol("reset-interlock", just(100, ev.InterlockReset(PUMP, "RN", "checked"))),
    Symbol("override", just(100, ev.SoftOverride(PUMP, "RN", "pain"))),
    Symbol("stop-by-hand", just(100, ev.StopRequested(PUMP, "RN", "patient drowsy"))),
    Symbol("weight-gone", just(100, ev.PatientBound(patient(weight_g=None), "RN"))),
    Symbol("other-patient", just(100, ev.PatientBound(patient("B", 50_000), "RN"))),
    Symbol("lower-ceiling", just(100, ev.PolicyReplaced(policy(hard_ug_kg_h=50), "pharmacist"))),
    Symbol("resume", just(100, ev.ResumeRequested(PUMP, "RN", "pain is back"))),
    Symbol("morphine", now_is(drug=MORPHINE)),
    Symbol("morphine-too", now_is(**WITH_OPIOIDS)),
    Symbol("stop-unwatched", now_is(**STOP_UNWATCHED)),
    Symbol("restart", just(2_000, ev.Restarted(2_000, gap_certain=True))),
    Symbol("wait-2", just(2_000, ev.Tick())),
    Symbol("wait-6", just(6_000, ev.Tick())),
    Symbol("wait-20", just(20_000, ev.Tick())),
    Symbol("wait-130", just(130_000, ev.Tick())),
)
BY_NAME = {symbol.name: symbol for symbol in ALPHABET}

# situations from which the search starts; each is a word of the alphabet
RUNNING = ("control-back", "well", "low")
STOPPED = (*RUNNING, "over", "done", "hold")
STEADY = ("well",) * 6  # 2.5 s in limits
RESET = (*STOPPED, "reset-interlock", "hold", *STEADY)
DESAT = ("desat",) * 5  # 2 s at two frames a second: past the rule's delay
SITUATIONS: tuple[tuple[str, ...], ...] = (
    (),
    RUNNING,
    (*RUNNING, "over"),
    (*RUNNING, "over", "done"),
    (*RUNNING, "over", "refused"),
    (*RUNNING, "over", "restart"),
    (*RUNNING, "over", "ack"),
    (*RUNNING, "over", "wait-6"),
    (*RUNNING, "over", "wrong-serial", "wait-2"),
    (*RUNNING, "over", "done", "hold"),
    (*RUNNING, "over", "done", "hold", "ack", "reset-interlock"),
    (*RUNNING, "weak-over"),
    (*RUNNING, "soft"),
    (*RUNNING, "soft", "override"),
    (*RUNNING, "apnoea"),
    (*RUNNING, "apnoea", "done", "hold", "well"),
    (*RUNNING, *DESAT),
    (*RUNNING, *("edge-85",) * 5),
    (*RUNNING, "audio-pause"),
    ("wait-130", "audio-pause"),  # nothing new can begin: only time ends the pause
    (*RUNNING, "occlusion"),
    (*RUNNING, "missing"),
    (*RUNNING, *("missing",) * 30),
    (*RUNNING, *("off",) * 30),
    (*RUNNING, "ask-up"),
    ("control-lost", "well", "over"),
    ("weight-gone", "well", "low"),
)
# the same for starting again after a stop, breathing that nobody watches, and opioids: one step of GUARD_ALPHABET each
GUARD_SITUATIONS: tuple[tuple[str, ...], ...] = (
    (*STOPPED, "low"),
    (*STOPPED, "wait-20", "low"),
    (*STOPPED, *STEADY, "reset-interlock"),
    (*STOPPED, "well", "reset-interlock", "resume"),
    (*STOPPED, *STEADY, "resume", "low"),
    (*RESET, "resume"),
    (*RESET, "resume", "low"),
    (*RESET, "resume", "wait-6"),
    (*RESET, "resume", "wait-6", "low"),
    (*RESET, "resume", "apnoea", "well"),
    (*RESET, "resume", "apnoea", "well", "low"),
    (*RESET, "resume", "other-patient", "low"),
    (*RESET, "resume", "restart", "low"),
    (*RESET, "desat-slightly", "resume"),
    (*RESET, "missing", "well", "resume"),
    (*RESET, "weight-gone", "hold", "resume"),
    (*RESET, "wrong-serial", "resume"),
    (*RESET, "control-lost", "low"),
    (*RUNNING, "wait-20", "low", "wait-20", "low"),
    (*RUNNING, "stop-unwatched", "wait-20", "low", "wait-20", "low"),
    ("stop-unwatched", *RUNNING, *("missing",) * 70),
    ("morphine", *RUNNING),
    ("morphine", *RUNNING, "apnoea"),
    ("morphine-too", *RUNNING, "apnoea"),
    ("morphine-too", *RUNNING, "apnoea", "done", "hold", *STEADY, "reset-interlock", "resume", "low"),
    ("morphine", *RUNNING, "stop-by-hand", "done", "hold", *STEADY, "reset-interlock", "low"),
)
GUARD_ALPHABET = tuple(
    BY_NAME[name]
    for name in (
        *(
            "low",
            "over",
            "odd-over",
            "hold",
            "well",
            "apnoea",
            "desat-slightly",
            "missing",
            "resume",
            "reset-interlock",
        ),
        *("stop-by-hand", "control-lost", "control-back", "wrong-serial", "other-patient", "weight-gone", "restart"),
        *("pump-down", "wait-6", "wait-130", "morphine", "morphine-too", "stop-unwatched", "reset-interlock"),
    )
)
# the same for alarms that nobody has seen, that ease and worsen, and a paused sound: one step of ALARM_ALPHABET each
SLIGHT = ("desat-slightly",) * 4
ALARM_SITUATIONS: tuple[tuple[str, ...], ...] = (
    (*RUNNING, *SLIGHT, "ack", *DESAT),
    (*RUNNING, *SLIGHT, "audio-pause", *DESAT),
    (*RUNNING, *DESAT, "ack", *SLIGHT, *DESAT),
    (*RUNNING, *DESAT, *SLIGHT, "ack"),
    (*RUNNING, *DESAT, "well", *SLIGHT),
    (*RUNNING, *DESAT, "well", "wait-6"),
    (*RUNNING, *DESAT, "ack", "wait-6", *("desat",) * 3),
    (*RUNNING, *DESAT, "done", "hold", "desat", "wait-2", "audio-pause", *("desat",) * 12),
    ("desat",) * 40,
    ("wait-130", "audio-pause", "audio-pause"),
)
ALARM_ALPHABET = tuple(
    BY_NAME[name]
    for name in (
        *("well", "desat", "desat-slightly", "missing", "ack", "reset-alarm", "reset-active", "audio-pause"),
        *("other-patient", "restart", "wait-2", "wait-6", "wait-20", "wait-130"),
    )
)
