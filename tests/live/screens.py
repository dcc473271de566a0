"""A screen as the tests of the hub see it: what it may be sent now."""

from __future__ import annotations

import json

from pumpd.live.client import LiveClient
from tests.live.fakes import Ward


def frames(ward: Ward, client: LiveClient) -> list[dict]:
    """Everything the client may be sent now."""
    found = []
    while (frame := client.next_frame(ward.hub, ward.clock.ms)) is not None:
        client.sent(ward.clock.ms)
        found.append(json.loads(frame))
    return found


def joined(ward: Ward, credit: int = 2) -> LiveClient:
    """A client that has rendered its snapshot."""
    client = ward.hub.join(credit)
    (snapshot,) = frames(ward, client)
    client.ack(snapshot["seq"])
    return client


def tick_and_turns(ward: Ward) -> None:
    """A tick, and the turn of everybody after it."""
    ward.hub.tick()
    while ward.hub._pacer.busy:
        ward.hub._pacer.wake_some(1)
