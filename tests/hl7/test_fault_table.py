"""Faults that real peers make, each with the answer that goes out on a real connection.

The whole table twice: with a store that is a dictionary, and with the journal behind it.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest
from pumpd_hl7.mllp import CR, FS, VT, frame

from pumpd.gateways import PeerSettings
from pumpd.journal.messages import JournalMessages
from tests.hl7.wire import Bench, Held, adt, code_of, error_of, in_memory, until
from tests.hl7.wire import listening as listening_with
from tests.journal.steps import opened

ONE, TWO = adt("1").encode(), adt("2").encode()
Listening = Callable[..., contextlib.AbstractAsyncContextManager[Bench]]


@pytest.fixture(scope="module")
def new_journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, made once: copying it is quicker than making its tables."""
    path = tmp_path_factory.mktemp("new") / "journal.db"

    async def make() -> None:
        async with opened(f"sqlite:///{path}"):
            pass

    asyncio.run(make())
    return path


@contextlib.asynccontextmanager
async def in_journal(new: Path, folder: Path) -> AsyncIterator[Held]:
    shutil.copy(new, folder / "journal.db")
    async with opened(f"sqlite:///{folder}/journal.db") as journal:
        store = await JournalMessages.open(journal)
        yield Held(store)
        assert await store.unapplied() == [], "what was kept has been done, and is written down as done"


@pytest.fixture(params=["memory", "journal"])
def listening(request: pytest.FixtureRequest, tmp_path: Path, new_journal: Path) -> Listening:
    kept = partial(in_journal, new_journal, tmp_path) if request.param == "journal" else in_memory
    return partial(listening_with, kept=kept)


async def test_the_answer_on_the_wire_to_the_byte(listening: Listening) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        await peer.send(frame(ONE))
        assert await peer.reader.readuntil(FS + CR) == (
            b"\x0bMSH|^~\\&|PUMPD|HOSP|ADT|HOSP|20260115100000+0000||ACK^A08^ACK|A1|P|2.6\rMSA|AA|1\r\x1c\r"
        )


async def test_two_frames_in_one_write_are_answered_in_order(listening: Listening) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        await peer.send(frame(ONE) + frame(TWO))
        assert [code_of(await peer.answer()) for _ in range(2)] == ["AA 1", "AA 2"]
        assert bench.notes.applied == ["1", "2"]


async def test_a_frame_byte_by_byte(listening: Listening) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        await peer.send(*(bytes([byte]) for byte in frame(ONE)))
        assert code_of(await peer.answer()) == "AA 1"


async def test_a_lost_start_block_is_never_answered_and_the_next_frame_is(listening: Listening) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        await peer.send(ONE + FS + CR, frame(TWO))
        assert code_of(await peer.answer()) == "AA 2"
        assert bench.notes.applied == ["2"]
        assert "outside" in bench.peer().last_problem


async def test_a_lost_end_block_glues_two_messages_and_only_the_second_is_answered(listening: Listening) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        await peer.send(VT + ONE + CR + frame(TWO))
        assert code_of(await peer.answer()) == "AA 2"
        assert bench.notes.applied == ["2"]
        assert "the end of the one before was lost" in bench.peer().last_problem


async def test_a_lost_carriage_return_is_no_frame(listening: Listening) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        await peer.send(VT + ONE + FS + frame(TWO))
        assert code_of(await peer.answer()) == "AA 2"
        assert bench.notes.applied == ["2"]


async def test_a_peer_of_whom_it_is_known_may_leave_the_carriage_return_out(listening: Listening) -> None:
    one, two, three = (adt(number, app="BARE").encode() for number in "123")
    async with listening() as bench:
        peer = await bench.caller()
        await peer.send(VT + one + FS)
        assert code_of(await peer.answer()) == "AA 1"
        together = await bench.caller()
        await together.send(VT + two + FS + VT + three + FS)
        assert [code_of(await together.answer()) for _ in range(2)] == ["AA 2", "AA 3"]
        assert bench.peer("bare").problem == ""


