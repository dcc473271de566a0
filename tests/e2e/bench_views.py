"""What a calm bed of the bench ward looks like."""

from __future__ import annotations

from decimal import Decimal

from pumpd.device.facts import ControlState, Quality
from pumpd.safety.decisions import InterlockState
from pumpd.safety.events import LinkState, Patient, Sex
from pumpd.safety.limits import Limit
from pumpd.safety.policy import Enforcement
from pumpd.safety.view import BedView, DeviceView, DoseView, PumpView, ValueView

NAMES = (("Baker", "Ann"), ("Ozolina", "Liga"), ("Nguyen", "Minh"), ("Keller", "Rolf"))
UNITS = {"rr": "/min", "spo2": "%", "etco2": "mmHg", "pulse": "/min", "no_breath_s": "s"}
CALM = {"rr": 14, "spo2": 97, "etco2": 38, "pulse": 72}


LASTING = (3_600_000, 7_200_000)
"""The pace of a monitor whose values stay live for an hour: where a test looks at how a page is laid out, none turns
grey (and has its age beside it, and less room) because the look took long."""


def value_of(bed: str, name: str, number: float | None, pace: tuple[int, int] | None) -> ValueView:
    milli = None if number is None else int(number * 1000)
    return ValueView(milli, UNITS[name], Quality.OK, 0, f"{bed}-m1", pace=pace)


def calm_bed(number: int, pace: tuple[int, int] | None = None) -> BedView:
    bed = f"w-{number:02}"
    family, given = NAMES[(number - 1) % len(NAMES)]
    patient = Patient(f"47{number:02}", family, given, "1950-02-03", Sex.UNKNOWN, 72_000)
    links = (
        DeviceView(f"{bed}-p1", "alaris_asena", LinkState.UP, 0, "", 0),
        DeviceView(f"{bed}-m1", "capnostream20", LinkState.UP, 0, "", 0),
    )
    values = {name: value_of(bed, name, CALM[name], pace) for name in CALM}
    return BedView(
        bed, f"Bed {number}", patient, values, (calm_pump(bed),), links, (), True, None, audio_pause_max_ms=120_000
    )


def calm_pump(bed: str) -> PumpView:
    return PumpView(
        id=f"{bed}-p1",
        drug="ketAMINE",
        concentration_ug_ml=4000,
        infusing=True,
        rate_ul_h=1800,
        rate_quality=Quality.OK,
        dose_mg_kg_h=Decimal("0.1"),
        at_ms=0,
        delivered=DoseView(12_300_000, 12_500_000),
        hard=Limit(1000, "drug library"),
        soft=Limit(500, "drug library"),
        enforcement=Enforcement.STOP,
        interlock=InterlockState.ARMED,
        interlock_cause=None,
        control=ControlState.GRANTED,
        override_by=None,
        not_verified=(),
        governed=True,
    )
