"""A recorded day gives the same decisions again, and the first that differs is named."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from pumpd.journal import JournalOpenError
from pumpd.journal.replay import rebuild, replay
from pumpd.safety.events import AudioPaused, PolicyReplaced, Restarted
from pumpd.safety.limits import Limit
from pumpd.safety.wire import state_to_bytes
from pumpd.units import Ms
from tests.journal.letters import rows
from tests.journal.steps import Recorder, admitted, opened
from tests.journal.tamper import elsewhere, tampered
from tests.safety.build import KETAMINE, bed_policy

STOP = "FROM decisions WHERE bed = 1 AND kind = 'StopPump' ORDER BY n LIMIT 1"


def lower(bed: str = "b1") -> object:
    """A later ward file with a lower ceiling."""
    drug = replace(KETAMINE, hard=Limit(20, "ward"), soft=Limit(10, "ward"))
    return bed_policy(bed=bed, pump={"drug": drug})


async def record_two_runs(url: str) -> Recorder:
    """Two beds; a restart from checkpoint and events with another policy; limits replaced while running."""
    async with opened(url) as journal:
        recorder = admitted(Recorder(journal))
        other = admitted(Recorder(journal, "b2"))
        recorder.seconds(4)
        journal.checkpoint("b1", recorder.seq, Ms(recorder.now), state_to_bytes(recorder.state))
        recorder.overspeed()
        other.seconds(5, rr=4)
        recorder.do(AudioPaused("nurse a", 60), 10)
        await journal.durable(recorder.token)
        await journal.durable(other.token)
    async with opened(url) as journal:
        restored = await journal.restore("b1")
        assert restored is not None
        policy = lower()
        second = Recorder(journal, "b1", policy, restored.seq, restored.now_ms + 5_000)  # type: ignore[arg-type]
        second.state = rebuild(restored, policy)  # type: ignore[arg-type]
        assert second.state == recorder.state, "rebuilt under the policy of then, not of now"
        second.do(Restarted(5_000, gap_certain=True))
        second.seconds(3)
        second.policy = bed_policy(bed="b1")
        second.do(PolicyReplaced(second.policy, "ward file"), 10)
        second.seconds(30, spo2=84)
        await journal.durable(second.token)
    return second


async def test_decisions_are_identical_across_beds_restarts_and_changed_limits(any_url: str) -> None:
    last = await record_two_runs(any_url)
    report = await asyncio.to_thread(replay, any_url)
    assert report.identical, [bed.difference for bed in report.beds]
    assert [bed.bed for bed in report.beds] == ["b1", "b2"]
    assert report.beds[0].steps == last.seq
    assert report.beds[0].decisions > 5
    for bed in report.beds:
        assert bed.recorded_digest == bed.recomputed_digest
        assert bed.gaps == 0


async def test_a_doctored_decision_is_the_first_difference(any_url: str) -> None:
    await record_two_runs(any_url)
    seq, body = (await rows(any_url, f"SELECT seq, body {STOP}"))[0]
    await tampered(any_url, f"UPDATE decisions SET body = replace(body, 'StopPump', 'ReadStatus') WHERE seq = {seq}")
    (bed,) = (await asyncio.to_thread(replay, any_url, "b1")).beds
    assert bed.difference is not None
    assert bed.difference.seq == seq
    assert body in bed.difference.recomputed
    assert body not in bed.difference.recorded
    assert bed.recorded_digest != bed.recomputed_digest


@pytest.mark.parametrize(
    ("tampering", "where"),
    [
        ("UPDATE decisions SET seq = 2 WHERE n = {n}", "{seq}"),
        ("DELETE FROM decisions WHERE n = {n}", "{seq}"),
        (
            "INSERT INTO decisions SELECT 9999, bed, 8888, idx, now_ms, wall_us, kind, subject, body, hash"
            " FROM decisions WHERE n = {n}",
            "{end}",
        ),
    ],
)
async def test_a_decision_that_was_moved_removed_or_invented_is_a_difference(
    any_url: str, tampering: str, where: str
) -> None:
    last = await record_two_runs(any_url)
    n, seq = (await rows(any_url, f"SELECT n, seq {STOP}"))[0]
    await tampered(any_url, tampering.format(n=n))
    report = await asyncio.to_thread(replay, any_url, "b1")
    assert not report.identical
    assert report.beds[0].difference is not None
    assert str(report.beds[0].difference.seq) == where.format(seq=seq, end=last.seq + 1)


async def test_missing_steps_without_a_later_checkpoint_are_said_not_hidden(any_url: str) -> None:
    await record_two_runs(any_url)
    await tampered(any_url, "DELETE FROM events WHERE bed = 2 AND kind = 'PatientBound'")
    report = await asyncio.to_thread(replay, any_url, "b2")
    assert not report.identical
    assert "missing" in report.beds[0].note


async def test_an_unknown_bed_and_a_missing_journal_are_errors(any_url: str) -> None:
    async with opened(any_url):
        pass
    with pytest.raises(JournalOpenError, match="not in this journal"):
        await asyncio.to_thread(replay, any_url, "b9")
    with pytest.raises(JournalOpenError, match="does not exist"):
        await asyncio.to_thread(replay, elsewhere(any_url))