async def test_glued_messages_in_one_frame_are_refused_whole(listening: Listening) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        answer = await peer.ask(ONE + TWO)
        assert (code_of(answer), error_of(answer)) == ("AE 1", "100 MSH")
        assert bench.notes.applied == []


async def test_nuls_and_line_ends_between_frames_are_nothing(listening: Listening) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        await peer.send(b"\0\0\r\n" + frame(ONE) + b"\0\n" + frame(TWO))
        assert [code_of(await peer.answer()) for _ in range(2)] == ["AA 1", "AA 2"]
        assert bench.peer().problem == ""


@pytest.mark.parametrize(
    "message", [b"\xef\xbb\xbf" + ONE, ONE.replace(b"\r", b"\n"), ONE.replace(b"\r", b"\r\n"), ONE + b"\0"]
)
async def test_a_byte_order_mark_line_feeds_and_nuls_at_the_end_are_read(listening: Listening, message: bytes) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        assert await peer.said(message) == "AA 1"


async def test_a_byte_order_mark_before_the_frame_is_nothing(listening: Listening) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        await peer.send(b"\xef\xbb\xbf" + frame(ONE))
        assert code_of(await peer.answer()) == "AA 1"


LATIN = "P|2.6||||||8859/1"
UTF8 = "P|2.6||||||UNICODE UTF-8"
NAME = "Müller^Ada"


@pytest.mark.parametrize(
    ("header", "codec", "app", "expected"),
    [
        (LATIN, "latin-1", "ADT", "AA 1"),
        (UTF8, "utf-8", "ADT", "AA 1"),
        (UTF8, "latin-1", "ADT", "AE 1"),
        ("P|2.6", "latin-1", "ADT", "AE 1"),
        ("P|2.6", "utf-8", "ADT", "AE 1"),
        ("P|2.6", "latin-1", "OLD", "AA 1"),  # a peer of whom it is known what its silence means
        ("P|2.6||||||UTF-16", "latin-1", "ADT", "AE 1"),
    ],
)
async def test_bytes_that_are_not_of_their_character_set_are_refused_by_name(
    listening: Listening, header: str, codec: str, app: str, expected: str
) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        answer = await peer.ask(adt("1", header, app, name=NAME).encode(codec))
        assert code_of(answer) == expected
        if expected == "AA 1":
            assert bench.notes.names == ["Müller"]
        else:
            assert error_of(answer) in ("102 MSH-18", "103 MSH-18")
            assert bench.notes.names == []


async def test_a_message_of_a_mebibyte_is_taken(listening: Listening) -> None:
    big = ONE + b"NTE|1||" + b"x" * 1000 + b"\r"
    big += b"".join(b"NTE|%d||ok\r" % number for number in range(90_000))
    big = big[: big.rindex(b"\r", 0, 1 << 20) + 1]
    async with listening() as bench:
        peer = await bench.caller()
        assert len(big) > (1 << 20) - 20
        assert await peer.said(big) == "AA 1"


async def test_a_message_that_is_too_long_is_refused_and_the_connection_goes_on(listening: Listening) -> None:
    async with listening(limit_bytes=2000) as bench:
        peer = await bench.caller()
        answer = await peer.ask(ONE + b"NTE|1||" + b"x" * 10_000)
        assert (code_of(answer), error_of(answer)) == ("AE 1", "102 MSH")
        assert "2000 bytes" in answer.get("ERR", 8)
        assert await peer.said(TWO) == "AA 2"
        assert bench.notes.applied == ["2"]


async def test_a_frame_that_takes_too_long_ends_its_connection_alone(listening: Listening) -> None:
    async with listening(frame_ms=50) as bench:
        slow, other = await bench.caller(), await bench.caller()
        await slow.send(VT + ONE[:20])
        assert await slow.closed() == b""
        assert await other.said(TWO) == "AA 2"
        assert bench.notes.applied == ["2"]


