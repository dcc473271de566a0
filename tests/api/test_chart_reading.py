"""The chart, its words and the predicted band, read over HTTP."""

from __future__ import annotations

import pytest

from pumpd.clinical.chart import Chart, Noted, noted
from pumpd.clinical.entries import Assessment, PatchOn
from pumpd.device.facts import Quality
from pumpd.safety.clinical_view import ConcentrationCurve, CurvePoint, ReferenceBand, ReferencePoint
from tests.api.test_chart import BED, ScaleWard
from tests.api.ward import client
from tests.live.course_fakes import concentration


@pytest.mark.req("CHA-02")
async def test_the_chart_is_read_newest_first_and_a_correction_marks_what_it_replaced() -> None:
    ward = ScaleWard()
    chart = Chart(mrn="4711", since_ms=0)
    chart = noted(chart, Noted("e-1", Assessment(nrs=40), "RN-KL", 1000, 1000))
    chart = noted(chart, Noted("e-2", PatchOn("fentanyl", 25_000), "RN-KL", 5000, 9000))
    chart = noted(chart, Noted("e-3", Assessment(nrs=4), "RN-KL", 1000, 12_000, corrects="e-1", reason="typed 40"))
    ward.charts["b1"] = chart
    async with client(ward) as web:
        answer = (await web.get(f"{BED}/chart")).json()
        empty = (await web.get("/api/v1/beds/b2/chart")).json()
    assert [(one["id"], one["kind"]) for one in answer["entries"]] == [
        ("e-2", "patch_on"),
        ("e-3", "assessment"),
        ("e-1", "assessment"),
    ]
    assert answer["entries"][0]["entry"] == {"drug": "fentanyl", "rate_ng_h": 25_000}
    assert (answer["entries"][1]["corrects"], answer["entries"][2]["corrected_by"]) == ("e-1", "e-3")
    assert (answer["ready"], empty["ready"], empty["entries"]) == (True, False, [])


async def test_the_vocabulary_of_a_bed_can_be_read() -> None:
    async with client(ScaleWard()) as web:
        words = (await web.get(f"{BED}/vocabulary")).json()
    assert words["pain"][0] == {"code": "neuropathic", "label": "neuropathic"}
    assert (words["opioids"], words["rules"]) == (["fentanyl", "oxycodone"], ["step_size"])
    assert "transdermal" in words["routes"]


class PredictingWard(ScaleWard):
    """Answers with one curve, whatever is asked."""

    async def curve(self, bed_id: str, hours: int) -> ConcentrationCurve:
        await super().curve(bed_id, hours)
        self.asked = (bed_id, hours)
        now = concentration(self.clock.now_ms(), quality=Quality.OK)
        points = (CurvePoint(now.at_ms, (40_400, 74_200), (40_400, 74_200)),)
        bands = (ReferenceBand("oral and i.m. analgesia", 40_000, 150_000, "source A"),)
        return ConcentrationCurve(now, points, bands, (ReferencePoint("0.5 mg/kg oral", 40_000, "source A"),))


@pytest.mark.req("PK-05")
async def test_a_curve_is_a_band_with_its_references_and_is_marked_as_predicted() -> None:
    ward = PredictingWard()
    async with client(ward) as web:
        said = (await web.get(f"{BED}/concentration?hours=12")).json()
        wrong = [(await web.get(f"{BED}/concentration?hours={bad}")).status_code for bad in (0, 73, "x")]
    assert ward.asked == ("b1", 12)
    assert (said["unit"], said["now"]["predicted"]) == ("ng/mL", True)
    assert said["points"][0]["on"] == {"low": 40, "high": 75, "text": "40 to 75 ng/mL"}
    assert (said["bands"][0]["high"], said["references"][0]["ng_ml"]) == (150, 40)
    assert wrong == [422, 422, 422]
