"""The beds that the properties are about: shipped limits, and every site setting that changes what the kernel does."""

from __future__ import annotations

import dataclasses
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from hypothesis import strategies as st

from pumpd.safety.policy import BedPolicy, Enforcement, MonitoringLost, MonitorPolicy
from tests.day.shipped import shipped_beds

PROFILES = ("adult", "adult-opioid-tolerant", "procedural")


@lru_cache
def _shipped(profile: str) -> tuple[BedPolicy, BedPolicy]:
    with tempfile.TemporaryDirectory() as folder:
        first, second = shipped_beds(Path(folder), 2, profile=profile)
    return first.policy, second.policy


def second_monitor(policy: BedPolicy) -> MonitorPolicy:
    """A plain oximeter beside the capnograph."""
    name = f"{policy.bed}-m2"
    return dataclasses.replace(policy.monitors[0], device=name, signals=("spo2", "pulse"), serial=None, origins=())


@dataclass(frozen=True)
class Site:
    """What a site may choose; `policy` makes bed 0 or 1 of it."""

    profile: str
    enforcement: Enforcement
    serial: str | None
    concentration_ug_ml: int | None
    two_pumps: bool
    two_monitors: bool
    monitoring_lost: MonitoringLost
    oxygen: bool

    def policy(self, bed: int) -> BedPolicy:
        shipped = _shipped(self.profile)[bed]
        pump = dataclasses.replace(
            shipped.pumps[0],
            enforcement=self.enforcement,
            serial=self.serial,
            concentration_ug_ml=self.concentration_ug_ml,
        )
        other = dataclasses.replace(pump, device=f"{shipped.bed}-p2")
        return dataclasses.replace(
            shipped,
            pumps=(pump, other) if self.two_pumps else (pump,),
            monitors=(shipped.monitors[0], second_monitor(shipped)) if self.two_monitors else shipped.monitors,
            monitoring_lost=self.monitoring_lost,
            oxygen=self.oxygen,
        )


SITES = st.builds(
    Site,
    profile=st.sampled_from(PROFILES),
    enforcement=st.sampled_from(Enforcement),
    serial=st.sampled_from((None, "SN1")),
    concentration_ug_ml=st.sampled_from((1_000, 5_000, None)),
    two_pumps=st.booleans(),
    two_monitors=st.booleans(),
    monitoring_lost=st.sampled_from(MonitoringLost),
    oxygen=st.booleans(),
)
