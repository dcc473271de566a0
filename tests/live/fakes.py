"""Views, alarms and a clock to turn by hand, for the tests of the live hub and the web face."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace as changed

from pumpd.device.facts import ControlState, Quality
from pumpd.live.client import LiveTimes
from pumpd.live.hub import LiveHub
from pumpd.safety.alarms import Alarm, AlarmState
from pumpd.safety.decisions import InterlockState
from pumpd.safety.events import LinkState, Patient, Sex
from pumpd.safety.limits import Limit
from pumpd.safety.policy import AlarmKind, Enforcement, Priority
from pumpd.safety.view import BedView, DeviceView, DoseView, PumpView, ValueView

PATIENT = Patient("4711", "Baker", "Ann", "1950-02-03", Sex.FEMALE, 72_000)
EPOCH = datetime(2026, 1, 15, 10, 15, 30, tzinfo=UTC)


class HandClock:
    """Kernel time that moves only when told."""

    def __init__(self) -> None:
        self.ms = 0

    def now_ms(self) -> int:
        return self.ms

    def wall_of(self, now_ms: int) -> datetime:
        return EPOCH + timedelta(milliseconds=now_ms)


def value(milli: int | None, at_ms: int | None = 0, quality: Quality | None = None, unit: str = "/min") -> ValueView:
    return ValueView(milli, unit, quality or (Quality.INVALID if milli is None else Quality.OK), at_ms, "b-m1")


def pump(bed: str, rate_ul_h: int | None = 1800, dose: str | None = "0.1", at_ms: int = 0, **changes: Any) -> PumpView:
    view = PumpView(
        id=f"{bed}-p1",
        drug="ketAMINE",
        concentration_ug_ml=4000,
        infusing=True,
        rate_ul_h=rate_ul_h,
        rate_quality=Quality.OK if rate_ul_h is not None else Quality.STALE,
        dose_mg_kg_h=None if dose is None else Decimal(dose),
        at_ms=at_ms,
        delivered=DoseView(1_250_000, 2_000_000),
        hard=Limit(1000, "library adult"),
        soft=Limit(500, "library adult"),
        enforcement=Enforcement.STOP,
        interlock=InterlockState.ARMED,
        interlock_cause=None,
        control=ControlState.GRANTED,
        override_by=None,
        not_verified=(),
        governed=True,
    )
    return replace(view, **changes)


def alarm(bed: str, number: int = 1, **changes: Any) -> Alarm:
    one = Alarm(
        id=f"{bed}-a{number}",
        bed=bed,
        device=None,
        condition="spo2_low",
        priority=Priority.HIGH,
        kind=AlarmKind.PHYSIOLOGICAL,
        state=AlarmState.ACTIVE,
        text="SpO2 84 < 85 %",
        value="84",
        limit="< 85 %",
        onset_ms=0,
        present=True,
    )
    return changed(one, **changes)


def bed_view(bed: str, rr: int | None = 14_000, at_ms: int = 0, alarms: tuple[Alarm, ...] = ()) -> BedView:
    return BedView(
        id=bed,
        label=f"Bed {bed}",
        patient=PATIENT,
        values={"rr": value(rr, at_ms), "spo2": value(97_000, at_ms, unit="%")},
        pumps=(pump(bed, at_ms=at_ms),),
        devices=(DeviceView(f"{bed}-m1", "capnostream20", LinkState.UP, 0, "", 0),),
        alarms=alarms,
        monitored=True,
        audio_paused_until_ms=None,
    )


class Ward:
    """Views to change by hand behind a hub that is ticked by hand."""

    def __init__(self, beds: int = 3, times: LiveTimes | None = None) -> None:
        self.clock = HandClock()
        self.views = {f"b{n}": bed_view(f"b{n}") for n in range(1, beds + 1)}
        self.hub = LiveHub(
            "w3",
            "Ward 3",
            now_ms=self.clock.now_ms,
            wall_of=self.clock.wall_of,
            bed_ids=self.views,
            times=times,
            epoch="e1",
        )
        for bed in self.views:
            self.hub.register(bed, lambda bed=bed: self.views[bed])  # type: ignore[misc]
        self.hub.tick()

    def change(self, bed: str, **changes: Any) -> None:
        self.views[bed] = replace(self.views[bed], **changes)
        self.hub.mark(bed)

    def breathe(self, bed: str, rr: int) -> None:
        values = dict(self.views[bed].values)
        values["rr"] = value(rr * 1000, self.clock.ms)
        self.change(bed, values=values)


class Picture:
    """What a page makes of the frames: the rules of the protocol, applied literally."""

    def __init__(self) -> None:
        self.beds: dict[str, dict[str, Any]] = {}
        self.alarms: dict[str, dict[str, Any]] = {}
        self.seq = -1

    def take(self, frame: str) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(frame)
        if message["type"] == "snapshot":
            self.beds = {bed["id"]: bed for bed in message["beds"]}
            self.alarms = {one["id"]: one for one in message["alarms"]}
        elif message["type"] == "delta":
            for bed, keys in message["set"].items():
                self.beds[bed].update(keys)
        elif message["type"] == "alarm":
            self._alarm(message["alarm"])
        assert message.get("seq", self.seq) >= self.seq
        self.seq = message.get("seq", self.seq)
        return message

    def _alarm(self, one: dict[str, Any]) -> None:
        self.alarms[one["id"]] = one
        if one["state"] == "ended":
            del self.alarms[one["id"]]