async def test_nobody_keeps_a_connection_by_sending_nothing_that_is_a_message(listening: Listening) -> None:
    async with listening(idle_ms=300) as bench:
        peer = await bench.caller()
        closed = asyncio.create_task(peer.closed())
        async with asyncio.timeout(60):  # it would never end
            with contextlib.suppress(ConnectionError):
                while not closed.done():
                    await peer.send(b"\0")
                    await asyncio.sleep(0)
        assert await closed == b""


async def test_a_peer_that_sends_no_more_is_still_answered(listening: Listening) -> None:
    async with listening() as bench:
        bench.store.hold = asyncio.Event()
        peer = await bench.caller()
        await peer.send(frame(ONE) + frame(TWO))
        peer.writer.write_eof()
        await until(lambda: any(connection._ended for connection in bench.server._connections))
        bench.store.hold.set()
        assert [code_of(await peer.answer()) for _ in range(2)] == ["AA 1", "AA 2"]
        assert await peer.closed() == b""


async def test_half_a_frame_at_the_end_is_not_answered(listening: Listening) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        await peer.send(frame(ONE) + frame(TWO)[:-2])
        peer.writer.write_eof()
        assert code_of(await peer.answer()) == "AA 1"
        assert await peer.closed() == b""
        assert bench.notes.applied == ["1"]
        assert "ended inside of a frame" in bench.peer().last_problem


async def test_a_peer_that_goes_away_without_waiting_has_been_heard_all_the_same(listening: Listening) -> None:
    async with listening() as bench:
        bench.store.hold = asyncio.Event()
        peer = await bench.caller()
        await peer.send(frame(ONE) + frame(TWO))
        await until(lambda: bench.peer().messages)
        peer.writer.transport.abort()
        bench.store.hold.set()
        await until(lambda: len(bench.notes.applied) == 2)
        assert bench.notes.applied == ["1", "2"]


async def test_a_late_answer_belongs_to_its_own_message(listening: Listening) -> None:
    async with listening() as bench:
        bench.store.hold = asyncio.Event()
        peer, other = await bench.caller(), await bench.caller()
        await peer.send(frame(ONE))
        await other.send(frame(TWO))
        bench.store.hold.set()
        assert code_of(await peer.answer()) == "AA 1"
        assert code_of(await other.answer()) == "AA 2"


async def test_a_repetition_gets_the_same_bytes_and_is_done_once(listening: Listening) -> None:
    async with listening() as bench:
        first, again = await bench.caller(), await bench.caller()
        answers = [(await peer.ask(ONE)).raw for peer in (first, first, again)]
        assert len(set(answers)) == 1
        assert bench.notes.applied == ["1"]


async def test_a_repetition_while_the_first_is_being_committed_waits_for_its_answer(listening: Listening) -> None:
    async with listening() as bench:
        bench.store.hold = asyncio.Event()
        first, again = await bench.caller(), await bench.caller()
        await first.send(frame(ONE))
        await again.send(frame(ONE))
        await until(lambda: bench.peer().messages == 2)
        bench.store.hold.set()
        assert (await first.answer()).raw == (await again.answer()).raw
        assert bench.notes.applied == ["1"]


async def test_another_message_of_the_same_key_is_refused_and_not_lost_in_silence(listening: Listening) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        assert await peer.said(ONE) == "AA 1"
        answer = await peer.ask(adt("1", name="Other^Eve"))
        assert (code_of(answer), error_of(answer)) == ("AE 1", "205 MSH-10")
        assert bench.notes.names == ["Test"]


