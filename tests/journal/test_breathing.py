"""A day with held values, jumps, assessments and two sources is replayed from the journal to the same decisions."""

from __future__ import annotations

import asyncio

import pytest

from pumpd.journal.replay import replay
from pumpd.safety.decisions import Permitted, Refused
from pumpd.safety.events import Assessed, Heard
from tests.journal.steps import Recorder, admitted, opened
from tests.safety.breath import SECOND, WELL, two_monitors
from tests.safety.build import MONITOR, vitals


@pytest.mark.req("RSP-05", "RSP-06", "RSP-07", "RSP-09", "ALA-06")
async def test_breathing_is_replayed_to_the_same_decisions(any_url: str) -> None:
    async with opened(any_url) as journal:
        bed = admitted(Recorder(journal, policy=two_monitors()))
        for second in range(40):
            bed.do(Heard(MONITOR, vitals(**{**WELL, "rr": 8, "no_breath_s": second})), 500)
            bed.do(Heard(SECOND, vitals(rr=20, spo2=97 if second % 7 else 60)), 500)
        assert bed.state.breath.held
        assert bed.state.breath.episodes == 1
        bed.do(Assessed("RN-KL", poss=3, rass=-1, oxygen=True), 100)
        assert isinstance(bed.out[0], Permitted)
        bed.do(Assessed("RN-KL", poss=9), 100)
        assert isinstance(bed.out[0], Refused)
        bed.do(Assessed("RN-KL", asleep=True), 100)
        await journal.durable(bed.token)
        restored = await journal.restore("b1")
    assert restored is not None
    report = await asyncio.to_thread(replay, any_url)
    assert report.identical, [one.difference for one in report.beds]
    assert report.beds[0].steps == bed.seq
