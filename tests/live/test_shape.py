"""The public shapes: exact fields, exact numbers, and no digit without quality."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pumpd.access.roles import Identity
from pumpd.device.facts import Quality
from pumpd.live.amounts import number
from pumpd.live.messages import encode
from pumpd.live.shape import alarm_shape, bed_shape, pump_shape, unmonitored, value_shape
from pumpd.live.stamp import Stamp
from pumpd.safety.alarms import Acknowledgement, AlarmState
from pumpd.safety.events import AckReason
from pumpd.safety.limits import Limit
from pumpd.safety.view import DoseView, ValueView
from tests.live.fakes import HandClock, alarm, bed_view, pump, value

CLOCK = HandClock()


def stamp(now_ms: int = 320) -> Stamp:
    return Stamp(now_ms, CLOCK.wall_of)


def as_json(shape: object) -> dict:
    return json.loads(encode(shape))


def test_a_value_has_the_documented_fields() -> None:
    shown = as_json(value_shape(value(14_000, 120), stamp(440)))
    assert shown == {
        "v": 14,
        "u": "/min",
        "q": "ok",
        "t": "2026-01-15T10:15:30.120Z",
        "age_ms": 320,
        "source": "b-m1",
    }


def test_a_bed_has_the_documented_fields() -> None:
    bed = as_json(bed_shape(bed_view("b1"), 0, CLOCK.wall_of, Identity.FULL))
    documented = {"id", "label", "patient", "values", "pumps", "devices", "monitored"}
    assert documented <= bed.keys()
    assert {"mrn", "name", "weight_kg"} <= bed["patient"].keys()
    assert bed["patient"]["initials"] == "AB"
    assert {"id", "driver", "link", "since"} <= bed["devices"][0].keys()


def test_a_pump_has_the_documented_fields() -> None:
    shown = as_json(pump_shape(pump("b1"), 72_000, stamp()))
    assert shown["concentration_mg_ml"] == 4
    assert shown["rate_ml_h"]["v"] == 1.8
    assert shown["dose_mg_kg_h"] | {"t": None} == {
        "v": 0.1,
        "u": "mg/kg/h",
        "q": "ok",
        "t": None,
        "age_ms": 320,
        "source": "b1-p1",
    }
    assert shown["delivered_mg"] == {"at_least": 1.25, "at_most": 2}
    assert {"hard_mg_kg_h": 1, "soft_mg_kg_h": 0.5, "set_by": "library adult"}.items() <= shown["ceiling"].items()
    assert (shown["enforcement"], shown["interlock"], shown["infusing"]) == ("stop", "armed", True)


def test_an_alarm_has_the_documented_fields() -> None:
    ack = Acknowledgement("RN-KL", 60_000, AckReason.PROBE_OFF)
    shown = as_json(alarm_shape(alarm("b1", state=AlarmState.ACKNOWLEDGED, acknowledged=ack), stamp()))
    documented = {"id", "bed", "device", "condition", "priority", "kind", "state", "text", "value", "limit", "onset"}
    assert documented | {"acknowledged"} <= shown.keys()
    assert shown["onset"] == "2026-01-15T10:15:30.000Z"
    assert {"by": "RN-KL", "at": "2026-01-15T10:16:30.000Z", "reason": "probe_off"}.items() <= shown[
        "acknowledged"
    ].items()


def test_the_dose_is_written_out_with_all_that_it_was_computed_from() -> None:
    shown = pump_shape(pump("b1"), 72_000, stamp())
    assert (shown.line, shown.line2) == ("0.1 mg/kg/h = 1.8 mL/h", "4 mg/mL · 72 kg")


@pytest.mark.req("CEI-05")
def test_a_dose_that_may_not_be_computed_shows_the_rate_alone() -> None:
    shown = pump_shape(pump("b1", dose=None, not_verified=("weight is not known",)), None, stamp())
    assert (shown.dose_mg_kg_h.v, shown.dose_mg_kg_h.q, shown.dose_text) == (None, "invalid", None)
    assert (shown.line, shown.line2, shown.not_verified) == ("1.8 mL/h", "4 mg/mL", ("weight is not known",))


@pytest.mark.req("CEI-02")
def test_the_rule_that_set_each_ceiling_is_named() -> None:
    shown = pump_shape(pump("b1", hard=Limit(800, "ward 4b")), 72_000, stamp()).ceiling
    assert shown is not None
    assert (shown.hard_mg_kg_h, shown.set_by, shown.soft_set_by) == (0.8, "ward 4b", "library adult")


@pytest.mark.req("QUA-01")
@given(
    milli=st.none() | st.integers(-(10**9), 10**9),
    quality=st.sampled_from(list(Quality)),
    at_ms=st.none() | st.integers(-1000, 10**6),
)
def test_no_value_carries_a_digit_unless_its_quality_allows_it(
    milli: int | None, quality: Quality, at_ms: int | None
) -> None:
    shown = value_shape(ValueView(milli, "%", quality, at_ms, None), stamp())
    assert (shown.v is not None) == (shown.q in ("ok", "questionable"))
    if quality not in (Quality.OK, Quality.QUESTIONABLE) or milli is None:
        assert shown.v is None


@pytest.mark.req("QUA-01")
@given(quality=st.sampled_from([Quality.STALE, Quality.INVALID, Quality.OFF]), infusing=st.sampled_from([True, False]))
def test_a_pump_whose_status_is_not_believed_shows_no_rate_no_dose_and_not_that_it_stands(
    quality: Quality, infusing: bool
) -> None:
    shown = pump_shape(pump("b1", rate_quality=quality, infusing=infusing), 72_000, stamp())
    assert (shown.rate_ml_h.v, shown.dose_mg_kg_h.v, shown.infusing) == (None, None, None)
    assert (shown.line, shown.rate_text, shown.dose_text) == (None, None, None)


@pytest.mark.req("QUA-01")
def test_a_bed_with_nobody_behind_it_shows_no_figures_and_keeps_its_alarms() -> None:
    view = unmonitored(bed_view("b1", alarms=(alarm("b1"),)))
    bed = as_json(bed_shape(view, 0, CLOCK.wall_of))
    assert bed["monitored"] is False
    assert [one["v"] for one in bed["values"].values()] == [None, None]
    assert bed["pumps"][0]["line"] is None
    assert len(view.alarms) == 1


@given(st.integers(-(10**12), 10**12), st.sampled_from([1000, 1_000_000]))
def test_numbers_are_exact_text_without_float_noise(value: int, scale: int) -> None:
    text = msgspec.json.encode(number(value, scale)).decode()
    assert Decimal(text) == Decimal(value) / scale
    assert len(re.sub(r"[^0-9]", "", text)) <= 20


def test_a_weight_that_is_missing_is_null_and_never_a_number() -> None:
    view = bed_view("b1")
    assert view.patient is not None
    bed = as_json(bed_shape(replace(view, patient=replace(view.patient, weight_g=None)), 0, CLOCK.wall_of))
    assert (bed["patient"]["weight_kg"], bed["pumps"][0]["weight_kg"]) == (None, None)


@pytest.mark.req("DOS-01")
@pytest.mark.parametrize(
    ("at_least_ng", "at_most_ng", "text"),
    [
        (23_555, 43_567, "0.02 to 0.05 mg"),
        (12_300_000, 12_500_000, "12.3 to 12.5 mg"),
        (0, 0, "0 mg"),
        (5_000_000, 5_000_000, "5 mg"),
        (9_999, 10_001, "0 to 0.02 mg"),
    ],
)
def test_the_delivered_text_is_rounded_outward(at_least_ng: int, at_most_ng: int, text: str) -> None:
    view = pump("b1", delivered=DoseView(at_least_ng, at_most_ng))
    assert pump_shape(view, 72_000, stamp()).delivered_text == text
