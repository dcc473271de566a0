"""What was known of a bed at a step that is over: its patient, its pumps, and what a pump reported then."""

from __future__ import annotations

from dataclasses import replace

from pumpd.journal import Journal
from pumpd.journal.messages import JournalMessages
from pumpd.safety.decisions import FlowChanged
from pumpd.safety.events import Heard, PatientBound, PatientReleased
from tests.journal.letters import letters
from tests.journal.steps import Recorder, admitted
from tests.safety.build import PUMP, patient, status
from tests.safety.course import course_policy

OTHER = replace(patient(), mrn="M-2")


def recorded(journal: Journal) -> Recorder:
    """The first patient for some seconds with the pump at 2 mL/h, then at 3; nobody; another patient."""
    recorder = admitted(Recorder(journal, policy=course_policy()))
    recorder.seconds(3, rate_ul_h=2_000)
    recorder.do(Heard(PUMP, status(rate_ul_h=3_000, volume_ul=40)), 500)
    recorder.do(PatientReleased("", "nobody says so"))
    recorder.do(PatientReleased("N. Grace", "home"))
    recorder.do(PatientBound(OTHER, "N. Grace"))
    return recorder


async def faster(store: JournalMessages) -> tuple[int, int]:
    """Step and time of the higher rate."""
    steps = await store.decisions_after("b1", 0)
    return next(
        (seq, now_ms)
        for seq, now_ms, _, decisions in steps
        for one in decisions
        if isinstance(one, FlowChanged) and one.rate_ul_h == 3_000
    )


async def test_who_was_in_the_bed_is_known_for_every_step(any_url: str) -> None:
    async with letters(any_url) as (journal, store):
        last = recorded(journal).seq
        (bound, first), (left, nobody), (again, other) = await store.patients("b1")
        assert (first, nobody, other) == (patient(), None, OTHER)
        assert bound < left == last - 1 < again == last  # a release without a name was none
        assert await store.patients("b2") == []


async def test_what_a_pump_did_last_is_known_for_every_step(any_url: str) -> None:
    async with letters(any_url) as (journal, store):
        recorded(journal)
        seq, _ = await faster(store)
        rates = [one.rate_ul_h for _, one in await store.pumps_before("b1", seq - 1) if isinstance(one, FlowChanged)]
        assert rates[-1] == 2_000
        now = [one.rate_ul_h for _, one in await store.pumps_before("b1", seq) if isinstance(one, FlowChanged)]
        assert now == [*rates, 3_000]
        assert await store.last_step("b1") >= seq
        assert await store.last_step("b2") == 0


async def test_what_a_pump_reported_at_a_step_is_read_back_and_nothing_later(any_url: str) -> None:
    async with letters(any_url) as (journal, store):
        recorder = recorded(journal)
        seq, now_ms = await faster(store)
        then = await store.pump_report("b1", PUMP, seq, now_ms)
        before = await store.pump_report("b1", PUMP, seq - 1, now_ms)
        assert then is not None
        assert before is not None
        assert (then.rate_ul_h, then.volume_ul, before.rate_ul_h) == (3_000, 40, 2_000)
        assert await store.pump_report("b1", "another", seq, now_ms) is None
        assert await store.pump_report("b1", PUMP, recorder.seq + 9, now_ms + 120_000) is None
