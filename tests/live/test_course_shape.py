"""A course, its caps, the chart and the prediction as screens read them, and when they are sent again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from pumpd.device.facts import Quality
from pumpd.live.amounts import band, mass
from pumpd.live.clinical_shape import clinical_shape
from pumpd.live.course_shape import course_shape
from pumpd.live.messages import ServerMessage, encode
from pumpd.live.shape import bed_shape, unmonitored
from pumpd.live.stamp import Stamp
from pumpd.safety.policy import Priority
from pumpd.safety.view import CourseView
from tests.live.course_fakes import KG_72, cap, clinical, concentration, course, infusion, mme
from tests.live.fakes import HandClock, Ward, alarm, bed_view, pump

CLOCK = HandClock()
NOW = 10_000_000


def stamp(now_ms: int = NOW) -> Stamp:
    return Stamp(now_ms, CLOCK.wall_of)


def shown(view: CourseView, **changes: Any) -> Any:
    return json.loads(encode(course_shape(replace(bed_view("b1"), course=view, **changes), stamp())))


def bed_json(**changes: Any) -> Any:
    view = replace(bed_view("b1", at_ms=NOW), **changes)
    return json.loads(encode(bed_shape(view, NOW, CLOCK.wall_of)))


@pytest.mark.req("CEI-09")
def test_a_course_says_what_was_given_of_which_cap_and_whose_it_is() -> None:
    said = shown(course(NOW))
    assert (said["id"], said["day"], said["max_infusions"]) == ("b1-c1", 3, 3)
    assert [(one["number"], one["phase"]) for one in said["infusions"]] == [(1, "completed"), (2, "running")]
    assert said["infusions"][1]["delivered_text"] == "12.3 to 12.51 mg"
    assert said["caps"][0] == {
        "span": "infusion",
        "limit_mg": 36,
        "limit_text": "36 mg",
        "set_by": "drug library 2026.2, palliative-adult",
        "delivered_mg": {"at_least": 12.3, "at_most": 12.51},
        "delivered_text": "12.3 to 12.51 mg",
        "percent": {"at_least": 34, "at_most": 35},
        "reached": stamp().text(NOW + 38 * 60_000),
    }
    assert said["set_aside"] == [{"rule": "start_vitals", "by": "Dr. Adler"}]
    assert said["missing"] == ["no adjunct is recorded (protocol ldk 2026.1)"]
    assert said["nrs_due"] > said["observe_due"] > stamp().text(NOW)


@pytest.mark.req("CRS-09")
def test_what_is_overdue_is_what_the_kernel_alarms_about() -> None:
    late = alarm("b1", condition="nrs_overdue", priority=Priority.LOW)
    said = shown(course(NOW), alarms=(late,))
    assert (said["nrs_overdue"], said["observe_overdue"]) == (True, False)
    assert shown(course(NOW), alarms=(changed(late, present=False),))["nrs_overdue"] is False


@pytest.mark.req("MME-03")
def test_a_total_that_pumps_leave_open_is_a_range() -> None:
    said = json.loads(encode(clinical_shape(clinical(NOW, mme=mme(NOW, at_most_milli=312_040)), stamp())))["mme"]
    assert (said["text"], said["per_day"], said["at_most"]) == ("310 to 312.1 MME/24 h", 310, 312.04)


@pytest.mark.req("MME-04")
def test_a_total_that_lacks_something_is_at_least_and_one_that_is_known_is_one_number() -> None:
    def text(**changes: object) -> str:
        said = clinical_shape(clinical(NOW, mme=mme(NOW, **changes)), stamp())
        return str(json.loads(encode(said))["mme"]["text"])

    assert text(per_day_milli=256_249, incomplete=("no factor",)) == "at least 256.2 MME/24 h"
    assert text(per_day_milli=256_290, at_most_milli=260_000, incomplete=("no factor",)) == "at least 256.2 MME/24 h"
    assert text(per_day_milli=256_249) == "256.2 MME/24 h"
    assert text(per_day_milli=256_250) == "256.3 MME/24 h"


@pytest.mark.req("DOS-01")
@given(low=st.integers(0, 10**9), doubt=st.integers(0, 10**8), limit=st.integers(1, 10**9))
def test_what_is_shown_of_a_dose_never_understates_what_may_have_been_given(low: int, doubt: int, limit: int) -> None:
    high = low + doubt
    one = cap(NOW, low_ng=low, high_ng=high, limit_ng=limit)
    said = shown(course(NOW, caps=(one,)))["caps"][0]
    assert said["delivered_mg"]["at_least"] * 1_000_000 <= low
    assert said["delivered_mg"]["at_most"] * 1_000_000 >= high - 1e-3
    assert said["percent"]["at_least"] * limit <= low * 100
    assert said["percent"]["at_most"] * limit >= high * 100
    assert said["limit_mg"] * 1_000_000 <= limit + 1e-3


@given(low=st.integers(0, 10**7), width=st.integers(0, 10**6))
def test_a_predicted_band_is_rounded_outward(low: int, width: int) -> None:
    said = band((low, low + width))
    assert said.low * 1000 <= low + 1e-6
    assert said.high * 1000 >= low + width - 1e-6


def test_masses_are_written_to_hundredths_of_a_milligram() -> None:
    assert (mass(12_304_999, 12_505_001).at_least, mass(12_304_999, 12_505_001).at_most) == (12.3, 12.51)


@pytest.mark.req("CEI-02", "CEI-09")
def test_every_governed_pump_names_its_ceiling_and_the_caps_that_bind_it_with_the_rule_behind_each() -> None:
    opioid = pump("b1", id="b1-p2", drug="morphine", governed=False, hard=None, soft=None)
    bed = bed_json(course=course(NOW), pumps=(pump("b1"), opioid))
    ketamine, morphine = bed["pumps"]
    assert ketamine["ceiling"]["set_by"] == "library adult"
    assert ketamine["cap"]["per_infusion"] == {
        "limit_mg": 36,
        "set_by": "drug library 2026.2, palliative-adult",
        "at_most_mg": 12.51,
    }
    assert ketamine["cap"]["per_window"]["set_by"] == "ward 4b"
    assert ketamine["cap"]["per_course"] is None
    assert ketamine["time_to_cap"] == {"span": "infusion", "at": stamp().text(NOW + 38 * 60_000), "s": 2280}
    assert (morphine["cap"], morphine["time_to_cap"]) == (None, None)


def test_a_pump_without_a_cap_says_so_and_one_that_will_not_reach_it_has_no_time() -> None:
    assert bed_json()["pumps"][0]["cap"] is None
    bed = bed_json(course=course(NOW, caps=(cap(NOW, reached_ms=None),)))
    assert bed["pumps"][0]["time_to_cap"] is None
    assert bed["pumps"][0]["cap"]["per_infusion"]["limit_mg"] == 36


def test_a_cap_that_was_to_be_reached_already_is_reached_in_no_time() -> None:
    bed = bed_json(course=course(NOW, caps=(cap(NOW, reached_ms=NOW - 60_000),)))
    assert bed["pumps"][0]["time_to_cap"]["s"] == 0


@pytest.mark.req("MME-02", "MME-04", "MME-06")
def test_the_chart_names_table_and_baseline_and_what_makes_a_total_incomplete() -> None:
    partial = clinical(NOW, mme=mme(NOW, incomplete=("buprenorphine has no factor in cdc-2022",)))
    said = json.loads(encode(clinical_shape(partial, stamp())))
    assert said["mme"]["text"] == "at least 310 MME/24 h"
    assert (said["mme"]["table"], said["mme"]["baseline"], said["mme"]["change_percent"]) == ("cdc-2022", 458.8, -32.43)
    assert said["mme"]["incomplete"] == ["buprenorphine has no factor in cdc-2022"]
    told = clinical(NOW, mme=mme(NOW, parts=("oxyCODONE oral 20 mg x 1.5 = 30 MME (CDC 2022)",)), flags=("gabapentin",))
    said = json.loads(encode(clinical_shape(told, stamp())))
    assert said["mme"]["parts"] == ["oxyCODONE oral 20 mg x 1.5 = 30 MME (CDC 2022)"]
    assert said["flags"] == ["gabapentin"]
    assert (said["nrs"]["last"], said["nrs"]["by"], said["nrs"]["count"]) == (5, "RN-KL", 7)


@pytest.mark.req("PK-05")
def test_a_prediction_is_marked_as_one_and_is_a_band_with_its_models_and_doubts() -> None:
    doubtful = concentration(NOW, quality=Quality.QUESTIONABLE, doubts=("the pump was not heard for 3 min",))
    said = json.loads(encode(clinical_shape(clinical(NOW, concentration=doubtful), stamp())))["concentration"]
    assert said["predicted"] is True
    assert said["now"] == {"low": 40, "high": 75, "text": "40 to 75 ng/mL"}
    assert (len(said["models"]), said["q"], len(said["doubts"])) == (4, "questionable", 1)


@pytest.mark.req("QUA-01")
def test_what_nobody_has_computed_for_minutes_is_withdrawn_and_says_so() -> None:
    view = clinical(NOW, concentration=concentration(NOW), mme=mme(NOW))
    young = json.loads(encode(clinical_shape(view, stamp(NOW + 299_999))))
    old = json.loads(encode(clinical_shape(view, stamp(NOW + 300_000))))
    assert None not in (young["concentration"], young["mme"])
    assert (old["concentration"], old["mme"], old["why"]) == (None, None, "it has not been computed for minutes")
    assert old["nrs"] is not None, "a score stands with its time"


@pytest.mark.req("QUA-01")
def test_a_bed_with_nobody_behind_it_shows_no_dose_of_a_course_and_no_prediction() -> None:
    view = unmonitored(replace(bed_view("b1"), course=course(), clinical=clinical()))
    bed = json.loads(encode(bed_shape(view, 0, CLOCK.wall_of)))
    assert (bed["course"], bed["clinical"], bed["pumps"][0]["cap"]) == (None, None, None)


def keys_sent(ward: Ward, **changes: Any) -> set[str]:
    """What a delta carries after the bed's view was changed so."""
    before = ward.hub.seq
    ward.change("b1", **changes)
    ward.hub.tick()
    return set(json.loads(ward.hub.delta(before))["set"].get("b1", {}))


