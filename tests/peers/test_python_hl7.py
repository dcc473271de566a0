"""python-hl7's asyncio client and server."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hl7.mllp import open_hl7_connection, start_hl7_server

import hl7
from tests.journal.letters import letters, rows
from tests.peers.messages import IN, OUT, texts
from tests.peers.ours import all_good, deliver, our_server


async def _send(port: int, messages: dict[str, str]) -> list[str]:
    reader, writer = await open_hl7_connection("127.0.0.1", port, encoding="utf-8")
    answers = []
    for text in messages.values():
        writer.writemessage(hl7.parse(text))
        await writer.drain()
        stated = (await reader.readmessage()).segment("MSA")
        answers.append(f"{stated[1]} {stated[2]}")
    writer.close()
    await writer.wait_closed()
    return answers


async def test_what_its_client_sends_is_taken_once() -> None:
    messages = texts(IN)
    async with our_server() as ours:
        assert await _send(ours.server.port, messages) == all_good(messages, "CA")
        assert ours.notes.applied == list(messages)


async def test_what_its_client_sends_is_in_the_journal_once(tmp_path: Path) -> None:
    messages = texts(IN, 300)
    url = f"sqlite+aiosqlite:///{tmp_path / 'journal.db'}"
    async with letters(url) as (_, store), our_server(store) as ours:
        answers = await asyncio.gather(*(_send(ours.server.port, messages) for _ in range(2)))  # twins send the same
        assert answers == [all_good(messages, "CA")] * 2
        assert sorted(ours.notes.applied) == list(messages)
    assert await rows(url, "SELECT count(*) FROM messages_in") == [(len(messages),)]


async def test_what_we_send_its_server_gets_once() -> None:
    messages, heard, ended = texts(OUT), [], asyncio.Event()

    async def serve(reader, writer) -> None:  # type: ignore[no-untyped-def]
        try:
            while True:
                message = await reader.readmessage()
                heard.append(str(message.segment("MSH")[10]))
                writer.writemessage(message.create_ack())
                await writer.drain()
        except asyncio.IncompleteReadError:
            writer.close()
            await writer.wait_closed()
            ended.set()

    server = await start_hl7_server(serve, "127.0.0.1", 0, encoding="utf-8")
    async with server:
        assert await deliver(messages, server.sockets[0].getsockname()[1]) == all_good(messages, "AA")
        await ended.wait()
    assert heard == list(messages)
