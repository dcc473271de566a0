"""After an update other kernel code reads the record: what was judged stays judged, and what differs is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from pumpd.cli.db import by_whom_line
from pumpd.clinical.entries import KetamineGiven, Route
from pumpd.journal.judged import Judged, judge
from pumpd.journal.ops import verify
from pumpd.journal.replay import replay
from pumpd.safety import alarm_table, ceiling, charting, people
from pumpd.safety.alarms import AckReason, AlarmState, Phase
from pumpd.safety.decisions import AlarmChanged, InterlockState, StopPump
from pumpd.safety.events import Acknowledged, Charted, Heard, PatientReleased, Restarted
from pumpd.safety.kernel import step
from pumpd.safety.policy import AlarmKind, Priority
from pumpd.safety.self_alarms import HISTORY
from pumpd.safety.state import BedState
from pumpd.safety.wire import state_to_bytes
from pumpd.units import Ms
from tests.journal.letters import rows
from tests.journal.steps import Recorder, admitted, opened
from tests.journal.tamper import blob, tampered
from tests.safety.build import PUMP, status

OTHER = "UPDATE checkpoints SET kernel = 'other'"
NOTHING = "substr(state, 1, 1)"  # one byte, which is no state
UNREADABLE = f"UPDATE checkpoints SET kernel = 'other', state = {NOTHING}"


More = Callable[[Recorder], None]


def unseen(recorder: Recorder) -> None:
    """A tenfold rate, and its stop: nobody has acknowledged it."""
    recorder.do(Heard(PUMP, status(200_000)), 100)


async def record(url: str, *statements: str, trip: More = Recorder.overspeed, more: More | None = None) -> Recorder:
    """A bed with a checkpoint in the middle and a trip after it; then the statements are run on the database."""
    async with opened(url) as journal:
        recorder = admitted(Recorder(journal))
        recorder.seconds(2)
        journal.checkpoint("b1", recorder.seq, Ms(recorder.now), state_to_bytes(recorder.state))
        trip(recorder)
        if more is not None:
            more(recorder)
        await journal.durable(recorder.token)
    await tampered(url, *statements)
    return recorder


async def judged(url: str, recorder: Recorder) -> Judged:
    async with opened(url) as journal:
        restored = await journal.restore("b1")
    assert restored is not None
    return judge(restored, recorder.policy)


def taken_over(found: Judged, recorder: Recorder) -> BedState:
    """The state after the event that takes over what the record says."""
    assert found.kept is not None
    return step(found.state, found.kept, found.state.now_ms, recorder.policy)[0]


def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on a kernel that stops and alarms at no ceiling."""
    monkeypatch.setattr(ceiling, "judge_hard", lambda d, pump, p: p)


async def test_the_same_kernel_s_checkpoint_is_used_and_nothing_is_said(any_url: str) -> None:
    recorder = await record(any_url)
    async with opened(any_url) as journal:
        restored = await journal.restore("b1")
    assert restored is not None
    assert restored.state is not None
    assert not restored.other_kernel
    assert judge(restored, recorder.policy) == Judged(recorder.state, None, None)


async def test_another_kernel_s_checkpoint_is_used_and_only_what_came_after_it_is_judged_again(any_url: str) -> None:
    recorder = await record(any_url, OTHER)
    async with opened(any_url) as journal:
        restored = await journal.restore("b1")
    assert restored is not None
    assert restored.other_kernel
    assert restored.state is not None
    assert restored.events[0][0] > 1
    assert judge(restored, recorder.policy) == Judged(recorder.state, None, None)


async def test_of_two_checkpoints_the_older_one_is_used_when_the_newer_cannot_be_read(any_url: str) -> None:
    def checkpoint(recorder: Recorder) -> None:
        recorder.journal.checkpoint("b1", recorder.seq, Ms(recorder.now), state_to_bytes(recorder.state))
        recorder.seconds(1, rate_ul_h=0)

    newest = f"UPDATE checkpoints SET state = {NOTHING} WHERE seq = (SELECT max(seq) FROM checkpoints)"
    recorder = await record(any_url, newest, more=checkpoint)
    async with opened(any_url) as journal:
        restored = await journal.restore("b1")
    assert restored is not None
    assert restored.unreadable == 1
    assert restored.state is not None
    assert judge(restored, recorder.policy) == Judged(recorder.state, None, None)


