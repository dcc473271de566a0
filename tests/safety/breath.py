"""Builders for tests of breathing: limits as shipped, a second monitor, an arrest as a capnograph shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pumpd.device.facts import Quality
from pumpd.device.info import Origin
from pumpd.safety.decisions import Decision
from pumpd.safety.events import Heard
from pumpd.safety.policy import Amount, BedPolicy, Breathing, Criterion, MonitorPolicy
from tests.safety.build import MONITOR, Bed, bed_policy, monitor_policy, term, vitals

SECOND = "b1-m2"
JUMPS = (Amount("rr", 10_000), Amount("spo2", 4_000), Amount("pulse", 30_000), Amount("etco2", 20_000))
EPISODES = (
    Criterion("rr", (term("rr", "<=", 5),), 180_000),
    Criterion("spo2", (term("spo2", "<=", 85),), 180_000),
    Criterion("etco2-low", (term("etco2", "<=", 15),), 180_000),
    Criterion("etco2-high", (term("etco2", ">=", 60),), 180_000),
    Criterion("apnoea", (term("no_breath_s", ">", 30),), 0),
    Criterion("apnoea-flag", (term("no_breath", "=", 1),), 30_000, absent=("no_breath_s",)),
)
BREATHING = Breathing(
    held_after_ms=10_000,
    jumps=JUMPS,
    jump_max_ms=10_000,
    etco2_low_milli=15_000,
    etco2_high_milli=50_000,
    differences=(Amount("rr", 6_000), Amount("spo2", 5_000)),
    difference_ms=30_000,
    episodes=EPISODES,
)
WELL = {"rr": 14, "spo2": 98, "etco2": 38, "pulse": 72, "no_breath": 0, "no_breath_s": 0}
OFF = Quality.OFF


def breath_policy(**overrides: Any) -> BedPolicy:
    return bed_policy(**{"breathing": BREATHING, **overrides})


def two_monitors(first: dict[str, Any] | None = None, second: dict[str, Any] | None = None, **more: Any) -> BedPolicy:
    """A capnograph, and a monitor that counts breaths by impedance, in this order of authority."""
    capnograph = monitor_policy(**{"origins": (("rr", Origin.CO2),), **(first or {})})
    ecg: MonitorPolicy = monitor_policy(
        **{"device": SECOND, "driver": "ecg", "origins": (("rr", Origin.IMPEDANCE),), **(second or {})}
    )
    return breath_policy(monitors=(capnograph, ecg), **more)


def breath_bed(**overrides: Any) -> Bed:
    return Bed(breath_policy(**overrides))


def without(policy: BedPolicy, **changes: Any) -> BedPolicy:
    """The policy with other limits of breathing."""
    return replace(policy, breathing=replace(policy.breathing, **changes))


def hear(bed: Bed, device: str, after: int = 0, **values: Any) -> tuple[Decision, ...]:
    """A frame of one of several monitors."""
    return bed.do(Heard(device, vitals(**values)), after)


def both(bed: Bed, seconds: int, first: dict[str, Any], second: dict[str, Any]) -> None:
    """Two monitors that speak once a second each."""
    for _ in range(seconds):
        hear(bed, MONITOR, **first)
        hear(bed, SECOND, **second)
        bed.run(1_000)