@pytest.mark.parametrize(
    ("message", "expected", "error"),
    [
        (adt(kind="XYZ^Z01"), "AR 1", "200 MSH-9"),
        (adt(kind="ORU^R99"), "AR 1", "201 MSH-9"),
        (adt(header="T|2.6"), "AR 1", "202 MSH-11"),
        (adt(header="|2.6"), "AR 1", "202 MSH-11"),
        (adt(header="P|3.0"), "AR 1", "203 MSH-12"),
        (adt(header="P"), "AR 1", "203 MSH-12"),
        (adt(kind=""), "AE 1", "101 MSH-9"),
        (adt(""), "AE ", "101 MSH-10"),
        (adt("9" * 200), f"AE {'9' * 200}", "102 MSH-10"),
        (adt(app="NOBODY"), "AE 1", "204 MSH-3"),
        (adt(header="P|2.6|||AL|NE", kind="ORU^R99"), "CR 1", "201 MSH-9"),
        (adt(header="P|2.6|||ER|NE", app="NOBODY"), "CE 1", "204 MSH-3"),
        ("FHS|^~\\&|ADT\rBHS|^~\\&|ADT|HOSP|PUMPD||||||B7\r" + adt(), "AR ", "200 BHS"),
        ("BHS|^~\\&|ADT|HOSP|PUMPD||||||B7\r" + adt() + "BTS|1\r", "AR B7", "200 BHS"),
        (adt() + "lost line\r", "AE 1", "100 los"),
        ("no header at all", "AE ", "100 MSH"),
        ("MSH", "AE ", "102 MSH-2"),
    ],
)
async def test_what_is_not_taken_is_refused_with_its_place(
    listening: Listening, message: str, expected: str, error: str
) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        answer = await peer.ask(message)
        assert (code_of(answer), error_of(answer)) == (expected, error)
        assert bench.notes.applied == []
        assert await bench.store.unapplied() == []
        assert await peer.said(TWO) == "AA 2"  # and the connection goes on


@pytest.mark.parametrize(("generation", "taken"), [("real", "P"), ("demo", "TD"), ("test", "TD")])
async def test_a_patient_never_reaches_a_simulation_nor_practice_a_patient(
    listening: Listening, generation: str, taken: str
) -> None:
    async with listening(generation=generation) as bench:
        peer = await bench.caller()
        for said in "PTD":
            answer = await peer.ask(adt(said, f"{said}|2.6"))
            assert code_of(answer) == f"{'AA' if said in taken else 'AR'} {said}"


async def test_from_a_peer_is_taken_what_it_may_send(listening: Listening) -> None:
    async with listening(peers=(PeerSettings("bed", "ADT", may=("ORU",)),)) as bench:
        peer = await bench.caller()
        answer = await peer.ask(ONE)
        assert (code_of(answer), error_of(answer)) == ("AR 1", "200 MSH-9")
        assert "ADT is not taken from bed" in bench.peer("bed").problem


@pytest.mark.parametrize(
    ("asked", "good", "bad"),
    [("|", "AA", "AE"), ("AL|NE", "CA", "CE"), ("SU|NE", "CA", None), ("ER|NE", None, "CE"), ("NE|NE", None, None)],
)
async def test_the_sender_says_what_it_wants_to_hear(
    listening: Listening, asked: str, good: str | None, bad: str | None
) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        header = f"P|2.6|||{asked}"
        heard = []
        await peer.send(frame(adt("good", header).encode()) + frame((adt("bad", header) + "lost\r").encode()))
        peer.writer.write_eof()
        rest = await peer.closed()
        heard = [part.split(b"\r")[0].decode() for part in rest.split(b"\rMSA|")[1:]]
        assert heard == [f"{code}|{of}" for code, of in ((good, "good"), (bad, "bad")) if code]
        assert bench.notes.applied == ["good"]


async def test_an_acknowledgement_is_never_acknowledged(listening: Listening) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        await peer.send(frame(adt("1", kind="ACK").encode()))
        assert await peer.said(TWO) == "AA 2"


async def test_the_answer_is_written_in_our_delimiters_and_in_a_character_set_that_it_names(
    listening: Listening,
) -> None:
    async with listening() as bench:
        peer = await bench.caller()
        answer = await peer.ask(
            "MSH#*!?%#ADT*é#HOSP#PUMPD##20260115100000##ADT*A08#7?F?#P#2.6######8859/1\r".encode("latin-1")
        )
        assert code_of(answer) == "AA 7#"
        assert (answer.get("MSH", 5, 2), answer.msh.get(18)) == ("é", "UNICODE UTF-8")