def test_a_course_that_looks_the_same_is_not_sent_again() -> None:
    ward = Ward()
    first = course(0)
    assert keys_sent(ward, course=first, clinical=clinical(0)) == {"course", "clinical", "pumps"}
    creeping = (infusion(2, 0, high_ng=12_509_999),)
    closer = (cap(0, high_ng=12_509_999, low_ng=12_300_001, reached_ms=38 * 60_000 + 9_999), *first.caps[1:])
    same = replace(first, infusions=(*first.infusions[:1], *creeping), caps=closer)
    assert keys_sent(ward, course=same, clinical=clinical(0)) == set()
    assert keys_sent(ward, course=replace(first, day=4)) == {"course"}
    given = replace(first, caps=(cap(0, high_ng=12_520_000), *first.caps[1:]))
    assert keys_sent(ward, course=given) == {"course", "pumps"}


def test_breathing_sends_neither_course_nor_chart() -> None:
    ward = Ward()
    ward.change("b1", course=course(0), clinical=clinical(0))
    ward.hub.tick()
    before = ward.hub.seq
    ward.breathe("b1", 9)
    ward.hub.tick()
    assert set(json.loads(ward.hub.delta(before))["set"]["b1"]) == {"values"}


def test_frames_with_a_course_are_exactly_their_documented_messages() -> None:
    ward = Ward()
    client = ward.hub.join(2)
    ward.change("b1", course=course(0), clinical=clinical(0))
    first = client.next_frame(ward.hub, 0)
    ward.change("b2", course=course(0, id=None, day=None, infusions=(), caps=(cap(0, limit_ng=KG_72),)))
    ward.change("b1", clinical=clinical(0, ready=False, concentration=None, mme=None, nrs=None, why="reading"))
    ward.hub.tick()
    second = client.next_frame(ward.hub, 0)
    for frame in (first, second):
        assert frame is not None
        message: Any = msgspec.json.decode(frame, type=ServerMessage)
        assert json.loads(msgspec.json.encode(message)) == json.loads(frame)
