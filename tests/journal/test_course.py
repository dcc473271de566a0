"""A course is replayed from the journal to the same decisions; a restart goes on with the same chart and count."""

from __future__ import annotations

import asyncio

import pytest

from pumpd.clinical.entries import (
    Adjunct,
    Assessment,
    Checklist,
    CoursePlan,
    InfusionPlan,
    KetamineGiven,
    Route,
)
from pumpd.journal.replay import rebuild, replay
from pumpd.safety.events import Charted, Heard, Predicted, ProtocolOverride, RateRequested, Restarted
from pumpd.safety.kernel import next_deadline
from pumpd.safety.wire import state_to_bytes
from tests.journal.letters import rows
from tests.journal.steps import Recorder, admitted, opened
from tests.safety.build import PUMP, status
from tests.safety.course import course_policy


def treated(bed: Recorder) -> None:
    """A course with refusals, an override, a start that is too fast, a correction and a prediction."""
    bed.do(Heard(PUMP, status(0, False)), 100)
    bed.do(Charted("x1", InfusionPlan(2_000, 300), "RN"), 100)
    bed.do(Charted("e1", CoursePlan(458_800, "palliative"), "Dr A"), 100)
    bed.do(Charted("e2", Assessment(nrs=9, satisfaction=2), "RN"), 100)
    bed.do(Charted("e3", Checklist((("pregnancy", False), ("active psychosis", False))), "Dr A"), 100)
    bed.do(Charted("e4", Adjunct("midazolam", True, 2_000), "RN"), 100)
    bed.do(ProtocolOverride("infusion_count", "RN", "one more"), 100)
    bed.do(ProtocolOverride("start_rate", "Dr A", "breakthrough pain"), 100)
    bed.seconds(3, rate_ul_h=0)
    bed.do(Charted("e5", InfusionPlan(400, 150), "Dr A"), 100)
    bed.seconds(5, rate_ul_h=10_500)
    bed.do(RateRequested("r1", PUMP, 21_000, "RN", "pain"), 100)
    bed.seconds(3, rate_ul_h=28_000)
    bed.do(Charted("e6", KetamineGiven(Route.ORAL, 20_000), "RN"), 100)
    bed.do(Charted("e7", KetamineGiven(Route.ORAL, 25_000), "RN", None, "e6", "misread"), 100)
    bed.do(Predicted((250_000, 400_000), (240_000, 380_000), ("domino", "kamp")), 100)
    bed.do(Restarted(2_000, True), 2_000)
    bed.seconds(3, rate_ul_h=28_000)


@pytest.mark.req("CRS-01", "CRS-05", "CRS-07", "ALA-06")
async def test_a_course_is_replayed_to_the_same_decisions_and_restored_to_the_same_state(any_url: str) -> None:
    async with opened(any_url) as journal:
        bed = admitted(Recorder(journal, policy=course_policy()))
        treated(bed)
        await journal.durable(bed.token)
        restored = await journal.restore("b1")
    assert restored is not None
    state = rebuild(restored, bed.policy)
    assert state_to_bytes(state) == state_to_bytes(bed.state)
    assert state.course.entries.keys() == {"e1", "e2", "e3", "e4", "e5", "e7"}
    assert state.course.steep
    assert next_deadline(state, bed.policy) == next_deadline(bed.state, bed.policy)
    report = await asyncio.to_thread(replay, any_url)
    assert report.identical, [one.difference for one in report.beds]
    assert report.beds[0].steps == bed.seq


@pytest.mark.req("CRS-08")
async def test_every_refusal_and_override_is_a_row_with_who_why_limit_and_source(any_url: str) -> None:
    async with opened(any_url) as journal:
        bed = admitted(Recorder(journal, policy=course_policy()))
        treated(bed)
        await journal.durable(bed.token)
    bodies = [body for (body,) in await rows(any_url, "SELECT body FROM decisions ORDER BY n")]
    refused = [row for row in bodies if '"type":"Refused"' in row]
    assert len(refused) == 3
    assert all('"by":"RN"' in row and "set by protocol ldk 2" in row for row in refused)
    assert '"why":"one more"' in refused[1]
    assert '"why":"pain"' in refused[2]
    (aside,) = [row for row in bodies if '"act":"protocol_override"' in row and '"type":"Permitted"' in row]
    for words in ('"by":"Dr A"', "0.1 mg/kg/h set by protocol ldk 2", "because: breakthrough pain"):
        assert words in aside
