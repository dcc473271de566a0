"""The listener and the intake where nothing is wrong with the bytes: many at once, failures behind them, restarts."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from itertools import count

import pytest
from pumpd_hl7 import intake, marking, server
from pumpd_hl7.acks import Problem
from pumpd_hl7.mllp import frame

from pumpd.journal import JournalUnavailable
from tests.hl7.wire import ADT, NOW_US, Memory, adt, code_of, error_of, listening, until

ONE = adt("1")


async def test_nothing_is_answered_before_it_is_durable() -> None:
    async with listening() as bench:
        bench.store.hold = asyncio.Event()
        peer, other = await bench.caller(), await bench.caller()
        await peer.send(frame(ONE.encode()))
        assert code_of(await other.ask(adt("2", app="NOBODY"))) == "AE 2"  # a refusal needs no disk
        await until(lambda: bench.peer().messages == 1)
        assert bench.notes.applied == []
        bench.store.hold.set()
        assert code_of(await peer.answer()) == "AA 1"


async def test_what_cannot_be_stored_is_not_taken_and_can_be_sent_again() -> None:
    async with listening() as bench:
        peer = await bench.caller()
        bench.store.broken = JournalUnavailable("disk full")
        answer = await peer.ask(ONE)
        assert (code_of(answer), error_of(answer)) == ("AE 1", "207 MSH")
        assert await peer.said(adt("2", "P|2.6|||AL|NE")) == "CE 2"
        bench.store.broken = None
        assert await peer.said(ONE) == "AA 1"
        assert bench.notes.applied == ["1"]


async def test_what_was_done_while_the_journal_failed_is_written_down_as_done_once_it_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(marking, "AGAIN_S", 0.2)
    async with listening() as bench:
        peer = await bench.caller()
        assert await peer.said(ONE) == "AA 1"
        bench.store.broken = JournalUnavailable("the server is restarted")
        await until(lambda: bench.store.unmarked)
        bench.store.broken = None
        await until(lambda: len(bench.store.done) == 1)


async def test_a_commit_is_acknowledged_before_the_message_is_done_and_an_application_after_it() -> None:
    async with listening() as bench:
        bench.notes.hold = asyncio.Event()
        enhanced = await bench.caller()
        assert await enhanced.said(adt("1", "P|2.6|||AL|NE")) == "CA 1"
        assert bench.notes.applied == []
        original = await bench.caller()
        await original.send(frame(adt("2").encode()))
        await until(lambda: bench.peer().messages == 2)
        bench.notes.hold.set()
        assert code_of(await original.answer()) == "AA 2"
        assert bench.notes.applied == ["1", "2"]


async def test_a_move_is_done_before_what_the_same_system_says_next_on_another_connection() -> None:
    async with listening() as bench:
        bench.notes.hold = asyncio.Event()
        one, two = await bench.caller(), await bench.caller()
        assert await one.said(adt("move", "P|2.6|||AL|NE", kind="ADT^A02")) == "CA move"
        await two.send(frame(adt("value", kind="ORU^R01").encode()))
        await until(lambda: bench.peer().messages == 2)
        assert len(bench.store.kept) == 1  # not even judged
        bench.notes.hold.set()
        assert code_of(await two.answer()) == "AA value"
        assert bench.notes.applied == ["move", "value"]


async def test_a_move_waits_for_the_values_that_came_before_it() -> None:
    async with listening() as bench:
        bench.notes.hold = asyncio.Event()
        one, two = await bench.caller(), await bench.caller()
        assert await one.said(adt("value", "P|2.6|||AL|NE", kind="ORU^R01")) == "CA value"
        await two.send(frame(adt("move", kind="ADT^A02").encode()))
        await until(lambda: bench.peer().messages == 2)
        assert len(bench.store.kept) == 1
        bench.notes.hold.set()
        assert code_of(await two.answer()) == "AA move"
        assert bench.notes.applied == ["value", "move"]


async def test_what_the_receiver_refuses_is_not_kept_and_judged_anew() -> None:
    async with listening() as bench:
        peer = await bench.caller()
        bench.notes.problems = (Problem(204, "another patient lies there", "PID", 1, 3),)
        answer = await peer.ask(ONE)
        assert (code_of(answer), error_of(answer)) == ("AE 1", "204 PID-3")
        assert (bench.store.kept, bench.peer().problem) == ({}, "PID-3: another patient lies there")
        bench.notes.problems = (Problem(0, "a code is not known", "OBX", 1, 3, "W"),)
        answer = await peer.ask(ONE)
        assert (code_of(answer), answer.get("ERR", 4)) == ("AA 1", "W")
        bench.notes.problems = (Problem(204, "another patient lies there", "PID", 1, 3),)
        assert await peer.said(ONE) == "AA 1"  # it was taken: its repetition is no new question


async def test_an_error_of_ours_refuses_one_message_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening() as bench:
        peer = await bench.caller()

        async def broken(*_: object) -> tuple[Problem, ...]:
            raise ZeroDivisionError

        with monkeypatch.context() as patch:
            patch.setattr(bench.notes, "judge", broken)
            assert await peer.said(ONE) == "AE 1"
        assert await peer.said(ONE) == "AA 1"


async def test_what_was_stored_and_could_not_be_done_is_done_later_and_then_acknowledged() -> None:
    async with listening() as bench:
        peer = await bench.caller()
        bench.notes.broken = RuntimeError("not durable")
        assert await peer.said(ONE) == "AE 1"
        assert await peer.said(ONE) == "AE 1"
        assert (len(bench.store.kept), bench.intake.owed) == (1, 1)
        bench.notes.broken = None
        run = asyncio.create_task(bench.intake.run())
        await until(lambda: not bench.intake.owed)
        assert await peer.said(ONE) == "AA 1"
        assert (bench.notes.applied, bench.notes.late) == ([], ["1"])
        run.cancel()


async def test_what_fails_again_and_again_is_an_alarm_and_is_done_when_it_can_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "RETRY_S", (0.0,))
    async with listening() as bench:
        bench.notes.broken = RuntimeError("the bed does not answer")
        peer = await bench.caller()
        running = asyncio.create_task(bench.intake.run())
        assert await peer.said(adt("1", "P|2.6|||AL|NE")) == "CA 1"
        await until(lambda: bench.notes.tries > 10)
        assert bench.owing == [1]
        bench.notes.broken = None
        await until(lambda: bench.notes.late == ["1"])
        assert bench.owing == [1, 0]
        running.cancel()


async def test_after_a_restart_what_was_acknowledged_is_done_and_its_repetition_gets_the_old_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "CLOSE_S", 0.02)
    store = Memory()
    async with listening(store) as bench:
        bench.notes.hold = asyncio.Event()
        peer = await bench.caller()
        old = await peer.ask(adt("1", "P|2.6|||AL|NE"))
        await bench.server.close()  # it waits a while for what is being done, then gives it up
    assert bench.notes.applied == []
    async with listening(store, wall_us=lambda: 0) as bench:
        run = asyncio.create_task(bench.intake.run())
        await until(lambda: bench.notes.late)
        peer = await bench.caller()
        assert (await peer.ask(adt("1", "P|2.6|||AL|NE"))).raw == old.raw
        await bench.intake.drain()
        assert (bench.notes.late, bench.notes.applied, len(store.done)) == (["1"], [], 1)
        run.cancel()


async def test_a_thousand_messages_in_one_write_are_answered_in_order() -> None:
    async with listening() as bench:
        peer = await bench.caller()
        sent = asyncio.create_task(peer.send(b"".join(frame(adt(str(n)).encode()) for n in range(1000))))
        assert [code_of(await peer.answer()) for _ in range(1000)] == [f"AA {n}" for n in range(1000)]
        await sent
        assert bench.peer().messages == len(bench.notes.applied) == 1000


async def test_a_peer_that_reads_no_answers_is_read_no_more() -> None:
    async with listening() as bench:
        peer = await bench.caller()
        flood = (frame(adt(str(n)).replace("PUMPD", "P" * 8000).encode()) for n in count())  # the answers are as long

        async def pour() -> None:
            with contextlib.suppress(ConnectionError):
                for piece in flood:
                    await peer.send(piece)

        pouring = asyncio.create_task(pour())
        await until(lambda: bench.server.connections)
        (connection,) = bench.server._connections
        await until(lambda: connection._paused and not connection._writable.is_set())
        taken = bench.peer().messages
        for _ in range(300):
            await asyncio.sleep(0)
        assert bench.peer().messages == taken
        assert connection._transport.get_write_buffer_size() < 1 << 20
        assert await (await bench.caller()).said(adt("other")) == "AA other"
        peer.writer.transport.abort()
        await pouring


async def test_one_connection_too_many_is_closed_and_the_others_go_on() -> None:
    async with listening(connections=2) as bench:
        first, second, third = [await bench.caller() for _ in range(3)]
        assert await third.closed() == b""
        assert [await peer.said(adt(n)) for peer, n in ((first, "1"), (second, "2"))] == ["AA 1", "AA 2"]
        assert bench.server.turned_away == 1
        first.writer.close()
        await until(lambda: bench.server.connections == 1)
        assert await (await bench.caller()).said(adt("3")) == "AA 3"


async def test_a_connection_for_each_message_is_as_good_as_one_for_all() -> None:
    async with listening() as bench:
        for n in range(50):
            peer = await bench.caller()
            assert await peer.said(adt(str(n))) == f"AA {n}"
            peer.writer.close()
        await until(lambda: not bench.server.connections)
        assert bench.peer().connected is False


async def test_the_page_is_told_who_is_there_and_what_was_wrong() -> None:
    async with listening() as bench:
        peer = await bench.caller()
        assert not bench.peer().connected
        await peer.ask(ONE)
        state = bench.peer()
        assert (state.direction, state.connected, state.messages, state.problem) == ("in", True, 1, "")
        assert len(bench.server.peers()) == 3
        await peer.ask(adt("2", app="NOBODY"))
        assert [state.id for state in bench.server.peers()][3:] == ["unknown senders"]


async def test_messages_of_two_peers_may_share_a_connection() -> None:
    other = replace(ADT, id="lab", application="LAB")
    async with listening(peers=(ADT, other)) as bench:
        peer = await bench.caller()
        assert [await peer.said(adt("1", app=app)) for app in ("ADT", "LAB")] == ["AA 1", "AA 1"]
        assert [state.messages for state in bench.server.peers()] == [1, 1]


async def test_what_has_come_is_answered_before_the_end() -> None:
    async with listening() as bench:
        bench.store.hold = asyncio.Event()
        peer = await bench.caller()
        await peer.send(frame(ONE.encode()))
        await until(lambda: bench.peer().messages)
        ending = asyncio.create_task(bench.server.close())
        await asyncio.sleep(0)
        bench.store.hold.set()
        assert code_of(await peer.answer()) == "AA 1"
        await ending
        assert await peer.closed() == b""


async def test_a_problem_is_over_with_the_next_good_message_and_when_it_was_is_kept() -> None:
    async with listening() as bench:
        peer = await bench.caller()
        assert await peer.said(adt("1", "X|2.6")) == "AR 1"
        wrong = bench.peer()
        assert wrong.problem
        assert (wrong.last_problem, wrong.problem_us) == (wrong.problem, NOW_US)
        assert await peer.said(ONE.replace("|1|", "|2|")) == "AA 2"
        good = bench.peer()
        assert (good.problem, good.last_problem, good.problem_us) == ("", wrong.problem, NOW_US)
        await peer.send(b"garbage " + frame(adt("3").encode()))
        assert code_of(await peer.answer()) == "AA 3"
        assert bench.peer().problem == ""
        assert "outside" in bench.peer().last_problem