async def test_without_any_readable_state_all_is_judged_anew_and_told_although_nothing_differs(any_url: str) -> None:
    recorder = await record(any_url, UNREADABLE)
    found = await judged(any_url, recorder)
    assert found.state == recorder.state
    assert found.differing is None
    assert found.kept is not None
    state = taken_over(found, recorder)
    told = [alarm for alarm in state.alarms.values() if alarm.condition == HISTORY]
    assert [(alarm.priority, alarm.kind) for alarm in told] == [(Priority.MEDIUM, AlarmKind.TECHNICAL)]
    assert "judged anew" in told[0].text


@pytest.mark.parametrize("tampering", [OTHER, UNREADABLE])
@pytest.mark.req("ALA-06")
async def test_a_recorded_trip_and_its_alarm_stay_although_the_new_rules_know_of_none(
    any_url: str, tampering: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = await record(any_url, tampering, trip=unseen)
    blind(monkeypatch)
    found = await judged(any_url, recorder)
    assert found.state.pumps[PUMP].lock.state is InterlockState.ARMED
    assert not any(alarm.condition == "over_hard" for alarm in found.state.alarms.values())
    state = taken_over(found, recorder)
    assert state.pumps[PUMP].lock.state is InterlockState.TRIPPED
    assert state.pumps[PUMP].lock.cause == recorder.state.pumps[PUMP].lock.cause
    after = {alarm.id: alarm for alarm in state.alarms.values()}
    high = [alarm for alarm in recorder.state.alarms.values() if alarm.priority is Priority.HIGH]
    assert high
    for alarm in high:
        assert after[alarm.id].state is AlarmState.LATCHED  # until a person has seen it
    assert any(alarm.condition == HISTORY for alarm in after.values())


async def test_an_alarm_that_was_acknowledged_ends_with_a_word_where_the_new_rules_know_no_condition_of_it(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = await record(any_url, UNREADABLE)
    acknowledged = next(iter(recorder.state.alarms.values()))
    blind(monkeypatch)
    found = await judged(any_url, recorder)
    assert found.kept is not None
    _, made = step(found.state, found.kept, found.state.now_ms, recorder.policy)
    ended = [d.alarm.id for d in made if isinstance(d, AlarmChanged) and d.phase is Phase.END]
    assert acknowledged.id in ended


async def test_alarms_keep_their_ids_where_the_new_rules_raised_others_under_the_same(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = await record(any_url, UNREADABLE, trip=unseen)
    monkeypatch.setattr(alarm_table, "action_of", lambda condition: "another action")
    found = await judged(any_url, recorder)
    state = taken_over(found, recorder)
    assert set(recorder.state.alarms.values()) <= set(state.alarms.values())


async def test_a_stop_that_only_the_new_rules_would_have_made_is_not_made_of_the_past(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(ceiling, "judge_hard", lambda d, pump, p: p)
        async with opened(any_url) as journal:
            recorder = admitted(Recorder(journal))
            recorder.seconds(1)
            recorder.do(Heard(PUMP, status(200_000)), 100)
            recorder.do(Heard(PUMP, status(2_000)), 900)
            await journal.durable(recorder.token)
    found = await judged(any_url, recorder)
    assert found.state.pumps[PUMP].lock.state is InterlockState.TRIPPED
    assert found.kept is not None
    state, made = step(found.state, found.kept, found.state.now_ms, recorder.policy)
    assert state.pumps[PUMP].lock.state is InterlockState.ARMED
    assert not [decision for decision in made if isinstance(decision, StopPump)]


async def test_a_hand_dose_that_the_new_rules_refuse_still_counts(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dose(recorder: Recorder) -> None:
        entry = KetamineGiven(route=Route.INTRAMUSCULAR, amount_ug=5_000)
        recorder.do(Charted("e1", entry, "nurse a"), 100)

    recorder = await record(any_url, UNREADABLE, more=dose)
    assert [one.entry for one in recorder.state.given.manual] == ["e1"]
    monkeypatch.setattr(charting, "reasons", lambda d, event: ["never"])
    found = await judged(any_url, recorder)
    assert not found.state.given.manual
    assert taken_over(found, recorder).given.manual == recorder.state.given.manual


async def test_a_patient_whom_the_new_rules_would_not_have_bound_stays_bound(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = await record(any_url, UNREADABLE)
    monkeypatch.setattr(people, "unnamed", lambda by: ["never"])
    found = await judged(any_url, recorder)
    assert found.state.patient is None
    assert taken_over(found, recorder).patient == recorder.state.patient


async def test_no_id_is_used_twice_and_the_journal_is_clean_after_the_new_rules_have_gone_on(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = await record(any_url, UNREADABLE)
    used = recorder.state.alarm_n, recorder.state.order_n
    with monkeypatch.context() as patched:
        blind(patched)
        found = await judged(any_url, recorder)
    assert (found.state.alarm_n, found.state.order_n) < used
    async with opened(any_url) as journal:
        recorder.journal, recorder.state = journal, found.state
        assert found.kept is not None
        recorder.do(found.kept)
        assert (recorder.state.alarm_n, recorder.state.order_n) >= used
        recorder.do(Restarted(5_000, True), 5_000)
        recorder.seconds(2, rate_ul_h=0)
        recorder.do(Heard(PUMP, status(200_000)), 100)
        await journal.durable(recorder.token)
    report = await asyncio.to_thread(verify, any_url)
    assert report.ok, report.problems


async def test_what_was_kept_is_kept_by_the_next_start_too_and_told_only_once(
    any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = await record(any_url, UNREADABLE)
    blind(monkeypatch)
    found = await judged(any_url, recorder)
    async with opened(any_url) as journal:
        recorder.journal, recorder.state = journal, found.state
        assert found.kept is not None
        recorder.do(found.kept)
        recorder.do(Restarted(5_000, True), 5_000)
        told = next(alarm for alarm in recorder.state.alarms.values() if alarm.condition == HISTORY)
        assert told.present
        recorder.do(Acknowledged(told.id, "nurse a", AckReason.SEEN_ESCALATED), 100)
        recorder.seconds(1)
        assert HISTORY not in {alarm.condition for alarm in recorder.state.alarms.values()}
        await journal.durable(recorder.token)
    again = await judged(any_url, recorder)
    assert again.differing is None
    assert again.state == recorder.state


async def test_an_event_and_a_decision_of_a_newer_version_are_passed_over_and_told(any_url: str) -> None:
    newer = (
        "UPDATE events SET body = replace(body, '\"Acknowledged\"', '\"Newer\"') WHERE kind = 'Acknowledged'",
        """UPDATE decisions SET body = '{"type":"NewerStill"}' WHERE kind = 'Permitted' AND seq > 5""",
    )
    recorder = await record(any_url, *newer)
    found = await judged(any_url, recorder)
    assert found.differing is not None
    assert found.differing.steps == 1
    assert found.kept is not None
    assert "1 step judged otherwise" in found.kept.detail


async def test_a_saved_state_that_says_more_than_this_version_knows_is_told(any_url: str) -> None:
    recorder = await record(any_url)
    ((state,),) = await rows(any_url, "SELECT state FROM checkpoints")
    more = blob(any_url, state.replace(b'"alarm_n"', b'"newest":{"p1":7},"alarm_n"'))
    await tampered(any_url, f"UPDATE checkpoints SET kernel = 'newer', state = {more}")
    found = await judged(any_url, recorder)
    assert found.differing is None
    assert found.kept is not None
    assert "newest" in found.kept.detail


async def test_the_verification_says_which_software_judged_what(any_url: str) -> None:
    recorder = await record(any_url)
    await tampered(any_url, """UPDATE boots SET config = replace(config, '"kernel":"', '"kernel":"older')""")
    async with opened(any_url) as journal:
        recorder.journal = journal
        recorder.seconds(2, rate_ul_h=0)
        recorder.do(PatientReleased("nurse a", "home"), 100)
        await journal.durable(recorder.token)
    report = await asyncio.to_thread(verify, any_url)
    assert report.ok
    first, second = report.judged
    assert first.kernel.startswith("older")
    assert second.kernel == first.kernel.removeprefix("older")
    assert (first.first_link, second.first_link) == (1, first.last_link + 1)
    assert second.last_link == report.links
    assert by_whom_line(first).startswith(f"links 1 to {first.last_link} were decided by pumpd")
    assert "kernel older" in by_whom_line(first)
    assert (await asyncio.to_thread(replay, any_url)).judged == report.judged
