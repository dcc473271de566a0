"""Other systems over HTTP: what is connected and waits, and a named person who settles what was refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from pumpd.access.always import AlwaysSignedIn
from pumpd.api.app import create_app
from pumpd.api.integrations import notices_of
from pumpd.gateways import DeadLetter, PeerState
from pumpd.journal.messages import JournalMessages
from pumpd.safety.told_events import ToldSettled
from pumpd.safety.told_state import Notice
from pumpd.safety.told_view import ToldView
from tests.api.ward import MemoryWard, client, config
from tests.journal.letters import EHR, letters, names, outgoing

LETTERS = "/api/v1/integrations/dead-letters"
PEER = PeerState("his", "in", True, 1_768_471_200_000_000, 12, 0, 0, "", "PID-3: nobody", 1_768_471_199_000_000)


class Gateway:
    """The daemon's gateway over a real store."""

    def __init__(self, store: JournalMessages) -> None:
        self._store = store

    def peers(self) -> Sequence[PeerState]:
        return (PEER,)

    async def dead_letters(self, most: int) -> Sequence[DeadLetter]:
        return await self._store.dead_letters(None, most)

    async def settle(self, number: int, by: str, replay: bool) -> bool:
        return await self._store.settle_dead(number, by, replay, 9_000_000)


@asynccontextmanager
async def refused(folder: Path) -> AsyncIterator[tuple[httpx.AsyncClient, JournalMessages, int]]:
    """A web face over a store with one dead letter: its number."""
    async with letters(f"sqlite+aiosqlite:///{folder}/j.db") as (_journal, store):
        await store.queue([outgoing("m1", bed="b1", seq=7)])
        (waiting,) = await store.waiting(EHR, 1)
        await store.refused(waiting.number, "AE PID-3 is not known", 2_000_000)
        ward = MemoryWard()
        async with client(ward) as web:
            app = create_app(ward.hub, ward, config(), "b", integration=Gateway(store), access=AlwaysSignedIn())
            web._transport.app = app  # type: ignore[attr-defined]
            yield web, store, waiting.number


async def test_without_hl7_there_is_nothing_and_it_says_so() -> None:
    async with client(MemoryWard()) as web:
        said = (await web.get("/api/v1/integrations")).json()
        assert (said["used"], said["peers"], said["dead_letters"]) == (False, [], [])
        assert (await web.post(f"{LETTERS}/1/replay", json={"by": "KL"})).status_code == 404


async def test_peers_and_dead_letters_are_told_without_what_the_messages_hold(tmp_path: Path) -> None:
    async with refused(tmp_path) as (web, _store, number):
        answer = await web.get("/api/v1/integrations")
        said = answer.json()
        assert said["peers"] == [
            {
                "id": "his",
                "direction": "in",
                "connected": True,
                "last": "2026-01-15T10:00:00.000Z",
                "messages": 12,
                "depth": 0,
                "dead": 0,
                "problem": "",
                "last_problem": "PID-3: nobody",
                "problem_at": "2026-01-15T09:59:59.000Z",
            }
        ]
        (letter,) = said["dead_letters"]
        assert (letter["number"], letter["kind"], letter["bed"]) == (number, "PCD-01", "b1")
        assert letter["why"] == "AE PID-3 is not known"
        assert "MSH" not in answer.text


async def test_a_named_person_sends_a_refused_message_again_with_the_same_id_and_only_once(tmp_path: Path) -> None:
    async with refused(tmp_path) as (web, store, number):
        assert (await web.post(f"{LETTERS}/{number}/replay", json={"by": "KL"})).json()["ok"] is True
        assert await names(store) == ["m1"]
        again = await web.post(f"{LETTERS}/{number}/replay", json={"by": "KL"})
        assert again.status_code == 404
        assert "settled already" in again.text


async def test_what_is_discarded_is_gone_from_the_list_and_never_sent(tmp_path: Path) -> None:
    async with refused(tmp_path) as (web, store, number):
        assert (await web.post(f"{LETTERS}/{number}/discard", json={"by": "KL"})).status_code == 200
        assert await names(store) == []
        assert (await web.get("/api/v1/integrations")).json()["dead_letters"] == []


async def test_nobody_without_a_name_settles_anything(tmp_path: Path) -> None:
    async with refused(tmp_path) as (web, store, number):
        for body in ({}, {"by": "  "}):
            answer = await web.post(f"{LETTERS}/{number}/discard", json=body)
            assert answer.status_code == 422, answer.text
            assert answer.json()["error"]["reasons"][0].startswith("by: ")
        assert len(await store.dead_letters(None, 5)) == 1


async def test_what_was_told_is_settled_by_a_named_person_at_the_bed_and_declined_with_a_reason() -> None:
    ward = MemoryWard()
    path = "/api/v1/beds/b1/told/ehr:abc%2F1/settle"
    async with client(ward) as web:
        unnamed = await web.post(path, json={})
        unsaid = await web.post(path, json={"by": "RN-KL", "accepted": False})
        seen = await web.post(path, json={"by": "RN-KL"})
        declined = await web.post(path, json={"by": "RN-KL", "accepted": False, "reason": "another plan"})
    assert [one.status_code for one in (unnamed, unsaid, seen, declined)] == [422, 422, 200, 200]
    assert ward.events == [
        ("b1", ToldSettled("ehr:abc/1", "RN-KL", True)),
        ("b1", ToldSettled("ehr:abc/1", "RN-KL", False, "another plan")),
    ]


async def test_what_was_received_and_not_applied_is_listed_with_its_bed(tmp_path: Path) -> None:
    old = Notice("n", "his", "ADT A01 is older than the present binding: not applied", 3, 1)
    async with refused(tmp_path) as (web, _store, _number):
        assert (await web.get("/api/v1/integrations")).json()["notices"] == []
    ward = MemoryWard()
    ward.views["b2"] = replace(ward.views["b2"], told=ToldView(notices=(old,)))
    ward.hub.mark("b2")
    ward.hub.tick()
    (found,) = notices_of(ward.hub, ward.bed_ids())
    assert (found.bed, found.source, found.count) == ("b2", "his", 3)
    assert found.text == old.text
