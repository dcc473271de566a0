"""Our server and our client, as other people's software meets them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable

from pumpd_hl7.client import Client

from pumpd.gateways import PeerSettings, SendSettings
from tests.hl7.wire import EVERYTHING, Bench, Memory, listening

PEERS = (PeerSettings("his", "ADT", may=EVERYTHING), PeerSettings("pumps", "PUMPD", may=EVERYTHING))


@contextlib.asynccontextmanager
async def our_server(store: Memory | None = None) -> AsyncIterator[Bench]:
    async with listening(store, peers=PEERS) as bench:
        yield bench


async def deliver(texts: dict[str, str], port: int, *, one_message: bool = False) -> list[str]:
    """Every message to a peer by our client; what it answered, `CODE ID` each."""
    client = Client(SendSettings("peer", "127.0.0.1", port, (), one_message=one_message))
    try:
        answers = [await client.send(text.encode(), control_id) for control_id, text in texts.items()]
    finally:
        client.close()
    assert client.ignored == 0
    return [f"{answer.code} {answer.control_id}" for answer in answers]


def all_good(texts: Iterable[str], *codes: str) -> list[str]:
    """The answers when nothing is lost and nothing doubled; each kind of message is answered by its code in turn."""
    return [f"{codes[number % len(codes)]} {control_id}" for number, control_id in enumerate(texts)]
